// SPDX-License-Identifier: MIT
#include "ingest/json/json_text.hpp"

#include <charconv>
#include <cstdint>

namespace funnel::ingest::detail {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// The four hexadecimal digits that `text` begins with, or nothing.
std::optional<std::uint32_t> four_digits(std::string_view text) noexcept {
    std::uint32_t value = 0;
    if (text.size() < 4) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
    if (error != std::errc{} || end != text.data() + 4) return std::nullopt;
    return value;
}

void append_utf8(std::uint32_t code, std::string& out) {
    const auto add = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
        add(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        add(0xE0 | code >> 12);
        add(0x80 | (code >> 6 & 0x3F));
    } else {
        add(0xF0 | code >> 18);
        add(0x80 | (code >> 12 & 0x3F));
        add(0x80 | (code >> 6 & 0x3F));
    }
    add(0x80 | (code & 0x3F));
}

/// The character of an escape of one letter, 0 for others.
char simple_escape(char c) noexcept {
    switch (c) {
        case '"':
        case '\\':
        case '/':
            return c;
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return 0;
    }
}

/// Walks over a line as the grammar of RFC 8259 says.
class Walk {
 public:
    explicit Walk(std::string_view text) : text_(text) {}

    std::optional<JsonFault> whole() {
        skip_blanks();
        if (peek() != '{') return fault_at(at_, "a JSON object, which begins with {");
        if (!object(1)) return fault_;
        skip_blanks();
        if (at_ < text_.size()) return fault_at(at_, "nothing behind the object");
        return std::nullopt;
    }

 private:
    std::optional<JsonFault> fault_at(std::size_t at, const char* expected) {
        fault_ = {at, expected};
        return fault_;
    }
    bool fail(const char* expected) {
        fault_ = {at_, expected};
        return false;
    }
    [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip_blanks() noexcept {
        while (at_ < text_.size() && is_blank(text_[at_]))
            ++at_;
    }

    bool value(std::size_t depth) {
        skip_blanks();
        switch (peek()) {
            case '{':
                return object(depth);
            case '[':
                return list(depth);
            case '"':
                return string();
            default:
                return scalar();
        }
    }

    bool object(std::size_t depth) {
        if (depth > kDeepestJson) return fail("at most 64 levels of objects and lists");
        ++at_;
        skip_blanks();
        if (peek() == '}') return ++at_, true;
        for (;;) {
            skip_blanks();
            if (peek() != '"') return fail("a key in quotes");
            if (!string()) return false;
            skip_blanks();
            if (peek() != ':') return fail("\":\" behind the key");
            ++at_;
            if (!value(depth + 1)) return false;
            skip_blanks();
            if (peek() == '}') return ++at_, true;
            if (peek() != ',') return fail("\",\" or \"}\"");
            ++at_;
        }
    }

    bool list(std::size_t depth) {
        if (depth > kDeepestJson) return fail("at most 64 levels of objects and lists");
        ++at_;
        skip_blanks();
        if (peek() == ']') return ++at_, true;
        for (;;) {
            if (!value(depth + 1)) return false;
            skip_blanks();
            if (peek() == ']') return ++at_, true;
            if (peek() != ',') return fail("\",\" or \"]\"");
            ++at_;
        }
    }

    bool string() {
        const std::size_t begin = ++at_;
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (static_cast<unsigned char>(text_[at_]) < 0x20)
                return fail("control characters as escapes such as \\n");
            if (text_[at_] != '\\') continue;
            const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
            const bool known = simple_escape(c) != 0 || (c == 'u' && four_digits(text_.substr(at_ + 2)));
            if (!known && at_ + 1 < text_.size()) return fail("an escape of JSON such as \\n or \\u00e4");
            ++at_;
        }
        if (at_ >= text_.size()) {
            at_ = begin - 1;
            return fail("a closing quote");
        }
        return ++at_, true;
    }

    bool scalar() {
        const std::size_t end = std::min(text_.find_first_of(",]}:{[\" \t\r\n", at_), text_.size());
        const std::string_view token = text_.substr(at_, end - at_);
        const bool good = token == "true" || token == "false" || token == "null" || is_json_number(token);
        if (!good) return fail("a value: a text in quotes, a number, true, false, null, an object or a list");
        at_ = end;
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    JsonFault fault_;
};

}  // namespace

bool is_json_number(std::string_view text) noexcept {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const auto digits = [&] {
        const std::size_t begin = at;
        while (at < text.size() && is_digit(text[at]))
            ++at;
        return at - begin;
    };
    const std::size_t whole = digits();
    if (whole == 0 || (whole > 1 && text[at - whole] == '0')) return false;
    if (at < text.size() && text[at] == '.') {
        ++at;
        if (digits() == 0) return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        if (digits() == 0) return false;
    }
    return at == text.size();
}

std::string_view without_json_blanks(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    return text;
}

bool unescape_json(std::string_view inside, std::string& out) {
    constexpr std::uint32_t kReplacement = 0xFFFD;
    const auto is_high = [](std::uint32_t code) { return code >= 0xD800 && code < 0xDC00; };
    const auto is_low = [](std::uint32_t code) { return code >= 0xDC00 && code < 0xE000; };
    for (std::size_t at = 0; at < inside.size();) {
        const std::size_t escape = std::min(inside.find('\\', at), inside.size());
        out += inside.substr(at, escape - at);
        if (escape == inside.size()) return true;
        if (escape + 1 == inside.size()) return false;
        at = escape + 2;
        if (const char c = simple_escape(inside[escape + 1]); c != 0) {
            out += c;
            continue;
        }
        const auto code = four_digits(inside.substr(at));
        if (inside[escape + 1] != 'u' || !code) return false;
        at += 4;
        std::uint32_t character = *code;
        if (is_high(character) && inside.substr(at).starts_with("\\u")) {
            const auto low = four_digits(inside.substr(at + 2));
            if (low && is_low(*low)) {
                character = 0x10000 + ((character - 0xD800) << 10) + (*low - 0xDC00);
                at += 6;
            }
        }
        append_utf8(is_high(character) || is_low(character) ? kReplacement : character, out);
    }
    return true;
}

std::optional<JsonFault> find_json_fault(std::string_view line) {
    return Walk(line).whole();
}

}  // namespace funnel::ingest::detail
