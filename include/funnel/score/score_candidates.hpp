// SPDX-License-Identifier: MIT
// score_candidates: pairs of user and item that a host might show, scored with a log as their history.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/label.hpp"
#include "funnel/dataset/raw_rows.hpp"
#include "funnel/score/evaluation.hpp"
#include "funnel/score/scorer.hpp"

namespace funnel::score {

/// Scores every candidate (user, item, time and what is known of list and position) from the events before
/// its time: those the history has observed already and those of `log` after its watermark. The history
/// observes the log on the way. Candidates may be in any order; the result is in theirs, ExampleKey::row =
/// index. Throws Error(invalid_argument) for a candidate at or before the watermark: its past is gone;
/// Error(schema) for a log without a column that the model learned from, or a history that does not fit.
/// rows, if given, sees the inputs of every candidate.
[[nodiscard]] ScoredExamples score_candidates(const EventLog& log, history::History& history,
                                              std::span<const Event> candidates, const Scorer& scorer,
                                              const dataset::RawRowObserver& rows = {});

inline ScoredExamples score_candidates(const EventLog& log, history::History& history,
                                       std::span<const Event> candidates, const Scorer& scorer,
                                       const dataset::RawRowObserver& rows) {
    scorer.check_history(history);
    events::require_columns(log, scorer.needed());
    const std::size_t n = candidates.size(), targets = scorer.targets();
    ScoredExamples result{.targets = scorer.target_names()};
    result.scores.assign(targets, std::vector<float>(n));
    result.labels.assign(targets, std::vector<std::uint8_t>(n, base::kUnknownLabel));
    result.keys.resize(n);
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return candidates[i].time; });
    const std::vector<std::uint64_t> events = log.time_order();
    const std::int64_t start = history.watermark();
    std::size_t next = 0;
    const auto observe_before = [&](std::int64_t time) {
        for (; next < events.size() && log.time[events[next]] < time; ++next) {
            if (log.time[events[next]] > start) history.observe(log.event(events[next]));
        }
    };
    Scorer::Workspace workspace;
    std::vector<float> p(targets);
    for (const std::size_t i : order) {
        const Event& candidate = candidates[i];
        if (candidate.time <= start) {
            throw Error(
                ErrorCode::invalid_argument,
                "candidate " + std::to_string(i + 1) +
                    ": expected a time after the watermark of the history, got an earlier one; score it "
                    "with an older state");
        }
        observe_before(candidate.time);
        history.advance(candidate.time);
        scorer.score(history, candidate, p, workspace);
        if (rows) rows(i, workspace.numeric, workspace.categorical);
        for (std::size_t k = 0; k < targets; ++k)
            result.scores[k][i] = p[k];
        const history::Known known = history.known(candidate);
        result.keys[i] = {
            .row = i, .time = candidate.time, .known_user = known.user, .known_item = known.item};
    }
    observe_before(std::numeric_limits<std::int64_t>::max());
    return result;
}

}  // namespace funnel::score
