// SPDX-License-Identifier: MIT
// The rest of the metrics counted naively: views that become carts, carts as episodes, customers who come
// back, refunds, retention.
#pragma once

#include "funnel/base/time.hpp"
#include "metrics/oracle.hpp"

namespace funnel::test {

struct ShopQuestion {
    std::int64_t warmup = 0;
    std::vector<std::int64_t> spans = {}, days = {};
    bool rolling = false;
    std::vector<std::pair<std::int64_t, std::int64_t>> zone = {};  ///< from, offset
};

class ShopOracle : public Oracle {
 public:
    ShopOracle(const std::vector<Row>& log, Question question, ShopQuestion shop)
        : Oracle(log, std::move(question)), s_(std::move(shop)) {
        std::int64_t first = std::numeric_limits<std::int64_t>::max();
        for (const Row& row : log) {
            first = std::min(first, row.time);
            refunds_ |= row.kind == EventKind::refund;
        }
        if (s_.warmup > 0) warm_ = first + s_.warmup;
    }

    [[nodiscard]] Answers answers() const override {
        Answers out = Oracle::answers();
        count_viewed(out);
        count_carts(out);
        count_returning(out);
        count_goods(out);
        if (refunds_) count_refunds(out);
        count_retention(out);
        return out;
    }

    /// Ripe exposures, and those with a click within the horizon of the click stage.
    [[nodiscard]] std::pair<double, double> exposures() const {
        if ((q_.funnel.stages[0].kinds & events::kind_bit(EventKind::impression)) == 0) return {0, 0};
        const std::vector<std::int64_t> labels = exposure_labels();
        for (std::size_t k = 1; k < labels.size(); ++k) {
            if ((q_.funnel.stages[k].kinds & events::kind_bit(click_)) != 0)
                return {static_cast<double>(labels[k]), static_cast<double>(labels[0])};
        }
        return {0, static_cast<double>(labels[0])};
    }

 private:
    [[nodiscard]] bool warm(std::size_t i) const { return rows_[i].time >= warm_; }

    void count_viewed(Answers& out) const {
        std::set<std::string> viewers, carters, buyers, pairs;
        double viewed = 0, carted = 0, bought = 0, adds = 0;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            adds += anchored(i) && rows_[i].kind == EventKind::cart_add;
            if (rows_[i].kind != EventKind::view || rows_[i].item.empty()) continue;
            if (anchored(i)) viewers.insert(rows_[i].user);
            if (!anchored(i) || !pairs.insert(rows_[i].user + "/" + rows_[i].item).second) continue;
            bool cart = false, buy = false;
            for (std::size_t j = 0; j < rows_.size(); ++j) {
                if (!same_pair(i, j) || rows_[j].time < rows_[i].time) continue;
                cart |= rows_[j].kind == EventKind::cart_add;
                buy |= rows_[j].kind == EventKind::purchase;
            }
            viewed += 1;
            carted += cart;
            bought += buy;
            if (cart) carters.insert(rows_[i].user);
            if (buy) buyers.insert(rows_[i].user);
        }
        const auto size = [](const auto& set) { return static_cast<double>(set.size()); };
        out["cart_to_view_rate"] = {size(carters), size(viewers)};
        out["purchase_to_view_rate"] = {size(buyers), size(viewers)};
        out["cart_to_view_pairs"] = {carted, viewed};
        out["purchase_to_view_pairs"] = {bought, viewed};
        out["cart_to_view_events"] = {adds, out["pv"].first};
    }

    // From every row that opens a cart, forwards until it closes; which rows open one is found by doing this
    // from the first row of the user on.
    void count_carts(Answers& out) const {
        double closed = 0, abandoned = 0, emptied = 0, open = 0;
        constexpr std::int64_t kDay = 86'400'000'000;
        for (const auto& [user, all] : groups([&](std::size_t i) { return rows_[i].user; })) {
            for (std::size_t at = 0; at < all.size();) {
                const std::size_t first = all[at++];
                if (rows_[first].kind != EventKind::cart_add) continue;
                std::set<std::string> items = {rows_[first].item};
                std::int64_t touched = rows_[first].time;
                std::string end = touched + kDay < last_ ? "abandoned" : "open";
                for (; at < all.size(); ++at) {
                    const Row& row = rows_[all[at]];
                    const bool add = row.kind == EventKind::cart_add,
                               remove = row.kind == EventKind::cart_remove,
                               purchase = row.kind == EventKind::purchase;
                    if (!add && !remove && !purchase) continue;
                    if (row.time - touched > kDay) {
                        end = "abandoned";
                        break;  // the row may open the next cart
                    }
                    touched = row.time;
                    if (add) items.insert(row.item);
                    if (remove) items.erase(row.item);
                    end = purchase                 ? "bought"
                          : items.empty()          ? "emptied"
                          : touched + kDay < last_ ? "abandoned"
                                                   : "open";
                    if (purchase || items.empty()) {
                        ++at;
                        break;
                    }
                }
                if (!anchored(first) || !warm(first)) continue;
                closed += end == "bought" || end == "abandoned";
                abandoned += end == "abandoned";
                emptied += end == "emptied";
                open += end == "open";
            }
        }
        out["cart_abandon_cart"] = {abandoned, closed};
        out["carts_emptied"] = {emptied, std::nan("")};
        out["carts_open"] = {open, std::nan("")};
        double uncarted = 0, mature_pairs = 0, mature_abandoned = 0, pairs = 0, pairs_abandoned = 0;
        count_warm_pairs(uncarted, pairs, pairs_abandoned, mature_pairs, mature_abandoned);
        out["purchases_without_cart"] = {uncarted, std::nan("")};
        out["cart_abandon_user_item"] = {mature_abandoned, mature_pairs};
        out["cart_abandon_user_item_naive"] = {pairs_abandoned, pairs};
    }

