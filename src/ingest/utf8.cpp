// SPDX-License-Identifier: MIT
#include "ingest/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t kMostInMessage = 200;

unsigned byte_at(std::string_view text, std::size_t i) noexcept {
    return static_cast<unsigned char>(text[i]);
}

bool continues(std::string_view text, std::size_t i) noexcept {
    return (byte_at(text, i) & 0xC0) == 0x80;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) noexcept {
    if (text.empty()) return 0;
    const unsigned lead = byte_at(text, 0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (!continues(text, i)) return 0;
    }
    const unsigned second = byte_at(text, 1);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool surrogate = lead == 0xED && second > 0x9F;
    const bool too_high = lead == 0xF4 && second > 0x8F;
    return overlong || surrogate || too_high ? 0 : length;
}

std::size_t find_invalid_utf8(std::string_view text) noexcept {
    constexpr std::uint64_t kHigh = 0x8080808080808080ull;
    std::size_t at = 0;
    while (at < text.size()) {
        if (at + 8 <= text.size()) {
            std::uint64_t word;
            std::memcpy(&word, text.data() + at, 8);
            if ((word & kHigh) == 0) {
                at += 8;
                continue;
            }
        }
        const std::size_t length = utf8_sequence(text.substr(at));
        if (length == 0) return at;
        at += length;
    }
    return std::string_view::npos;
}

std::string escaped(std::string_view text) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (std::size_t at = 0, length = 1; at < text.size(); at += length) {
        if (out.size() >= kMostInMessage) return out + "...";
        length = utf8_sequence(text.substr(at));
        const unsigned c = byte_at(text, at);
        // U+0080 to U+009F are control characters too; some terminals obey them.
        const bool control =
            c < 0x20 || c == 0x7F || (c == 0xC2 && length == 2 && byte_at(text, at + 1) < 0xA0);
        if (length > 0 && !control) {
            out += text.substr(at, length);
            continue;
        }
        length = 1;
        if (c == '\n' || c == '\r' || c == '\t') {
            out += '\\';
            out += c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
        } else {
            out += "\\x";
            out += kHex[c >> 4];
            out += kHex[c & 15];
        }
    }
    return out;
}

}  // namespace funnel::ingest::detail
