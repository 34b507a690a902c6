// SPDX-License-Identifier: MIT
// ProductTally: counts of every key of one column, user by user; more keys than segments may have.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "funnel/base/flat_map.hpp"
#include "funnel/eval/shrunk_rate.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/metrics/detail/tally/item_tally.hpp"
#include "funnel/metrics/detail/tally/order_tally.hpp"
#include "funnel/metrics/detail/tally/touch_codes.hpp"
#include "funnel/metrics/products.hpp"

namespace funnel::metrics::detail {

/// The key of every row, by the rules of touch. Borrows the log, options and facts. Immutable: share freely.
class ProductKeys {
 public:
    /// Throws Error(invalid_argument) for a column that the log does not hold.
    ProductKeys(const EventLog& log, const MetricsOptions& options, const LogFacts& facts,
                const std::string& by)
        : log_(log),
          by_(by),
          column_(by == "item" ? nullptr : log.text_column(by)),
          touched_(log, options, facts) {
        if (by != "item" && column_ == nullptr) {
            std::string known = "item";
            for (const auto& loaded : log.text_columns)
                known += ", " + loaded.name;
            throw Error(ErrorCode::invalid_argument, "--by: expected one of " + known + ", got \"" + by +
                                                         "\"; choose a column of the log");
        }
        if (const events::NumberColumn* column = log.number_column("position")) place_ = column->value;
        if (column_ != nullptr) {
            codes_ = touched_.codes_of(*column_);
            rank_codes();
        }
    }

    [[nodiscard]] const std::string& by() const noexcept { return by_; }
    /// Texts of the codes; the code behind them stands for the missing value.
    [[nodiscard]] const base::StringTable& names() const noexcept {
        return column_ != nullptr ? column_->values : log_.items;
    }
    [[nodiscard]] std::size_t size() const noexcept { return names().size() + 1; }
    [[nodiscard]] bool has_places() const noexcept { return !place_.empty(); }

    [[nodiscard]] std::uint32_t code(const UserRow& row) const noexcept {
        std::uint32_t code = row.item;
        if (column_ != nullptr) {
            const std::uint64_t at = row_of(row);
            code = at < codes_.size() ? codes_[at] : base::kNone;
        }
        return std::min(code, static_cast<std::uint32_t>(names().size()));
    }
    /// Where the code stands among all, by the bytes of its text.
    [[nodiscard]] std::uint32_t rank(const UserRow& row) const noexcept { return rank_[code(row)]; }
    [[nodiscard]] bool ties_matter() const noexcept { return column_ != nullptr; }
    /// The place of an impression from 0, or kNone: none is known, or not a whole one below 65,536.
    [[nodiscard]] std::uint32_t place(const UserRow& row) const noexcept {
        if (place_.empty()) return base::kNone;
        const float place = place_[row_of(row)];
        return place >= 0 && place < 65536 && place == std::floor(place) ? static_cast<std::uint32_t>(place)
                                                                         : base::kNone;
    }

 private:
    /// Of a purchase or refund, `line` says which order line it is.
    [[nodiscard]] std::uint64_t row_of(const UserRow& row) const noexcept {
        const bool has_line = row.kind == EventKind::purchase || row.kind == EventKind::refund;
        if (!has_line) return row.line;
        return row.line == kNoLine ? log_.size() : log_.order_lines[row.line].row;
    }

    void rank_codes() {
        std::vector<std::uint32_t> codes(names().size());
        std::iota(codes.begin(), codes.end(), 0u);
        std::ranges::sort(codes, {}, [&](std::uint32_t code) { return names().text(code); });
        rank_.assign(size(), static_cast<std::uint32_t>(codes.size()));
        for (std::uint32_t rank = 0; rank < codes.size(); ++rank)
            rank_[codes[rank]] = rank;
    }

