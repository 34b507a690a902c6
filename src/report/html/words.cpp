// SPDX-License-Identifier: MIT
#include "words.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "funnel/base/time.hpp"
#include "funnel/report/text_table.hpp"

namespace funnel::report::html {
namespace {

/// A number and its unit stay on one line: the space between them does not break.
std::string with_unit(const std::string& number, std::string_view unit) {
    return number + "\xC2\xA0" + std::string(unit);
}

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

/// Without zeros at the end of the places: "1.50" -> "1.5", "2.00" -> "2".
std::string trimmed(std::string number) {
    if (number.find('.') == std::string::npos) return number;
    number.erase(number.find_last_not_of('0') + 1);
    if (number.ends_with('.')) number.pop_back();
    return number;
}

std::string two_units(std::int64_t large, std::string_view large_name, std::int64_t small,
                      std::string_view small_name) {
    std::string out = with_unit(format_count(large), large_name);
    if (small > 0) out += " " + with_unit(std::to_string(small), small_name);
    return out;
}

struct Date {
    std::string day, year;
    std::string_view month;
};

/// Of "2016-08-01"; without a month if the text is no day.
Date parse_day(std::string_view text) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !digit(5) || !digit(6)) return {};
    const int month = (text[5] - '0') * 10 + (text[6] - '0');
    if (month < 1 || month > 12) return {};
    return {std::string(text.substr(text[8] == '0' ? 9 : 8)), std::string(text.substr(0, 4)),
            kMonths[static_cast<std::size_t>(month - 1)]};
}

}  // namespace

std::string percent(const std::optional<double>& share) {
    if (!share) return "n/a";
    const double percent = std::abs(*share * 100);
    const bool whole = percent == 0 || percent == 100;
    if (whole || (percent >= 9.995 && percent < 99.5))
        return with_unit(format_number(*share * 100, whole ? 0 : 1), "%");
    const std::string text = format_share(share);
    return with_unit(text.substr(0, text.find(' ')), "%");
}

std::string amount(const std::optional<double>& money) {
    return format_number(money, money && std::abs(*money) >= 999.995 ? 0 : 2);
}

std::string span_of_time(const std::optional<double>& seconds) {
    if (!seconds) return "n/a";
    if (*seconds < 59.95) return with_unit(trimmed(format_number(*seconds, 1)), "s");
    if (!(*seconds < 1e15)) return with_unit(format_number(*seconds, 0), "s");
    const auto whole = static_cast<std::int64_t>(std::llround(*seconds));
    if (whole < 3600) return two_units(whole / 60, "min", whole % 60, "s");
    const std::int64_t minutes = (whole + 30) / 60;
    if (minutes < 48 * 60) return two_units(minutes / 60, "h", minutes % 60, "min");
    const std::int64_t hours = (minutes + 30) / 60;
    return two_units(hours / 24, "d", hours % 24, "h");
}

std::string decimal(const std::optional<double>& value) {
    if (!value) return "n/a";
    const double size = std::abs(*value);
    int places = 0;
    for (double least = 99.95; size != 0 && size < least && places < 5; least /= 10)
        ++places;
    return format_number(value, places);
}

std::string duration_in_words(std::string_view text) {
    constexpr std::pair<char, std::string_view> kUnits[] = {
        {'s', "second"}, {'m', "minute"}, {'h', "hour"}, {'d', "day"}, {'w', "week"}};
    const auto unit = std::ranges::find(kUnits, text.empty() ? ' ' : text.back(),
                                        &std::pair<char, std::string_view>::first);
    if (unit == std::end(kUnits) || !base::parse_duration(text)) return std::string(text);
    const std::string number(text.substr(0, text.size() - 1));
    return with_unit(number, unit->second) + (number == "1" ? "" : "s");
}

std::string duration_in_words(std::int64_t micros) {
    return duration_in_words(base::format_duration(micros));
}

std::string short_number(double value) {
    constexpr struct {
        double size;
        std::string_view name;
    } kUnits[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};
    for (const auto& unit : kUnits) {
        if (std::abs(value) >= unit.size)
            return trimmed(format_number(value / unit.size, 3)) + std::string(unit.name);
    }
    return trimmed(format_number(value, 6));
}

std::string short_percent(double share) {
    return with_unit(trimmed(format_number(share * 100, 6)), "%");
}

std::string long_date(std::string_view day) {
    const Date date = parse_day(day);
    return date.month.empty() ? std::string(day) : date.day + " " + std::string(date.month) + " " + date.year;
}

std::string short_date(std::string_view day) {
    const Date date = parse_day(day);
    return date.month.empty() ? std::string(day) : date.day + " " + std::string(date.month.substr(0, 3));
}

std::string spaced(std::string_view name) {
    std::string out(name);
    std::ranges::replace(out, '_', ' ');
    return out;
}

std::string value_of(metrics::Unit unit, const std::optional<double>& value) {
    switch (unit) {
        case metrics::Unit::count:
            return format_number(value, 0);
        case metrics::Unit::share:
            return percent(value);
        case metrics::Unit::ratio:
            return decimal(value);
        case metrics::Unit::money:
            return amount(value);
        case metrics::Unit::seconds:
            return span_of_time(value);
    }
    return {};
}

std::string value_of(const metrics::Metric& metric) {
    return value_of(metric.unit, metric.value);
}

std::string interval_of(const metrics::Metric& metric) {
    if (!metric.low || !metric.high) return {};
    return value_of(metric.unit, metric.low) + " to " + value_of(metric.unit, metric.high);
}

std::string counts_of(const metrics::Metric& metric) {
    if (!metric.denominator) return {};
    const auto whole = [](const std::optional<double>& value) { return format_number(value, 0); };
    return whole(metric.numerator) + " of " + whole(metric.denominator);
}

std::string remark_on(const metrics::Metric& metric) {
    if (!metric.value) return metric.reason.empty() ? "undefined" : "undefined: " + spaced(metric.reason);
    if (metric.method == "wilson_users") return "few users: the interval rests on their number";
    if (metric.low || metric.interval_reason.empty()) return {};
    return "no interval: " + spaced(metric.interval_reason);
}

}  // namespace funnel::report::html
