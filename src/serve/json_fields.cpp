// SPDX-License-Identifier: MIT
#include "json_fields.hpp"

#include <array>
#include <system_error>

#include "funnel/ingest/time_zone.hpp"

namespace funnel::serve {

namespace {

using Kind = JsonValue::Kind;

std::string got(const JsonTree& tree, const JsonValue& value) {
    static constexpr std::array<std::string_view, 6> kNames = {"null",   "true or false", "a number",
                                                               "a text", "an array",      "an object"};
    if (value.is(Kind::text)) return '"' + base::escaped(tree.text(value), 60) + '"';
    if (value.is(Kind::number)) return base::escaped(tree.text(value), 60);
    return std::string(kNames[static_cast<std::size_t>(value.kind)]);
}

[[noreturn]] void expected(std::string_view what, const JsonTree& tree, const JsonValue& value) {
    throw BadField(tree.key(value), "expected " + std::string(what) + ", got " + got(tree, value));
}

}  // namespace

std::string_view text_of(const JsonTree& tree, const JsonValue& value) {
    if (!value.is(Kind::text) && !value.is(Kind::number)) expected("a text", tree, value);
    return tree.text(value);
}

double number_of(const JsonTree& tree, const JsonValue& value) {
    if (value.is(Kind::number)) return value.number;
    if (!value.is(Kind::text)) expected("a number", tree, value);
    const std::string_view text = tree.text(value);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
        expected("a number", tree, value);
    return number;
}

std::int64_t time_of(const JsonTree& tree, const JsonValue& value) {
    constexpr std::string_view kWanted = "a time such as 2024-03-01T10:02:00Z, or an integer since 1970";
    const std::string_view text = tree.text(value);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && !text.empty()) {
        const std::int64_t size = number < 0 ? -(number + 1) : number;
        if (size < 100'000'000'000) return number * 1'000'000;
        if (size < 100'000'000'000'000) return number * 1'000;
        return size < 100'000'000'000'000'000 ? number : number / 1'000;
    }
    if (!value.is(Kind::text)) expected(kWanted, tree, value);
    const auto time = ingest::parse_iso_time(text);
    if (!time) expected(kWanted, tree, value);
    return *time;
}

void append_json(std::string& out, std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace funnel::serve
