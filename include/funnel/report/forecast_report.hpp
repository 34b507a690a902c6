// SPDX-License-Identifier: MIT
// The coming days as text, CSV and JSON (docs/metrics.md, "Forecast").
#pragma once

#include <map>
#include <string>

#include "funnel/base/warning.hpp"
#include "funnel/forecast/forecast_sales.hpp"

namespace funnel::report {

struct ForecastView {
    forecast::SalesForecast sales;
    std::string zone = "UTC";                       ///< whose days
    std::map<std::string, std::string> names = {};  ///< of keys, for people
    base::Warnings warnings = {};
};

[[nodiscard]] std::string to_text(const ForecastView& view);
/// One row per key and day, and one for all days with `total` as its day.
[[nodiscard]] std::string to_csv(const ForecastView& view);
[[nodiscard]] std::string to_json(const ForecastView& view);

}  // namespace funnel::report
