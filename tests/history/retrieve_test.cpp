// SPDX-License-Identifier: MIT
// Sources of candidates and exclusions against a second way to find them: walking through all events.
#include "funnel/history/retrieve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "history/log_builder.hpp"
#include "history/plain_shop.hpp"

namespace funnel::history::test {
namespace {

Ids ids_of(const Retriever& retriever, const std::string& user) {
    Retriever::Workspace workspace;
    Ids ids;
    for (const RetrievedItem& found : retriever.retrieve(user, workspace))
        ids.emplace_back(retriever.id(found.item));
    return ids;
}

Retriever all_of(const History& history, std::int64_t now, SourceKind kind) {
    return Retriever(history, now, {.sources = {{kind, 1000, {}}}});
}

// The ids of `sums`, the largest first; sums that are equal but for rounding are in any order.
void expect_by_size(const Ids& ids, const std::map<std::string, double>& sums, const std::string& what) {
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), sums.size()) << what;
    ASSERT_EQ(ids.size(), sums.size()) << what;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        ASSERT_TRUE(sums.contains(ids[i])) << what << ": " << ids[i];
        if (i > 0) {
            EXPECT_GE(sums.at(ids[i - 1]), sums.at(ids[i]) * (1 - 1e-4)) << what << ": " << ids[i];
        }
    }
}

struct RandomShop {
    HistoryOptions options;
    EventLog log;
    std::int64_t now = 0;
    std::optional<History> history;

    explicit RandomShop(std::uint64_t seed) {
        options.forget = (seed % 2 == 0 ? 90 : 9) * kDay;
        options.half_life = 6 * kDay;
        // Few events: some users and items are silent for days, and some items come late.
        log = random_log({.seed = seed,
                          .events = 60 + 40 * (seed % 5),
                          .users = static_cast<std::uint32_t>(3 + seed % 10),
                          .items = 14,
                          .step = kDay,
                          .span = 26 * kDay,
                          .sessions = false});
        now = log.last_time() + static_cast<std::int64_t>(seed % 3) * kDay + 1;
        history.emplace(options);
        for (const std::uint64_t row : log.time_order())
            history->observe(log.event(row));
    }
};

constexpr std::uint64_t kShops = 40;

TEST(Retrieve, EverySourceIsWhatTheEventsTell) {
    std::size_t seen = 0, coviewed = 0, popular = 0, fresh = 0, fewer = 0, hidden = 0;
    for (std::uint64_t seed = 1; seed <= kShops; ++seed) {
        const RandomShop shop(seed);
        const PlainShop plain(shop.log, shop.options, shop.now);
        const std::string what = "seed " + std::to_string(seed);
        const Retriever own = all_of(*shop.history, shop.now, SourceKind::seen),
                        near = all_of(*shop.history, shop.now, SourceKind::coviewed);
        const std::vector<std::string_view> users = own.users();
        EXPECT_EQ(Ids(users.begin(), users.end()), plain.users()) << what;
        fewer += users.size() < shop.log.users.size() ? 1 : 0;
        for (const std::string& user : plain.users()) {
            EXPECT_EQ(ids_of(own, user), plain.shown(plain.seen(user))) << what << " " << user;
            expect_by_size(ids_of(near, user), plain.shown(plain.coviewed(user)), what + " " + user);
            seen += plain.seen(user).size();
            coviewed += plain.coviewed(user).size();
        }
        const Ids most = ids_of(all_of(*shop.history, shop.now, SourceKind::popular), "nobody");
        expect_by_size(most, plain.shown(plain.popularity()), what);
        EXPECT_EQ(ids_of(all_of(*shop.history, shop.now, SourceKind::fresh), "nobody"),
                  plain.shown(plain.fresh()))
            << what;
        hidden += plain.popularity().size() - most.size();
        popular += most.size();
        fresh += plain.fresh().size();
    }
    EXPECT_GT(seen, 500u);
    EXPECT_GT(coviewed, 500u);
    EXPECT_GT(popular, 300u);
    EXPECT_GT(fresh, 20u);
    EXPECT_GT(hidden, 20u);  // something was clicked and not shown
    EXPECT_GT(fewer, 3u);    // somebody was forgotten
}

