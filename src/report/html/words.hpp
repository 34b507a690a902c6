// SPDX-License-Identifier: MIT
// Numbers, dates and reasons as people read them in a page; "n/a" where there is no value. Between a number
// and its unit stands a space that does not break.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "funnel/metrics/metric.hpp"

namespace funnel::report::html {

/// 0.18734 -> "18.7 %", 0.0652 -> "6.52 %", 0.00778 -> "0.778 %".
[[nodiscard]] std::string percent(const std::optional<double>& share);

/// Whole from 1,000 on, two places below: "1,234", "99.50".
[[nodiscard]] std::string amount(const std::optional<double>& money);

/// "8.2 s", "1 min 23 s", "2 h 5 min", "3 d 4 h".
[[nodiscard]] std::string span_of_time(const std::optional<double>& seconds);

/// A setting of the command line: "7 days", "30 minutes", "1 hour" of "7d", "30m", "1h"; any other text as it
/// is.
[[nodiscard]] std::string duration_in_words(std::string_view text);
[[nodiscard]] std::string duration_in_words(std::int64_t micros);

/// Three significant digits at most after the point, thousands separated: "0.0194", "0.824", "12.6", "1,234".
[[nodiscard]] std::string decimal(const std::optional<double>& value);

/// For the labels of axes: "0", "250", "1.5k", "20M"; shares as "2 %".
[[nodiscard]] std::string short_number(double value);
[[nodiscard]] std::string short_percent(double share);

/// "1 August 2016" and "1 Aug" of "2016-08-01"; any other text as it is.
[[nodiscard]] std::string long_date(std::string_view day);
[[nodiscard]] std::string short_date(std::string_view day);

/// "no_mature_pairs" -> "no mature pairs".
[[nodiscard]] std::string spaced(std::string_view name);

/// A value in the unit of its metric.
[[nodiscard]] std::string value_of(metrics::Unit unit, const std::optional<double>& value);
[[nodiscard]] std::string value_of(const metrics::Metric& metric);

/// "1.45 % to 1.59 %", or empty.
[[nodiscard]] std::string interval_of(const metrics::Metric& metric);

/// What a number rests on: "43 of 230", or empty.
[[nodiscard]] std::string counts_of(const metrics::Metric& metric);

/// Why there is no value or no interval, or what to know about the interval; empty if there is nothing to
/// say.
[[nodiscard]] std::string remark_on(const metrics::Metric& metric);

}  // namespace funnel::report::html
