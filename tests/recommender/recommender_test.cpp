// SPDX-License-Identifier: MIT
// The recommender says what the batch program says, takes what comes as the header promises, bounds its
// memory, and goes on while models are exchanged and states saved.
#include "funnel/recommender.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>
#include <thread>

#include "funnel/explain/explainer.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/scorer.hpp"
#include "recommender/shop.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::recommender_test {
namespace {

using Options = Recommender::Options;
using Ranked = Recommender::Ranked;
using Taken = Recommender::Taken;

class RecommenderTest : public testing::Test {
 protected:
    static const Shop& shop() {
        static const Shop shop;
        return shop;
    }
    static const Bundle& model() {
        static const Bundle bundle = shop().train();
        return bundle;
    }
    static const Bundle& other_model() {
        static const Bundle bundle = shop().train("impression,click+view,cart_add,purchase");
        return bundle;
    }
    static const std::string& path(const Bundle& bundle = model()) {
        static const support::TemporaryFolder folder;
        static const std::string paths[] = {folder.path("model"), folder.path("other")};
        static const bool saved = [] {
            persist::save_model(paths[0], model());
            persist::save_model(paths[1], other_model());
            return true;
        }();
        return paths[saved && &bundle == &other_model() ? 1 : 0];
    }
    static std::vector<Recommender::Item> items(std::size_t n) {
        std::vector<Recommender::Item> result;
        for (std::size_t i = 0; i < n; ++i)
            result.push_back({.id = i % 7 == 6 ? "never seen" : std::string_view(shop().items[i])});
        return result;
    }
    static std::vector<char> bytes_of(const history::History& history) {
        base::ByteWriter out;
        history.write(out);
        return out.take();
    }
    static history::History observed(std::size_t events) {
        history::History history = *model().history;
        for (std::size_t i = 0; i < events; ++i)
            history.observe(shop().future[i].event());
        return history;
    }
    /// What a state that it saves now holds.
    std::vector<char> state_of(const Recommender& recommender) const {
        recommender.save_state(folder_.path("state"));
        return bytes_of(persist::load_state(folder_.path("state")));
    }

