// SPDX-License-Identifier: MIT
// find_causes: why figures moved between two periods (docs/metrics.md, "Why a figure moved").
//
//     const auto facts = metrics::facts_of(log);
//     metrics::MetricsOptions options{.funnel = Funnel::parse("view,cart_add,purchase")};
//     options.from = now - 7 * base::kDay;
//     const events::Period week_before{now - 14 * base::kDay, now - 7 * base::kDay};
//     const auto causes = metrics::find_causes(log, options, facts, {.before = week_before});
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/change_causes.hpp"
#include "funnel/metrics/detail/inference/column_causes.hpp"
#include "funnel/metrics/detail/inference/revenue_causes.hpp"
#include "funnel/metrics/detail/tally/cause_tally.hpp"
#include "funnel/metrics/detail/tally/touch_codes.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// Columns with more values are not searched.
inline constexpr std::size_t kMaxCauseKeys = 1000;

struct CauseOptions {
    events::Period before = {};             ///< the earlier period
    std::vector<std::string> columns = {};  ///< text columns of the log; none: all of them
    std::int64_t least_units = 100;   ///< keys with fewer units of a rate in both periods together are pooled
    double false_discoveries = 0.05;  ///< share of what is called beyond chance, at most, expected
};

/// Looks for mix and rate effects of every column on conversion and on every step of the funnel, and for the
/// factors of revenue, in [options.from, options.to) against causes.before. Users count under the value in
/// their first row of the period (that fits options.where), wherever it changes later. Of options: funnel,
/// window, rules, from, to, where, touch of where, visit_gap, warmup, threads; the entity is the user. Throws
/// Error(invalid_argument) for a column that the log does not hold and for options out of range. Cost: two
/// passes over the log; memory: 512 bytes per value of a column, stage and thread.
[[nodiscard]] ChangeCauses find_causes(const EventLog& log, const MetricsOptions& options,
                                       const LogFacts& facts, const CauseOptions& causes);

namespace detail {

[[nodiscard]] inline CauseCounts count_causes(const EventLog& log, MetricsOptions options,
                                              const LogFacts& facts, const events::Period& period,
                                              std::span<const events::TextColumn* const> columns) {
    options.by.clear();
    options.entity = Entity::user;
    options.exposures = options.timing = false;
    options.from = period.from;
    options.to = period.to;
    TallyPlan plan(log, options, facts);
    TouchedColumns touched(log, options, facts);
    std::vector<std::uint8_t> fits;
    if (options.where)
        fits = options.where->rows(
            log, [&](const events::TextColumn& column) { return touched.codes_of(column); });
    plan.counted_keys = 1;
    plan.keys = fits.empty() ? 1 : 2;
    const std::vector<std::uint16_t> groups = user_groups(log);
    std::vector<CauseTally> workers;
    for (unsigned w = 0; w < std::max(1u, options.threads); ++w)
        workers.emplace_back(plan, columns, groups);
    for_each_user(
        log, [&](std::size_t row) { return static_cast<std::uint16_t>(!fits.empty() && fits[row] == 0); },
        std::span(workers));
    CauseCounts counts = workers.front().counts();
    for (const CauseTally& worker : std::span(workers).subspan(1))
        counts += worker.counts();
    return counts;
}

/// The columns to search, the others with why not.
[[nodiscard]] inline std::vector<const events::TextColumn*> searched_columns(
    const EventLog& log, const CauseOptions& causes, std::vector<LeftOutColumn>& left_out) {
    std::vector<std::string> names = causes.columns;
    if (names.empty()) {
        for (const events::TextColumn& column : log.text_columns)
            names.push_back(column.name);
    }
    std::vector<const events::TextColumn*> columns;
    for (const std::string& name : names) {
        const events::TextColumn* column = log.text_column(name);
        if (column == nullptr)
            throw Error(ErrorCode::invalid_argument,
                        "--why: expected columns of the log, got \"" + name + "\"; choose another");
        if (std::ranges::find(columns, column) != columns.end()) continue;
        if (column->values.size() > kMaxCauseKeys)
            left_out.push_back({name, "too_many_keys"});
        else
            columns.push_back(column);
    }
    return columns;
}

/// Whether most users of both periods are under keys that both periods have: else the column says when, not
/// who.
[[nodiscard]] inline bool shares_keys(const std::vector<std::int64_t>& before,
                                      const std::vector<std::int64_t>& after, std::size_t keys,
                                      std::size_t width) {
    TwoPeriods all, common;
    for (std::size_t code = 0; code < keys; ++code) {
        const TwoPeriods key =
            key_groups(before, after, code, width, {CauseCounts::kUsers, CauseCounts::kUsers}).sum;
        all += key;
        if (key.before.units > 0 && key.after.units > 0) common += key;
    }
    return common.before.units * 2 >= all.before.units && common.after.units * 2 >= all.after.units;
}

/// The rates of a funnel, as fields.
[[nodiscard]] inline std::vector<std::pair<RateChange, RateFields>> rates_of(const Funnel& funnel,
                                                                             const LogFacts& facts) {
    std::vector<std::pair<RateChange, RateFields>> out;
    if (facts.has(EventKind::purchase))
        out.push_back({{.name = "conversion_user"}, {CauseCounts::kUsers, CauseCounts::kBuyers}});
    for (std::size_t k = 1; k < funnel.stages.size(); ++k) {
        out.push_back({{.name = "step_" + funnel.stages[k].name,
                        .from_step = funnel.stages[k - 1].name,
                        .to_step = funnel.stages[k].name},
                       {CauseCounts::kStages + k - 1, CauseCounts::kStages + k}});
    }
    return out;
}

inline void add_change(RateChange& rate, const KeyGroups& all) {
    rate.before = all.sum.before;
    rate.after = all.sum.after;
    const auto change = [](const TwoPeriods& of) { return of.after.rate() - of.before.rate(); };
    rate.change.value = change(all.sum);
    WithoutGroups without{};
    for (std::size_t g = 0; g < kUserGroups; ++g) {
        TwoPeriods rest = all.sum;
        rest -= all.groups[g];
        without[g] = change(rest);
    }
    set_jackknife(rate.change, without);
    require(rate.change, fisher_p(rate.before, rate.after));
}

/// Which effects of keys are beyond chance, the surest first, and which column tells most of each rate.
inline void rank_causes(ChangeCauses& causes) {
    const auto effect = [&](const FoundCause& at) -> const ChangeEffect& {
        const KeyCause& key = causes.rates[at.rate].columns[at.column].keys[at.key];
        return at.is_mix ? key.mix : key.rate;
    };
    for (std::size_t r = 0; r < causes.rates.size(); ++r) {
        for (std::size_t c = 0; c < causes.rates[r].columns.size(); ++c) {
            for (std::size_t k = 0; k < causes.rates[r].columns[c].keys.size(); ++k) {
                for (const bool is_mix : {false, true}) {
                    if (effect({r, c, k, is_mix}).beyond_chance) causes.found.push_back({r, c, k, is_mix});
                }
            }
        }
    }
    std::ranges::stable_sort(causes.found, [&](const FoundCause& a, const FoundCause& b) {
        const ChangeEffect &x = effect(a), &y = effect(b);
        return *x.p != *y.p ? *x.p < *y.p : std::abs(x.value) > std::abs(y.value);
    });
    for (std::size_t r = 0; r < causes.rates.size(); ++r) {
        RateChange& rate = causes.rates[r];
        // A key whose rate went the way of all others says nothing of its own.
        const double limit =
            causes.false_discoveries / static_cast<double>(std::max<std::size_t>(rate.columns.size(), 1));
        const auto tells = [&](const FoundCause& at) {
            const KeyCause& key = rate.columns[at.column].keys[at.key];
            return at.rate == r && (at.is_mix || key.apart_p.value_or(0) < limit);
        };
        const auto first = std::ranges::find(causes.found, r, &FoundCause::rate);
        if (first == causes.found.end()) continue;
        const auto told = std::ranges::find_if(causes.found, tells);
        rate.alike = told == causes.found.end();
        rate.told_by = rate.alike ? first->column : told->column;
    }
}

}  // namespace detail