    const EventLog& log_;
    std::string by_;
    const events::TextColumn* column_;
    TouchedColumns touched_;
    std::span<const std::uint32_t> codes_;  // per row, what the column says of it
    std::span<const float> place_;
    std::vector<std::uint32_t> rank_;
};

/// What a key had at a place.
struct PlaceCount {
    std::uint64_t key;  ///< code << 32 | place
    std::int64_t shown = 0, clicked = 0;
};

/// One thread at a time. n log n in the rows of a user that have an item.
class ProductTally {
 public:
    ProductTally(const TallyPlan& plan, const ProductKeys& keys)
        : plan_(&plan),
          keys_(&keys),
          counts_(keys.size()),
          tallies_(1),
          splitter_(plan.options.visit_gap),
          items_(plan),
          orders_(plan) {}

    /// Rows of one user, sorted by (time, kind).
    void add_user(std::span<UserRow> rows);

    ProductTally& operator+=(const ProductTally& other);

    /// Per code of ProductKeys.
    [[nodiscard]] std::span<const ProductCounts> counts() const noexcept { return counts_; }
    [[nodiscard]] const base::FlatMap<PlaceCount>& places() const noexcept { return places_; }
    /// Of all keys: orders and their rows.
    [[nodiscard]] const Tally& total() const noexcept { return tallies_.front(); }
    /// Of impressions and clicked ones per user and key.
    [[nodiscard]] const eval::ClusterSums& clusters() const noexcept { return clusters_; }

 private:
    void sort_ties(std::span<UserRow> rows) const;
    void add_row(const UserView& user, std::size_t position);
    void add_pair(const UserView& user, std::span<const std::uint64_t> pair);
    void add_clusters();
    void add_orders(const UserView& user);
    void add_place(const UserRow& row, std::uint32_t code, bool clicked);

    const TallyPlan* plan_;
    const ProductKeys* keys_;
    std::vector<ProductCounts> counts_;
    base::FlatMap<PlaceCount> places_;
    eval::ClusterSums clusters_;
    std::vector<std::uint64_t> shown_;  // of the user at hand: code << 1 | clicked, one per impression
    std::vector<Tally> tallies_;        // what the tallies below count for `metrics`
    events::VisitSplitter splitter_;
    ItemTally items_;
    OrderTally orders_;
    std::vector<std::uint64_t> of_order_;  // of an order: code << 1 | no amount
    std::vector<std::uint32_t> bought_;    // codes of all orders of the user at hand
};

inline void ProductTally::add_user(std::span<UserRow> rows) {
    if (keys_->ties_matter()) sort_ties(rows);
    const UserView user{rows, tallies_, plan_->first_counted, plan_->last_counted};
    shown_.clear();
    splitter_.start_user();
    items_.start_user();
    orders_.start_user();
    for (std::size_t i = 0; i < rows.size(); ++i)
        add_row(user, i);
    items_.finish(user, [&](std::span<const std::uint64_t> pair) { add_pair(user, pair); });
    add_clusters();
    orders_.finish(user);
    add_orders(user);
}

inline void ProductTally::add_clusters() {
    std::ranges::sort(shown_);
    for (std::size_t begin = 0, end = 0; begin < shown_.size(); begin = end) {
        double shown = 0, clicked = 0;
        for (; end < shown_.size() && shown_[end] >> 1 == shown_[begin] >> 1; ++end)
            ++((shown_[end] & 1) != 0 ? clicked : shown);
        clusters_.add(clicked, shown);
    }
}

// Of two carts of one item at one time the first counts: which that is must not depend on the file.
inline void ProductTally::sort_ties(std::span<UserRow> rows) const {
    for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
        while (end < rows.size() && rows[end].time == rows[begin].time && rows[end].kind == rows[begin].kind)
            ++end;
        if (end - begin > 1)
            std::ranges::sort(rows.subspan(begin, end - begin), {},
                              [&](const UserRow& row) { return keys_->rank(row); });
    }
}

