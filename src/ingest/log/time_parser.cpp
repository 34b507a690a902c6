// SPDX-License-Identifier: MIT
#include "ingest/log/time_parser.hpp"

#include <date/tz.h>

#include <chrono>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/time.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "ingest/csv/field_value.hpp"
#include "ingest/log/time_format.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

using base::kDay;
using base::kHour;
using base::kMinute;
using base::kSecond;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

/// Takes `count` digits off the front of text; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t count) noexcept {
    if (text.size() < count) return -1;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const int digit = text[i] - '0';
        if (digit < 0 || digit > 9) return -1;
        value = value * 10 + digit;
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char c) noexcept {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

/// "2016-10-01" to microseconds.
bool take_date(std::string_view& text, std::int64_t& micros) noexcept {
    const int year = take_digits(text, 4);
    if (year < 0 || !take(text, '-')) return false;
    const int month = take_digits(text, 2);
    if (month < 0 || !take(text, '-')) return false;
    const int day = take_digits(text, 2);
    if (day < 0) return false;
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return false;
    micros = std::chrono::sys_days{date}.time_since_epoch().count() * kDay;
    return true;
}

/// "06:59", "06:59:58", "06:59:58.123": finer digits than microseconds are dropped, which floors.
bool take_clock(std::string_view& text, std::int64_t& micros) noexcept {
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23 || !take(text, ':')) return false;
    const int minute = take_digits(text, 2);
    if (minute < 0 || minute > 59) return false;
    micros = hour * kHour + minute * kMinute;
    if (!take(text, ':')) return true;
    const int second = take_digits(text, 2);
    if (second < 0 || second > 59) return false;
    micros += second * kSecond;
    if (!take(text, '.')) return true;
    std::size_t digits = 0;
    for (std::int64_t unit = kSecond / 10; digits < text.size() && text[digits] >= '0' && text[digits] <= '9';
         ++digits, unit /= 10) {
        micros += (text[digits] - '0') * unit;
    }
    text.remove_prefix(digits);
    return digits > 0;
}

/// All of "", "Z", " UTC", "+05", "+0545", "+05:45", also behind a blank. `given`: there is an offset.
bool parse_offset(std::string_view text, std::int64_t& micros, bool& given) noexcept {
    micros = 0;
    given = !text.empty();
    if (text.empty() || text == "Z" || text == " UTC") return true;
    if (text.starts_with(" +") || text.starts_with(" -")) text.remove_prefix(1);
    const bool negative = text.front() == '-';
    if (!negative && text.front() != '+') return false;
    text.remove_prefix(1);
    const int hour = take_digits(text, 2);
    if (hour < 0 || hour > 23) return false;
    int minute = 0;
    if (!text.empty()) {
        take(text, ':');
        minute = take_digits(text, 2);
        if (minute < 0 || minute > 59 || !text.empty()) return false;
    }
    micros = (hour * kHour + minute * kMinute) * (negative ? -1 : 1);
    return true;
}

/// `local`: no offset was given.
bool parse_iso(std::string_view text, std::int64_t& micros, bool& local) noexcept {
    std::int64_t date = 0, clock = 0, offset = 0;
    if (!take_date(text, date)) return false;
    local = true;
    if (!text.empty()) {
        if (!take(text, 'T') && !take(text, ' ')) return false;
        if (!take_clock(text, clock)) return false;
        bool given = false;
        if (!parse_offset(text, offset, given)) return false;
        local = !given;
    }
    micros = date + clock - offset;
    return true;
}

bool parse_integer(std::string_view text, std::int64_t& value) noexcept {
    const bool negative = text.starts_with('-');
    std::uint64_t digits = 0;
    if (negative) text.remove_prefix(1);
    if (!parse_digits(text, digits) || digits > static_cast<std::uint64_t>(kMost)) return false;
    value = negative ? -static_cast<std::int64_t>(digits) : static_cast<std::int64_t>(digits);
    return true;
}