inline ChangeCauses find_causes(const EventLog& log, const MetricsOptions& options, const LogFacts& facts,
                                const CauseOptions& causes) {
    ChangeCauses out{.before = causes.before, .after = {options.from, options.to}};
    out.false_discoveries = causes.false_discoveries;
    std::vector<const events::TextColumn*> columns = detail::searched_columns(log, causes, out.left_out);
    const detail::CauseCounts before = detail::count_causes(log, options, facts, out.before, columns);
    const detail::CauseCounts after = detail::count_causes(log, options, facts, out.after, columns);
    std::vector<bool> told(columns.size(), false), apart(columns.size(), false);
    for (std::size_t c = 0; c < columns.size(); ++c)
        apart[c] = !detail::shares_keys(before.cells[c], after.cells[c], columns[c]->values.size() + 1,
                                        before.width);
    for (auto& [rate, fields] : detail::rates_of(options.funnel, facts)) {
        const detail::KeyGroups all = detail::key_groups(before.all, after.all, 0, before.width, fields);
        if (!(all.sum.before.units > 0) || !(all.sum.after.units > 0)) continue;
        detail::add_change(rate, all);
        for (std::size_t c = 0; c < columns.size(); ++c) {
            if (apart[c]) continue;
            const auto keys = detail::keys_of_column(*columns[c], before.cells[c], after.cells[c],
                                                     before.width, fields, causes.least_units);
            if (keys.size() < 2) continue;
            told[c] = true;
            rate.columns.push_back(detail::column_causes(columns[c]->name, keys, all));
        }
        out.rates.push_back(std::move(rate));
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
        if (!told[c])
            out.left_out.push_back({columns[c]->name, apart[c] ? "periods_share_no_keys" : "one_key"});
    }
    out.revenue = detail::revenue_change(before, after, facts.has_revenue || facts.has_price);
    std::vector<ChangeEffect*> effects;
    for (RateChange& rate : out.rates) {
        effects.push_back(&rate.change);
        for (ColumnCauses& column : rate.columns) {
            for (KeyCause& key : column.keys) {
                effects.push_back(&key.mix);
                effects.push_back(&key.rate);
            }
        }
    }
    effects.push_back(&out.revenue.change);
    for (RevenueChange::Factor& factor : out.revenue.factors)
        effects.push_back(&factor.effect);
    const detail::Tested tested = detail::hold_false_discoveries(effects, causes.false_discoveries);
    out.tested = tested.tested;
    out.beyond_chance = tested.beyond;
    detail::rank_causes(out);
    return out;
}

}  // namespace funnel::metrics
