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
#include <utility>
#include <vector>

#include "funnel/eval/interval.hpp"
#include "funnel/metrics/detail/tally/cohort_slots.hpp"
#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

enum class Unit : std::uint8_t {
    count,
    share,  ///< numerator of denominator, in [0, 1]
    ratio,  ///< one count over another, may exceed 1
    money,  ///< currency of the log
    seconds
};

/// Texts but the name are static.
struct Metric {
    std::string name = {};
    Unit unit = Unit::count;
    std::optional<double> value = {};  ///< empty: undefined, see reason; 0 means "none of some"
    std::optional<double> numerator = {}, denominator = {};  ///< of shares and ratios
    std::string_view reason = {};                            ///< why there is no value: "no_impressions", ...
    std::optional<double> low = {}, high = {};               ///< 95 % interval
    std::string_view method = {};                            ///< "wilson", "jackknife", "wilson_users"
    std::string_view interval_reason = {};  ///< why there is no interval: "not_computed" without a value, ...
};

/// Metrics that are not always there.
enum class Needs : std::uint8_t { nothing, refunds, exposures };

/// A count (no denominator) or one count over another; `reason` where the denominator is 0.
struct MetricRule {
    std::string_view name;
    Unit unit;
    Count numerator;
    Count denominator = Count::count_;
    std::string_view reason = {};
    bool per_user = false;  ///< a share of users, each counted once
    Needs needs = Needs::nothing;
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
    {"ctr_exposure", Unit::share, Count::exposures_clicked, Count::exposures_ripe, "no_ripe_exposures", false,
     Needs::exposures},
    {"click_user_rate", Unit::share, Count::clickers, Count::users, "no_users", true},
    {"cart_to_view_rate", Unit::share, Count::viewers_carted, Count::item_viewers, "no_views", true},
    {"cart_to_view_pairs", Unit::share, Count::pairs_viewed_carted, Count::pairs_viewed, "no_views"},
    {"cart_to_view_events", Unit::ratio, Count::cart_adds, Count::views, "no_views"},
    {"purchase_to_view_rate", Unit::share, Count::viewers_bought, Count::item_viewers, "no_views", true},
    {"purchase_to_view_pairs", Unit::share, Count::pairs_viewed_bought, Count::pairs_viewed, "no_views"},
    {"conversion_user", Unit::share, Count::buyers, Count::users, "no_users", true},
    {"conversion_session", Unit::share, Count::visits_bought, Count::visits, "no_visits"},
    {"orders_per_session", Unit::ratio, Count::orders, Count::visits, "no_visits"},
    {"cvr_post_click", Unit::share, Count::clicks_bought, Count::clicks_mature, "no_mature_clicks"},
    {"cart_abandon_session", Unit::share, Count::visits_abandoned, Count::visits_carted, "no_carts"},
    {"cart_abandon_cart", Unit::share, Count::carts_abandoned, Count::carts_closed, "no_closed_carts"},
    {"carts_emptied", Unit::count, Count::carts_emptied},
    {"carts_open", Unit::count, Count::carts_open},
    {"cart_abandon_user_item", Unit::share, Count::pairs_mature_abandoned, Count::pairs_mature,
     "no_mature_pairs"},
    {"cart_abandon_user_item_naive", Unit::share, Count::pairs_abandoned, Count::pairs_carted, "no_carts"},
    {"purchases_without_cart", Unit::count, Count::pairs_uncarted},
    {"repeat_purchase_period", Unit::share, Count::repeat_customers, Count::customers, "no_orders", true},
    {"returning_customer_rate", Unit::share, Count::returning_customers, Count::recent_customers, "no_orders",
     true},
    {"repeat_item_rate", Unit::share, Count::pairs_rebought, Count::pairs_bought, "no_items_bought"},
    {"repeat_category_rate", Unit::share, Count::categories_rebought, Count::categories_bought,
     "no_categories_bought"},
    {"orders", Unit::count, Count::orders},
    {"late_order_rows", Unit::count, Count::late_order_rows},
    {"net_orders", Unit::count, Count::net_orders, Count::count_, {}, false, Needs::refunds},
    {"net_conversion_user", Unit::share, Count::net_buyers, Count::users, "no_users", true, Needs::refunds},
    {"refund_rows", Unit::count, Count::refund_rows, Count::count_, {}, false, Needs::refunds},
    {"refund_rows_unmatched",
     Unit::count,
     Count::refund_rows_unmatched,
     Count::count_,
     {},
     false,
     Needs::refunds},
});

/// All metrics of a tally that the log and the options allow, in the order of docs/metrics.md.
[[nodiscard]] std::vector<Metric> metrics_of(Tally tally, const MetricsOptions& options,
                                             const LogFacts& facts);

/// The metric of that name, or nullptr.
[[nodiscard]] inline const Metric* find(const std::vector<Metric>& metrics, std::string_view name) noexcept {
    const auto at = std::ranges::find(metrics, name, &Metric::name);
    return at == metrics.end() ? nullptr : &*at;
}

namespace detail {

/// Why the denominator of a rule is 0.
[[nodiscard]] inline std::string_view reason_of(const MetricRule& rule, const Tally& tally) noexcept {
    const bool unread =
        rule.denominator == Count::categories_bought && tally[Count::purchase_rows_without_categories] > 0;
    return unread ? "category_not_read" : rule.reason;
}

[[nodiscard]] inline Metric metric_of(const MetricRule& rule, const Tally& tally) {
    Metric metric{.name = std::string(rule.name), .unit = rule.unit};
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
        metric.reason = reason_of(rule, tally);
    }
    metric.interval_reason = "not_computed";
    return metric;
}

