// SPDX-License-Identifier: MIT
#include "funnel/ingest/named_period.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "funnel/base/time.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "ingest/log/time_parser.hpp"

namespace funnel::ingest {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr const char* kWhere = "--tz";

std::int64_t to_utc(std::int64_t local, const std::string& zone) {
    return zone.empty() || zone == "UTC" ? local : detail::LocalZone(zone, kWhere).to_utc(local);
}

std::int64_t to_local(std::int64_t time, const std::string& zone) {
    return time + zone_offsets(zone, time, time).back().offset;
}

std::int64_t midnight(sys_days day, const std::string& zone) {
    return to_utc(day.time_since_epoch().count() * base::kDay, zone);
}

sys_days first_of_month(sys_days day) {
    const year_month_day date(day);
    return sys_days(date.year() / date.month() / 1);
}

/// 7 of "last-7d".
std::optional<int> days_of(std::string_view name) {
    constexpr std::string_view kHead = "last-";
    if (!name.starts_with(kHead) || !name.ends_with('d')) return std::nullopt;
    const std::string_view digits = name.substr(kHead.size(), name.size() - kHead.size() - 1);
    int count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc{} || end != digits.data() + digits.size() || count < 1 || count > 36500)
        return std::nullopt;
    return count;
}

std::int64_t year_before(std::int64_t time, const std::string& zone) {
    const std::int64_t local = to_local(time, zone), day = base::floor_div(local, base::kDay);
    year_month_day date{sys_days(days(static_cast<int>(day)))};
    date -= std::chrono::years(1);
    if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
    return to_utc(sys_days(date).time_since_epoch().count() * base::kDay + (local - day * base::kDay), zone);
}

/// Of the end of a period, which is not in it: a day that ends at midnight is as whole a year before.
std::int64_t end_year_before(std::int64_t end, const std::string& zone) {
    const std::int64_t local = to_local(end, zone);
    if (base::floor_div(local, base::kDay) * base::kDay != local) return year_before(end, zone);
    const std::int64_t last_day = to_local(year_before(to_utc(local - base::kDay, zone), zone), zone);
    return to_utc(last_day + base::kDay, zone);
}

}  // namespace

std::optional<events::Period> named_period(std::string_view name, std::int64_t reference,
                                           const std::string& zone) {
    const std::int64_t number = base::floor_div(to_local(reference, zone), base::kDay);
    const sys_days today(days(static_cast<int>(number)));
    const auto period = [&](sys_days from, sys_days to) {
        return events::Period{midnight(from, zone), midnight(to, zone)};
    };
    if (name == "yesterday") return period(today - days(1), today);
    if (name == "last-week") {
        const sys_days monday = today - (std::chrono::weekday(today) - std::chrono::Monday);
        return period(monday - days(7), monday);
    }
    if (name == "last-month") {
        const sys_days first = first_of_month(today);
        return period(first_of_month(first - days(1)), first);
    }
    if (const auto count = days_of(name)) return period(today - days(*count), today);
    return std::nullopt;
}

std::optional<events::Period> period_before(std::string_view name, const events::Period& period,
                                            const std::string& zone) {
    if (name == "previous") {
        const std::int64_t from = to_local(*period.from, zone), length = to_local(*period.to, zone) - from;
        return events::Period{to_utc(from - length, zone), period.from};
    }
    if (name == "year-ago")
        return events::Period{year_before(*period.from, zone), end_year_before(*period.to, zone)};
    return std::nullopt;
}

std::optional<std::int64_t> parse_local_time(std::string_view text, const std::string& zone) {
    const auto time = parse_iso_time(text);
    // What has no offset of its own is read alike whatever is put behind it.
    const bool local =
        time && parse_iso_time(std::string(text) + (text.size() > 10 ? "+01:00" : "T00:00+01:00"));
    return local ? to_utc(*time, zone) : time;
}

}  // namespace funnel::ingest