TimeUnit unit_by_magnitude(std::int64_t value) noexcept {
    const std::int64_t size = value < 0 ? -value : value;
    if (size < 100'000'000'000) return TimeUnit::seconds;
    if (size < 100'000'000'000'000) return TimeUnit::milliseconds;
    if (size < 100'000'000'000'000'000) return TimeUnit::microseconds;
    return TimeUnit::nanoseconds;
}

bool scale(std::int64_t value, TimeUnit unit, std::int64_t& micros) noexcept {
    if (unit == TimeUnit::nanoseconds) {
        micros = base::floor_div(value, 1000);
        return true;
    }
    const std::int64_t factor = unit == TimeUnit::seconds        ? kSecond
                                : unit == TimeUnit::milliseconds ? 1000
                                                                 : 1;
    if (value > kMost / factor || value < -kMost / factor) return false;
    micros = value * factor;
    return true;
}

}  // namespace

std::optional<TimeUnit> time_unit_of(std::string_view text) noexcept {
    std::int64_t value = 0;
    bool local = false;
    if (parse_iso(text, value, local)) return TimeUnit::iso;
    if (parse_integer(text, value)) return unit_by_magnitude(value);
    return std::nullopt;
}

namespace {

std::int64_t start_of(int year) {
    return std::chrono::sys_days{std::chrono::year{year} / std::chrono::January / 1}
               .time_since_epoch()
               .count() *
           kDay;
}

/// Digits as a date and the format that reads them, both empty if they are none of 1990 to 2100.
struct DateReading {
    std::string date, format;
};

DateReading read_as_date(std::string_view digits) {
    constexpr std::string_view kFormats[] = {"%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S"};
    if (digits.size() < 8 || digits.size() > 14 || digits.size() % 2 != 0) return {};
    const std::string_view format = kFormats[(digits.size() - 8) / 2];
    std::int64_t micros = 0;
    bool local = false;
    if (!parse_formatted_time(digits, format, micros, local)) return {};
    if (micros < start_of(1990) || micros >= start_of(2101)) return {};
    const std::string iso = base::format_time(micros);
    return {digits.size() == 8 ? iso.substr(0, 10) : iso, std::string(format)};
}

}  // namespace

std::string doubt_about(std::string_view integer, TimeUnit unit) {
    std::int64_t value = 0, micros = 0;
    if (unit == TimeUnit::iso || !parse_integer(integer, value) || !scale(value, unit, micros)) return {};
    const DateReading reading = read_as_date(integer);
    const bool plausible = micros >= start_of(1990) && micros < start_of(2100);
    if (plausible && reading.date.empty()) return {};
    constexpr const char* kNames[] = {"", "seconds", "milliseconds", "microseconds", "nanoseconds"};
    constexpr const char* kOptions[] = {"", "s", "ms", "us", "ns"};
    const auto index = static_cast<std::size_t>(unit);
    const bool sayable = micros >= start_of(0) && micros < start_of(9999);
    std::string doubt = std::string("as ") + kNames[index] + " since 1970 it is " +
                        (sayable ? base::format_time(micros) : "far away");
    if (!reading.date.empty())
        doubt += ", as the digits of a date " + reading.date + "; for the date put \"time\":{\"format\":\"" +
                 reading.format + "\"} into the schema, for the integer give --time-unit " + kOptions[index];
    else
        doubt += "; give --time-unit if it is meant, or say in a schema which column is the time";
    return doubt;
}

std::string expected_time(TimeUnit unit, bool detected) {
    const std::string source = detected ? ", the unit of the file's first row" : "";
    switch (unit) {
        case TimeUnit::iso:
            return std::string("a time such as 2016-10-01T06:59:58Z") +
                   (detected ? ", the form of the file's first row" : "");
        case TimeUnit::seconds:
            return "whole seconds since 1970" + source;
        case TimeUnit::milliseconds:
            return "whole milliseconds since 1970" + source;
        case TimeUnit::microseconds:
            return "whole microseconds since 1970" + source;
        case TimeUnit::nanoseconds:
            return "whole nanoseconds since 1970" + source;
        case TimeUnit::automatic:
            break;
    }
    return "a time such as 2016-10-01T06:59:58Z or seconds since 1970";
}

std::string time_range(std::string_view got, TimeUnit unit) {
    if (unit == TimeUnit::iso || unit == TimeUnit::automatic) return {};
    const std::int64_t most = kMost / (unit == TimeUnit::seconds        ? kSecond
                                       : unit == TimeUnit::milliseconds ? 1000
                                                                        : 1);
    std::int64_t value = 0;
    if (parse_integer(got, value) && value >= -most && value <= most) return {};  // of another magnitude
    const std::string_view digits = got.starts_with('-') ? got.substr(1) : got;
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return {};
    return " from -" + std::to_string(most) + " to " + std::to_string(most);
}

LocalZone::LocalZone(const std::string& name, const std::string& where) {
    try {
        zone_ = date::locate_zone(name);
    } catch (const std::exception&) {
        throw Error(ErrorCode::schema, where + ": expected a time zone such as Europe/London, got \"" +
                                           escaped(name) + "\"; use a name of the IANA zone database");
    }
}

std::int64_t LocalZone::to_utc(std::int64_t local_micros) {
    const std::int64_t second = base::floor_div(local_micros, kSecond);
    if (second < first_ || second >= last_) {
        const auto& zone = *static_cast<const date::time_zone*>(zone_);
        const date::local_seconds local{std::chrono::seconds{second}};
        const date::local_info info = zone.get_info(local);
        offset_ = info.first.offset.count();
        first_ = second;
        last_ = second + 1;
        if (info.result == date::local_info::unique) {
            // No zone has changed by more than 25 hours at once: further from the changes than that, all
            // local times have the same single meaning.
            constexpr std::int64_t kMargin = 25 * 3600;
            const std::int64_t begin = info.first.begin.time_since_epoch().count() + offset_ + kMargin;
            const std::int64_t end = info.first.end.time_since_epoch().count() + offset_ - kMargin;
            if (begin <= second && second < end) {
                first_ = begin;
                last_ = end;
            }
        }
    }
    return local_micros - offset_ * kSecond;
}

TimeParser::TimeParser(TimeUnit unit, bool detected, const std::string& zone, const std::string& where)
    : unit_(unit), detected_(detected) {
    if (!zone.empty() && zone != "UTC") zone_.emplace(zone, where);
}

TimeParser::TimeParser(std::string format, const std::string& zone, const std::string& where)
    : TimeParser(TimeUnit::automatic, false, zone, where) {
    format_ = std::move(format);
}

/// "2016-10-01 06:59:58", with "T" or a blank and with "", "Z" or " UTC"; anything else is left to parse_any.
bool TimeParser::parse_common(std::string_view text, std::int64_t& micros) noexcept {
    const char* const p = text.data();
    if (text.size() < 19) return false;
    const std::uint64_t tail = load8(p + 15);  // the minute's last digit, ":58", and what follows
    const bool ends = (text.size() == 23 && tail >> 32 == 0x43545520u) ||  // " UTC"
                      text.size() == 19 || (text.size() == 20 && p[19] == 'Z');
    const auto tens = static_cast<std::uint32_t>((tail >> 16) & 0xFF) - '0';
    const auto ones = static_cast<std::uint32_t>((tail >> 24) & 0xFF) - '0';
    if (!ends || ((tail >> 8) & 0xFF) != ':' || tens > 5 || ones > 9) return false;
    const std::uint64_t head = load8(p), middle = load8(p + 8);
    if (head != minute_head_ || middle != minute_tail_) {
        if (!parse_minute(text)) return false;
        minute_head_ = head;
        minute_tail_ = middle;
    }
    micros = minute_micros_ + static_cast<std::int64_t>(tens * 10 + ones) * kSecond;
    return true;
}

/// "2016-10-01 06:59", 16 bytes, to minute_micros_.
bool TimeParser::parse_minute(std::string_view text) noexcept {
    const char* const p = text.data();
    if (p[10] != ' ' && p[10] != 'T') return false;
    // The date, 10 bytes, as two overlapping words.
    const std::uint64_t head = load8(p), tail = load8(p + 2);
    if (head != date_head_ || tail != date_tail_) {
        std::string_view date = text.substr(0, 10);
        if (!take_date(date, date_micros_)) return false;
        date_head_ = head;
        date_tail_ = tail;
    }
    std::string_view clock = text.substr(11, 5);
    std::int64_t since_midnight = 0;
    if (!take_clock(clock, since_midnight)) return false;
    minute_micros_ = date_micros_ + since_midnight;
    return true;
}

bool TimeParser::parse_any(std::string_view text, std::int64_t& micros) {
    if (unit_ == TimeUnit::automatic && format_.empty()) return false;
    if (unit_ == TimeUnit::iso || !format_.empty()) {
        bool local = false;
        const bool read = format_.empty() ? parse_iso(text, micros, local)
                                          : parse_formatted_time(text, format_, micros, local);
        if (!read) return false;
        if (local && zone_) micros = zone_->to_utc(micros);
        return true;
    }
    std::int64_t value = 0;
    if (!parse_integer(text, value)) return false;
    if (detected_ && unit_by_magnitude(value) != unit_) return false;
    return scale(value, unit_, micros);
}

}  // namespace funnel::ingest::detail

namespace funnel::ingest {

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
    std::int64_t micros = 0;
    bool local = false;
    if (!detail::parse_iso(text, micros, local)) return std::nullopt;
    return micros;
}

}  // namespace funnel::ingest
