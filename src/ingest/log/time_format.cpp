// SPDX-License-Identifier: MIT
#include "ingest/log/time_format.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>

#include "funnel/base/error.hpp"
#include "funnel/base/time.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kDays = {"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};

struct Parts {
    int year = -1, month = -1, day = -1, day_of_year = -1;
    int hour = 0, minute = 0, second = 0;
    int hour12 = -1, afternoon = -1;
    std::int64_t micros = 0;
    std::int64_t epoch = std::numeric_limits<std::int64_t>::min();
    int offset_minutes = 0;
    bool has_offset = false;
};

/// Up to `most` digits, at least one, of a number in [low, high].
bool take_number(std::string_view& text, std::size_t most, int low, int high, int& value) noexcept {
    std::size_t n = 0;
    int number = 0;
    for (; n < most && n < text.size() && text[n] >= '0' && text[n] <= '9'; ++n)
        number = number * 10 + (text[n] - '0');
    text.remove_prefix(n);
    value = number;
    return n > 0 && number >= low && number <= high;
}

void skip_blanks(std::string_view& text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
}

char small(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_name(std::string_view text, std::string_view name) noexcept {
    if (text.size() < name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (small(text[i]) != name[i]) return false;
    }
    return true;
}

/// The place of a name, whole or its first three letters, or -1.
template <std::size_t kCount>
int take_name(std::string_view& text, const std::array<std::string_view, kCount>& names) noexcept {
    for (std::size_t i = 0; i < kCount; ++i) {
        for (const std::string_view name : {names[i], names[i].substr(0, 3)}) {
            if (!starts_with_name(text, name)) continue;
            text.remove_prefix(name.size());
            return static_cast<int>(i);
        }
    }
    return -1;
}

bool take_fraction(std::string_view& text, std::int64_t& micros) noexcept {
    std::size_t n = 0;
    micros = 0;
    for (std::int64_t unit = base::kSecond / 10; n < text.size() && text[n] >= '0' && text[n] <= '9';
         ++n, unit /= 10)
        micros += (text[n] - '0') * unit;
    text.remove_prefix(n);
    return n > 0;
}

/// "am", "PM", "a.m."
bool take_half(std::string_view& text, int& afternoon) noexcept {
    for (const std::string_view form : {"a.m.", "p.m.", "am", "pm"}) {
        if (!starts_with_name(text, form)) continue;
        text.remove_prefix(form.size());
        afternoon = form.front() == 'p' ? 1 : 0;
        return true;
    }
    return false;
}

/// "Z", "+05", "+0545", "-05:45".
bool take_offset(std::string_view& text, Parts& parts) noexcept {
    parts.has_offset = true;
    if (text.starts_with('Z') || text.starts_with('z')) {
        text.remove_prefix(1);
        return true;
    }
    if (!text.starts_with('+') && !text.starts_with('-')) return false;
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    int hour = 0, minute = 0;
    if (!take_number(text, 2, 0, 23, hour)) return false;
    const bool colon = text.starts_with(':');
    if (colon) text.remove_prefix(1);
    if (colon || (!text.empty() && text.front() >= '0' && text.front() <= '9')) {
        if (!take_number(text, 2, 0, 59, minute)) return false;
    }
    parts.offset_minutes = sign * (hour * 60 + minute);
    return true;
}

bool take_zone(std::string_view& text, Parts& parts) noexcept {
    for (const std::string_view name : {"utc", "gmt", "z"}) {
        if (!starts_with_name(text, name)) continue;
        text.remove_prefix(name.size());
        parts.has_offset = true;
        return true;
    }
    return false;
}

bool take_epoch(std::string_view& text, Parts& parts) noexcept {
    std::size_t n = 0;
    std::int64_t seconds = 0;
    for (; n < text.size() && n < 12 && text[n] >= '0' && text[n] <= '9'; ++n)
        seconds = seconds * 10 + (text[n] - '0');
    text.remove_prefix(n);
    parts.epoch = seconds;
    return n > 0;
}

constexpr std::string_view expansion(char letter) noexcept {
    switch (letter) {
        case 'F':
            return "%Y-%m-%d";
        case 'T':
            return "%H:%M:%S";
        case 'D':
            return "%m/%d/%y";
        case 'R':
            return "%H:%M";
        default:
            return {};
    }
}

bool take_date_part(char letter, std::string_view& text, Parts& parts) noexcept {
    switch (letter) {
        case 'Y':
            return take_number(text, 4, 0, 9999, parts.year);
        case 'y':
            if (!take_number(text, 2, 0, 99, parts.year)) return false;
            parts.year += parts.year < 69 ? 2000 : 1900;  // as POSIX has it
            return true;
        case 'm':
            return take_number(text, 2, 1, 12, parts.month);
        case 'e':
            skip_blanks(text);
            [[fallthrough]];
        case 'd':
            return take_number(text, 2, 1, 31, parts.day);
        case 'j':
            return take_number(text, 3, 1, 366, parts.day_of_year);
        case 'b':
        case 'B':
        case 'h':
            parts.month = take_name(text, kMonths) + 1;
            return parts.month > 0;
        default:  // a, A
            return take_name(text, kDays) >= 0;
    }
}

bool take_clock_part(char letter, std::string_view& text, Parts& parts) noexcept {
    switch (letter) {
        case 'H':
            return take_number(text, 2, 0, 23, parts.hour);
        case 'I':
            return take_number(text, 2, 1, 12, parts.hour12);
        case 'M':
            return take_number(text, 2, 0, 59, parts.minute);
        case 'S':
            return take_number(text, 2, 0, 59, parts.second);
        case 'f':
            return take_fraction(text, parts.micros);
        case 'p':
            return take_half(text, parts.afternoon);
        case 'z':
            return take_offset(text, parts);
        case 'Z':
            return take_zone(text, parts);
        default:  // s
            return take_epoch(text, parts);
    }
}

constexpr std::string_view kDateLetters = "YymdejbBhaA", kClockLetters = "HIMSfpzZs";

/// Digits that a letter must have where another number follows without anything between; 0: any.
std::size_t fixed_digits(char letter) noexcept {
    switch (letter) {
        case 'Y':
            return 4;
        case 'j':
            return 3;
        case 'y':
        case 'm':
        case 'd':
        case 'H':
        case 'I':
        case 'M':
        case 'S':
            return 2;
        default:
            return 0;
    }
}

/// Whether the text has as many digits as a number needs that touches the next one: 2024111 is no %Y%m%d.
bool has_its_digits(std::string_view format, std::size_t letter, std::string_view text,
                    bool touched) noexcept {
    const std::size_t digits = fixed_digits(format[letter]);
    const bool touches =
        letter + 2 < format.size() && format[letter + 1] == '%' && fixed_digits(format[letter + 2]) > 0;
    if (digits == 0 || !(touches || touched)) return true;
    if (text.size() < digits) return false;
    return std::ranges::all_of(text.substr(0, digits), [](char c) { return c >= '0' && c <= '9'; });
}

bool take_all(std::string_view format, std::string_view& text, Parts& parts) noexcept {
    bool touched = false;  // the letter before is a number, too
    for (std::size_t i = 0; i < format.size(); ++i) {
        const char c = format[i];
        if (c == ' ' || c == '\t') {
            touched = false;
            skip_blanks(text);
            continue;
        }
        if (c == '%' && i + 1 < format.size() && format[i + 1] != '%') {
            const char letter = format[++i];
            if (!has_its_digits(format, i, text, touched)) return false;
            touched = fixed_digits(letter) > 0;
            bool taken = true;
            if (letter == 'n' || letter == 't')
                skip_blanks(text);
            else if (!expansion(letter).empty())
                taken = take_all(expansion(letter), text, parts);
            else if (kDateLetters.find(letter) != std::string_view::npos)
                taken = take_date_part(letter, text, parts);
            else
                taken = take_clock_part(letter, text, parts);
            if (!taken) return false;
            continue;
        }
        touched = false;
        if (c == '%') ++i;  // "%%"
        if (!text.starts_with(c)) return false;
        text.remove_prefix(1);
    }
    return true;
}

bool day_of(const Parts& parts, std::int64_t& days) noexcept {
    const std::chrono::year year{parts.year};
    if (parts.day_of_year > 0) {
        if (parts.day_of_year == 366 && !year.is_leap()) return false;
        const std::chrono::sys_days first{year / std::chrono::January / 1};
        days = first.time_since_epoch().count() + parts.day_of_year - 1;
        return true;
    }
    const std::chrono::year_month_day date{year, std::chrono::month{static_cast<unsigned>(parts.month)},
                                           std::chrono::day{static_cast<unsigned>(parts.day)}};
    if (!date.ok()) return false;
    days = std::chrono::sys_days{date}.time_since_epoch().count();
    return true;
}

/// The format with %F and the like written out.
std::string letters_of(const std::string& format, const std::string& where) {
    std::string letters;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') continue;
        const char letter = ++i < format.size() ? format[i] : '\0';
        const std::string_view more = expansion(letter);
        const bool known = !more.empty() || letter == 'n' || letter == 't' || letter == '%' ||
                           (letter != '\0' && (kDateLetters.find(letter) != std::string_view::npos ||
                                               kClockLetters.find(letter) != std::string_view::npos));
        if (!known) {
            throw Error(ErrorCode::schema, where + ": expected a time format with the letters " +
                                               std::string(kDateLetters) + std::string(kClockLetters) +
                                               "FTDRnt, got \"%" +
                                               escaped(std::string_view(&format[i], letter == '\0' ? 0 : 1)) +
                                               "\"; see strptime, for example %d/%m/%Y %H:%M");
        }
        if (more.empty())
            letters += letter;
        else
            letters += letters_of(std::string(more), where);
    }
    return letters;
}

}  // namespace

