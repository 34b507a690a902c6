// SPDX-License-Identifier: MIT
// Times are std::int64_t microseconds since 1970-01-01 UTC, durations microseconds. No machine clock, no time
// zone: proleptic Gregorian calendar as in std::chrono.
#pragma once

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace funnel::base {

inline constexpr std::int64_t kSecond = 1'000'000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;
inline constexpr std::int64_t kDay = 24 * kHour;

/// floor(a / b) for b > 0, also for negative a.
[[nodiscard]] constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
}

/// a - b * floor_div(a, b), in [0, b), also where that product does not fit.
[[nodiscard]] constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) noexcept {
    return a % b + (a % b < 0 ? b : 0);
}

/// "2016-10-01"; `day` counts from 1970-01-01. Years outside 0..9999 are written with a sign and all digits.
[[nodiscard]] std::string format_day(std::int64_t day);

/// ISO 8601 UTC: "2016-10-01T06:59:58Z", with ".5" .. ".123456" only if there is a fraction.
[[nodiscard]] std::string format_time(std::int64_t micros);

/// "1.5h" -> 5'400'000'000: a non-negative decimal and one of s m h d w, or "0". Empty if it is not one
/// or does not fit.
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text) noexcept;

/// The largest unit that divides: "7d", "30m", "36h", "1.5s".
[[nodiscard]] std::string format_duration(std::int64_t micros);

namespace detail {

inline void append_padded(std::string& out, std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out += digits;
}

}  // namespace detail

inline std::string format_day(std::int64_t day) {
    // Whole 400-year cycles are taken out first: std::chrono::year holds -32767..32767 only.
    constexpr std::int64_t kCycle = 146097;
    const std::int64_t cycle = floor_div(day, kCycle);
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{static_cast<int>(day - cycle * kCycle)}}};
    const std::int64_t year = static_cast<int>(date.year()) + cycle * 400;
    std::string out;
    if (year < 0 || year > 9999) out += year < 0 ? '-' : '+';
    detail::append_padded(out, year < 0 ? -year : year, 4);
    out += '-';
    detail::append_padded(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    detail::append_padded(out, static_cast<unsigned>(date.day()), 2);
    return out;
}

inline std::string format_time(std::int64_t micros) {
    const std::int64_t day = floor_div(micros, kDay);
    std::int64_t rest = floor_mod(micros, kDay);
    std::string out = format_day(day);
    out += 'T';
    detail::append_padded(out, rest / kHour, 2);
    out += ':';
    detail::append_padded(out, rest / kMinute % 60, 2);
    out += ':';
    detail::append_padded(out, rest / kSecond % 60, 2);
    rest %= kSecond;
    if (rest != 0) {
        out += '.';
        detail::append_padded(out, rest, 6);
        while (out.back() == '0')
            out.pop_back();
    }
    out += 'Z';
    return out;
}

inline std::optional<std::int64_t> parse_duration(std::string_view text) noexcept {
    if (text == "0") return 0;
    if (text.size() < 2) return std::nullopt;
    std::int64_t unit = 0;
    switch (text.back()) {
        case 's':
            unit = kSecond;
            break;
        case 'm':
            unit = kMinute;
            break;
        case 'h':
            unit = kHour;
            break;
        case 'd':
            unit = kDay;
            break;
        case 'w':
            unit = 7 * kDay;
            break;
        default:
            return std::nullopt;
    }
    text.remove_suffix(1);
    for (const char c : text) {
        if (c != '.' && (c < '0' || c > '9')) return std::nullopt;
    }
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    const double micros = std::nearbyint(number * static_cast<double>(unit));
    if (!(micros < 9.2e18)) return std::nullopt;
    return static_cast<std::int64_t>(micros);
}

inline std::string format_duration(std::int64_t micros) {
    if (micros == 0) return "0";
    constexpr struct {
        std::int64_t size;
        char name;
    } kUnits[] = {{kDay, 'd'}, {kHour, 'h'}, {kMinute, 'm'}, {kSecond, 's'}};
    for (const auto& unit : kUnits) {
        if (micros % unit.size == 0) return std::to_string(micros / unit.size) + unit.name;
    }
    std::string out = std::to_string(micros / kSecond) + ".";
    detail::append_padded(out, micros % kSecond, 6);
    while (out.back() == '0')
        out.pop_back();
    return out + "s";
}

}  // namespace funnel::base
