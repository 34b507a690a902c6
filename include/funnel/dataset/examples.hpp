// SPDX-License-Identifier: MIT
// Examples: which rows of a log are examples, and their labels. Rules: docs/features.md, "Examples and
// labels".
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/label.hpp"
#include "funnel/base/parallel.hpp"
#include "funnel/dataset/detail/user_examples.hpp"
#include "funnel/events/example_mode.hpp"
#include "funnel/events/horizon.hpp"
#include "funnel/history/history.hpp"

namespace funnel::dataset {

struct ExampleOptions {
    events::ExampleMode mode = events::ExampleMode::first;
    std::vector<std::string> targets;    ///< names of stages after the first; empty: all of them
    std::vector<std::int64_t> horizons;  ///< one per target, microseconds; empty: default_horizon
    std::int64_t visit_gap = events::kVisitGap;
    /// Time at the begin of the log that gives no examples. Empty: the longest horizon, at most 20 % of the
    /// span, and 0 with a history that has observed events.
    std::optional<std::int64_t> burn_in;
    std::optional<std::int64_t> from;   ///< no examples before
    std::optional<std::int64_t> until;  ///< no examples from here on; what follows is still known
    std::optional<std::int64_t> to;     ///< T, the time until which the log is complete; empty: its last time
    unsigned threads = 1;
};

/// n examples in row order, K targets.
struct ExampleList {
    events::ExampleMode mode = events::ExampleMode::first;
    std::vector<std::string> targets;    ///< K
    std::vector<std::int64_t> horizons;  ///< K
    std::vector<std::uint64_t> rows;     ///< n, ascending rows of the log
    std::vector<std::uint64_t> groups;   ///< n, hash of the visit
    std::vector<std::uint8_t> labels;    ///< n x K: 0, 1 or kUnknownLabel
    std::int64_t begin = 0, end = 0;     ///< first time of the log that is not observed yet, and T
    std::uint64_t already_observed = 0;  ///< rows at or before the history's watermark