/// Views are no impressions: a rate of them is not shown under the name of a click rate.
inline void check_exposures(Metric& metric, const MetricsOptions& options) {
    if ((options.funnel.stages.front().kinds & events::kind_bit(EventKind::impression)) != 0) return;
    metric = {.name = metric.name, .unit = metric.unit, .numerator = 0, .denominator = 0};
    metric.reason = "no_impressions";
    metric.interval_reason = "not_computed";
}

[[nodiscard]] inline bool has(Needs needs, const MetricsOptions& options, const LogFacts& facts) noexcept {
    if (needs == Needs::refunds) return facts.has(EventKind::refund);
    if (needs == Needs::exposures) return options.exposures || options.entity == Entity::exposure;
    return true;
}

/// A share of users, with its Wilson interval; `suffix` makes the name.
[[nodiscard]] inline Metric cohort_metric(std::string name, const Tally& tally, std::size_t numerator,
                                          std::size_t denominator, std::string_view reason) {
    const auto count = [&](std::size_t slot) {
        return slot < tally.cohorts.size() ? static_cast<double>(tally.cohorts[slot]) : 0.0;
    };
    Metric metric{.name = std::move(name), .unit = Unit::share};
    metric.numerator = count(numerator);
    metric.denominator = count(denominator);
    if (const auto interval = eval::wilson(*metric.numerator, *metric.denominator)) {
        metric.value = *metric.numerator / *metric.denominator;
        metric.low = interval->low;
        metric.high = interval->high;
        metric.method = "wilson";
    } else {
        metric.reason = reason;
        metric.interval_reason = "not_computed";
    }
    return metric;
}

inline void append_cohorts(std::vector<Metric>& metrics, const Tally& tally, const MetricsOptions& options) {
    const CohortSlots slots(options);
    for (std::size_t i = 0; i < slots.spans; ++i) {
        metrics.push_back(
            cohort_metric("repeat_purchase_within_" + base::format_duration(options.repeat_within[i]), tally,
                          CohortSlots::repeated(i), CohortSlots::first_orders(i), "no_mature_customers"));
    }
    for (std::size_t i = 0; i < slots.days; ++i) {
        const std::string day = "d" + std::to_string(options.retention[i]);
        metrics.push_back(
            cohort_metric("retention_" + day, tally, slots.on_day(i), slots.cohort(i), "no_mature_cohort"));
        metrics.push_back(cohort_metric("retention_unbounded_" + day, tally, slots.from_day(i),
                                        slots.cohort(i), "no_mature_cohort"));
    }
}

/// What of a tally is money.
struct MoneyRule {
    std::string_view name;
    events::Money (*sum)(const Tally&);
    Count orders = Count::count_;  ///< that the sum is divided by: orders, or users or visits
    Needs needs = Needs::nothing;
    std::string_view reason = {};  ///< of a sum of all orders: why there is nothing to divide by
};

inline constexpr auto kMoneyRules = std::to_array<MoneyRule>({
    {"revenue", [](const Tally& tally) { return tally.revenue; }},
    {"average_order_value", [](const Tally& tally) { return tally.order_revenue; },
     Count::orders_with_amount},
    {"revenue_per_user", [](const Tally& tally) { return tally.revenue; }, Count::users, Needs::nothing,
     "no_users"},
    {"revenue_per_visit", [](const Tally& tally) { return tally.revenue; }, Count::visits, Needs::nothing,
     "no_visits"},
    {"net_revenue",
     [](const Tally& tally) {
         events::Money net = tally.revenue;
         net -= tally.refunds;
         return net;
     },
     Count::count_, Needs::refunds},
    {"net_average_order_value", [](const Tally& tally) { return tally.net_order_revenue; },
     Count::net_orders_with_amount, Needs::refunds},
});

inline void append_money(std::vector<Metric>& metrics, const Tally& tally, const MetricsOptions& options,
                         const LogFacts& facts) {
    const bool priced = facts.has_revenue || facts.has_price;
    for (const MoneyRule& rule : kMoneyRules) {
        if (!has(rule.needs, options, facts)) continue;
        Metric metric{.name = std::string(rule.name), .unit = Unit::money};
        metric.interval_reason = "not_computed";
        const bool known = priced && (tally[Count::orders] == 0 || tally[Count::orders_with_amount] > 0);
        const bool of_all = rule.orders == Count::count_ || !rule.reason.empty();
        if (rule.orders == Count::count_) {
            if (known) metric.value = rule.sum(tally).value();
        } else if (known || !of_all) {
            metric.numerator = rule.sum(tally).value();
            metric.denominator = static_cast<double>(tally[rule.orders]);
            if (*metric.denominator > 0) metric.value = *metric.numerator / *metric.denominator;
        }
        if (!metric.value) {
            metric.reason = !of_all ? (priced ? "no_orders_with_amount" : "no_amounts")
                            : known ? rule.reason
                                    : "no_amounts";
        }
        metrics.push_back(std::move(metric));
    }
    metrics.push_back(
        metric_of({"purchase_rows_without_value", Unit::count, Count::purchase_rows_without_value}, tally));
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

inline std::vector<Metric> metrics_of(Tally tally, const MetricsOptions& options, const LogFacts& facts) {
    std::vector<Metric> metrics;
    for (const auto& rule : kMetricRules) {
        if (!detail::has(rule.needs, options, facts)) continue;
        metrics.push_back(detail::metric_of(rule, tally));
        if (rule.needs == Needs::exposures) detail::check_exposures(metrics.back(), options);
    }
    detail::append_cohorts(metrics, tally, options);
    detail::append_money(metrics, tally, options, facts);
    detail::append_dwell(metrics, tally);
    return metrics;
}

}  // namespace funnel::metrics
