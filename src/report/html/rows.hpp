// SPDX-License-Identifier: MIT
// Charts of rows, one below the other: bars from zero, bars beside rates, and ratios around 1. Their texts
// come as they are and are escaped here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plot.hpp"

namespace funnel::report::html {

/// A value with its interval, in units of the scale it is drawn on.
struct Estimate {
    std::optional<double> value = {}, low = {}, high = {};
    std::string text = {};  ///< how it is written
};

struct BarRow {
    std::string label;
    Estimate bar = {};
    std::optional<double> before = {};  ///< what was there one row above: the difference is drawn pale
    std::string note = {};              ///< below the bar
};

/// One bar per row, `thickness` pixels high. The scale begins at 0; `label` says in words what there is to
/// see.
[[nodiscard]] std::string bar_rows(std::string_view label, std::span<const BarRow> rows, const Scale& scale,
                                   double thickness = 24);

struct PairRow {
    std::string label;
    Estimate size, rate;
};

/// A bar for the size of each row and beside it a dot with its interval for the rate, each on a scale from 0.
[[nodiscard]] std::string pair_rows(std::string_view label, std::string_view size_title,
                                    std::string_view rate_title, std::span<const PairRow> rows);

/// A dot with its interval per row over an axis; `reference`: a dashed line at that value. Values must be > 0
/// on a logarithmic axis.
[[nodiscard]] std::string dot_rows(std::string_view label, std::span<const BarRow> rows, const Axis& axis,
                                   const std::optional<double>& reference);

/// The axis of ratios around 1 that holds the rows.
[[nodiscard]] Axis ratio_axis(std::span<const BarRow> rows);

}  // namespace funnel::report::html
