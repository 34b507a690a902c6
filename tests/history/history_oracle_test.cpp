// SPDX-License-Identifier: MIT
// Features against a slow oracle that reads the whole log before t for every value.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "history/log_builder.hpp"

namespace funnel::history::test {
namespace {

constexpr std::int64_t kHorizon = 30 * kMinute;

/// One event with what follows from the events before it.
struct Told {
    std::size_t row = 0;
    std::int64_t time = 0;
    std::string user, item;
    EventKind kind = EventKind::other;
    std::uint64_t session = 0;
    int life = 0;                                  ///< of the user: begins anew after `forget` of silence
    int item_life = 0;                             ///< of the item likewise
    std::pair<std::uint64_t, std::int64_t> visit;  ///< session, or 0 and the begin of the gap visit
    bool starts_visit = false;
    bool first_exposure = false;
};

/// Reads a log front to back with maps, in the words of docs/features.md.
class Oracle {
 public:
    Oracle(const EventLog& log, const HistoryOptions& options) : log_(log), options_(options) {
        for (const std::uint64_t row : log.time_order())
            events_.push_back(tell(row));
    }

    void expect_row(const Event& context, std::uint64_t session, const History& history) {
        const auto name = [](const std::string& kind, const char* what) { return kind + "_" + what; };
        const events::FeatureSpec& spec = history.spec();
        std::vector<float> numeric(spec.numeric.size());
        std::vector<std::string_view> texts(spec.categorical.size());
        history.features(context, session, numeric, texts);
        now_ = context.time;
        const auto expect = [&](const std::string& feature_name, double expected) {
            const float got = numeric[feature(spec, feature_name)];
            if (std::isnan(expected)) {
                EXPECT_TRUE(std::isnan(got)) << feature_name << " " << got << " at " << now_;
            } else {
                // State is kept in float: sums of dozens of decayed counts.
                EXPECT_NEAR(got, expected, 1e-4 * std::max(1.0, std::fabs(expected))) << feature_name;
            }
        };
        find_before(context, session);
        for (const char* kind : {"impression", "view", "click", "cart_add", "purchase", "page_view"}) {
            const EventKind k = *events::parse_kind(kind);
            expect("user_" + name(kind, "count"), decayed(mine_, k));
            expect("user_" + name(kind, "age"), age(mine_, k));
            expect("visit_" + name(kind, "count"), count(stint_, k));
            if (k == EventKind::impression || k == EventKind::page_view) continue;
            expect("pair_" + name(kind, "count"), decayed(pair_, k));
            expect("pair_" + name(kind, "age"), age(pair_, k));
        }
        expect("user_visits", decayed_if(mine_, [](const Told& e) { return e.starts_visit; }));
        expect("visit_seconds", stint_.empty() ? std::nan("") : seconds(stint_.back()->time));
        expect("visit_pause", stint_.empty() ? std::nan("") : seconds(stint_.front()->time));
        const std::vector<const Told*> exposures = of_kind(pair_, EventKind::impression);
        expect("pair_exposures", decayed(pair_, EventKind::impression));
        expect("pair_unanswered", unanswered());
        expect("pair_exposures_in_visit", exposures_in_visit(exposures));
        expect_rates(context, expect);
        expect("cart_items", static_cast<double>(cart().size()));
        expect("cart_has_item", cart().contains(std::string(context.item)) ? 1 : 0);
        const Known known = history.known(context, session);
        const bool returns = !mine_.empty() && (!goes_on_ || first_visit_of_life() != visit_);
        EXPECT_EQ(known.user, returns);
        EXPECT_EQ(known.item, item_known(context));
    }

 private:
    Told tell(std::uint64_t row) {
        Told e;
        e.row = row;
        e.time = log_.time[row];
        e.user = log_.users.text(log_.user[row]);
        if (log_.item[row] != base::kNone) e.item = log_.items.text(log_.item[row]);
        e.kind = log_.kind[row];
        e.session = log_.session[row];
        auto& last = last_of_user_[e.user];
        if (last.first > 0 && e.time - last.second >= options_.forget) {
            ++lives_[e.user];
            free_[e.user] = {};
        }
        last = {1, e.time};
        e.life = lives_[e.user];
        if (!e.item.empty()) {
            auto& item = last_of_item_[e.item];  // life, last
            if (item.second != 0 && e.time - item.second >= options_.forget) ++item.first;
            item.second = e.time;
            e.item_life = item.first;
        }
        auto& free = free_[e.user];
        e.visit = {e.session, 0};
        if (e.session == 0) {
            if (!free.any || e.time - free.last >= options_.visit_gap) {
                free.begin = e.time;
                ++gap_visits_;
                free.number = gap_visits_;
            }
            free.any = true;
            free.last = e.time;
            e.visit = {0, free.number};
        }
        e.starts_visit = visits_.insert({e.user, e.life, e.visit.first, e.visit.second}).second;
        if (e.kind == EventKind::impression && !e.item.empty()) {
            auto& seen = seen_[{e.user, e.life, e.item}];
            const bool stale = seen.any && e.time - seen.last >= options_.forget;
            if (stale) seen.visits.erase(seen.last_visit);
            e.first_exposure = seen.visits.insert(e.visit).second;
            seen.any = true;
            seen.last = e.time;
            seen.last_visit = e.visit;
        }
        return e;
    }

