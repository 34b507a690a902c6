// SPDX-License-Identifier: MIT
// CauseTally: what every user did in a period, under the values of columns in the user's first row of the
// period.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "funnel/events/money.hpp"
#include "funnel/metrics/detail/inference/intervals.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"
#include "funnel/metrics/detail/tally/user_tally.hpp"

namespace funnel::metrics::detail {

/// What the factors of revenue are made of, in one group of users.
struct RevenueParts {
    std::int64_t visits = 0, orders = 0, customers = 0;
    events::Money revenue = {};

    RevenueParts& operator+=(const RevenueParts& other) noexcept {
        visits += other.visits;
        orders += other.orders;
        customers += other.customers;
        revenue += other.revenue;
        return *this;
    }
};

/// Users of a period: per code of a column, behind them the missing value, and per group of users: users,
/// buyers, and users who reached each stage.
struct CauseCounts {
    static constexpr std::size_t kUsers = 0, kBuyers = 1, kStages = 2;

    std::size_t width = 0;  ///< 2 + stages
    std::vector<std::vector<std::int64_t>>
        cells;                      ///< per column: (code x kUserGroups + group) x width + what
    std::vector<std::int64_t> all;  ///< the same of a column with one code
    std::array<RevenueParts, kUserGroups> revenue = {};

    CauseCounts& operator+=(const CauseCounts& other) {
        const auto add = [](std::vector<std::int64_t>& to, const std::vector<std::int64_t>& from) {
            for (std::size_t i = 0; i < to.size(); ++i)
                to[i] += from[i];
        };
        for (std::size_t c = 0; c < cells.size(); ++c)
            add(cells[c], other.cells[c]);
        add(all, other.all);
        for (std::size_t g = 0; g < kUserGroups; ++g)
            revenue[g] += other.revenue[g];
        return *this;
    }
};

/// Borrows the plan (keys: 1, or 2 with a condition), the columns and the groups of users. One thread at a
/// time.
class CauseTally {
 public:
    CauseTally(const TallyPlan& plan, std::span<const events::TextColumn* const> columns,
               std::span<const std::uint16_t> groups)
        : plan_(&plan), columns_(columns), groups_(groups), users_(plan) {
        counts_.width = CauseCounts::kStages + plan.sets.stages();
        for (const events::TextColumn* column : columns)
            counts_.cells.emplace_back((column->values.size() + 1) * kUserGroups * counts_.width);
        counts_.all.resize(kUserGroups * counts_.width);
        did_.resize(counts_.width);
    }

    /// Rows of one user, sorted by (time, kind, key).
    void add_user(std::span<const UserRow> rows);

    [[nodiscard]] const CauseCounts& counts() const noexcept { return counts_; }

 private:
    /// Fills first_: the log's rows of the first moment and type that count.
    void find_first(std::span<const UserRow> rows);
    /// The value in these rows, the smallest text if they differ; the missing one behind all codes.
    [[nodiscard]] std::size_t code_of(const events::TextColumn& column) const;

    const TallyPlan* plan_;
    std::span<const events::TextColumn* const> columns_;
    std::span<const std::uint16_t> groups_;
    UserTally users_;
    CauseCounts counts_;
    std::vector<std::int64_t> did_;   // of the user at hand
    std::vector<std::size_t> first_;  // rows of the log
};

inline void CauseTally::add_user(std::span<const UserRow> rows) {
    const Tally& tally = users_.tallies().front();
    const std::array<Count, 5> counted = {Count::users, Count::buyers, Count::visits, Count::orders,
                                          Count::customers};
    std::array<std::int64_t, counted.size()> before{};
    for (std::size_t i = 0; i < counted.size(); ++i)
        before[i] = tally[counted[i]];
    const auto reached = tally.reached;
    const events::Money revenue = tally.revenue;
    users_.add_user(rows);
    const auto gained = [&](std::size_t i) { return tally[counted[i]] - before[i]; };
    did_[CauseCounts::kUsers] = gained(0);
    did_[CauseCounts::kBuyers] = gained(1);
    for (std::size_t k = 0; k < plan_->sets.stages(); ++k)
        did_[CauseCounts::kStages + k] = tally.reached[k] - reached[k];
    const std::size_t group = groups_[rows.front().user];
    events::Money spent = tally.revenue;
    spent -= revenue;
    counts_.revenue[group] += {gained(2), gained(3), gained(4), spent};
    if (gained(0) == 0) return;
    const auto add = [&](std::vector<std::int64_t>& cells, std::size_t code) {
        std::int64_t* to = cells.data() + (code * kUserGroups + group) * counts_.width;
        for (std::size_t i = 0; i < did_.size(); ++i)
            to[i] += did_[i];
    };
    add(counts_.all, 0);
    find_first(rows);
    for (std::size_t c = 0; c < columns_.size(); ++c)
        add(counts_.cells[c], code_of(*columns_[c]));
}

inline void CauseTally::find_first(std::span<const UserRow> rows) {
    first_.clear();
    const UserRow* first = nullptr;
    for (const UserRow& row : rows) {
        const bool counts = row.time >= plan_->first_counted && row.time <= plan_->last_counted &&
                            row.key < plan_->counted_keys;
        if (!counts) continue;
        if (first == nullptr) first = &row;
        if (row.time != first->time || row.kind != first->kind) break;
        const bool is_line = row.kind == EventKind::purchase || row.kind == EventKind::refund;
        if (!is_line)
            first_.push_back(row.line);
        else if (row.line != kNoLine)
            first_.push_back(static_cast<std::size_t>(plan_->log.order_lines[row.line].row));
    }
}

inline std::size_t CauseTally::code_of(const events::TextColumn& column) const {
    std::uint32_t best = base::kNone;
    for (const std::size_t row : first_) {
        const std::uint32_t code = column.code[row];
        if (code == base::kNone || code == best) continue;
        if (best == base::kNone || column.values.text(code) < column.values.text(best)) best = code;
    }
    return best == base::kNone ? column.values.size() : best;
}

}  // namespace funnel::metrics::detail
