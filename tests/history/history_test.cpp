// SPDX-License-Identifier: MIT
// Features of small histories, worked out by hand.
#include "funnel/history/history.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "history/log_builder.hpp"

namespace funnel::history::test {
namespace {

Event shown(std::int64_t time, std::string_view user, std::string_view item, std::string_view session = "s") {
    return {.time = time, .kind = EventKind::impression, .user = user, .item = item, .session = session};
}

Event event(std::int64_t time, EventKind kind, std::string_view user, std::string_view item,
            std::string_view session = "s") {
    return {.time = time, .kind = kind, .user = user, .item = item, .session = session};
}

constexpr std::int64_t kBegin = 17'000 * kDay;  // a Thursday, as every day number = 0 mod 7 is

TEST(History, KnowsNothingAtFirst) {
    const History history;
    const Row row(history, shown(kBegin, "anna", "hat"));
    EXPECT_EQ(row["user_click_count"], 0);
    EXPECT_TRUE(std::isnan(row["user_click_age"]));
    EXPECT_TRUE(std::isnan(row["visit_seconds"]));
    EXPECT_EQ(row["visit_click_count"], 0);
    EXPECT_EQ(row["pair_exposures"], 0);
    EXPECT_TRUE(std::isnan(row["coview_sum"]));
    EXPECT_FLOAT_EQ(row["item_click_rate"], 0.02f);  // the prior of a log without exposures
    EXPECT_FLOAT_EQ(row["user_response"], 1);
    EXPECT_EQ(row.text("visit_last_event"), "");
    EXPECT_EQ(history.watermark(), kNever);
    EXPECT_FALSE(history.known(shown(kBegin, "anna", "hat")).user);
    EXPECT_FALSE(history.known(shown(kBegin, "anna", "hat")).item);
}

/// Leaves bytes of `value` where the next calls have their variables.
[[gnu::noinline]] void fill_stack(unsigned char value) {
    volatile unsigned char bytes[16384];
    for (volatile unsigned char& byte : bytes)
        byte = value;
}

/// A row whose variables lie where fill_stack left its bytes.
[[gnu::noinline]] std::vector<float> row_below(const History& history, const Event& context) {
    std::vector<float> row(history.spec().numeric.size());
    std::vector<std::string_view> texts(history.spec().categorical.size());
    history.features(context, row, texts);
    return row;
}

TEST(History, OfOneStageSaysTheSameWhateverWasInMemory) {
    HistoryOptions options;
    options.funnel = Funnel::parse("impression");
    History history(options);
    history.observe(shown(kBegin, "anna", "hat"));
    const Event later = shown(kBegin + kDay, "anna", "hat", "later");
    fill_stack(0x00);
    const std::vector<float> one = row_below(history, later);
    fill_stack(0x40);
    const std::vector<float> other = row_below(history, later);
    ASSERT_FALSE(one.empty());
    for (std::size_t i = 0; i < one.size(); ++i)
        EXPECT_TRUE(one[i] == other[i] || (std::isnan(one[i]) && std::isnan(other[i])))
            << history.spec().numeric[i].name;
}

TEST(History, HalvesACountInAHalfLife) {
    History history;
    history.observe(event(kBegin, EventKind::click, "anna", "hat"));
    history.observe(event(kBegin + 14 * kDay, EventKind::click, "anna", "sock"));
    const Row row(history, shown(kBegin + 28 * kDay, "anna", "hat", "later"));
    EXPECT_FLOAT_EQ(row["user_click_count"], 0.25f + 0.5f);
    EXPECT_FLOAT_EQ(row["user_click_age"], 14 * 86400);
    EXPECT_FLOAT_EQ(row["pair_click_count"], 0.25f);
    EXPECT_FLOAT_EQ(row["pair_click_age"], 28 * 86400);
    EXPECT_FLOAT_EQ(row["item_click_age"], 28 * 86400);
    EXPECT_FLOAT_EQ(row["user_visits"], 0.25f);  // both clicks in the visit "s"
}

TEST(History, AgesDoNotGrowWithTheLog) {
    History history;
    history.observe(event(kBegin, EventKind::click, "anna", "hat"));
    history.observe(event(kBegin + 7 * kDay - 1, EventKind::click, "anna", "sock"));
    history.observe(event(kBegin + 7 * kDay, EventKind::click, "anna", "scarf"));
    const std::int64_t now = kBegin + 9 * kDay;
    EXPECT_EQ(Row(history, shown(now, "anna", "hat"))["item_age_days"], 30);  // of the first week: as old
    EXPECT_EQ(Row(history, shown(now, "anna", "sock"))["item_age_days"], 30);
    EXPECT_EQ(Row(history, shown(now, "anna", "scarf"))["item_age_days"], 2);
    EXPECT_EQ(Row(history, shown(now + 60 * kDay, "anna", "scarf"))["item_age_days"], 30);
    EXPECT_EQ(Row(history, shown(now, "anna", "hat"))["user_tenure_days"], 7);
    history.observe(event(now, EventKind::click, "bert", "hat"));
    EXPECT_EQ(Row(history, shown(now + 6 * kDay, "bert", "hat"))["user_tenure_days"], 6);
}

TEST(History, CutsVisitsWithoutAnIdAtHalfAnHour) {
    for (const bool cut : {false, true}) {
        History history;
        history.observe(event(kBegin, EventKind::page_view, "anna", "", ""));
        const std::int64_t time = kBegin + 30 * kMinute - (cut ? 0 : 1);
        const Row row(history, shown(time, "anna", "hat", ""));
        EXPECT_EQ(row["visit_page_view_count"], cut ? 0 : 1);
        EXPECT_EQ(history.known(shown(time, "anna", "hat", "")).user, cut);
        EXPECT_EQ(std::isnan(row["user_previous_visit_age"]), !cut);
    }
}

TEST(History, GoesBackToAVisitThatHasAnId) {
    History history;
    history.observe(event(kBegin, EventKind::page_view, "anna", "", "first"));
    history.observe(event(kBegin + kHour, EventKind::page_view, "anna", "", "second"));
    EXPECT_TRUE(history.known(shown(kBegin + 2 * kHour, "anna", "hat", "second")).user);
    EXPECT_FALSE(history.known(shown(kBegin + 2 * kHour, "anna", "hat", "first")).user);
    EXPECT_TRUE(history.known(shown(kBegin + 2 * kHour, "anna", "hat", "third")).user);
    EXPECT_FALSE(history.known(shown(kBegin + 2 * kHour, "bert", "hat", "first")).user);
}

TEST(History, CountsFatigueOfThePair) {
    History history;
    history.observe(shown(kBegin, "anna", "hat", "one"));
    history.observe(event(kBegin + kMinute, EventKind::click, "anna", "hat", "one"));
    history.observe(shown(kBegin + kDay, "anna", "hat", "two"));
    history.observe(shown(kBegin + kDay + kSecond, "anna", "hat", "two"));
    const Row same(history, shown(kBegin + kDay + kMinute, "anna", "hat", "two"));
    EXPECT_EQ(same["pair_unanswered"], 2);
    EXPECT_EQ(same["pair_exposures_in_visit"], 2);
    EXPECT_FLOAT_EQ(same["pair_exposure_age"], 59);
    EXPECT_EQ(same["visit_unanswered"], 2);
    EXPECT_EQ(Row(history, shown(kBegin + kDay + kMinute, "anna", "hat", "new"))["pair_exposures_in_visit"],
              0);
    EXPECT_EQ(Row(history, shown(kBegin + kDay + kMinute, "anna", "sock", "two"))["pair_unanswered"], 0);
}

TEST(History, LetsExposuresRipenBeforeTheyEnterTheClickRate) {
    HistoryOptions options;
    options.half_life = 100'000 * kDay;  // so that nothing decays in this test
    History history(options);
    history.observe(shown(kBegin, "anna", "hat"));
    history.observe(event(kBegin + 30 * kMinute, EventKind::click, "anna", "hat"));  // in time
    const std::int64_t later = kBegin + kDay;
    // The click's own time does not close the window.
    EXPECT_FLOAT_EQ(Row(history, shown(later, "bert", "hat"))["item_click_rate"], 0.02f);
    history.observe(event(kBegin + 31 * kMinute, EventKind::page_view, "bert", ""));
    const double p = (1 + 50 * 0.02) / (1 + 50);
    EXPECT_NEAR(Row(history, shown(later, "bert", "hat"))["item_click_rate"], (1 + 60 * p) / (1 + 60), 1e-6);
    EXPECT_NEAR(Row(history, shown(later, "bert", "sock"))["item_click_rate"], p, 1e-6);
    EXPECT_NEAR(Row(history, shown(later, "anna", "sock"))["user_click_rate"], (1 + 40 * p) / (1 + 40), 1e-6);
    // One click where p0 = 0.02 was expected.
    EXPECT_NEAR(Row(history, shown(later, "bert", "hat"))["item_response"], (1 + 60 * p) / (0.02 + 60 * p),
                1e-5);
}

TEST(History, CountsALateClickAsNone) {
    HistoryOptions options;
    options.half_life = 100'000 * kDay;
    History history(options);
    history.observe(shown(kBegin, "anna", "hat"));
    history.observe(event(kBegin + 30 * kMinute + 1, EventKind::click, "anna", "hat"));
    history.observe(event(kBegin + kHour, EventKind::page_view, "bert", ""));
    const double p = 50 * 0.02 / 51;
    EXPECT_NEAR(Row(history, shown(kBegin + kDay, "bert", "hat"))["item_click_rate"], 60 * p / 61, 1e-6);
}

TEST(History, CountsOnlyTheFirstExposureOfAVisit) {
    HistoryOptions options;
    options.half_life = 100'000 * kDay;
    History history(options);
    for (const char* session : {"one", "two", "one", "two"})
        history.observe(shown(kBegin, "anna", "hat", session));
    history.observe(event(kBegin + kMinute, EventKind::cart_add, "anna", "hat", "two"));
    const double p = (1 + 50 * 0.02) / (2 + 50);
    EXPECT_NEAR(Row(history, shown(kBegin + kDay, "bert", "hat"))["item_cart_rate"], (1 + 60 * p) / (2 + 60),
                1e-6);
}

TEST(History, ShrinksPlaceToListAndListToAll) {
    HistoryOptions options;
    options.half_life = 100'000 * kDay;
    History history(options);
    Event first = shown(kBegin, "anna", "hat");
    first.list = "search";
    first.position = 3;
    history.observe(first);
    history.observe(event(kBegin, EventKind::click, "anna", "hat"));
    history.observe(event(kBegin + kHour, EventKind::page_view, "bert", ""));
    Event context = shown(kBegin + kDay, "bert", "sock");
    context.list = "search";
    context.position = 3;
    const double all = (1 + 50 * 0.02) / 51, list = (1 + 200 * all) / 201, place = (1 + 200 * list) / 201;
    const Row row(history, context);
    EXPECT_NEAR(row["list_rate"], list, 1e-6);
    EXPECT_NEAR(row["place_rate"], place, 1e-6);
    EXPECT_EQ(row["position"], 3);
    EXPECT_EQ(row.text("list"), "search");
    context.position = 4;
    EXPECT_NEAR(Row(history, context)["place_rate"], list, 1e-6);
    context.list = "home";
    EXPECT_NEAR(Row(history, context)["place_rate"], all, 1e-6);
    const Row without(history, shown(kBegin + kDay, "bert", "sock"));
    EXPECT_TRUE(std::isnan(without["place_rate"]) && std::isnan(without["list_rate"]));
    EXPECT_TRUE(std::isnan(without["position"]));
}

TEST(History, KeepsTheOpenCart) {
    History history;
    const auto add = [&](std::int64_t time, const char* item, double price) {
        Event e = event(time, EventKind::cart_add, "anna", item);
        e.price = price;
        history.observe(e);
    };
    add(kBegin, "hat", 10);
    add(kBegin + kMinute, "sock", 2.5);
    add(kBegin + 2 * kMinute, "shoe", 40);
    history.observe(event(kBegin + 3 * kMinute, EventKind::cart_remove, "anna", "shoe"));
    const Row row(history, shown(kBegin + 5 * kMinute, "anna", "hat"));
    EXPECT_EQ(row["cart_items"], 2);
    EXPECT_EQ(row["cart_value"], 12.5f);
    EXPECT_EQ(row["cart_age"], 300);
    EXPECT_EQ(row["cart_idle"], 120);
    EXPECT_EQ(row["cart_has_item"], 1);
    EXPECT_EQ(Row(history, shown(kBegin + 5 * kMinute, "anna", "shoe"))["cart_has_item"], 0);
    history.observe(event(kBegin + 6 * kMinute, EventKind::purchase, "anna", "hat"));
    history.observe(event(kBegin + 6 * kMinute, EventKind::purchase, "anna", "sock"));
    EXPECT_EQ(Row(history, shown(kBegin + 7 * kMinute, "anna", "hat"))["cart_items"], 0);
}

TEST(History, ComparesWithTheRecentItemsOfTheVisit) {
    History history;
    const auto view = [&](const char* user, const char* item, const char* category, double price,
                          std::int64_t at) {
        Event e = event(kBegin + at, EventKind::view, user, item, user);
        e.category = category;
        e.price = price;
        history.observe(e);
    };
    view("bert", "hat", "head", 10, 0);
    view("bert", "cap", "head", 20, 1);
    view("anna", "hat", "head", 10, 2);
    view("anna", "shoe", "foot", 40, 3);
    Event context = shown(kBegin + kMinute, "anna", "cap", "anna");
    const Row row(history, context);
    EXPECT_EQ(row["recent_items"], 2);
    EXPECT_EQ(row["recent_same_category"], 0.5f);
    EXPECT_NEAR(row["recent_log_price_to"], 0, 1e-6);  // 20 against the geometric mean of 10 and 40
    EXPECT_EQ(row["recent_place"], 0);
    EXPECT_EQ(Row(history, shown(kBegin + kMinute, "anna", "hat", "anna"))["recent_place"], 0.5f);
    // hat and cap were seen together once; hat was engaged with twice, 5 are the prior.
    EXPECT_NEAR(row["coview_sum"], 1000.0 / (2 + 5), 0.1);
    EXPECT_EQ(row.text("category"), "head");  // known from the item's own events
    EXPECT_NEAR(row["user_log_price"], std::log(20.0), 1e-6);
    EXPECT_NEAR(row["item_log_price"], std::log(20.0), 1e-6);
    context.price = 10;
    EXPECT_NEAR(Row(history, context)["item_price_to_usual"], std::log(0.5), 1e-6);
}

TEST(History, TellsHourAndWeekdayAsCircles) {
    const History history;
    const Row row(history, shown(kBegin + 6 * kHour, "anna", "hat"));
    EXPECT_NEAR(row["hour_sin"], 1, 1e-6);
    EXPECT_NEAR(row["hour_cos"], 0, 1e-6);
    const double week = 2 * std::acos(-1.0) * (static_cast<double>(17'000 % 7) + 0.25) / 7;
    EXPECT_NEAR(row["weekday_sin"], std::sin(week), 1e-6);
    EXPECT_NEAR(row["weekday_cos"], std::cos(week), 1e-6);
}

TEST(History, ForgetsAUserAfterTheGivenSilence) {
    HistoryOptions options;
    options.forget = 10 * kDay;
    History history(options);
    history.observe(event(kBegin, EventKind::click, "anna", "hat"));
    EXPECT_GT(Row(history, shown(kBegin + 10 * kDay - 1, "anna", "hat", "t"))["user_click_count"], 0);
    EXPECT_EQ(Row(history, shown(kBegin + 10 * kDay, "anna", "hat", "t"))["user_click_count"], 0);
    EXPECT_FALSE(history.known(shown(kBegin + 10 * kDay, "anna", "hat", "t")).user);
    EXPECT_TRUE(history.known(shown(kBegin + 10 * kDay - 1, "anna", "hat", "t")).item);
    EXPECT_FALSE(history.known(shown(kBegin + 10 * kDay, "anna", "hat", "t")).item) << "items are too";
    history.observe(event(kBegin + 12 * kDay, EventKind::page_view, "bert", ""));
    EXPECT_EQ(history.state().users.size(), 1u);  // anna is gone
    EXPECT_EQ(history.state().acted.size(), 0u);
}

TEST(History, UsesWithALagOnlyWhatIsOlder) {
    HistoryOptions options;
    options.lag = kHour;
    History history(options);
    history.observe(event(kBegin, EventKind::click, "anna", "hat"));
    history.advance(kBegin + kHour);
    EXPECT_EQ(Row(history, shown(kBegin + kHour, "anna", "hat"))["user_click_count"], 0);
    history.advance(kBegin + kHour + 1);
    EXPECT_GT(Row(history, shown(kBegin + kHour + 1, "anna", "hat"))["user_click_count"], 0.9f);
    EXPECT_EQ(history.watermark(), kBegin);
}

TEST(History, RefusesAnEarlierEventAndOneWithoutAUser) {
    History history;
    history.observe(event(kBegin, EventKind::click, "anna", "hat"));
    EXPECT_THROW(history.observe(event(kBegin - 1, EventKind::click, "anna", "hat")), Error);
    EXPECT_THROW(history.observe(event(kBegin, EventKind::click, "", "hat")), Error);
    HistoryOptions options;
    options.half_life = 0;
    EXPECT_THROW(History{options}, Error);
}

TEST(History, RanksManyItemsWithTheRowsOfSingleOnes) {
    const EventLog log = random_log({.seed = 5});
    History history;
    for (const std::uint64_t row : log.time_order())
        history.observe(log.event(row), log.session[row]);
    std::vector<std::string> names;  // of more items, each of a category and a brand of its own
    for (int i = 0; i < 40; ++i)
        names.push_back("more" + std::to_string(i));
    for (const std::string& name : names) {
        const EventKind kind = name.back() < '5' ? EventKind::click : EventKind::impression;
        Event event = shown(log.last_time(), "u1", name, "");
        event.kind = kind;
        event.category = event.brand = name;
        history.observe(event);
    }
    Event context = shown(log.last_time() + kMinute, "u1", "", "");
    std::vector<Event> items;
    for (int round = 0; round < 2; ++round) {
        for (const char* item : {"i0", "i1", "i2", "i3", "i4", "new"}) {
            items.push_back({.item = item, .list = "l1", .position = 2, .price = 6});
        }
        for (const std::string& name : names) {
            items.push_back({.item = name});
            items.push_back({.item = "i1", .category = name, .brand = names[3]});
        }
    }
    const std::size_t d = history.spec().numeric.size(), c = history.spec().categorical.size();
    ASSERT_TRUE(d > 0 && c > 0);
    std::vector<float> numeric(items.size() * d);
    std::vector<std::string_view> categorical(items.size() * c);
    history.features_for_items(context, items, numeric, categorical);
    for (std::size_t i = 0; i < items.size(); ++i) {
        Event single = items[i];
        single.user = context.user;
        single.time = context.time;
        const Row row(history, single);
        EXPECT_EQ(0, std::memcmp(row.numeric().data(), numeric.data() + i * d, d * sizeof(float)));
        for (std::size_t k = 0; k < c; ++k)
            EXPECT_EQ(row.categorical()[k], categorical[i * c + k]);
    }
}

TEST(History, LeavesOutGroupsThatAreOff) {
    HistoryOptions options;
    options.groups =
        events::group_bit(events::FeatureGroup::item) | events::group_bit(events::FeatureGroup::place);
    const History some(options), all;
    EXPECT_LT(some.spec().numeric.size(), all.spec().numeric.size());
    EXPECT_FALSE(some.spec().numeric_groups.empty());
    for (const events::FeatureGroup group : some.spec().numeric_groups)
        EXPECT_NE(options.groups & events::group_bit(group), 0u);
    EXPECT_EQ(some.spec().categorical, std::vector<std::string>{"list"});
    EXPECT_FLOAT_EQ(Row(some, shown(kBegin, "anna", "hat"))["item_click_rate"], 0.02f);
}

TEST(History, WritesAsManyValuesAsItNames) {
    for (events::FeatureGroups groups = 0; groups <= events::kAllGroups; groups += 37) {
        HistoryOptions options;
        options.groups = groups;
        History history(options);
        history.observe(event(kBegin, EventKind::view, "anna", "hat"));
        const events::FeatureSpec& spec = history.spec();
        constexpr float kGuard = -12345;
        for (const char* user : {"anna", "bert"}) {
            std::vector<float> row(spec.numeric.size() + 1, kGuard);
            std::vector<std::string_view> texts(spec.categorical.size());
            history.features(shown(kBegin + kMinute, user, "hat"), std::span(row).first(spec.numeric.size()),
                             texts);
            EXPECT_EQ(row.back(), kGuard);
            EXPECT_EQ(std::ranges::count(row, kGuard), 1);
        }
    }
}

}  // namespace
}  // namespace funnel::history::test