    void count_warm_pairs(double& uncarted, double& pairs, double& abandoned, double& mature_pairs,
                          double& mature_abandoned) const {
        const auto first_of_pair = [&](std::size_t i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (same_pair(i, j) && rows_[j].kind == rows_[i].kind) return false;
            }
            return anchored(i) && warm(i) && !rows_[i].item.empty();
        };
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (!first_of_pair(i)) continue;
            bool carted_before = false, bought = false, in_window = false;
            for (std::size_t j = 0; j < rows_.size(); ++j) {
                if (!same_pair(i, j)) continue;
                carted_before |= rows_[j].kind == EventKind::cart_add && rows_[j].time <= rows_[i].time;
                if (rows_[j].kind != EventKind::purchase || rows_[j].time < rows_[i].time) continue;
                bought = true;
                in_window |= rows_[j].time - rows_[i].time <= q_.window;
            }
            if (rows_[i].kind == EventKind::purchase) uncarted += !carted_before;
            if (rows_[i].kind != EventKind::cart_add) continue;
            pairs += 1;
            abandoned += !bought;
            mature_pairs += mature(i, q_.window);
            mature_abandoned += mature(i, q_.window) && !in_window;
        }
    }

    void count_returning(Answers& out) const {
        std::map<std::string, bool> returns;                    // customers of the segment
        std::map<std::string, std::vector<std::size_t>> times;  // first rows of all orders
        for (const auto& [name, all] : order_groups()) {
            const Row& first = rows_[all.front()];
            times[first.user].push_back(all.front());
            if (counted_lines(all).empty() || !warm(all.front())) continue;
            bool before = false;
            for (const auto& [other, rows] : order_groups()) {
                before |= rows_[rows.front()].user == first.user && rows_[rows.front()].time < first.time;
            }
            returns[first.user] |= before;
        }
        double returning = 0;
        for (const auto& [user, before] : returns)
            returning += before;
        out["returning_customer_rate"] = {returning, static_cast<double>(returns.size())};
        for (const std::int64_t span : s_.spans) {
            double cohort = 0, again = 0;
            for (auto& [user, firsts] : times) {
                std::ranges::sort(firsts);
                const auto orders = order_groups();
                const bool counts = std::ranges::any_of(orders, [&, &firsts = firsts](const auto& order) {
                    const Row& row = rows_[order.second.front()];
                    return row.user == rows_[firsts[0]].user && row.time == rows_[firsts[0]].time &&
                           !counted_lines(order.second).empty();
                });
                if (!counts || !warm(firsts[0]) || !mature(firsts[0], span)) continue;
                cohort += 1;
                again += firsts.size() > 1 && rows_[firsts[1]].time - rows_[firsts[0]].time <= span;
            }
            out["repeat_purchase_within_" + base::format_duration(span)] = {again, cohort};
        }
    }

    void count_goods(Answers& out) const {
        const auto count = [&](const std::string& metric, auto&& good_of) {
            std::map<std::string, std::set<std::string>> bought;  // orders
            for (const auto& [name, all] : order_groups()) {
                for (const std::size_t i : counted_lines(all)) {
                    if (!good_of(rows_[i]).empty())
                        bought[rows_[i].user + "/" + good_of(rows_[i])].insert(name);
                }
            }
            double once = 0, again = 0;
            for (const auto& [pair, orders] : bought) {
                once += 1;
                again += orders.size() > 1;
            }
            out[metric] = {again, once};
        };
        count("repeat_item_rate", [](const Row& row) { return row.item; });
        count("repeat_category_rate", [](const Row& row) { return row.category.value_or(row.key); });
    }

    /// The order of a refund, if there is one.
    [[nodiscard]] const std::vector<std::size_t>* refunded(
        const std::map<std::string, std::vector<std::size_t>>& orders, std::size_t i) const {
        if (rows_[i].order.empty()) return nullptr;
        const auto found = orders.find(rows_[i].user + " id " + rows_[i].order);
        return found == orders.end() ? nullptr : &found->second;
    }

    /// Whether a refund of an order counts in the key: its own, if the order has a line of it.
    [[nodiscard]] bool refund_in_key(std::size_t i, const std::vector<std::size_t>& all) const {
        const bool own = std::ranges::any_of(all, [&](std::size_t j) {
            return (!q_.key || line_key(all.front(), j) == line_key(all.front(), i)) &&
                   rows_[j].fits == rows_[i].fits;
        });
        return line_in_key(all.front(), own ? i : all.front());
    }

    void count_refunds(Answers& out) const {
        double rows = 0, unmatched = 0, net_orders = 0, net = out["revenue"].first, priced = 0,
               priced_sum = 0;
        std::set<std::string> net_buyers;
        const auto orders = order_groups();
        const auto amount = [&](std::size_t i) {
            return std::isnan(rows_[i].revenue) ? 0 : rows_[i].revenue;
        };
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (rows_[i].kind != EventKind::refund) continue;
            const auto* order = refunded(orders, i);
            rows += order != nullptr ? inside(order->front()) && refund_in_key(i, *order) : anchored(i);
            if (order != nullptr || !anchored(i)) continue;
            unmatched += 1;
            net -= std::abs(amount(i));
        }
        for (const auto& [name, all] : orders) {
            const auto lines = counted_lines(all);
            if (lines.empty()) continue;
            double sum = 0, back = 0, sum_here = 0, back_here = 0;
            bool has = false, has_here = false, any = false, whole = false;
            for (const std::size_t i : all) {
                has |= !std::isnan(rows_[i].revenue);
                sum += amount(i);
            }
            for (const std::size_t i : lines) {
                has_here |= !std::isnan(rows_[i].revenue);
                sum_here += amount(i);
            }
            for (std::size_t i = 0; i < rows_.size(); ++i) {
                if (rows_[i].kind != EventKind::refund || refunded(orders, i) != &all) continue;
                any = true;
                whole |= std::isnan(rows_[i].revenue) && rows_[i].item.empty();
                back += std::abs(amount(i));
                if (refund_in_key(i, all)) back_here += std::abs(amount(i));
            }
            net -= whole ? sum_here : back_here;
            if (any && (whole || (has && back >= sum))) continue;
            net_orders += 1;
            net_buyers.insert(rows_[all.front()].user);
            priced += has_here;
            priced_sum += has_here ? sum_here - back_here : 0;
        }
        out["refund_rows"] = {rows, std::nan("")};
        out["refund_rows_unmatched"] = {unmatched, std::nan("")};
        out["net_orders"] = {net_orders, std::nan("")};
        out["net_conversion_user"] = {static_cast<double>(net_buyers.size()), out["uv"].first};
        out["net_revenue"] = {net, std::nan("")};
        out["net_average_order_value"] = {priced_sum, priced};
    }

    [[nodiscard]] std::int64_t local_day(std::int64_t time) const {
        std::int64_t offset = s_.zone.empty() ? 0 : s_.zone.front().second;
        for (const auto& [from, after] : s_.zone) {
            if (time >= from) offset = after;
        }
        return static_cast<std::int64_t>(std::floor(static_cast<double>(time + offset) / 86'400'000'000.0));
    }

    void count_retention(Answers& out) const {
        for (const std::int64_t n : s_.days) {
            double cohort = 0, on = 0, from = 0;
            for (const auto& [user, all] : groups([&](std::size_t i) { return rows_[i].user; })) {
                if (!anchored(all.front())) continue;
                const std::int64_t zero = rows_[all.front()].time;
                const auto day = [&](std::int64_t time) {
                    return s_.rolling ? (time - zero) / 86'400'000'000 : local_day(time) - local_day(zero);
                };
                if (day(last_) <= n) continue;
                bool that_day = false, later = false;
                for (const std::size_t i : all) {
                    that_day |= day(rows_[i].time) == n;
                    later |= day(rows_[i].time) >= n;
                }
                cohort += 1;
                on += that_day;
                from += later;
            }
            out["retention_d" + std::to_string(n)] = {on, cohort};
            out["retention_unbounded_d" + std::to_string(n)] = {from, cohort};
        }
    }

    ShopQuestion s_;
    std::int64_t warm_ = std::numeric_limits<std::int64_t>::min();
    bool refunds_ = false;
};

}  // namespace funnel::test
