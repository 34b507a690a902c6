// SPDX-License-Identifier: MIT
// VisitPathTally: the path of every visit, and what visits of one path bought, user by user.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/flat_map.hpp"
#include "funnel/eval/shrunk_rate.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"
#include "funnel/metrics/paths.hpp"

namespace funnel::metrics::detail {

/// Paths as numbers: six bits per step from the first on, 0 behind the last, so that numbers sort as paths
/// do. With the key of the visit in 16 bits behind them they are codes. Immutable: share freely.
class PathCoder {
 public:
    static constexpr unsigned kBits = 6, kKeyBits = 16;
    static constexpr std::uint8_t kNoStep = 0;

    PathCoder(const TallyPlan& plan, PathSteps steps, std::size_t length) : length_(length) {
        for (std::size_t kind = 0; kind < step_of_kind_.size(); ++kind) {
            const auto what = static_cast<EventKind>(kind);
            const std::uint8_t set = plan.sets.of(what);
            if (steps == PathSteps::types) {
                step_of_kind_[kind] = static_cast<std::uint8_t>(kind + 1);
            } else if (set != StageSets::kNoSet) {
                step_of_kind_[kind] = static_cast<std::uint8_t>(set + 1);
            }
        }
        if (steps == PathSteps::types) {
            names_.assign(kKindNames.begin(), kKindNames.end());
            names_.resize(static_cast<std::size_t>(EventKind::custom_first));
            names_.insert(names_.end(), plan.log.custom_kinds.begin(), plan.log.custom_kinds.end());
            return;
        }
        const auto& stages = plan.options.funnel.stages;
        names_.resize(plan.sets.sets());
        for (std::size_t k = stages.size(); k-- > 0;)  // a repeated stage has the name of the first
            names_[plan.sets.of_stage(k)] = stages[k].name;
    }

    [[nodiscard]] std::size_t length() const noexcept { return length_; }
    [[nodiscard]] std::uint8_t step(EventKind kind) const noexcept {
        return step_of_kind_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] static std::uint64_t with_step(std::uint64_t path, std::size_t at,
                                                 std::uint8_t step) noexcept {
        return path | std::uint64_t{step} << kBits * (kMaxPathLength - 1 - at);
    }
    [[nodiscard]] static std::uint64_t with_key(std::uint64_t path, std::uint16_t key) noexcept {
        return path << kKeyBits | key;
    }
    [[nodiscard]] static std::uint16_t key_of(std::uint64_t code) noexcept {
        return static_cast<std::uint16_t>(code);
    }
    /// The code of the first `length` steps in the same key.
    [[nodiscard]] static std::uint64_t cut(std::uint64_t code, std::size_t length) noexcept {
        const auto gone = static_cast<unsigned>(kBits * (kMaxPathLength - length)) + kKeyBits;
        return (code >> gone << gone) | key_of(code);
    }
    [[nodiscard]] std::vector<std::string> names(std::uint64_t code) const {
        const std::uint64_t path = code >> kKeyBits;
        std::vector<std::string> out;
        for (std::size_t at = kMaxPathLength; at-- > 0;) {
            const std::uint64_t step = path >> kBits * at & ((1u << kBits) - 1);
            if (step == kNoStep) break;
            out.push_back(names_[step - 1]);
        }
        return out;
    }

 private:
    static constexpr auto& kKindNames = events::kKindNames;
    std::size_t length_;
    std::array<std::uint8_t, 64> step_of_kind_{};
    std::vector<std::string> names_;  // of step - 1
};

/// A path in a key, and its counts.
struct CountedPath {
    std::uint64_t code = 0;  ///< see PathCoder
    PathCounts counts = {};
    std::int64_t buyers = 0;       ///< of users, those with a visit that bought
    std::int64_t others = 0;       ///< those with one that did not
    eval::ClusterSums users = {};  ///< per user: visits that bought of all

    CountedPath& operator+=(const CountedPath& other) noexcept {
        counts.visits += other.counts.visits;
        counts.longer += other.counts.longer;
        counts.bought += other.counts.bought;
        counts.users += other.counts.users;
        counts.orders += other.counts.orders;
        counts.priced_orders += other.counts.priced_orders;
        counts.revenue += other.counts.revenue;
        buyers += other.buyers;
        others += other.others;
        users += other.users;
        return *this;
    }
};

/// One thread at a time. n log n in the visits of a user. Borrows the plan and the coder.
class VisitPathTally {
 public:
    /// keys: rows with a key from there on do not fit what is asked for.
    VisitPathTally(const TallyPlan& plan, const PathCoder& coder, std::size_t keys, std::size_t most)
        : plan_(&plan),
          coder_(coder),
          keys_(keys),
          most_(most),
          length_(coder.length()),
          tallies_(1),
          splitter_(plan.options.visit_gap),
          orders_(plan) {}

    /// Rows of one user, sorted by (time, kind, key); the keys are lost.
    void add_user(std::span<UserRow> rows);

    VisitPathTally& operator+=(const VisitPathTally& other);

    /// After how many steps all paths have to be cut. Below coder().length() the counts mean nothing.
    [[nodiscard]] std::size_t length() const noexcept { return length_; }
    [[nodiscard]] const PathCoder& coder() const noexcept { return coder_; }
    /// In no useful order.
    [[nodiscard]] std::span<const CountedPath> paths() const noexcept { return paths_; }
    /// Orders and their rows.
    [[nodiscard]] const Tally& total() const noexcept { return tallies_.front(); }

