// SPDX-License-Identifier: MIT
// UTF-8 as RFC 3629 defines it (no overlong forms, no surrogates, nothing above U+10FFFF), and text for
// messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace funnel::base {

/// Bytes of the valid sequence that `text` begins with, 0 if it begins with none. NUL is a valid sequence.
[[nodiscard]] inline std::size_t utf8_sequence(std::string_view text) noexcept {
    const auto byte_at = [text](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(text[i]));
    };
    if (text.empty()) return 0;
    const unsigned lead = byte_at(0);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(i) & 0xC0) != 0x80) return 0;
    }
    const unsigned second = byte_at(1);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool surrogate = lead == 0xED && second > 0x9F;
    const bool too_high = lead == 0xF4 && second > 0x8F;
    return overlong || surrogate || too_high ? 0 : length;
}

/// Text of unknown origin as it may stand in a message: control characters and invalid bytes escaped, cut at
/// `most` bytes. What is escaped already stays as it is.
[[nodiscard]] inline std::string escaped(std::string_view text, std::size_t most = 200) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (std::size_t at = 0, length = 1; at < text.size(); at += length) {
        if (out.size() >= most) return out + "...";
        length = utf8_sequence(text.substr(at));
        const unsigned c = static_cast<unsigned char>(text[at]);
        // U+0080 to U+009F are control characters too; some terminals obey them.
        const bool control = c < 0x20 || c == 0x7F ||
                             (c == 0xC2 && length == 2 && static_cast<unsigned char>(text[at + 1]) < 0xA0);
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

}  // namespace funnel::base