TEST(Retrieve, LimitsAndExclusionsAreThoseOfEachSource) {
    std::size_t excluded = 0, taken = 0;
    for (std::uint64_t seed = 1; seed <= kShops; ++seed) {
        const RandomShop shop(seed);
        const PlainShop plain(shop.log, shop.options, shop.now);
        base::Rng rng(seed);
        RetrieveOptions options{.sources = {}};
        std::vector<SourceKind> kinds = {SourceKind::seen, SourceKind::coviewed, SourceKind::popular,
                                         SourceKind::fresh};
        for (std::size_t i = kinds.size(); i > 0; --i) {
            std::swap(kinds[i - 1], kinds[rng.below(i)]);
            options.sources.push_back({kinds[i - 1], 1 + rng.below(6), {}});
        }
        const std::int64_t within = static_cast<std::int64_t>(1 + rng.below(9)) * kDay;
        if (rng.below(3) > 0) options.exclude_bought = within;
        options.exclude_cart = rng.below(2) == 0;
        options.exclude_seen = rng.below(4) == 0;
        const Retriever retriever(*shop.history, shop.now, options);
        Retriever::Workspace workspace;
        for (const std::string& user : plain.users()) {
            std::set<std::string> without;
            if (options.exclude_bought) without = plain.bought(user, within);
            if (options.exclude_cart) without.merge(plain.cart(user));
            const Ids own = plain.seen(user);
            if (options.exclude_seen) without.insert(own.begin(), own.end());
            std::vector<std::pair<std::string, std::uint32_t>> expected, found;
            std::set<std::string> before;
            for (std::uint32_t s = 0; s < options.sources.size(); ++s) {
                std::size_t left = options.sources[s].limit;
                for (const std::string& id :
                     ids_of(all_of(*shop.history, shop.now, options.sources[s].kind), user)) {
                    if (without.contains(id) || left == 0) continue;
                    --left;
                    if (before.insert(id).second) expected.emplace_back(id, s);
                }
            }
            for (const RetrievedItem& candidate : retriever.retrieve(user, workspace))
                found.emplace_back(retriever.id(candidate.item), candidate.source);
            EXPECT_EQ(found, expected) << "seed " << seed << " " << user;
            excluded += without.size();
            taken += found.size();
        }
    }
    EXPECT_GT(excluded, 100u);
    EXPECT_GT(taken, 1000u);
}

HistoryOptions of_views() {
    HistoryOptions options;
    options.funnel = Funnel::parse("view,cart_add,purchase");
    return options;
}

// u1 looks at a and b, buys a on day 0; u2 looks at b and c; d is new on day 10.
EventLog small_log() {
    EventLog log;
    const auto add = [&](std::int64_t time, EventKind kind, const char* user, const char* item) {
        log.add({.time = time, .kind = kind, .user = user, .item = item});
    };
    add(1, EventKind::view, "u1", "a");
    add(2, EventKind::view, "u1", "b");
    add(3, EventKind::purchase, "u1", "a");
    add(4, EventKind::cart_add, "u1", "b");
    add(kDay, EventKind::view, "u2", "c");
    add(kDay, EventKind::view, "u2", "b");
    add(10 * kDay, EventKind::view, "u3", "d");
    return log;
}
History small_history() {
    History history(of_views());
    const EventLog log = small_log();
    for (std::uint64_t row = 0; row < log.size(); ++row)
        history.observe(log.event(row));
    return history;
}

TEST(Retrieve, ASmallShopByHand) {
    const History history = small_history();
    const std::int64_t now = 10 * kDay + 1;
    EXPECT_EQ(ids_of(all_of(history, now, SourceKind::seen), "u1"), (Ids{"b", "a"}));
    EXPECT_EQ(ids_of(all_of(history, now, SourceKind::coviewed), "u1"), (Ids{"c"}));
    EXPECT_EQ(ids_of(all_of(history, now, SourceKind::fresh), "u1"), (Ids{"d"}));
    // Two visits of b; d's is newer than those of a and c, of which c's is newer.
    EXPECT_EQ(ids_of(all_of(history, now, SourceKind::popular), "u1"), (Ids{"b", "d", "c", "a"}));
    EXPECT_EQ(ids_of(Retriever(history, now), "u1"), (Ids{"b", "a", "c", "d"}));
    // Somebody new gets what is popular and what is new.
    EXPECT_EQ(ids_of(Retriever(history, now), "nobody"), (Ids{"b", "d", "c", "a"}));
}