    [[nodiscard]] double seconds(std::int64_t then) const { return static_cast<double>(now_ - then) * 1e-6; }
    [[nodiscard]] double weight(std::int64_t then) const {
        return std::exp2(-static_cast<double>(now_ - then) / static_cast<double>(options_.half_life));
    }
    [[nodiscard]] static std::vector<const Told*> of_kind(const std::vector<const Told*>& from,
                                                          EventKind kind) {
        std::vector<const Told*> result;
        for (const Told* e : from) {
            if (e->kind == kind) result.push_back(e);
        }
        return result;
    }
    [[nodiscard]] double count(const std::vector<const Told*>& from, EventKind kind) const {
        return static_cast<double>(of_kind(from, kind).size());
    }
    template <typename If>
    [[nodiscard]] double decayed_if(const std::vector<const Told*>& from, If&& holds) const {
        double sum = 0;
        for (const Told* e : from)
            sum += holds(*e) ? weight(e->time) : 0;
        return sum;
    }
    [[nodiscard]] double decayed(const std::vector<const Told*>& from, EventKind kind) const {
        return decayed_if(from, [&](const Told& e) { return e.kind == kind; });
    }
    [[nodiscard]] double age(const std::vector<const Told*>& from, EventKind kind) const {
        const auto own = of_kind(from, kind);
        return own.empty() ? std::nan("") : seconds(own.front()->time);  // newest first
    }

    /// Events of the user's life, of the visit and of the pair before now_, newest first.
    void find_before(const Event& context, std::uint64_t session) {
        mine_.clear();
        stint_.clear();
        pair_.clear();
        before_.clear();
        for (auto e = events_.rbegin(); e != events_.rend(); ++e) {
            if (e->time >= now_) continue;
            before_.push_back(&*e);
            if (e->user == context.user) mine_.push_back(&*e);
        }
        if (!mine_.empty() && now_ - mine_.front()->time >= options_.forget) mine_.clear();
        if (!mine_.empty()) {
            const int life = mine_.front()->life;
            std::erase_if(mine_, [&](const Told* e) { return e->life != life; });
        }
        goes_on_ = false;
        visit_ = {session, 0};
        for (const Told* e : mine_) {
            if (e->session != session) continue;
            goes_on_ = session != 0 || now_ - e->time < options_.visit_gap;
            visit_ = e->visit;
            break;
        }
        for (const Told* e : mine_) {
            if (!goes_on_ || e->visit != visit_) break;
            stint_.push_back(e);
        }
        // A pair counts from its last silence of `forget` on; exposures and engagements apart.
        for (const bool shown : {true, false}) {
            std::int64_t next = now_;
            for (const Told* e : mine_) {
                if (e->item != context.item || (e->kind == EventKind::impression) != shown) continue;
                if (next - e->time >= options_.forget) break;
                next = e->time;
                pair_.push_back(e);
            }
        }
        std::ranges::sort(pair_, [&](const Told* a, const Told* b) { return a > b; });
    }
    [[nodiscard]] std::pair<std::uint64_t, std::int64_t> first_visit_of_life() const {
        return mine_.back()->visit;
    }
    [[nodiscard]] bool item_known(const Event& context) const {
        return std::ranges::any_of(before_, [&](const Told* e) {
            return e->item == context.item && now_ - e->time < options_.forget;
        });
    }
    [[nodiscard]] double unanswered() const {
        double n = 0;
        for (const Told* e : pair_) {
            if (e->kind == EventKind::impression) ++n;
            if (e->kind == EventKind::click || e->kind == EventKind::view || e->kind == EventKind::cart_add ||
                e->kind == EventKind::purchase) {
                break;
            }
        }
        return n;
    }
    [[nodiscard]] double exposures_in_visit(const std::vector<const Told*>& exposures) const {
        double n = 0;
        if (stint_.empty()) return 0;
        for (const Told* e : exposures) {
            if (e->visit != visit_) break;
            ++n;
        }
        return n;
    }
    [[nodiscard]] std::set<std::string> cart() const {
        std::set<std::string> items;
        for (auto e = mine_.rbegin(); e != mine_.rend(); ++e) {
            if ((*e)->kind == EventKind::cart_add) items.insert((*e)->item);
            if ((*e)->kind == EventKind::cart_remove || (*e)->kind == EventKind::purchase)
                items.erase((*e)->item);
        }
        return items;
    }