    [[nodiscard]] std::size_t size() const noexcept { return rows.size(); }
};

/// Examples of a log. With `history`, rows at or before its watermark are left out and counted, and a
/// visit that it knows goes on, so that daily runs find the same examples as one run.
/// O(n log n) in the rows of one user. Throws Error(invalid_argument) for an unknown target or a bad horizon.
[[nodiscard]] ExampleList build_examples(const EventLog& log, const Funnel& funnel,
                                         const ExampleOptions& options,
                                         const history::History* history = nullptr);

/// First head of each chain: head 0, and every head k+1 with H_(k+1) > H_k.
/// {30 min, 7 d, 7 d} gives {0, 1}: {click} and {cart -> purchase}.
[[nodiscard]] std::vector<std::uint32_t> chains(const std::vector<std::int64_t>& horizons);

inline std::vector<std::uint32_t> chains(const std::vector<std::int64_t>& horizons) {
    // "Until the visit is over" has no length: such heads form chains among themselves.
    std::vector<std::uint32_t> first;
    for (std::uint32_t k = 0; k < horizons.size(); ++k) {
        const bool goes_on =
            k > 0 && (horizons[k] == events::kVisitHorizon || horizons[k - 1] == events::kVisitHorizon
                          ? horizons[k] == horizons[k - 1]
                          : horizons[k - 1] >= horizons[k]);
        if (!goes_on) first.push_back(k);
    }
    return first;
}

namespace detail {

/// Stages and horizons of the targets. Throws Error(invalid_argument) for an unknown one or a bad horizon.
[[nodiscard]] inline std::vector<Target> targets_of(const Funnel& funnel, const ExampleOptions& options) {
    std::vector<std::string> names = options.targets;
    if (names.empty()) {
        for (std::size_t k = 1; k < funnel.stages.size(); ++k)
            names.push_back(funnel.stages[k].name);
    }
    if (names.empty()) {
        throw Error(ErrorCode::invalid_argument, "examples: expected a funnel of at least 2 stages, got \"" +
                                                     funnel.text() + "\"; name a stage to predict");
    }
    if (!options.horizons.empty() && options.horizons.size() != names.size()) {
        throw Error(ErrorCode::invalid_argument, "examples: expected one horizon per target");
    }
    std::vector<Target> targets;
    for (std::size_t t = 0; t < names.size(); ++t) {
        Target target{.name = names[t], .stage = 0, .horizon = events::default_horizon(names[t])};
        if (!options.horizons.empty()) target.horizon = options.horizons[t];
        for (std::size_t k = 1; k < funnel.stages.size(); ++k) {
            if (funnel.stages[k].name == target.name) target.stage = k;
        }
        if (target.stage == 0 || (!targets.empty() && targets.back().stage >= target.stage)) {
            throw Error(
                ErrorCode::invalid_argument,
                "examples: expected targets among the stages after the first, in their order, got \"" +
                    target.name + "\"; the funnel is " + funnel.text());
        }
        const bool of_visit =
            target.horizon == events::kVisitHorizon && options.mode == events::ExampleMode::visit;
        if (target.horizon < 0 && !of_visit) {
            throw Error(ErrorCode::invalid_argument, "examples: expected a horizon of at least 0 for " +
                                                         target.name +
                                                         "; \"visit\" goes with examples by visit only");
        }
        targets.push_back(std::move(target));
    }
    return targets;
}

/// Rows after the watermark, user by user; inside a user by (time, kind, row).
class RowsByUser {
 public:
    RowsByUser(const EventLog& log, std::int64_t watermark) : ends_(log.users.size() + 1, 0) {
        const auto is_new = [&](std::size_t row) {
            return watermark == history::kNever || log.time[row] > watermark;
        };
        for (std::size_t row = 0; row < log.size(); ++row) {
            if (is_new(row)) ++ends_[log.user[row] + 1];
        }
        std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
        rows_.resize(ends_.back());
        std::vector<std::uint64_t> next(ends_.begin(), ends_.end() - 1);
        for (std::size_t row = 0; row < log.size(); ++row) {
            if (is_new(row)) rows_[next[log.user[row]]++] = row;
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
    [[nodiscard]] std::span<std::uint64_t> of(std::size_t user) noexcept {
        return std::span(rows_).subspan(ends_[user], ends_[user + 1] - ends_[user]);
    }
    [[nodiscard]] const std::vector<std::uint64_t>& rows() const noexcept { return rows_; }

 private:
    std::vector<std::uint64_t> ends_, rows_;
};

/// Fills begin and end, and says how long no examples are given.
[[nodiscard]] inline std::int64_t find_span(const EventLog& log, const RowsByUser& rows,
                                            const ExampleOptions& options, bool has_observed,
                                            ExampleList& list) {
    list.begin = list.end = options.to.value_or(log.last_time());
    for (const std::uint64_t row : rows.rows())
        list.begin = std::min(list.begin, log.time[row]);
    if (options.burn_in) return *options.burn_in;
    if (has_observed) return 0;
    std::int64_t longest = 0;
    for (const std::int64_t horizon : list.horizons) {
        longest = std::max(longest, horizon == events::kVisitHorizon ? options.visit_gap : horizon);
    }
    return std::min(longest, (list.end - list.begin) / 5);
}

/// Joins what the tasks found, in the order of rows.
inline void collect(const std::vector<std::vector<UserExample>>& found, ExampleList& list) {
    std::vector<const UserExample*> all;
    for (const auto& part : found) {
        for (const UserExample& example : part)
            all.push_back(&example);
    }
    std::ranges::sort(all, {}, [](const UserExample* e) { return e->row; });
    for (const UserExample* example : all) {
        list.rows.push_back(example->row);
        list.groups.push_back(example->group);
        for (std::size_t k = 0; k < list.targets.size(); ++k) {
            list.labels.push_back((example->known >> k & 1) == 0
                                      ? base::kUnknownLabel
                                      : static_cast<std::uint8_t>(example->positive >> k & 1));
        }
    }
}

}  // namespace detail

inline ExampleList build_examples(const EventLog& log, const Funnel& funnel, const ExampleOptions& options,
                                  const history::History* history) {
    const std::vector<detail::Target> targets = detail::targets_of(funnel, options);
    ExampleList list;
    list.mode = options.mode;
    for (const detail::Target& target : targets) {
        list.targets.push_back(target.name);
        list.horizons.push_back(target.horizon);
    }
    const std::int64_t watermark = history != nullptr ? history->watermark() : history::kNever;
    detail::RowsByUser rows(log, watermark);
    list.already_observed = log.size() - rows.size();
    const std::int64_t burn_in = detail::find_span(log, rows, options, watermark != history::kNever, list);
    detail::ExampleRules rules{
        .mode = options.mode,
        .funnel = funnel,
        .targets = targets,
        .visit_gap = options.visit_gap,
        .first = std::max(list.begin + burn_in, options.from.value_or(history::kNever)),
        .until = options.until,
        .end = list.end};
    if (history != nullptr) {
        rules.waiting.assign(history->state().pending.begin(), history->state().pending.end());
        std::ranges::stable_sort(rules.waiting, {}, &history::detail::Coded::user);
    }
    constexpr std::size_t kUsersPerTask = 4096;
    const std::size_t tasks = (log.users.size() + kUsersPerTask - 1) / kUsersPerTask;
    std::vector<std::vector<detail::UserExample>> found(tasks);
    base::for_each_task(tasks, options.threads, [&](std::size_t task) {
        detail::UserExamples finder(log, rules, history);
        const std::size_t end = std::min<std::size_t>(log.users.size(), (task + 1) * kUsersPerTask);
        for (std::size_t user = task * kUsersPerTask; user < end; ++user) {
            if (const auto own = rows.of(user); !own.empty()) {
                finder.find(static_cast<std::uint32_t>(user), own, found[task]);
            }
        }
    });
    detail::collect(found, list);
    return list;
}

}  // namespace funnel::dataset
