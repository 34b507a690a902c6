// SPDX-License-Identifier: MIT
// credited_impressions: which impressions are the clicked ones of ctr.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/metrics/detail/tally/item_tally.hpp"
#include "funnel/metrics/detail/tally/user_rows.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

/// Per row of the log 1 for an impression that has the credit for a click, as in ctr (docs/metrics.md), else
/// 0. click: the kind that counts as one. Cost: one pass, n log n in the rows of a user; memory: a byte per
/// row.
[[nodiscard]] std::vector<std::uint8_t> credited_impressions(const EventLog& log, EventKind click,
                                                             unsigned threads = 1);

namespace detail {

/// One thread at a time; workers write different rows.
class CreditWorker {
 public:
    CreditWorker(EventKind click, std::span<std::uint8_t> credited) : click_(click), credited_(credited) {}

    void add_user(std::span<const UserRow> rows) {
        pairs_.clear();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i].item != base::kNone &&
                (rows[i].kind == click_ || rows[i].kind == EventKind::impression))
                pairs_.push_back(std::uint64_t{rows[i].item} << 32 | i);
        }
        std::ranges::sort(pairs_);
        for (std::size_t begin = 0, end = 0; begin < pairs_.size(); begin = end) {
            while (end < pairs_.size() && pairs_[end] >> 32 == pairs_[begin] >> 32)
                ++end;
            walk_pair(
                rows, std::span<const std::uint64_t>(pairs_).subspan(begin, end - begin), click_, 0,
                [](std::size_t, bool, bool) {}, [](std::size_t) {},
                [&](std::size_t position, bool credited) { credited_[rows[position].line] = credited; });
        }
    }

 private:
    EventKind click_;
    std::span<std::uint8_t> credited_;
    std::vector<std::uint64_t> pairs_;  // item << 32 | position
};

}  // namespace detail

inline std::vector<std::uint8_t> credited_impressions(const EventLog& log, EventKind click,
                                                      unsigned threads) {
    std::vector<std::uint8_t> credited(log.size());
    std::vector<detail::CreditWorker> workers(std::max(1u, threads), {click, credited});
    for_each_user(
        log, [](std::size_t) { return std::uint16_t{0}; }, std::span(workers));
    return credited;
}

}  // namespace funnel::metrics