TEST(Retrieve, WhatWasBoughtComesBackInTime) {
    const History history = small_history();
    const auto left = [&](std::int64_t now) {
        return ids_of(
            Retriever(history, now, {.sources = {{SourceKind::seen, 9, {}}}, .exclude_bought = 30 * kDay}),
            "u1");
    };
    EXPECT_EQ(left(30 * kDay + 2), (Ids{"b"}));
    EXPECT_EQ(left(30 * kDay + 3), (Ids{"b", "a"}));  // bought at 3
}

TEST(Retrieve, ListsMayHoldItemsThatNobodyKnows) {
    const History history = small_history();
    const Retriever retriever(
        history, 10 * kDay + 1,
        {.sources = {{SourceKind::listed, 3, {"x", "b", "a", "c"}}, {SourceKind::popular, 9, {}}},
         .exclude_cart = true});
    EXPECT_EQ(ids_of(retriever, "u1"),
              (Ids{"x", "a", "c", "d"}));  // b is in the cart, and counts for no limit
    EXPECT_EQ(ids_of(retriever, "u2"), (Ids{"x", "b", "a", "d", "c"}));
}

TEST(Retrieve, WhatIsSoldAndHardlyShownIsLeftToLists) {
    History history(of_views());
    std::int64_t time = 0;
    const auto add = [&](EventKind kind, const char* item, int times) {
        for (int i = 0; i < times; ++i)
            history.observe({.time = ++time, .kind = kind, .user = "u" + std::to_string(time), .item = item});
    };
    add(EventKind::view, "even", 2);
    add(EventKind::purchase, "even", 4);
    add(EventKind::view, "variant", 2);
    add(EventKind::purchase, "variant", 5);
    add(EventKind::cart_add, "unshown", 1);
    EXPECT_EQ(ids_of(all_of(history, time + 1, SourceKind::popular), "nobody"), (Ids{"even"}));
    EXPECT_EQ(
        ids_of(Retriever(history, time + 1, {.sources = {{SourceKind::listed, 9, {"variant", "unshown"}}}}),
               "nobody"),
        (Ids{"variant", "unshown"}));
}

TEST(Retrieve, EqualItemsStandInTheOrderOfTheirIds) {
    History history(of_views());
    for (const char* item : {"i9", "i10", "i1"})
        history.observe({.time = 5, .kind = EventKind::view, .user = std::string("u") + item, .item = item});
    EXPECT_EQ(ids_of(all_of(history, 6, SourceKind::popular), "nobody"), (Ids{"i1", "i10", "i9"}));
}

TEST(Retrieve, RefusesTimesThatTheHistoryCannotKnow) {
    const History history = small_history();
    EXPECT_NO_THROW(Retriever(history, 11 * kDay, {.exclude_bought = 90 * kDay}));
    EXPECT_THROW(Retriever(history, 11 * kDay, {.exclude_bought = 90 * kDay + 1}), Error);
    EXPECT_THROW(Retriever(history, 11 * kDay, {.exclude_bought = -1}), Error);
    EXPECT_NO_THROW(Retriever(history, 10 * kDay));
    EXPECT_THROW(Retriever(history, 10 * kDay - 1), Error);
}

TEST(Retrieve, AWorkspaceServesManyRetrievers) {
    const History history = small_history();
    const Retriever few = all_of(history, 11 * kDay, SourceKind::seen);
    Retriever::Workspace workspace;
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(few.retrieve("u1", workspace).size(), 2u);
        const Retriever more(history, 11 * kDay, {.sources = {{SourceKind::listed, 9, {"x", "y", "z"}}}});
        EXPECT_EQ(more.retrieve("u1", workspace).size(), 3u);
    }
}

}  // namespace
}  // namespace funnel::history::test
