// SPDX-License-Identifier: MIT
// An event as a row of the canonical CSV, with times in UTC to the millisecond.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "funnel/base/csv.hpp"
#include "funnel/base/time.hpp"
#include "funnel/events/event.hpp"

namespace funnel::simulate {

inline constexpr std::string_view kCsvHeader =
    "event_time,event_type,user_id,session_id,item_id,category,brand,price,quantity,list,position,order_id,"
    "revenue\n";

/// Appends one row with its line end; what is missing is empty. Digits below the millisecond are cut off.
/// The kind must be one of events::kKindNames, the year 0 .. 9999.
void append_csv_row(std::string& out, const events::Event& event);

namespace detail {

/// Writes the last `width` digits of value >= 0 at `to`.
inline void put_digits(char* to, std::int64_t value, int width) noexcept {
    for (int i = width; i-- > 0; value /= 10)
        to[i] = static_cast<char>('0' + value % 10);
}

/// "2024-01-01T06:59:58.007Z"; for millions of rows, hence not by way of base::format_time.
inline void append_time(std::string& out, std::int64_t micros) {
    const std::int64_t day = base::floor_div(micros, base::kDay);
    const std::int64_t rest = base::floor_mod(micros, base::kDay);
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{static_cast<int>(day)}}};
    char text[] = "0000-00-00T00:00:00.000Z";
    put_digits(text, static_cast<int>(date.year()), 4);
    put_digits(text + 5, static_cast<unsigned>(date.month()), 2);
    put_digits(text + 8, static_cast<unsigned>(date.day()), 2);
    put_digits(text + 11, rest / base::kHour, 2);
    put_digits(text + 14, rest / base::kMinute % 60, 2);
    put_digits(text + 17, rest / base::kSecond % 60, 2);
    put_digits(text + 20, rest / 1000 % 1000, 3);
    out.append(text, sizeof text - 1);
}

}  // namespace detail

inline void append_csv_row(std::string& out, const events::Event& event) {
    detail::append_time(out, event.time);
    out += ',';
    out += events::kKindNames[static_cast<std::size_t>(event.kind)];
    const auto text = [&](std::string_view value) {
        out += ',';
        base::append_csv_field(out, value);
    };
    const auto number = [&](double value) {
        out += ',';
        base::append_csv_number(out, value);
    };
    text(event.user);
    text(event.session);
    text(event.item);
    text(event.category);
    text(event.brand);
    number(event.price);
    number(event.quantity);
    text(event.list);
    number(event.position);
    text(event.order);
    number(event.revenue);
    out += '\n';
}

}  // namespace funnel::simulate
