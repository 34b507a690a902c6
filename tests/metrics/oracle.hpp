// SPDX-License-Identifier: MIT
// The metrics of a small log counted naively, straight from docs/metrics.md: every pair of rows is looked at,
// nothing is shared with the library but Event and Funnel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metrics/oracle_log.hpp"

namespace funnel::test {

/// Numerator (or count) and denominator (NaN for counts), by the name of the metric.
using Answers = std::map<std::string, std::pair<double, double>>;

class Oracle : public OracleLog {
 public:
    using OracleLog::OracleLog;
    virtual ~Oracle() = default;

    [[nodiscard]] virtual Answers answers() const {
        Answers out;
        count_rows(out);
        count_users(out);
        count_visits(out);
        count_clicks(out);
        count_pairs(out);
        count_orders(out);
        return out;
    }

    /// Entities (or labels of exposures) per stage.
    [[nodiscard]] std::vector<std::int64_t> reached() const {
        return q_.entity == "exposure" ? exposure_labels() : chains();
    }

    [[nodiscard]] std::vector<double> dwell_seconds() const {
        std::vector<double> out;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (!anchored(i) || rows_[i].kind != EventKind::view) continue;
            if (const auto next = later_time_in_visit(i)) {
                out.push_back(static_cast<double>(*next - rows_[i].time) / 1e6);
            }
        }
        std::ranges::sort(out);
        return out;
    }

 protected:
    static constexpr std::int64_t kHalfHour = 1'800'000'000;

