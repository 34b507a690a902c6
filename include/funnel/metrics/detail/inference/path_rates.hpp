// SPDX-License-Identifier: MIT
// From counts of paths to rows: names, shares, intervals, order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "funnel/eval/interval.hpp"
#include "funnel/eval/jackknife.hpp"
#include "funnel/eval/shrunk_rate.hpp"
#include "funnel/metrics/detail/tally/nested_keys.hpp"
#include "funnel/metrics/detail/tally/visit_path_tally.hpp"
#include "funnel/metrics/paths.hpp"

namespace funnel::metrics::detail {

/// Visits of one user are alike: as many count as independent ones would say as much. With few users on one
/// side, as many as there are users.
[[nodiscard]] inline eval::Interval conversion_interval(const CountedPath& path) {
    const bool few = std::min(path.buyers, path.others) < static_cast<std::int64_t>(eval::kFewUsers);
    const double visits = static_cast<double>(path.counts.visits),
                 n = few ? static_cast<double>(path.counts.users) : visits / eval::design_effect(path.users);
    return *eval::wilson(static_cast<double>(path.counts.bought) * n / visits, n);
}

/// Fills visits and rows. keys: without names if all visits have one key.
inline void add_rows(const VisitPathTally& tally, const SegmentKeys& keys, Paths& out) {
    std::vector<CountedPath> paths(tally.paths().begin(), tally.paths().end());
    std::ranges::sort(paths, [](const CountedPath& a, const CountedPath& b) {
        const std::uint16_t key_a = PathCoder::key_of(a.code), key_b = PathCoder::key_of(b.code);
        if (key_a != key_b) return key_a < key_b;
        return a.counts.visits != b.counts.visits ? a.counts.visits > b.counts.visits : a.code < b.code;
    });
    out.rows.reserve(paths.size());
    for (std::size_t begin = 0, end = 0; begin < paths.size(); begin = end) {
        const std::uint16_t key = PathCoder::key_of(paths[begin].code);
        std::int64_t visits = 0;
        for (; end < paths.size() && PathCoder::key_of(paths[end].code) == key; ++end)
            visits += paths[end].counts.visits;
        for (std::size_t i = begin; i < end; ++i) {
            const CountedPath& path = paths[i];
            VisitPath row{.steps = tally.coder().names(path.code), .counts = path.counts};
            if (!keys.names.empty()) row.values = values_of_key(keys.by, keys.names[key]);
            const auto here = static_cast<double>(path.counts.visits);
            row.share = here / static_cast<double>(visits);
            row.conversion = static_cast<double>(path.counts.bought) / here;
            row.conversion_interval = conversion_interval(path);
            out.rows.push_back(std::move(row));
        }
        out.visits += visits;
    }
}

}  // namespace funnel::metrics::detail