    support::TemporaryFolder folder_;
};

TEST_F(RecommenderTest, SaysWhatAScorerOverTheSameEventsSays) {
    Recommender recommender = Recommender::load(path(), {.reorder = 0});
    history::History history = *model().history;
    const score::Scorer scorer(model(), kernel::best());
    EXPECT_EQ(recommender.targets(), scorer.target_names());
    score::Scorer::Workspace workspace;
    Recommender::Scratch scratch;
    const std::vector<Recommender::Item> asked = items(20);
    Recommender::Candidates candidates(asked);
    std::vector<Event> events;
    for (const Recommender::Item& item : asked)
        events.push_back({.item = item.id});
    std::vector<float> p(asked.size() * scorer.targets());
    std::vector<std::uint32_t> order(asked.size());
    std::size_t compared = 0;
    for (std::size_t i = 0; i < shop().future.size(); ++i) {
        const Happened& happened = shop().future[i];
        ASSERT_EQ(recommender.observe(happened.told(), happened.time), Taken::yes);
        history.observe(happened.event());
        if (i % 31 != 0) continue;
        recommender.flush(happened.time);
        const Event context{.time = happened.time + 1,
                            .kind = EventKind::impression,
                            .user = happened.user,
                            .session = happened.session};
        const Recommender::Request request{
            .now = context.time, .user = context.user, .session = context.session};
        scorer.rank(history, context, events, scorer.targets() - 1, order, p, workspace);
        for (const bool known : {false, true}) {
            ASSERT_EQ(known ? recommender.rank(request, candidates, "purchase", scratch)
                            : recommender.rank(request, asked, "purchase", scratch),
                      Ranked::yes);
            EXPECT_TRUE(std::ranges::equal(scratch.all_scores(), p)) << i << ' ' << known;
            EXPECT_TRUE(std::ranges::equal(scratch.order(), order));
        }
        ASSERT_EQ(recommender.top(request, candidates, "purchase", 3, scratch), Ranked::yes);
        EXPECT_TRUE(std::ranges::equal(scratch.order(), std::span(order).first(3)));
        ASSERT_EQ(recommender.score(request, asked[4], scratch), Ranked::yes);
        std::vector<float> one(scorer.targets());
        Event single = context;
        single.item = asked[4].id;
        scorer.score(history, single, one, workspace);
        EXPECT_TRUE(std::ranges::equal(scratch.all_scores(), one));
        ++compared;
    }
    EXPECT_GT(compared, 10U);
    recommender.flush(shop().future.back().time);
    EXPECT_EQ(state_of(recommender), bytes_of(history)) << "to the last bit, visits and all";
}

// What the reasons of one item add up to is how far its logit is from that of the mean row, which is the same
// for all. That each contribution is right, the tests of explain:: say.
TEST_F(RecommenderTest, SaysWhy) {
    const Recommender recommender = Recommender::load(path());
    const explain::Explainer explainer(model());
    const std::vector<Recommender::Item> some = items(12);
    Recommender::Scratch scratch;
    std::size_t compared = 0;
    for (const std::string_view target : {"click", "purchase"}) {
        const std::size_t k = target == "click" ? 0 : 1;
        for (const std::string& user : {shop().users[0], std::string("nobody")}) {
            Recommender::Request request{.now = shop().past.back().time, .user = user, .reasons = 1000};
            ASSERT_EQ(recommender.top(request, some, target, 5, scratch), Ranked::yes);
            ASSERT_EQ(scratch.order().size(), 5u);
            std::vector<std::vector<Recommender::Reason>> all;
            for (std::size_t place = 0; place < 5; ++place) {
                const auto reasons = scratch.reasons(place);
                ASSERT_GT(reasons.size(), 3u);
                double sum = explainer.reference_logit(k), last = 1e9;
                for (const Recommender::Reason& reason : reasons) {
                    sum += reason.contribution;
                    EXPECT_LE(std::abs(reason.contribution), last);
                    last = std::abs(reason.contribution);
                    EXPECT_NE(std::ranges::find(explainer.input_names(), reason.input),
                              explainer.input_names().end());
                }
                const double p = static_cast<double>(scratch.scores()[scratch.order()[place]]);
                EXPECT_NEAR(sum, std::log(p / (1 - p)), 1e-3);
                all.emplace_back(reasons.begin(), reasons.end());
                ++compared;
            }
            EXPECT_TRUE(scratch.reasons(5).empty());
            request.reasons = 2;
            ASSERT_EQ(recommender.top(request, some, target, 5, scratch), Ranked::yes);
            for (std::size_t place = 0; place < 5; ++place) {
                ASSERT_EQ(scratch.reasons(place).size(), 2u);
                EXPECT_EQ(scratch.reasons(place)[1].input, all[place][1].input);
                EXPECT_EQ(scratch.reasons(place)[1].contribution, all[place][1].contribution);
            }
            request.reasons = 0;
            ASSERT_EQ(recommender.top(request, some, target, 5, scratch), Ranked::yes);
            EXPECT_TRUE(scratch.reasons(0).empty());
        }
    }
    EXPECT_EQ(compared, 20u);
    // One item and no target: the last one is explained.
    ASSERT_EQ(recommender.score({.now = shop().past.back().time, .user = "nobody", .reasons = 1000}, some[0],
                                scratch),
              Ranked::yes);
    double sum = explainer.reference_logit(1);
    for (const Recommender::Reason& reason : scratch.reasons(0))
        sum += reason.contribution;
    const double p = static_cast<double>(scratch.all_scores()[1]);
    EXPECT_NEAR(sum, std::log(p / (1 - p)), 1e-3);
}

TEST_F(RecommenderTest, PutsLateEventsInOrderAndCountsOlderOnes) {
    const std::size_t n = std::min<std::size_t>(shop().future.size(), 2000);
    constexpr std::int64_t kReorder = 3600 * Recommender::kSecond;
    Recommender recommender = Recommender::load(path(), {.reorder = kReorder});
    std::vector<std::size_t> arrival(n);
    std::vector<std::int64_t> arrives(n);
    base::Rng rng(3);
    for (std::size_t i = 0; i < n; ++i) {
        arrival[i] = i;
        arrives[i] = shop().future[i].time + static_cast<std::int64_t>(rng.below(kReorder - 1));
    }
    std::ranges::stable_sort(arrival, {}, [&](std::size_t i) { return arrives[i]; });
    EXPECT_FALSE(std::ranges::is_sorted(arrival));
    for (const std::size_t i : arrival)
        EXPECT_EQ(recommender.observe(shop().future[i].told(), arrives[i]), Taken::yes);
    const std::int64_t end = shop().future[n - 1].time + 2 * kReorder;
    recommender.flush(end);
    // Of one time and kind the order is that of arrival: the features are those of a log written so.
    EXPECT_EQ(recommender.statistics().in_use, n);
    EXPECT_EQ(recommender.statistics().watermark, shop().future[n - 1].time);
    Recommender::Event late = shop().future[0].told();
    late.time = shop().future[n - 1].time - 1;
    EXPECT_EQ(recommender.observe(late, end), Taken::late);
    EXPECT_EQ(recommender.statistics().late, 1U);
    EXPECT_EQ(recommender.statistics().waiting, 0U);
}

TEST_F(RecommenderTest, RefusesEventsByValue) {
    Recommender recommender =
        Recommender::load(path(), {.reorder = 0, .max_id = 20, .max_waiting = 3, .event_ids = 1000});
    const std::int64_t now = model().history->watermark() + 1000;
    const auto take = [&](Recommender::Event event) { return recommender.observe(event, now); };
    const Recommender::Event good{.time = now, .kind = "click", .user = "u1", .item = "i"};
    Recommender::Event event = good;
    event.time = now + 100LL * 24 * 3600 * Recommender::kSecond;
    EXPECT_EQ(take(event), Taken::ahead);
    event.time = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(take(event), Taken::ahead);
    event.time = std::numeric_limits<std::int64_t>::min();
    EXPECT_EQ(take(event), Taken::late);
    event = good;
    event.user = {};
    EXPECT_EQ(take(event), Taken::no_user);
    event = good;
    event.kind = "clik";
    EXPECT_EQ(take(event), Taken::unknown_kind);
    event = good;
    event.session = "an id of more than twenty bytes";
    EXPECT_EQ(take(event), Taken::too_long);
    event = good;
    event.event_id = "e1";
    EXPECT_EQ(take(event), Taken::yes);
    EXPECT_EQ(take(event), Taken::duplicate);
    for (int i = 0; i < 1000; ++i) {
        recommender.flush(now);
        EXPECT_EQ(take(good), Taken::yes) << "what was refused did no harm";
    }
    recommender.flush(now);
    event = good;
    event.time = now + Recommender::kSecond;  // waits until then
    const std::vector<Recommender::Event> batch(5, event);
    std::vector<Taken> answers(5);
    EXPECT_EQ(recommender.observe(batch, now, answers), 3U);
    EXPECT_EQ(answers, (std::vector{Taken::yes, Taken::yes, Taken::yes, Taken::full, Taken::full}));
    const Recommender::Statistics counts = recommender.statistics();
    EXPECT_EQ(counts.taken, 1004U);
    EXPECT_EQ(counts.in_use, 1001U);
    EXPECT_EQ(counts.waiting, 3U);
    EXPECT_EQ(counts.ahead, 2U);
    EXPECT_EQ(counts.late, 1U);
    EXPECT_EQ(counts.duplicate, 1U);
    EXPECT_EQ(counts.refused, 3U);
    EXPECT_EQ(counts.full, 2U);
    Recommender::Scratch scratch;
    const std::vector<Recommender::Item> asked = items(2);
    EXPECT_EQ(recommender.rank({.now = now, .user = "u"}, asked, "buy", scratch), Ranked::unknown_target);
    EXPECT_EQ(recommender.rank({.now = now, .user = "u"}, asked, "", scratch), Ranked::unknown_target);
    const Recommender::Input input{.name = "colour", .text = "red"};
    EXPECT_EQ(recommender.rank({.now = now, .user = "u", .inputs = {&input, 1}}, asked, "click", scratch),
              Ranked::unknown_input);
    EXPECT_EQ(recommender.rank({.now = now, .user = "u"}, {}, "click", scratch), Ranked::yes);
    EXPECT_TRUE(scratch.order().empty());
}

TEST_F(RecommenderTest, ForgetsJunkIdsBeyondItsBounds) {
    Recommender recommender =
        Recommender::load(path(), {.reorder = 0, .max_users = 500, .max_items = 400, .max_texts = 50});
    std::int64_t now = model().history->watermark();
    for (int i = 0; i < 6'000; ++i) {
        const std::string junk = "junk" + std::to_string(i);
        now += 3600 * Recommender::kSecond;
        const Recommender::Event event{
            .time = now, .kind = "click", .user = junk, .item = junk, .category = junk, .list = junk};
        ASSERT_EQ(recommender.observe(event, now), Taken::yes);
        if (i % 1000 == 0) recommender.flush(now);
    }
    recommender.flush(now);
    const Recommender::Statistics counts = recommender.statistics();
    EXPECT_EQ(counts.in_use, 6'000U);
    EXPECT_LE(counts.users, 501U);
    EXPECT_LE(counts.items, 401U);
    EXPECT_GT(counts.texts_dropped, 5'000U);
    EXPECT_FALSE(counts.failed);
}

TEST_F(RecommenderTest, GoesOnFromAStateWithTheEventsThatWaited) {
    const std::size_t n = 300, before = 200;
    std::optional<Recommender> first = Recommender::load(path(), {.reorder = 3600 * Recommender::kSecond});
    for (std::size_t i = 0; i < before; ++i)
        ASSERT_EQ(first->observe(shop().future[i].told(), shop().future[i].time), Taken::yes);
    EXPECT_GT(first->statistics().waiting, 0U);
    const std::string state = folder_.path("saved");
    first->save_state(state);
    first.reset();
    Recommender second = Recommender::load(path(), {.state = state});
    for (std::size_t i = before; i < n; ++i)
        ASSERT_EQ(second.observe(shop().future[i].told(), shop().future[i].time), Taken::yes);
    second.flush(shop().future[n - 1].time + 2 * Recommender::kSecond);
    EXPECT_EQ(second.statistics().in_use, second.statistics().taken);
    EXPECT_GT(second.statistics().taken, n - before) << "those that waited count again";
    EXPECT_EQ(state_of(second), bytes_of(observed(n)));
    EXPECT_THROW((void)Recommender::load(path(other_model()), {.state = state}), Error);
    EXPECT_THROW((void)Recommender::load(folder_.path("none")), Error);
    EXPECT_THROW((void)Recommender::load(path(), {.max_users = 0}), Error);
    EXPECT_THROW((void)Recommender::load(path(), {.kernel = "abacus"}), Error);
}

TEST_F(RecommenderTest, KnowsEventIdsAgainFromAState) {
    const std::string state = folder_.path("ids");
    const std::int64_t now = shop().future[0].time;
    const auto event = [&](const std::string& id) {
        Recommender::Event told = shop().future[0].told();
        told.event_id = id;
        return told;
    };
    std::vector<std::string> ids;
    for (int i = 0; i < 5'000; ++i)
        ids.push_back("id " + std::to_string(i));
    {
        Recommender first = Recommender::load(path());
        for (const std::string& id : ids)
            ASSERT_EQ(first.observe(event(id), now), Taken::yes);
        bool fixed = false;
        first.save_state(state, [&] { fixed = true; });
        EXPECT_TRUE(fixed);
        ASSERT_EQ(first.observe(event("after it"), now), Taken::yes);
    }
    Recommender second = Recommender::load(path(), {.state = state});
    std::size_t known = 0;
    for (const std::string& id : ids)
        known += second.observe(event(id), now) == Taken::duplicate;
    EXPECT_EQ(known, ids.size());
    EXPECT_EQ(second.observe(event("after it"), now), Taken::yes);
    // A smaller table keeps the last ones.
    Recommender small = Recommender::load(path(), {.state = state, .event_ids = 64});
    EXPECT_EQ(small.observe(event("new"), now), Taken::yes);
    EXPECT_EQ(small.observe(event("new"), now), Taken::duplicate);
}

TEST_F(RecommenderTest, SaysWhichModelAnsweredAndWhetherTheUserIsKnown) {
    Recommender recommender = Recommender::load(path());
    Recommender::Scratch scratch;
    EXPECT_FALSE(scratch.known_user());
    const auto ask = [&](std::string_view user) {
        return recommender.rank({.now = shop().future[0].time, .user = user}, items(3), "purchase", scratch);
    };
    ASSERT_EQ(ask(shop().users[0]), Ranked::yes);
    EXPECT_TRUE(scratch.known_user());
    EXPECT_EQ(scratch.model_number(), 0U);
    ASSERT_EQ(ask("nobody"), Ranked::yes);
    EXPECT_FALSE(scratch.known_user());
    const std::vector<std::string> kinds = recommender.kinds();
    EXPECT_NE(std::ranges::find(kinds, "cart_add"), kinds.end());
    EXPECT_THROW((void)recommender.swap_model(folder_.path("none")), Error);
    (void)recommender.swap_model(path());
    EXPECT_EQ(scratch.model_number(), 0U) << "that answer was of the first one";
    ASSERT_EQ(ask("nobody"), Ranked::yes);
    EXPECT_EQ(scratch.model_number(), 1U);
}

TEST_F(RecommenderTest, ExchangesItsModelAndKeepsWhatFits) {
    Recommender recommender = Recommender::load(path(), {.reorder = 0});
    const std::size_t n = 100;
    for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ(recommender.observe(shop().future[i].told(), shop().future[i].time), Taken::yes);
    EXPECT_EQ(recommender.swap_model(path()), Recommender::Swapped::history_kept);
    recommender.flush(shop().future[n].time);
    EXPECT_EQ(state_of(recommender), bytes_of(observed(n)));
    EXPECT_EQ(recommender.swap_model(path(other_model())), Recommender::Swapped::history_new);
    EXPECT_EQ(recommender.targets().size(), 3U);
    EXPECT_EQ(state_of(recommender), bytes_of(*other_model().history));
    EXPECT_EQ(recommender.observe(shop().future[n].told(), shop().future[n].time), Taken::yes);
    EXPECT_THROW((void)recommender.swap_model(folder_.path("none")), Error);
    EXPECT_EQ(recommender.statistics().swaps, 2U);
}

// Under the thread sanitizer this is the proof of Sides.
TEST_F(RecommenderTest, AnswersWhileEventsComeModelsChangeAndStatesAreSaved) {
    Recommender recommender = Recommender::load(path(), {.reorder = 0, .max_waiting = 1'000'000});
    std::atomic<bool> done{false};
    std::atomic<std::size_t> answers{0}, wrong{0};
    const std::int64_t now = shop().future.back().time;
    std::vector<std::jthread> readers;
    for (int t = 0; t < 3; ++t) {
        readers.emplace_back([&, t] {
            Recommender::Scratch scratch;
            const std::vector<Recommender::Item> asked = items(12);
            Recommender::Candidates candidates(asked);
            for (std::size_t i = 0; !done || i < 20; ++i) {
                const Recommender::Request request{.now = now, .user = shop().users[(i * 7) % 20]};
                const Ranked ranked = (i + static_cast<std::size_t>(t)) % 2 == 0
                                          ? recommender.rank(request, candidates, "purchase", scratch)
                                          : recommender.rank(request, asked, "purchase", scratch);
                const bool sorted =
                    std::ranges::is_sorted(scratch.order(), [&](std::uint32_t a, std::uint32_t b) {
                        return scratch.scores()[a] > scratch.scores()[b];
                    });
                wrong += ranked != Ranked::yes || scratch.order().size() != 12 || !sorted;
                ++answers;
            }
        });
    }
    std::size_t taken = 0;
    const std::size_t n = std::min<std::size_t>(shop().future.size(), 1500);
    for (std::size_t i = 0; i < n; ++i) {
        taken += recommender.observe(shop().future[i].told(), now) == Taken::yes;
        if (i % 500 == 250) {
            EXPECT_EQ(recommender.swap_model(path()), Recommender::Swapped::history_kept);
        }
        if (i % 500 == 400) recommender.save_state(folder_.path("busy"));
    }
    recommender.flush(now);
    done = true;
    readers.clear();
    EXPECT_EQ(taken, n);
    EXPECT_GE(answers, 60U);
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(state_of(recommender), bytes_of(observed(n))) << "no event was lost or changed places";
}

}  // namespace
}  // namespace funnel::recommender_test