void check_time_format(const std::string& format, const std::string& where) {
    const std::string letters = letters_of(format, where);
    const auto has = [&](std::string_view any) { return letters.find_first_of(any) != std::string::npos; };
    const bool dated = has("s") || (has("Yy") && (has("j") || (has("mbBh") && has("de"))));
    const bool clocked = has("I") == has("p") && !(has("I") && has("H"));
    if (!dated) {
        throw Error(ErrorCode::schema, where +
                                           ": expected a time format with a year, a month and a day, got \"" +
                                           escaped(format) + "\"; for example %d/%m/%Y %H:%M");
    }
    if (!clocked) {
        throw Error(ErrorCode::schema, where + ": expected %I together with %p, or %H, got \"" +
                                           escaped(format) + "\"; correct the format");
    }
}

bool parse_formatted_time(std::string_view text, std::string_view format, std::int64_t& micros,
                          bool& local) noexcept {
    Parts parts;
    if (!take_all(format, text, parts) || !text.empty()) return false;
    local = !parts.has_offset && parts.epoch < 0;
    if (parts.epoch >= 0) {
        micros = parts.epoch * base::kSecond + parts.micros;
        return true;
    }
    std::int64_t days = 0;
    if (!day_of(parts, days)) return false;
    int hour = parts.hour;
    if (parts.hour12 >= 0) hour = parts.hour12 % 12 + (parts.afternoon == 1 ? 12 : 0);
    micros = days * base::kDay + hour * base::kHour + (parts.minute - parts.offset_minutes) * base::kMinute +
             parts.second * base::kSecond + parts.micros;
    return true;
}

}  // namespace funnel::ingest::detail
