// SPDX-License-Identifier: MIT
#include "funnel/events/side_tables.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>

#include "funnel/dataset/build_dataset.hpp"
#include "funnel/dataset/examples.hpp"

namespace funnel::dataset::test {
namespace {

/// A small table by columns; an empty text is missing.
class Columns {
 public:
    Columns& add(std::string name, const std::vector<std::string>& cells) {
        names_.push_back(std::move(name));
        values_.emplace_back();
        std::vector<std::uint32_t> code;
        for (const std::string& cell : cells)
            code.push_back(cell.empty() ? base::kNone : values_.back().intern(cell));
        codes_.push_back(std::move(code));
        return *this;
    }
    [[nodiscard]] std::vector<base::ColumnView> views() const {
        std::vector<base::ColumnView> views;
        for (std::size_t i = 0; i < names_.size(); ++i)
            views.push_back({names_[i], &values_[i], codes_[i]});
        return views;
    }

 private:
    std::deque<std::string> names_;
    std::deque<base::StringTable> values_;
    std::deque<std::vector<std::uint32_t>> codes_;
};

const events::SideIds kIds{"item_id", "user_id", "session_id"};

events::SideTable items() {
    Columns c;
    c.add("item_id", {"hat", "pen", "", "hat"});
    c.add("category", {"clothes", "office", "lost", "clothes"});
    c.add("weight", {"90.5", "", "1", "90.5"});
    return {events::SideKey::item, c.views(), kIds};
}

events::SideTable sessions() {
    Columns c;
    c.add("session_id", {"1", "1", "2"});
    c.add("user_id", {"anna", "bert", "anna"});
    c.add("device", {"phone", "desktop", ""});
    c.add("visits", {"7", "1", "8"});
    return {events::SideKey::session, c.views(), kIds};
}

TEST(SideTable, FindsRowsByIdAndTreatsTheRestAsMissing) {
    const events::SideTable table = items();
    EXPECT_EQ(table.text(0, table.row("anna", "pen", 0)), "office");
    EXPECT_EQ(table.text(1, table.row("anna", "pen", 0)), "");
    EXPECT_EQ(table.row("anna", "cup", 0), base::kNone);
    EXPECT_EQ(table.row("anna", "", 0), base::kNone);
    EXPECT_EQ(table.text(0, base::kNone), "");
}

TEST(SideTable, VisitIdsBelongToTheirUserWhereTheTableNamesIt) {
    const events::SideTable table = sessions();
    EXPECT_EQ(table.text(0, table.row("anna", "", events::session_key("1"))), "phone");
    EXPECT_EQ(table.text(0, table.row("bert", "", events::session_key("1"))), "desktop");
    EXPECT_EQ(table.row("bert", "", events::session_key("2")), base::kNone);
    EXPECT_EQ(table.row("anna", "", 0), base::kNone);
    Columns c;
    c.add("session_id", {"1"}).add("device", {"phone"});
    const events::SideTable by_session(events::SideKey::session, c.views(), kIds);
    EXPECT_EQ(by_session.text(0, by_session.row("anybody", "", events::session_key("1"))), "phone");
}

TEST(SideTable, RefusesTwoRowsOfOneIdUnlessTheyAreEqual) {
    Columns c;
    c.add("item_id", {"hat", "hat"}).add("category", {"clothes", "office"});
    EXPECT_THROW((void)events::SideTable(events::SideKey::item, c.views(), kIds), Error);
    Columns no_id;
    no_id.add("name", {"hat"});
    EXPECT_THROW((void)events::SideTable(events::SideKey::item, no_id.views(), kIds), Error);
}

TEST(SideTable, ColumnsOfNumbersAreNumbersAndTheListOfUseChooses) {
    const std::vector<events::SideInput> all = events::side_inputs(sessions(), {}, {});
    EXPECT_EQ(all, (std::vector<events::SideInput>{{events::SideKey::session, "visits", true},
                                                   {events::SideKey::session, "device", false}}));
    const std::vector<std::string> use{"sessions.visits"}, texts{"visits"};
    EXPECT_EQ(events::side_inputs(sessions(), use, {}),
              (std::vector<events::SideInput>{{events::SideKey::session, "visits", true}}));
    EXPECT_EQ(events::side_inputs(sessions(), use, texts),
              (std::vector<events::SideInput>{{events::SideKey::session, "visits", false}}));
}

TEST(SideTables, WriteWhatTheModelUsesInItsOrder) {
    const events::SideTables side({sessions(), items()}, {{events::SideKey::item, "weight", true},
                                                          {events::SideKey::session, "visits", true},
                                                          {events::SideKey::session, "device", false}});
    std::vector<float> numbers(2);
    std::vector<std::string_view> texts(1);
    side.write({.user = "anna", .item = "hat"}, events::session_key("1"), numbers, texts);
    EXPECT_EQ(numbers, (std::vector<float>{90.5f, 7.0f}));
    EXPECT_EQ(texts[0], "phone");
    side.write({.user = "carl", .item = "pen"}, events::session_key("1"), numbers, texts);
    EXPECT_TRUE(std::isnan(numbers[0]) && std::isnan(numbers[1]));
    EXPECT_EQ(texts[0], "");
    EXPECT_THROW((void)events::SideTables({items()}, {{events::SideKey::user, "age", true}}), Error);
    EXPECT_THROW((void)events::SideTables({items()}, {{events::SideKey::item, "age", true}}), Error);
}

EventLog small_log() {
    EventLog log;
    log.add({.time = 1, .kind = EventKind::impression, .user = "anna", .item = "hat", .session = "1"});
    log.add({.time = 2, .kind = EventKind::impression, .user = "anna", .item = "pen", .session = "2"});
    log.add({.time = 3,
             .kind = EventKind::impression,
             .user = "bert",
             .item = "hat",
             .session = "1",
             .category = "own"});
    return log;
}

TEST(SideTables, CompleteWhatEventsDoNotSayOfTheirItem) {
    EventLog log = small_log();
    const events::SideTables side({items()}, {{events::SideKey::item, "category", false}});
    side.complete(log);
    EXPECT_EQ(log.event(0).category, "clothes");
    EXPECT_EQ(log.event(1).category, "office");
    EXPECT_EQ(log.event(2).category, "own");
    Event event{.user = "carl", .item = "pen"};
    side.complete(event);
    EXPECT_EQ(event.category, "office");
}

TEST(SideTables, BecomeFeaturesOfTheExamples) {
    const EventLog log = small_log();
    const std::vector<events::SideInput> inputs{{events::SideKey::session, "visits", true},
                                                {events::SideKey::session, "device", false},
                                                {events::SideKey::item, "category", false}};
    const events::SideTables side({items(), sessions()}, inputs);
    history::History history;
    ExampleOptions no_burn_in;
    no_burn_in.burn_in = 0;
    const ExampleList examples = build_examples(log, Funnel::parse("impression,click"), no_burn_in);
    BuildOptions options;
    options.side_inputs = inputs;
    options.side = &side;
    const encoding::Dataset data = build_dataset(log, history, examples, options);
    ASSERT_EQ(data.size(), 3u);
    EXPECT_EQ(data.numeric_features.back().name, "sessions.visits");
    EXPECT_EQ(data.categorical_features.back(), "sessions.device");  // the category is that of the event
    EXPECT_EQ(data.numeric_row(0).back(), 7.0f);
    EXPECT_EQ(data.numeric_row(2).back(), 1.0f);
    EXPECT_EQ(data.categories.back().text(data.categorical_row(2).back()), "desktop");
    EXPECT_EQ(data.categorical_row(1).back(), base::kNone);
    options.side = nullptr;
    EXPECT_THROW((void)build_dataset(log, history, examples, options), Error);
}

}  // namespace
}  // namespace funnel::dataset::test