    [[nodiscard]] static int stage(EventKind kind) {
        return kind == EventKind::click || kind == EventKind::view ? 1
               : kind == EventKind::cart_add                       ? 2
               : kind == EventKind::purchase                       ? 3
                                                                   : 0;
    }
    /// Whether the event is the first of its stage on the pair for half an hour.
    [[nodiscard]] bool counts_for_stage(const Told& e) const {
        for (const Told* other : before_) {
            if (other >= &e || other->user != e.user || other->item != e.item || other->life != e.life)
                continue;
            if (stage(other->kind) == stage(e.kind) && e.time - other->time < options_.visit_gap)
                return false;
        }
        return true;
    }
    template <typename Expect>
    void expect_rates(const Event& context, Expect&& expect) const {
        const std::int64_t last = before_.empty() ? now_ : before_.front()->time;
        double ripe = 0, reached = 0, shown = 0, item_ripe = 0, item_reached = 0, item_shown = 0;
        double carts = 0, item_carts = 0, user_shown = 0, user_carts = 0;
        int item_life = 0;
        for (auto e = before_.rbegin(); e != before_.rend(); ++e)
            item_life = (*e)->item == context.item ? (*e)->item_life : item_life;
        for (const Told* e : before_) {
            const bool of_item = e->item == context.item && item_known(context) && e->item_life == item_life;
            const bool of_user = std::ranges::find(mine_, e) != mine_.end();
            if (e->kind == EventKind::cart_add && counts_for_stage(*e)) {
                carts += weight(e->time);
                item_carts += of_item ? weight(e->time) : 0;
                user_carts += of_user ? weight(e->time) : 0;
            }
            if (!e->first_exposure) continue;
            shown += weight(e->time);
            item_shown += of_item ? weight(e->time) : 0;
            user_shown += of_user ? weight(e->time) : 0;
            if (e->time + kHorizon >= last) continue;
            const double w = weight(e->time + kHorizon);
            ripe += w;
            item_ripe += of_item ? w : 0;
            const bool answered = std::ranges::any_of(before_, [&](const Told* a) {
                return a->user == e->user && a->item == e->item && stage(a->kind) > 0 && a->time >= e->time &&
                       a->time <= e->time + kHorizon;
            });
            reached += answered ? w : 0;
            item_reached += answered && of_item ? w : 0;
        }
        const double click = (reached + 50 * 0.02) / (ripe + 50), cart = (carts + 50 * 0.02) / (shown + 50);
        const double m = static_cast<double>(options_.strengths.item),
                     n = static_cast<double>(options_.strengths.user);
        expect("item_click_rate", (item_reached + m * click) / (item_ripe + m));
        expect("item_cart_rate", (item_carts + m * cart) / (item_shown + m));
        expect("user_cart_rate", (user_carts + n * cart) / (user_shown + n));
    }

    struct Free {
        bool any = false;
        std::int64_t begin = 0, last = 0, number = 0;
    };
    struct Seen {
        bool any = false;
        std::int64_t last = 0;
        std::pair<std::uint64_t, std::int64_t> last_visit;
        std::set<std::pair<std::uint64_t, std::int64_t>> visits;
    };
    const EventLog& log_;
    const HistoryOptions& options_;
    std::vector<Told> events_;
    std::map<std::string, std::pair<int, std::int64_t>> last_of_user_;
    std::map<std::string, int> lives_;
    std::map<std::string, std::pair<int, std::int64_t>> last_of_item_;
    std::map<std::string, Free> free_;
    std::int64_t gap_visits_ = 0;
    std::set<std::tuple<std::string, int, std::uint64_t, std::int64_t>> visits_;
    std::map<std::tuple<std::string, int, std::string>, Seen> seen_;

    std::int64_t now_ = 0;
    bool goes_on_ = false;
    std::pair<std::uint64_t, std::int64_t> visit_;
    std::vector<const Told*> before_, mine_, stint_, pair_;
};

void compare(const EventLog& log, const HistoryOptions& options) {
    History history(options);
    Oracle oracle(log, options);
    const auto order = log.time_order();
    std::size_t next = 0, compared = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::uint64_t row = order[i];
        for (; log.time[order[next]] < log.time[row]; ++next) {
            history.observe(log.event(order[next]), log.session[order[next]]);
        }
        if (log.kind[row] != EventKind::impression) continue;
        oracle.expect_row(log.event(row), log.session[row], history);
        ++compared;
        if (::testing::Test::HasFailure()) FAIL() << "at event " << i << " of " << order.size();
    }
    EXPECT_GT(compared, 30u);
}

TEST(HistoryOracle, AgreesOnRandomLogsWithTies) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        compare(random_log({.seed = seed}), {});
        compare(random_log({.seed = seed + 10, .users = 2, .items = 3, .sessions = false}), {});
    }
}

TEST(HistoryOracle, AgreesWhenUsersAreForgotten) {
    HistoryOptions options;
    options.forget = kDay;
    for (const std::uint64_t seed : {21u, 22u, 23u}) {
        compare(random_log({.seed = seed, .events = 400, .users = 30, .step = kHour, .span = 15 * kDay}),
                options);
    }
}

TEST(HistoryOracle, AgreesWhenItemsAreForgotten) {
    HistoryOptions options;
    options.forget = kDay;
    for (const std::uint64_t seed : {31u, 32u, 33u}) {
        compare(random_log(
                    {.seed = seed, .events = 400, .users = 4, .items = 40, .step = kHour, .span = 15 * kDay}),
                options);
    }
}

}  // namespace
}  // namespace funnel::history::test
