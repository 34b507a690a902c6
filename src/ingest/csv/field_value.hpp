// SPDX-License-Identifier: MIT
// Numbers and missing values in fields. Never the locale.
#pragma once

#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace funnel::ingest::detail {

/// Empty, NA, nan, NaN, null, NULL.
[[nodiscard]] inline bool is_missing(std::string_view text) noexcept {
    switch (text.size()) {
        case 0:
            return true;
        case 2:
            return text == "NA";
        case 3:
            return text == "nan" || text == "NaN";
        case 4:
            return text == "null" || text == "NULL";
        default:
            return false;
    }
}

/// 8 bytes at `p`, the first one lowest. They must be readable.
[[nodiscard]] inline std::uint64_t load8(const char* p) noexcept {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    return word;
}

/// True if all 8 bytes are digits (Lemire, "Number parsing at a gigabyte per second", 2021).
[[nodiscard]] inline bool all_digits(std::uint64_t word) noexcept {
    return (((word & 0xF0F0F0F0F0F0F0F0ull) |
             (((word + 0x0606060606060606ull) & 0xF0F0F0F0F0F0F0F0ull) >> 4)) == 0x3333333333333333ull);
}

/// The value of 8 digits; the first one is in the lowest byte.
[[nodiscard]] inline std::uint64_t eight_digits(std::uint64_t word) noexcept {
    word -= 0x3030303030303030ull;
    word = word * 10 + (word >> 8);
    constexpr std::uint64_t kMask = 0x000000FF000000FFull;
    return (((word & kMask) * 0x000F424000000064ull) + (((word >> 16) & kMask) * 0x0000271000000001ull)) >>
           32;
}

/// Decimal digits only, no sign; false if there is anything else, nothing, or it does not fit.
[[nodiscard]] inline bool parse_digits(std::string_view text, std::uint64_t& value) noexcept {
    const char* p = text.data();
    std::size_t n = text.size();
    if (n == 0) return false;
    std::uint64_t v = 0;
    while (n >= 8 && text.size() <= 19) {
        const std::uint64_t word = load8(p);
        if (!all_digits(word)) return false;
        v = v * 100'000'000 + eight_digits(word);
        p += 8;
        n -= 8;
    }
    for (; n > 0; --n, ++p) {
        const auto digit = static_cast<unsigned>(static_cast<unsigned char>(*p) - '0');
        if (digit > 9 || v > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return false;
        v = v * 10 + digit;
    }
    value = v;
    return true;
}

enum class NumberKind { number, missing, unreadable };

/// As std::from_chars reads it (so ".5", "5.", "1e3", but no "+", blanks or hex), finite; or missing.
[[nodiscard]] inline NumberKind parse_number(std::string_view text, double& value) noexcept {
    value = std::numeric_limits<double>::quiet_NaN();
    if (text.empty()) return NumberKind::missing;
    // Up to 15 digits with a point somewhere are an exact integer over an exact power of ten: one division
    // rounds correctly (Clinger 1990).
    constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    std::uint64_t digits = 0;
    std::size_t point = text.size(), count = 0;
    const std::size_t begin = text.front() == '-' ? 1 : 0;
    bool plain = text.size() <= 16;
    for (std::size_t i = begin; plain && i < text.size(); ++i) {
        const auto digit = static_cast<unsigned>(static_cast<unsigned char>(text[i]) - '0');
        if (digit <= 9) {
            digits = digits * 10 + digit;
            ++count;
        } else if (text[i] == '.' && point == text.size()) {
            point = i;
        } else {
            plain = false;
        }
    }
    if (plain && count > 0 && count <= 15) {
        const std::size_t decimals = point == text.size() ? 0 : text.size() - point - 1;
        value = static_cast<double>(digits) / kPowers[decimals];
        if (begin == 1) value = -value;
        return NumberKind::number;
    }
    if (is_missing(text)) return NumberKind::missing;
    double parsed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(parsed)) {
        return NumberKind::unreadable;
    }
    value = parsed;
    return NumberKind::number;
}

/// True if parse_number finds a number or nothing: a short decimal number needs no more than a look at which
/// bytes are digits. 8 bytes from the text's begin must be readable.
[[nodiscard]] inline bool is_number_or_missing(std::string_view text) noexcept {
    const std::size_t n = text.size();
    if (n == 0) return true;
    if (n > 8) {
        double value;
        return parse_number(text, value) != NumberKind::unreadable;
    }
    constexpr std::uint64_t kHighBits = 0x8080808080808080ull, kLowBits = ~kHighBits;
    const std::uint64_t word = load8(text.data()) ^ 0x3030303030303030ull;  // digits become 0 to 9
    std::uint64_t others = (((word & kLowBits) + 0x7676767676767676ull) | word) & kHighBits;
    others &= ~std::uint64_t{0} >> (64 - 8 * n);
    if (others == 0) return true;
    const auto first = static_cast<std::size_t>(std::countr_zero(others)) / 8;
    if ((others & (others - 1)) == 0 && text[first] == '.' && n > 1) return true;
    double value;
    return parse_number(text, value) != NumberKind::unreadable;
}

/// As a float, held at its range.
[[nodiscard]] inline float to_float(double value) noexcept {
    constexpr double kMost = std::numeric_limits<float>::max();
    if (value > kMost) return std::numeric_limits<float>::max();
    if (value < -kMost) return -std::numeric_limits<float>::max();
    return static_cast<float>(value);
}

}  // namespace funnel::ingest::detail
