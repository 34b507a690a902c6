// SPDX-License-Identifier: MIT
// ChangeCauses: why figures moved between two periods, as find_causes gives it (docs/metrics.md, "Why a
// figure moved").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/eval/interval.hpp"
#include "funnel/events/timeline.hpp"

namespace funnel::metrics {

/// What something adds to a change: later minus earlier.
struct ChangeEffect {
    double value = 0;
    std::optional<eval::Interval> interval = {};  ///< 95 %, jackknife of both periods together
    std::optional<double> p = {};                 ///< two-sided, of no effect; empty: not tested
    bool beyond_chance =
        false;  ///< of all that was tested together, false discoveries held at the share asked for
};

/// Units of a rate, and those of them that count as reached.
struct RateUnits {
    double units = 0, hits = 0;
    [[nodiscard]] double rate() const noexcept { return hits / units; }  ///< NaN without units
    [[nodiscard]] bool operator==(const RateUnits&) const noexcept = default;
};

struct KeyCause {
    std::optional<std::string> key = {};  ///< empty: missing
    std::size_t pooled = 0;               ///< how many small keys this is; 0: one of its own
    RateUnits before = {}, after = {};
    ChangeEffect mix = {};   ///< of its share of the units
    ChangeEffect rate = {};  ///< of its own rate
    /// p of its rate having changed by the same factor as that of all others; empty: not known.
    std::optional<double> apart_p = {};
};

/// Keys partition the units: all mix and rate effects sum to the change.
struct ColumnCauses {
    std::string by;
    std::vector<KeyCause> keys = {};   ///< by bytes, the missing one behind them, the pooled last
    ChangeEffect mix = {}, rate = {};  ///< sums over the keys; not tested
};

/// A rate of users: conversion_user, or step_NAME of a stage of the funnel: of the users at the stage before,
/// those who came to this one.
struct RateChange {
    std::string name;
    std::string from_step = {}, to_step = {};  ///< names of the stages; empty: conversion_user
    RateUnits before = {}, after = {};
    ChangeEffect change = {};
    std::vector<ColumnCauses> columns = {};  ///< in the order asked for; with one key only: left out
    /// The column that tells most: index into columns; empty: no effect is beyond chance.
    std::optional<std::size_t> told_by = {};
    bool alike = false;  ///< no key is known to have moved apart from the others: the change is one of all
};

/// revenue = visits x orders per visit x revenue per order.
struct RevenueChange {
    struct Factor {
        std::string_view name;  ///< visits, orders_per_session, revenue_per_order
        double before = 0, after = 0;
        ChangeEffect effect = {};  ///< money
    };
    double before = 0, after = 0;
    ChangeEffect change = {};
    std::array<Factor, 3> factors = {};  ///< effects sum to the change
    /// Why there are none: "no_amounts", or "no_revenue" in one of the periods.
    std::string_view reason = {};
};

/// An effect beyond chance, by its place: a key of a column of a rate.
struct FoundCause {
    std::size_t rate = 0, column = 0, key = 0;
    bool is_mix = false;
};

struct LeftOutColumn {
    std::string by;
    std::string_view reason;  ///< "too_many_keys", "one_key", "periods_share_no_keys"
};

struct ChangeCauses {
    events::Period before = {}, after = {};
    std::vector<RateChange> rates = {};  ///< conversion_user first, if the log has purchases
    RevenueChange revenue = {};
    std::vector<FoundCause> found = {};  ///< of keys, the surest first
    std::size_t tested = 0;              ///< effects tested together
    std::size_t beyond_chance = 0;       ///< of tested
    double false_discoveries = 0;        ///< their share of what is beyond chance, at most, expected
    std::vector<LeftOutColumn> left_out = {};
};

}  // namespace funnel::metrics
