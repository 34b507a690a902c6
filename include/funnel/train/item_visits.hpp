// SPDX-License-Identifier: MIT
// item_visits: the items of every visit in time order, for skip_gram.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/train/detail/skip_gram.hpp"

namespace funnel::train {

/// Visits of a log as sequences of its frequent items.
struct ItemVisits {
    ItemSequences sequences;           ///< of places in `items`
    std::vector<std::uint32_t> items;  ///< of the log, the most frequent first, equal ones by text
};

struct ItemVisitOptions {
    events::KindSet kinds = ~events::KindSet{0};  ///< events that make a sequence
    std::uint64_t min_count = 5;                  ///< such events that an item needs
    std::optional<std::int64_t> from = {};        ///< earlier events do not count
    std::int64_t visit_gap = events::kVisitGap;
};

/// Repeats of an item right after itself are left out, and visits of one item. O(n log n).
[[nodiscard]] ItemVisits item_visits(const EventLog& log, const ItemVisitOptions& options = {});

namespace detail {

/// All rows by user and time; rows of one time in the order of the log.
[[nodiscard]] inline std::vector<std::uint64_t> rows_by_user(const EventLog& log) {
    std::vector<std::uint64_t> rows(log.size());
    std::iota(rows.begin(), rows.end(), std::uint64_t{0});
    std::ranges::sort(rows, [&](std::uint64_t a, std::uint64_t b) {
        if (log.user[a] != log.user[b]) return log.user[a] < log.user[b];
        return log.time[a] != log.time[b] ? log.time[a] < log.time[b] : a < b;
    });
    return rows;
}

/// The items that are frequent enough, in their order, and the place of each item of the log.
[[nodiscard]] inline std::vector<std::uint32_t> frequent_items(const EventLog& log,
                                                               const std::vector<std::uint64_t>& counts,
                                                               std::uint64_t min_count) {
    std::vector<std::uint32_t> items;
    for (std::uint32_t item = 0; item < counts.size(); ++item) {
        if (counts[item] >= std::max<std::uint64_t>(min_count, 1)) items.push_back(item);
    }
    std::ranges::sort(items, [&](std::uint32_t a, std::uint32_t b) {
        return counts[a] != counts[b] ? counts[a] > counts[b] : log.items.text(a) < log.items.text(b);
    });
    return items;
}

/// Rows to sequences, user by user.
class VisitItems {
 public:
    VisitItems(const EventLog& log, const ItemVisitOptions& options)
        : log_(log), options_(options), splitter_(options.visit_gap), place_(log.items.size(), base::kNone) {}

    [[nodiscard]] ItemVisits run() {
        std::vector<std::uint64_t> counts(log_.items.size());
        for (std::uint64_t row = 0; row < log_.size(); ++row) {
            if (counts_as(row)) ++counts[log_.item[row]];
        }
        visits_.items = frequent_items(log_, counts, options_.min_count);
        for (std::uint32_t i = 0; i < visits_.items.size(); ++i)
            place_[visits_.items[i]] = i;
        std::uint32_t user = base::kNone;
        for (const std::uint64_t row : rows_by_user(log_)) {
            if (log_.user[row] != user) {
                close();
                splitter_.start_user();
                user = log_.user[row];
            }
            add(row);
        }
        close();
        return std::move(visits_);
    }

 private:
    [[nodiscard]] bool counts_as(std::uint64_t row) const {
        return log_.item[row] != base::kNone && (options_.kinds & events::kind_bit(log_.kind[row])) != 0 &&
               (!options_.from || log_.time[row] >= *options_.from);
    }
    /// Also events that do not count keep a visit open.
    void add(std::uint64_t row) {
        const std::uint32_t visit = splitter_.visit(log_.time[row], log_.session[row]);
        if (open_.size() <= visit) open_.resize(visit + 1);
        if (!counts_as(row) || place_[log_.item[row]] == base::kNone) return;
        std::vector<std::uint32_t>& sequence = open_[visit];
        const std::uint32_t item = place_[log_.item[row]];
        if (sequence.empty() || sequence.back() != item) sequence.push_back(item);
    }
    void close() {
        ItemSequences& all = visits_.sequences;
        for (const std::vector<std::uint32_t>& sequence : open_) {
            if (sequence.size() < 2) continue;
            all.items.insert(all.items.end(), sequence.begin(), sequence.end());
            all.starts.push_back(all.items.size());
        }
        open_.clear();
    }

    const EventLog& log_;
    const ItemVisitOptions& options_;
    events::VisitSplitter splitter_;
    std::vector<std::uint32_t> place_;              // of each item of the log
    std::vector<std::vector<std::uint32_t>> open_;  // per visit of the user
    ItemVisits visits_;
};

}  // namespace detail

inline ItemVisits item_visits(const EventLog& log, const ItemVisitOptions& options) {
    return detail::VisitItems(log, options).run();
}

}  // namespace funnel::train
