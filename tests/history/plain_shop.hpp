// SPDX-License-Identifier: MIT
// PlainShop: sources of candidates found by walking through all events, for the tests of retrieval.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "history/log_builder.hpp"

namespace funnel::history::test {

using Ids = std::vector<std::string>;

// What one log tells at one time, event by event, with exact decay. Visits by their gap alone.
class PlainShop {
 public:
    PlainShop(const EventLog& log, const HistoryOptions& options, std::int64_t now)
        : options_(options), now_(now) {
        for (const std::uint64_t row : log.time_order())
            add(log.event(row));
    }

    [[nodiscard]] Ids seen(const std::string& user) const {
        std::vector<std::pair<std::int64_t, std::string>> items;
        for (const auto& [item, pair] : own(user))
            items.emplace_back(-pair.engaged, item);
        std::ranges::sort(items);
        Ids ids;
        for (const auto& [time, item] : items)
            ids.push_back(item);
        return ids;
    }
    [[nodiscard]] std::set<std::string> bought(const std::string& user, std::int64_t within) const {
        std::set<std::string> ids;
        for (const auto& [item, pair] : own(user)) {
            if (pair.bought && now_ - *pair.bought < within) ids.insert(item);
        }
        return ids;
    }
    [[nodiscard]] std::set<std::string> cart(const std::string& user) const {
        std::set<std::string> ids;
        if (const auto at = users_.find(user); is_live(user)) ids = at->second.cart;
        return ids;
    }
    [[nodiscard]] std::map<std::string, double> popularity() const {
        std::map<std::string, double> visits;
        for (const auto& [item, times] : engagements_) {
            for (const std::int64_t time : times) {
                if (time >= items_.at(item).first && item_is_live(item)) visits[item] += decay(time);
            }
        }
        return visits;
    }
    [[nodiscard]] Ids fresh() const {
        std::vector<std::pair<std::int64_t, std::string>> items;
        for (const auto& [item, life] : items_) {
            if (item_is_live(item) && life.first - begin_ >= 7 * kDay &&
                now_ - life.first < options_.half_life)
                items.emplace_back(-life.first, item);
        }
        std::ranges::sort(items);
        Ids ids;
        for (const auto& [time, item] : items)
            ids.push_back(item);
        return ids;
    }
    [[nodiscard]] std::map<std::string, double> coviewed(const std::string& user) const {
        Ids seeds = seen(user);
        seeds.resize(std::min<std::size_t>(seeds.size(), 10));
        std::map<std::string, double> sums;
        const auto visits = popularity();
        for (const std::string& seed : seeds) {
            const auto total = visits.find(seed);
            for (const auto& [pair, times] : together_) {
                if (pair.first != seed || !item_is_live(pair.second)) continue;
                if (std::ranges::find(seeds, pair.second) != seeds.end()) continue;
                double weight = 0;
                for (const std::int64_t time : times)
                    weight += time >= items_.at(seed).first ? decay(time) : 0;
                if (weight > 0) sums[pair.second] += weight / (total->second + 5);
            }
        }
        return sums;
    }
    /// What the shop shows: half as many exposures as events of every later stage.
    [[nodiscard]] Ids shown(const Ids& ids) const {
        Ids kept;
        for (const std::string& id : ids) {
            if (is_shown(id)) kept.push_back(id);
        }
        return kept;
    }
    [[nodiscard]] std::map<std::string, double> shown(std::map<std::string, double> sums) const {
        std::erase_if(sums, [&](const auto& entry) { return !is_shown(entry.first); });
        return sums;
    }
    [[nodiscard]] Ids users() const {
        Ids ids;
        for (const auto& [id, user] : users_) {
            if (is_live(id)) ids.push_back(id);
        }
        return ids;
    }

 private:
    struct Pair {
        std::int64_t touched = 0, engaged = kNever;
        std::optional<std::int64_t> bought = {};
        std::array<std::optional<std::int64_t>, 3> stages = {};  // last click or view, cart, purchase
    };
    struct User {
        std::int64_t first = 0, last = 0;
        std::map<std::string, Pair> pairs = {};
        std::set<std::string> cart = {};
        Ids recent = {};
        std::set<std::string> exposed = {};  // in this visit
    };
    struct Life {
        std::int64_t first = 0, last = 0;
    };

