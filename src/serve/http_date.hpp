// SPDX-License-Identifier: MIT
// http_date: now, as HTTP writes it (RFC 9110, 5.6.7).
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "funnel/base/time.hpp"

namespace funnel::serve {

/// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale.
[[nodiscard]] inline std::string http_date() {
    static constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                              "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(day);
    const std::string iso = base::format_time(now.time_since_epoch().count() * base::kSecond);
    std::string text(kDays[std::chrono::weekday(day).c_encoding()]);
    text += ", " + iso.substr(8, 2) + ' ';
    text += kMonths[static_cast<unsigned>(date.month()) - 1];
    return text + ' ' + iso.substr(0, 4) + ' ' + iso.substr(11, 8) + " GMT";
}

}  // namespace funnel::serve
