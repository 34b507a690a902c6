// SPDX-License-Identifier: MIT
// SalesTally: orders, units and revenue per key and local day, user by user.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "funnel/base/flat_map.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/metrics/daily_sales.hpp"
#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/detail/tally/product_tally.hpp"
#include "funnel/metrics/detail/tally/tally_plan.hpp"
#include "funnel/metrics/segments.hpp"

namespace funnel::metrics::detail {

/// The days that a log, or a part of it, has as a whole.
struct WholeDays {
    std::int64_t first = 0;  ///< days since 1970, local
    std::size_t count = 0;
};

/// Of a key on a day.
struct SoldCell {
    std::uint64_t key;  ///< code << 32 | day
    SoldDay sold = {};
};

/// One thread at a time. n log n in the purchase rows of a user. Borrows the plan and the keys.
class SalesTally {
 public:
    /// keys: null for all together only.
    SalesTally(const TallyPlan& plan, const ProductKeys* keys, WholeDays days)
        : plan_(&plan),
          keys_(keys),
          days_(days),
          local_(plan.options.zone),
          tallies_(1),
          splitter_(plan.options.visit_gap),
          orders_(plan) {}

    /// Rows of one user, sorted by (time, kind).
    void add_user(std::span<UserRow> rows);

    SalesTally& operator+=(const SalesTally& other);

    /// The code of all keys together.
    [[nodiscard]] static constexpr std::uint32_t all() noexcept {
        return std::numeric_limits<std::uint32_t>::max() - 1;
    }
    [[nodiscard]] const base::FlatMap<SoldCell>& cells() const noexcept { return cells_; }
    [[nodiscard]] const Tally& total() const noexcept { return tallies_.front(); }

 private:
    struct Line {
        std::uint32_t code;
        std::optional<events::Money> amount;
        events::Money units;
    };
    void add_lines(std::span<const Line> lines, std::uint32_t day);

    const TallyPlan* plan_;
    const ProductKeys* keys_;
    WholeDays days_;
    LocalTime local_;
    std::vector<Tally> tallies_;  // what orders_ counts for `metrics`
    events::VisitSplitter splitter_;
    OrderTally orders_;
    base::FlatMap<SoldCell> cells_;
    std::vector<Line> lines_;  // of an order
};

inline void SalesTally::add_user(std::span<UserRow> rows) {
    splitter_.start_user();
    orders_.start_user();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::uint32_t visit = splitter_.visit(rows[i].time, rows[i].session);
        if (rows[i].kind == EventKind::purchase) orders_.add(rows[i], i, visit);
    }
    const UserView user{rows, tallies_, plan_->first_counted, plan_->last_counted};
    orders_.finish(user);
    std::size_t at = 0;
    const std::span<const PurchaseRow> purchases = orders_.rows();
    for (const Order& order : orders_.orders()) {
        lines_.clear();
        for (; at < purchases.size() && purchases[at].order == order.id; ++at) {
            const UserRow& row = rows[purchases[at].position];
            const double quantity =
                row.line == kNoLine ? events::kMissing : plan_->log.order_lines[row.line].quantity;
            lines_.push_back({keys_ == nullptr ? all() : keys_->code(row), orders_.amount(row),
                              events::Money::of(quantity).value_or(*events::Money::of(1.0))});
        }
        const std::int64_t day =
            base::floor_div(local_.local(rows[order.first].time), base::kDay) - days_.first;
        if (order.counts && day >= 0 && day < static_cast<std::int64_t>(days_.count))
            add_lines(lines_, static_cast<std::uint32_t>(day));
    }
}

inline void SalesTally::add_lines(std::span<const Line> lines, std::uint32_t day) {
    const auto add = [&](std::uint32_t code, std::span<const Line> part) {
        SoldDay& sold = cells_.insert({base::pair_key(code, day)}).sold;
        bool priced = false;
        for (const Line& line : part) {
            sold.units += line.units;
            if (line.amount) sold.revenue += *line.amount;
            priced |= line.amount.has_value();
        }
        ++sold.orders;
        sold.priced_orders += priced;
    };
    add(all(), lines);
    if (keys_ == nullptr) return;
    std::ranges::sort(lines_, {}, &Line::code);
    for (std::size_t begin = 0, end = 0; begin < lines_.size(); begin = end) {
        while (end < lines_.size() && lines_[end].code == lines_[begin].code)
            ++end;
        add(lines_[begin].code, std::span<const Line>(lines_).subspan(begin, end - begin));
    }
}

inline SalesTally& SalesTally::operator+=(const SalesTally& other) {
    other.cells_.for_each([&](const SoldCell& theirs) {
        SoldDay& ours = cells_.insert({theirs.key}).sold;
        ours.orders += theirs.sold.orders;
        ours.priced_orders += theirs.sold.priced_orders;
        ours.units += theirs.sold.units;
        ours.revenue += theirs.sold.revenue;
    });
    tallies_.front() += other.tallies_.front();
    return *this;
}

}  // namespace funnel::metrics::detail