    [[nodiscard]] double decay(std::int64_t time) const {
        return std::exp2(-static_cast<double>(now_ - time) / static_cast<double>(options_.half_life));
    }
    [[nodiscard]] bool is_live(const std::string& user) const {
        const auto at = users_.find(user);
        return at != users_.end() && now_ - at->second.last < options_.forget;
    }
    [[nodiscard]] bool item_is_live(const std::string& item) const {
        return now_ - items_.at(item).last < options_.forget;
    }
    [[nodiscard]] std::map<std::string, Pair> own(const std::string& user) const {
        std::map<std::string, Pair> pairs;
        if (!is_live(user)) return pairs;
        for (const auto& [item, pair] : users_.at(user).pairs) {
            if (pair.engaged != kNever && now_ - pair.touched < options_.forget && item_is_live(item))
                pairs.emplace(item, pair);
        }
        return pairs;
    }

    [[nodiscard]] double count(const std::map<std::string, std::vector<std::int64_t>>& events,
                               const std::string& item) const {
        double sum = 0;
        if (const auto at = events.find(item); at != events.end()) {
            for (const std::int64_t time : at->second)
                sum += time >= items_.at(item).first ? decay(time) : 0;
        }
        return sum;
    }
    [[nodiscard]] bool is_shown(const std::string& item) const {
        const double exposures = count(exposures_, item);
        return exposures > 0 && std::ranges::all_of(stages_, [&](const auto& events) {
                   return 2 * exposures * (1 + 1e-6) >= count(events, item);  // equal but for rounding
               });
    }

    void add(const Event& event) {
        if (begin_ == kNever) begin_ = event.time;
        const std::string item(event.item);
        User& user = users_[std::string(event.user)];
        if (user.first == 0 || event.time - user.last >= options_.forget) user = {.first = event.time};
        if (event.time - user.last >= options_.visit_gap) {
            user.recent.clear();
            user.exposed.clear();
        }
        user.last = event.time;
        if (item.empty()) return;
        Life& life = items_[item];
        if (life.first == 0 || event.time - life.last >= options_.forget) life.first = event.time;
        life.last = event.time;
        using enum EventKind;
        if (event.kind == impression) {
            if (user.exposed.insert(item).second) exposures_[item].push_back(event.time);
            return;
        }
        Pair& pair = user.pairs[item];
        const std::size_t stage = event.kind == click || event.kind == view ? 0
                                  : event.kind == cart_add                  ? 1
                                  : event.kind == purchase                  ? 2
                                                                            : 3;
        if (stage < 3) {
            std::optional<std::int64_t>& last = pair.stages[stage];
            if (!last || event.time - *last >= options_.visit_gap) stages_[stage][item].push_back(event.time);
            last = event.time;
        }
        if (event.time - pair.touched >= options_.forget) pair = {.stages = pair.stages};
        pair.touched = event.time;
        if (event.kind == cart_add) user.cart.insert(item);
        if (event.kind == cart_remove || event.kind == purchase) user.cart.erase(item);
        if (event.kind == purchase) pair.bought = event.time;
        if (event.kind == cart_remove) return;
        pair.engaged = event.time;
        const auto at = std::ranges::find(user.recent, item);
        if (at == user.recent.end()) {
            for (const std::string& other : user.recent) {
                together_[{item, other}].push_back(event.time);
                together_[{other, item}].push_back(event.time);
            }
            engagements_[item].push_back(event.time);
            if (user.recent.size() == 5) user.recent.pop_back();
        } else {
            user.recent.erase(at);
        }
        user.recent.insert(user.recent.begin(), item);
    }

    HistoryOptions options_;
    std::int64_t now_, begin_ = kNever;
    std::map<std::string, User> users_;
    std::map<std::string, Life> items_;
    std::map<std::string, std::vector<std::int64_t>> engagements_, exposures_;
    std::array<std::map<std::string, std::vector<std::int64_t>>, 3> stages_;
    std::map<std::pair<std::string, std::string>, std::vector<std::int64_t>> together_;
};

}  // namespace funnel::history::test