    void count_rows(Answers& out) const {
        for (const char* name : {"pv", "page_views", "dwell_censored", "clicks", "impressions"}) {
            out[name] = {0, std::nan("")};
        }
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (!anchored(i)) continue;
            out["pv"].first += rows_[i].kind == EventKind::view;
            out["page_views"].first += rows_[i].kind == EventKind::page_view;
            out["clicks"].first += rows_[i].kind == click_;
            out["impressions"].first += rows_[i].kind == EventKind::impression;
            out["dwell_censored"].first += rows_[i].kind == EventKind::view && !later_time_in_visit(i);
        }
        out["ctr_raw"] = {out["clicks"].first, out["impressions"].first};
    }

    void count_users(Answers& out) const {
        std::set<std::string> users, viewers, clickers, buyers;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (!anchored(i)) continue;
            users.insert(rows_[i].user);
            if (rows_[i].kind == EventKind::view) viewers.insert(rows_[i].user);
            if (rows_[i].kind == click_) clickers.insert(rows_[i].user);
            if (rows_[i].kind == EventKind::purchase) buyers.insert(rows_[i].user);
        }
        const auto size = [](const auto& set) { return static_cast<double>(set.size()); };
        out["uv"] = {size(users), std::nan("")};
        out["pv_per_uv"] = {out["pv"].first, size(users)};
        out["pv_per_viewer"] = {out["pv"].first, size(viewers)};
        out["click_user_rate"] = {size(clickers), size(users)};
        out["conversion_user"] = {size(buyers), size(users)};
    }

    void count_visits(Answers& out) const {
        double visits = 0, bought = 0, carted = 0, abandoned = 0;
        for (const auto& [name, all] : groups([&](std::size_t i) { return visit_[i]; })) {
            if (!anchored(all.front())) continue;
            visits += 1;
            std::optional<std::int64_t> cart;
            bool any = false, after = false;
            for (const std::size_t i : all) {
                if (rows_[i].kind == EventKind::cart_add && !cart) cart = rows_[i].time;
            }
            for (const std::size_t i : all) {
                if (rows_[i].kind != EventKind::purchase) continue;
                any = true;
                after |= cart && rows_[i].time >= *cart;
            }
            bought += any;
            carted += cart.has_value();
            abandoned += cart && !after;
        }
        out["visits"] = {visits, std::nan("")};
        out["conversion_session"] = {bought, visits};
        out["cart_abandon_session"] = {abandoned, carted};
    }

    [[nodiscard]] bool same_pair(std::size_t i, std::size_t j) const {
        return rows_[i].user == rows_[j].user && rows_[i].item == rows_[j].item && !rows_[i].item.empty();
    }

    /// The last row of `kind` of i's user and item at or before i, in the order of rows.
    [[nodiscard]] std::optional<std::size_t> latest(EventKind kind, std::size_t i) const {
        std::optional<std::size_t> found;
        for (std::size_t j = 0; j < i; ++j) {
            if (rows_[j].kind == kind && same_pair(i, j)) found = j;
        }
        return found;
    }

    void count_clicks(Answers& out) const {
        std::set<std::size_t> credited, followed, bought;
        double unattributed = 0, mature_clicks = 0;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (rows_[i].kind == click_) {
                const auto shown = latest(EventKind::impression, i);
                const bool attributed = shown && rows_[i].time - rows_[*shown].time <= kHalfHour;
                if (attributed) credited.insert(*shown);
                unattributed += anchored(i) && !attributed;
                mature_clicks += anchored(i) && mature(i, q_.window);
                for (std::size_t j = 0; j < rows_.size(); ++j) {
                    if (rows_[j].kind == EventKind::impression && same_pair(i, j) &&
                        rows_[j].time <= rows_[i].time && rows_[i].time - rows_[j].time <= kHalfHour) {
                        followed.insert(j);
                    }
                }
            }
            if (rows_[i].kind == EventKind::purchase) {
                const auto click = latest(click_, i);
                if (click && rows_[i].time - rows_[*click].time <= q_.window) bought.insert(*click);
            }
        }
        const auto count = [&](const std::set<std::size_t>& set, std::int64_t span) {
            return static_cast<double>(std::ranges::count_if(
                set, [&](std::size_t i) { return anchored(i) && (span < 0 || mature(i, span)); }));
        };
        out["ctr"] = {count(credited, -1), out["impressions"].first};
        out["ctr_followed"] = {count(followed, -1), out["impressions"].first};
        out["clicks_unattributed"] = {unattributed, std::nan("")};
        out["cvr_post_click"] = {count(bought, q_.window), mature_clicks};
    }

    void count_pairs(Answers& out) const {
        double pairs = 0, abandoned = 0, mature_pairs = 0, mature_abandoned = 0, uncarted = 0;
        const auto pair_name = [&](std::size_t i) {
            return rows_[i].item.empty() ? std::string() : rows_[i].user + "/" + rows_[i].item;
        };
        for (const auto& [name, all] : groups(pair_name)) {
            std::optional<std::size_t> add, purchase;
            for (const std::size_t i : all) {
                if (!add && rows_[i].kind == EventKind::cart_add) add = i;
                if (!purchase && rows_[i].kind == EventKind::purchase) purchase = i;
            }
            if (purchase && anchored(*purchase) && (!add || rows_[*add].time > rows_[*purchase].time))
                uncarted += 1;
            if (!add || !anchored(*add)) continue;
            bool ever = false, in_window = false;
            for (const std::size_t i : all) {
                if (rows_[i].kind != EventKind::purchase || rows_[i].time < rows_[*add].time) continue;
                ever = true;
                in_window |= rows_[i].time - rows_[*add].time <= q_.window;
            }
            pairs += 1;
            abandoned += !ever;
            mature_pairs += mature(*add, q_.window);
            mature_abandoned += mature(*add, q_.window) && !in_window;
        }
        out["cart_abandon_user_item"] = {mature_abandoned, mature_pairs};
        out["cart_abandon_user_item_naive"] = {abandoned, pairs};
        out["purchases_without_cart"] = {uncarted, std::nan("")};
    }

    void count_orders(Answers& out) const {
        double revenue = 0, valueless = 0, orders = 0, priced = 0, priced_revenue = 0, late = 0;
        std::map<std::string, int> orders_of;
        for (const auto& [name, all] : order_groups()) {
            const std::vector<std::size_t> lines = counted_lines(all);
            if (lines.empty()) continue;
            bool any = false;
            double sum = 0;
            for (const std::size_t i : lines) {
                const bool has = !std::isnan(rows_[i].revenue);
                any |= has;
                sum += has ? rows_[i].revenue : 0;
                valueless += !has;
                late += rows_[i].time > rows_[all.front()].time;
            }
            revenue += sum;
            orders += 1;
            priced += any;
            priced_revenue += sum;
            ++orders_of[rows_[all.front()].user];
        }
        double repeaters = 0;
        for (const auto& [user, count] : orders_of)
            repeaters += count >= 2;
        out["orders"] = {orders, std::nan("")};
        out["orders_per_session"] = {orders, out["visits"].first};
        out["late_order_rows"] = {late, std::nan("")};
        out["repeat_purchase_period"] = {repeaters, static_cast<double>(orders_of.size())};
        // Orders without any amount: what they brought is not known.
        out["revenue"] = {orders > 0 && priced == 0 ? std::nan("") : revenue, std::nan("")};
        out["purchase_rows_without_value"] = {valueless, std::nan("")};
        out["average_order_value"] = {priced_revenue, priced};
        const bool unknown = std::isnan(out["revenue"].first);
        out["revenue_per_user"] = {out["revenue"].first, unknown ? std::nan("") : out["uv"].first};
        out["revenue_per_visit"] = {out["revenue"].first, unknown ? std::nan("") : out["visits"].first};
    }

    /// Rows of every order of the log.
    [[nodiscard]] std::map<std::string, std::vector<std::size_t>> order_groups() const {
        return groups([&](std::size_t i) {
            if (rows_[i].kind != EventKind::purchase) return std::string();
            return rows_[i].user + (rows_[i].order.empty() ? " in " + visit_[i] : " id " + rows_[i].order);
        });
    }

    /// Of the rows of an order: none if it began outside the period, else those of the key.
    [[nodiscard]] std::vector<std::size_t> counted_lines(const std::vector<std::size_t>& all) const {
        std::vector<std::size_t> lines;
        for (const std::size_t i : all) {
            if (inside(all.front()) && line_in_key(all.front(), i)) lines.push_back(i);
        }
        return lines;
    }
    [[nodiscard]] std::string line_key(std::size_t first, std::size_t i) const {
        return q_.line_key ? q_.line_key(rows_[first], rows_[i]) : rows_[i].key;
    }
    [[nodiscard]] bool line_in_key(std::size_t first, std::size_t i) const {
        return rows_[i].fits && (!q_.key || line_key(first, i) == *q_.key);
    }

    [[nodiscard]] bool serves(std::size_t i, std::size_t stage) const {
        return (q_.funnel.stages[stage].kinds >> static_cast<unsigned>(rows_[i].kind) & 1) != 0;
    }

    /// The length of the longest chain that extends `chain`, by trying every event of the entity.
    [[nodiscard]] std::size_t longest(const std::vector<std::size_t>& all,
                                      std::vector<std::size_t>& chain) const {
        std::size_t best = chain.size();
        if (chain.size() == q_.funnel.stages.size()) return best;
        for (const std::size_t i : all) {
            if (!serves(i, chain.size()) || std::ranges::find(chain, i) != chain.end()) continue;
            if (rows_[i].time < rows_[chain.back()].time) continue;
            if (rows_[i].time - rows_[chain.front()].time > q_.window) continue;
            chain.push_back(i);
            best = std::max(best, longest(all, chain));
            chain.pop_back();
        }
        return best;
    }

    [[nodiscard]] std::vector<std::int64_t> chains() const {
        const auto entity_name = [&](std::size_t i) {
            if (q_.entity == "user") return rows_[i].user;
            if (q_.entity == "session") return visit_[i];
            return rows_[i].item.empty() ? std::string() : rows_[i].user + "/" + rows_[i].item;
        };
        std::vector<std::int64_t> reached(q_.funnel.stages.size());
        for (const auto& [name, all] : groups(entity_name)) {
            std::size_t best = 0;
            for (const std::size_t i : all) {
                if (!anchored(i) || !serves(i, 0)) continue;
                std::vector<std::size_t> chain{i};
                best = std::max(best, longest(all, chain));
            }
            for (std::size_t k = 0; k < best; ++k)
                ++reached[k];
        }
        return reached;
    }

    [[nodiscard]] std::vector<std::int64_t> exposure_labels() const {
        std::vector<std::int64_t> reached(q_.funnel.stages.size());
        std::set<std::string> seen;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            if (!serves(i, 0) || rows_[i].item.empty()) continue;
            if (!seen.insert(visit_[i] + "/" + rows_[i].item).second) continue;
            if (!anchored(i)) continue;
            if (std::ranges::any_of(q_.horizons, [&](std::int64_t h) { return !mature(i, h); })) continue;
            ++reached[0];
            for (std::size_t k = 1; k < reached.size(); ++k) {
                bool positive = false;
                for (std::size_t j = 0; j < rows_.size(); ++j) {
                    if (j == i || !same_pair(i, j) || rows_[j].time < rows_[i].time) continue;
                    if (rows_[j].time - rows_[i].time > q_.horizons[k - 1]) continue;
                    for (std::size_t later = k; later < reached.size(); ++later)
                        positive |= serves(j, later);
                }
                reached[k] += positive;
            }
        }
        return reached;
    }
};

}  // namespace funnel::test
