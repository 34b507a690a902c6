// SPDX-License-Identifier: MIT
// count_experiment: users by the variant they saw, for the comparison of variants with a control
// (docs/metrics.md, "Experiments").
//
//     const auto facts = metrics::facts_of(log);
//     const auto arms = metrics::count_experiment(log, {}, facts, "variant");  // a text column of the log
//     const auto result = metrics::finish(arms, {}, facts, "control");
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/count_words.hpp"
#include "funnel/base/number.hpp"
#include "funnel/base/warning.hpp"
#include "funnel/metrics/experiment_result.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/metrics/metric_difference.hpp"

namespace funnel::metrics {

/// Users by variant, all their rows. States of logs without a common user add.
struct ExperimentState {
    std::vector<Segment> arms;          ///< by key; sorted
    std::int64_t users_in_several = 0;  ///< left out
    std::int64_t users_in_none = 0;     ///< left out

    ExperimentState& operator+=(const ExperimentState& other);
};

/// by: a text column that holds the variant in some row of every user of the experiment. Throws as count.
[[nodiscard]] ExperimentState count_experiment(const EventLog& log, const MetricsOptions& options,
                                               const LogFacts& facts, const std::string& by);

/// control: a key, or empty for the first by bytes. shares: planned shares of users by key in order of keys;
/// empty: equal. Throws Error(invalid_argument) for a control that is none and for shares that do not fit.
[[nodiscard]] ExperimentResult finish(const ExperimentState& state, const MetricsOptions& options,
                                      const LogFacts& facts, const std::string& control,
                                      const std::vector<double>& shares = {});

/// P(chi-square with `freedom` degrees of freedom > x).
[[nodiscard]] inline double chi_square_tail(double x, std::size_t freedom) {
    // Q(a, y) for a = freedom / 2, y = x / 2, from Q(a + 1, y) = Q(a, y) + y^a e^-y / Gamma(a + 1).
    const double y = x / 2;
    double a = freedom % 2 == 0 ? 1 : 0.5;
    double tail = freedom % 2 == 0 ? std::exp(-y) : std::erfc(std::sqrt(y));
    double term =
        freedom % 2 == 0 ? y * std::exp(-y) : std::sqrt(y) * std::exp(-y) / std::sqrt(std::acos(-1.0)) * 2;
    for (; a + 0.5 < static_cast<double>(freedom) / 2; a += 1) {
        tail += term;
        term *= y / (a + 1);
    }
    return tail;
}

namespace detail {

inline constexpr std::uint32_t kMixed = base::kNone - 1;

/// The code of the variant of every user in the whole log, kNone or kMixed.
[[nodiscard]] inline std::vector<std::uint32_t> variants_of_users(const EventLog& log,
                                                                  const events::TextColumn& column) {
    std::vector<std::uint32_t> variant(log.users.size(), base::kNone);
    for (std::size_t row = 0; row < log.size(); ++row) {
        const std::uint32_t code = column.code[row];
        if (code == base::kNone) continue;
        std::uint32_t& of = variant[log.user[row]];
        of = of == base::kNone || of == code ? code : kMixed;
    }
    return variant;
}

/// Users with a row that counts: in the period, and of the condition.
[[nodiscard]] inline std::vector<bool> users_counted(const EventLog& log, const MetricsOptions& options,
                                                     std::span<const std::uint8_t> fits) {
    std::vector<bool> counted(log.users.size());
    for (std::size_t row = 0; row < log.size(); ++row) {
        if (inside(options, log.time[row]) && (fits.empty() || fits[row] != 0)) counted[log.user[row]] = true;
    }
    return counted;
}

[[nodiscard]] inline double sample_ratio_p(const std::vector<double>& users, std::vector<double> shares) {
    const double all = std::accumulate(users.begin(), users.end(), 0.0);
    if (shares.empty()) shares.assign(users.size(), 1);
    const double parts = std::accumulate(shares.begin(), shares.end(), 0.0);
    double chi_square = 0;
    for (std::size_t i = 0; i < users.size(); ++i) {
        const double expected = all * shares[i] / parts;
        chi_square += (users[i] - expected) * (users[i] - expected) / expected;
    }
    return chi_square_tail(chi_square, users.size() - 1);
}

}  // namespace detail

inline ExperimentState& ExperimentState::operator+=(const ExperimentState& other) {
    users_in_several += other.users_in_several;
    users_in_none += other.users_in_none;
    for (const Segment& arm : other.arms) {
        const auto at = std::ranges::lower_bound(arms, arm.key, {}, &Segment::key);
        if (at != arms.end() && at->key == arm.key) {
            *at += arm;
        } else {
            arms.insert(at, arm);
        }
    }
    return *this;
}

inline ExperimentState count_experiment(const EventLog& log, const MetricsOptions& options,
                                        const LogFacts& facts, const std::string& by) {
    const events::TextColumn* column = log.text_column(by);
    if (column == nullptr) {
        throw Error(ErrorCode::invalid_argument, "--by: expected a column with the variant of users, got \"" +
                                                     by + "\"; choose a column of the log");
    }
    const auto variant = detail::variants_of_users(log, *column);
    std::vector<bool> used(column->values.size());
    ExperimentState state;
    TouchedColumns touched(log, options, facts);
    const auto codes_of = [&](const events::TextColumn& of) { return touched.codes_of(of); };
    const std::vector<std::uint8_t> fits =
        options.where ? options.where->rows(log, codes_of) : std::vector<std::uint8_t>();
    const std::vector<bool> counted = detail::users_counted(log, options, fits);
    for (std::size_t user = 0; user < variant.size(); ++user) {
        state.users_in_several += variant[user] == detail::kMixed && counted[user];
        state.users_in_none += variant[user] == base::kNone && counted[user];
        if (variant[user] < detail::kMixed) used[variant[user]] = true;
    }
    std::vector<std::pair<std::string, std::uint32_t>> names;
    for (std::uint32_t code = 0; code < used.size(); ++code) {
        if (used[code]) names.emplace_back(column->values.text(code), code);
    }
    if (names.size() > 100)
        throw Error(ErrorCode::invalid_argument, "--experiment: expected at most 100 variants");
    std::ranges::sort(names);
    std::vector<std::size_t> arm_of_code(used.size());
    for (std::size_t arm = 0; arm < names.size(); ++arm)
        arm_of_code[names[arm].second] = arm;
    TallyPlan plan(log, options, facts);
    plan.groups = kUserGroups;
    plan.keys = (names.size() + 1) * kUserGroups;
    const std::vector<std::uint16_t> groups = detail::user_groups(log);
    detail::KeyCounts counts = detail::count_keys(plan, fits, [&](std::size_t row) {
        const std::uint32_t user = log.user[row];
        // The arm behind the last takes the users who are left out.
        const std::size_t arm = variant[user] < detail::kMixed ? arm_of_code[variant[user]] : names.size();
        return static_cast<std::uint16_t>(arm * kUserGroups + groups[user]);
    });
    const auto groups_of = [&](std::size_t arm) {
        return std::span(counts.tallies).subspan(arm * kUserGroups, kUserGroups);
    };
    for (std::size_t arm = 0; arm < names.size(); ++arm) {
        const auto tallies = groups_of(arm);
        state.arms.push_back({by, names[arm].first, {tallies.begin(), tallies.end()}, counts.supports[arm]});
    }
    return state;
}

inline ExperimentResult finish(const ExperimentState& state, const MetricsOptions& options,
                               const LogFacts& facts, const std::string& control,
                               const std::vector<double>& shares) {
    ExperimentResult result{.users_in_several = state.users_in_several, .users_in_none = state.users_in_none};
    const auto refuse = [](const std::string& what) { throw Error(ErrorCode::invalid_argument, what); };
    if (state.arms.empty()) refuse("--experiment: expected users with a variant, got none; check the column");
    result.control = control.empty() ? state.arms.front().key.value() : control;
    const auto base =
        std::ranges::find(state.arms, result.control, [](const Segment& arm) { return *arm.key; });
    if (base == state.arms.end()) refuse("--control: expected one of the variants, got \"" + control + "\"");
    if (!shares.empty() && shares.size() != state.arms.size())
        refuse("--split: expected " + std::to_string(state.arms.size()) + " shares, one per variant");
    const SegmentResult base_result = detail::finish_segment(*base, options, facts);
    std::vector<double> users;
    for (const Segment& segment : state.arms) {
        ExperimentArm arm{.key = *segment.key, .result = detail::finish_segment(segment, options, facts)};
        users.push_back(*find(arm.result.metrics, "uv")->value);
        if (arm.key != result.control) {
            arm.against_control =
                differences_of_rates({arm.result.metrics, arm.result.steps, segment.groups},
                                     {base_result.metrics, base_result.steps, base->groups}, options);
        }
        result.arms.push_back(std::move(arm));
    }
    if (users.size() > 1) result.sample_ratio_p = detail::sample_ratio_p(users, shares);
    if (result.sample_ratio_p && *result.sample_ratio_p < kSampleRatioAlarm) {
        result.warnings.push_back(
            {"sample_ratio_mismatch",
             "the numbers of users do not fit the planned split (p = " +
                 base::format_p_value(*result.sample_ratio_p) +
                 "): users were lost or assigned wrongly; find out why before believing any difference"});
    }
    if (state.users_in_several > 0) {
        result.warnings.push_back(
            {"users_in_several_variants",
             base::counted(state.users_in_several, "user") + " saw several variants: left out of all"});
    }
    return result;
}

}  // namespace funnel::metrics
