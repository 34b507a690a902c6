// SPDX-License-Identifier: MIT
#include "plain_words.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "funnel/base/time.hpp"
#include "funnel/report/text_table.hpp"

namespace funnel::report {
namespace {

std::string padded(std::string text, std::size_t width) {
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

// "4 Feb" and "2024" of "2024-02-04".
struct Date {
    std::string day, year;
};

Date date_of(std::int64_t day) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::string iso = base::format_day(day);
    const std::size_t last = iso.rfind('-');  // years may have more than four digits
    const auto number = [&](std::size_t at) { return (iso[at] - '0') * 10 + (iso[at + 1] - '0'); };
    const auto month = static_cast<std::size_t>(number(last - 2));
    return {std::to_string(number(last + 1)) + " " + std::string(kMonths[month - 1]),
            iso.substr(0, last - 3)};
}

}  // namespace

int percent_digits(double share) {
    const double size = std::abs(share * 100);
    if (size == 0 || size >= 0.95) return 1;
    return std::min(8, 1 - static_cast<int>(std::floor(std::log10(size))));
}

std::string short_share(const std::optional<double>& share) {
    if (!share) return "n/a";
    return format_number(*share * 100, *share == 1 ? 0 : percent_digits(*share)) + " %";
}

std::string short_interval(const std::optional<eval::Interval>& share, int digits, std::size_t width) {
    if (!share) return {};
    return padded(format_number(share->low * 100, digits), width) + " to " +
           padded(format_number(share->high * 100, digits), width);
}

std::string short_fraction(const std::optional<double>& value, int digits) {
    std::string text = format_number(value, digits);
    if (text.starts_with("0.")) text.erase(0, 1);
    return text;
}

std::string duration_words(std::int64_t micros) {
    struct Unit {
        std::int64_t size;
        std::string_view name;
    };
    constexpr std::array<Unit, 4> kUnits = {
        {{base::kDay, "day"}, {base::kHour, "hour"}, {base::kMinute, "minute"}, {base::kSecond, "second"}}};
    for (const Unit& unit : kUnits) {
        if (micros < unit.size || micros % unit.size != 0) continue;
        const std::int64_t number = micros / unit.size;
        return format_count(number) + " " + std::string(unit.name) + (number == 1 ? "" : "s");
    }
    return base::format_duration(micros);
}

std::string days_words(std::int64_t first_day, std::int64_t last_day) {
    const Date first = date_of(first_day), last = date_of(last_day);
    if (first_day == last_day) return last.day + " " + last.year;
    return first.day + (first.year == last.year ? "" : " " + first.year) + " to " + last.day + " " +
           last.year;
}

std::string key_words(const std::vector<std::optional<std::string>>& values, std::size_t limit) {
    std::string out;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) out += " / ";
        out += values[i] ? printable(*values[i], limit) : "(missing)";
    }
    return out;
}

std::string warning_lines(std::string_view text, std::string_view mark) {
    std::string out, line(mark);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        if (line.size() > 2 && display_width(line) + 1 + display_width(word) > kPageWidth) {
            out += line + "\n";
            line = " ";
        }
        if (!word.empty()) line += " " + std::string(word);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out + line + "\n";
}

std::string bar(double share, std::size_t width) {
    constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    if (!(share > 0)) return {};
    const auto eighths =
        static_cast<std::size_t>(std::max(1.0, std::min(share, 1.0) * static_cast<double>(width) * 8));
    std::string out;
    for (std::size_t i = 0; i < eighths / 8; ++i)
        out += "█";
    return out + std::string(kEighths[eighths % 8]);
}

}  // namespace funnel::report