 private:
    struct Visit {
        std::uint16_t key;
        bool counts;
        std::uint8_t last_step = PathCoder::kNoStep;
        std::uint8_t steps = 0;
        std::uint64_t path = 0;
        CountedPath sums = {};
    };
    struct Place {
        std::uint64_t key;
        std::uint64_t at;  // index into paths_
    };
    void add_row(const UserView& user, std::size_t position, std::uint16_t key);
    void add_orders(const UserView& user);
    void add_visits();
    void add(const CountedPath& path);
    void cut_to(std::size_t length);
    void shorten() {
        while (paths_.size() > most_ && length_ > 1)
            cut_to(length_ - 1);
    }

    const TallyPlan* plan_;
    PathCoder coder_;
    std::size_t keys_, most_, length_;
    std::vector<Tally> tallies_;
    events::VisitSplitter splitter_;
    OrderTally orders_;
    base::FlatMap<Place> places_;
    std::vector<CountedPath> paths_;
    std::vector<Visit> visits_;            // of the user at hand
    std::vector<std::uint32_t> visit_of_;  // per row
    std::vector<CountedPath> of_user_;
};

inline void VisitPathTally::add_user(std::span<UserRow> rows) {
    visits_.clear();
    visit_of_.clear();
    splitter_.start_user();
    orders_.start_user();
    const UserView user{rows, tallies_, plan_->first_counted, plan_->last_counted};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        // An order is that of its visit, whatever the key of its lines.
        add_row(user, i, std::exchange(rows[i].key, std::uint16_t{0}));
    }
    orders_.finish(user);
    add_orders(user);
    add_visits();
    shorten();
}

inline void VisitPathTally::add_row(const UserView& user, std::size_t position, std::uint16_t key) {
    const UserRow& row = user.rows[position];
    const std::uint32_t number = splitter_.visit(row.time, row.session);
    visit_of_.push_back(number);
    if (number == visits_.size())
        visits_.push_back({.key = key, .counts = key < keys_ && user.in_period(position)});
    Visit& visit = visits_[number];
    if (row.kind == EventKind::purchase) {
        visit.sums.counts.bought = 1;
        orders_.add(row, position, number);
    }
    const std::uint8_t step = coder_.step(row.kind);
    if (step == PathCoder::kNoStep || step == visit.last_step) return;
    visit.last_step = step;
    if (visit.steps == coder_.length()) {
        visit.sums.counts.longer = 1;
    } else {
        visit.path = PathCoder::with_step(visit.path, visit.steps++, step);
    }
}

// To the visit of its first row. Of several at one time the visit's id decides: the file must not.
inline void VisitPathTally::add_orders(const UserView& user) {
    const auto begins = [&](const PurchaseRow& row) {
        const UserRow& at = user.rows[row.position];
        return std::pair(at.time, at.session);
    };
    std::span<const PurchaseRow> rows = orders_.rows();
    for (const Order& order : orders_.orders()) {
        std::size_t size = 0;
        while (size < rows.size() && rows[size].order == order.id)
            ++size;
        const PurchaseRow& first = *std::ranges::min_element(rows.first(size), {}, begins);
        rows = rows.subspan(size);
        PathCounts& counts = visits_[visit_of_[first.position]].sums.counts;
        ++counts.orders;
        counts.priced_orders += order.has_amount;
        counts.revenue += order.sum;
    }
}

inline void VisitPathTally::add_visits() {
    of_user_.clear();
    for (Visit& visit : visits_) {
        if (!visit.counts) continue;
        visit.sums.code = PathCoder::with_key(visit.path, visit.key);
        visit.sums.counts.visits = 1;
        of_user_.push_back(visit.sums);
    }
    if (of_user_.size() > 1) std::ranges::sort(of_user_, {}, &CountedPath::code);
    for (std::size_t begin = 0, end = 0; begin < of_user_.size(); begin = end) {
        CountedPath sum{.code = of_user_[begin].code};
        for (; end < of_user_.size() && of_user_[end].code == sum.code; ++end)
            sum += of_user_[end];
        sum.counts.users = 1;
        sum.buyers = sum.counts.bought > 0;
        sum.others = sum.counts.bought < sum.counts.visits;
        sum.users.add(static_cast<double>(sum.counts.bought), static_cast<double>(sum.counts.visits));
        add(sum);
    }
}

inline void VisitPathTally::add(const CountedPath& path) {
    const std::uint64_t code = PathCoder::cut(path.code, length_);
    const Place& place = places_.insert({code, paths_.size()});
    if (place.at == paths_.size()) paths_.push_back({.code = code});
    paths_[place.at] += path;
}

// How far depends on the set of paths alone, not on which of them came first.
inline void VisitPathTally::cut_to(std::size_t length) {
    if (length >= length_) return;
    length_ = length;
    places_ = {};
    for (const CountedPath& path : std::exchange(paths_, {}))
        add(path);
}

inline VisitPathTally& VisitPathTally::operator+=(const VisitPathTally& other) {
    cut_to(other.length_);
    for (const CountedPath& path : other.paths_)
        add(path);
    tallies_.front() += other.tallies_.front();
    shorten();
    return *this;
}

}  // namespace funnel::metrics::detail
