// SPDX-License-Identifier: MIT
// Metric: a named number made of a Tally. The table here is the list of all of them; docs/metrics.md
// explains.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/metrics/options.hpp"
#include "funnel/metrics/tally.hpp"

namespace funnel::metrics {

enum class Unit : std::uint8_t {
    count,
    share,  ///< numerator of denominator, in [0, 1]
    ratio,  ///< one count over another, may exceed 1
    money,  ///< currency of the log
    seconds
};

/// Texts are static.
struct Metric {
    std::string_view name = {};
    Unit unit = Unit::count;
    std::optional<double> value = {};  ///< empty: undefined, see reason; 0 means "none of some"
    std::optional<double> numerator = {}, denominator = {};  ///< of shares and ratios
    std::string_view reason = {};                            ///< why there is no value: "no_impressions", ...
    std::optional<double> low = {}, high = {};               ///< 95 % interval
    std::string_view method = {};                            ///< "wilson", "jackknife", "wilson_users"
    std::string_view interval_reason = {};                   ///< why there is no interval
};

/// A count (no denominator) or one count over another; `reason` where the denominator is 0.
struct MetricRule {
    std::string_view name;
    Unit unit;
    Count numerator;
    Count denominator = Count::count_;
    std::string_view reason = {};
    bool per_user = false;  ///< a share of users, each counted once
};

inline constexpr auto kMetricRules = std::to_array<MetricRule>({
    {"pv", Unit::count, Count::views},
    {"uv", Unit::count, Count::users},
    {"pv_per_uv", Unit::ratio, Count::views, Count::users, "no_users"},
    {"pv_per_viewer", Unit::ratio, Count::views, Count::viewers, "no_views"},
    {"page_views", Unit::count, Count::page_views},
    {"visits", Unit::count, Count::visits},
    {"ctr", Unit::share, Count::impressions_credited, Count::impressions, "no_impressions"},
    {"ctr_raw", Unit::ratio, Count::clicks, Count::impressions, "no_impressions"},
    {"ctr_followed", Unit::share, Count::impressions_followed, Count::impressions, "no_impressions"},
    {"clicks_unattributed", Unit::count, Count::clicks_unattributed},
    {"click_user_rate", Unit::share, Count::clickers, Count::users, "no_users", true},
    {"conversion_user", Unit::share, Count::buyers, Count::users, "no_users", true},
    {"conversion_session", Unit::share, Count::visits_bought, Count::visits, "no_visits"},
    {"orders_per_session", Unit::ratio, Count::orders, Count::visits, "no_visits"},
    {"cvr_post_click", Unit::share, Count::clicks_bought, Count::clicks_mature, "no_mature_clicks"},
    {"cart_abandon_session", Unit::share, Count::visits_abandoned, Count::visits_carted, "no_carts"},
    {"cart_abandon_user_item", Unit::share, Count::pairs_mature_abandoned, Count::pairs_mature,
     "no_mature_pairs"},
    {"cart_abandon_user_item_naive", Unit::share, Count::pairs_abandoned, Count::pairs_carted, "no_carts"},
    {"purchases_without_cart", Unit::count, Count::pairs_uncarted},
    {"repeat_purchase_period", Unit::share, Count::repeat_customers, Count::customers, "no_orders", true},
    {"orders", Unit::count, Count::orders},
    {"late_order_rows", Unit::count, Count::late_order_rows},
});

/// All metrics of a tally, in the order of docs/metrics.md.
[[nodiscard]] std::vector<Metric> metrics_of(Tally tally, const LogFacts& facts);

/// The metric of that name, or nullptr.
[[nodiscard]] inline const Metric* find(const std::vector<Metric>& metrics, std::string_view name) noexcept {
    const auto at = std::ranges::find(metrics, name, &Metric::name);
    return at == metrics.end() ? nullptr : &*at;
}

namespace detail {

[[nodiscard]] inline Metric metric_of(const MetricRule& rule, const Tally& tally) {
    Metric metric{.name = rule.name, .unit = rule.unit};
    const auto numerator = static_cast<double>(tally[rule.numerator]);
    if (rule.denominator == Count::count_) {
        metric.value = numerator;
        return metric;
    }
    const auto denominator = static_cast<double>(tally[rule.denominator]);
    metric.numerator = numerator;
    metric.denominator = denominator;
    if (denominator > 0) {
        metric.value = numerator / denominator;
    } else {
        metric.reason = rule.reason;
    }
    metric.interval_reason = "not_computed";
    return metric;
}

inline void append_money(std::vector<Metric>& metrics, const Tally& tally, const LogFacts& facts) {
    const bool priced = facts.has_revenue || facts.has_price;
    Metric revenue{.name = "revenue", .unit = Unit::money};
    revenue.interval_reason = "not_computed";
    if (priced) {
        revenue.value = tally.revenue.value();
    } else {
        revenue.reason = "no_amounts";
    }
    metrics.push_back(revenue);
    metrics.push_back(
        metric_of({"purchase_rows_without_value", Unit::count, Count::purchase_rows_without_value}, tally));
    Metric average = metric_of({"average_order_value", Unit::money, Count::orders, Count::orders_with_amount,
                                priced ? "no_orders_with_amount" : "no_amounts"},
                               tally);
    average.numerator = tally.order_revenue.value();
    if (average.value) average.value = *average.numerator / *average.denominator;
    metrics.push_back(average);
}

inline void append_dwell(std::vector<Metric>& metrics, Tally& tally) {
    const std::string_view reason = tally[Count::views] == 0 ? "no_views" : "no_later_event";
    Metric median{.name = "dwell_median_s", .unit = Unit::seconds, .value = tally.dwell.median_seconds()};
    Metric mean{.name = "dwell_mean_s", .unit = Unit::seconds, .value = tally.dwell.mean_seconds()};
    if (!median.value) median.reason = mean.reason = reason;
    metrics.push_back(median);
    metrics.push_back(mean);
    metrics.push_back(metric_of({"dwell_censored", Unit::count, Count::dwell_censored}, tally));
}

}  // namespace detail

inline std::vector<Metric> metrics_of(Tally tally, const LogFacts& facts) {
    std::vector<Metric> metrics;
    for (const auto& rule : kMetricRules)
        metrics.push_back(detail::metric_of(rule, tally));
    detail::append_money(metrics, tally, facts);
    detail::append_dwell(metrics, tally);
    return metrics;
}

}  // namespace funnel::metrics