inline void ProductTally::add_row(const UserView& user, std::size_t position) {
    const UserRow& row = user.rows[position];
    const std::uint32_t visit = splitter_.visit(row.time, row.session);
    items_.add(row, position);
    if (row.kind == EventKind::purchase) orders_.add(row, position, visit);
    if (!user.counts(position)) return;
    if (row.kind == EventKind::impression) {
        const std::uint32_t code = keys_->code(row);
        ++counts_[code].impressions;
        shown_.push_back(std::uint64_t{code} << 1);
        add_place(row, code, false);
    } else if (row.kind == EventKind::view) {
        ++counts_[keys_->code(row)].views;
    }
}

inline void ProductTally::add_place(const UserRow& row, std::uint32_t code, bool clicked) {
    const std::uint32_t place = keys_->place(row);
    if (place == base::kNone) return;
    PlaceCount& cell = places_.insert({base::pair_key(code, place)});
    ++(clicked ? cell.clicked : cell.shown);
}

inline void ProductTally::add_pair(const UserView& user, std::span<const std::uint64_t> pair) {
    const std::int64_t window = plan_->options.window;
    const CartedPair cart = walk_pair(
        user.rows, pair, plan_->facts.click(), window, [](std::size_t, bool, bool) {}, [](std::size_t) {},
        [&](std::size_t position, bool credited) {
            if (!credited || !user.counts(position)) return;
            const UserRow& row = user.rows[position];
            const std::uint32_t code = keys_->code(row);
            ++counts_[code].clicked;
            shown_.push_back(std::uint64_t{code} << 1 | 1);
            add_place(row, code, true);
        });
    if (cart.first_add == user.rows.size() || !user.counts(cart.first_add)) return;
    const UserRow& row = user.rows[cart.first_add];
    if (!plan_->warm(row.time)) return;
    ProductCounts& counts = counts_[keys_->code(row)];
    ++counts.carts;
    if (!plan_->mature(row.time, window)) return;
    ++counts.ripe_carts;
    counts.abandoned += !cart.bought_in_window;
}

inline void ProductTally::add_orders(const UserView& user) {
    bought_.clear();
    std::size_t at = 0;
    const std::span<const PurchaseRow> rows = orders_.rows();
    for (const Order& order : orders_.orders()) {
        of_order_.clear();
        for (; at < rows.size() && rows[at].order == order.id; ++at) {
            if (!order.counts) continue;
            const UserRow& row = user.rows[rows[at].position];
            const std::uint32_t code = keys_->code(row);
            const auto amount = orders_.amount(row);
            of_order_.push_back(std::uint64_t{code} << 1 | (amount ? 0u : 1u));
            if (amount) counts_[code].revenue += *amount;
        }
        std::ranges::sort(of_order_);  // of each code, lines with an amount first
        for (std::size_t i = 0; i < of_order_.size(); ++i) {
            const auto code = static_cast<std::uint32_t>(of_order_[i] >> 1);
            if (i > 0 && of_order_[i - 1] >> 1 == code) continue;
            ++counts_[code].orders;
            counts_[code].priced_orders += (of_order_[i] & 1) == 0 ? 1 : 0;
            bought_.push_back(code);
        }
    }
    std::ranges::sort(bought_);
    bought_.erase(std::unique(bought_.begin(), bought_.end()), bought_.end());
    for (const std::uint32_t code : bought_)
        ++counts_[code].buyers;
}

inline ProductTally& ProductTally::operator+=(const ProductTally& other) {
    for (std::size_t code = 0; code < counts_.size(); ++code)
        counts_[code] += other.counts_[code];
    other.places_.for_each([&](const PlaceCount& theirs) {
        PlaceCount& cell = places_.insert({theirs.key});
        cell.shown += theirs.shown;
        cell.clicked += theirs.clicked;
    });
    clusters_ += other.clusters_;
    tallies_.front() += other.tallies_.front();
    return *this;
}

}  // namespace funnel::metrics::detail
