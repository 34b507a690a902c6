// SPDX-License-Identifier: MIT
#include "funnel/dataset/build_dataset.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "history/log_builder.hpp"

namespace funnel::dataset::test {

using namespace history::test;

namespace {

ExampleOptions no_burn_in() {
    ExampleOptions options;
    options.burn_in = 0;
    return options;
}

/// Rows of features that compare equal byte for byte; texts instead of codes.
struct Table {
    std::vector<std::vector<std::uint32_t>> numbers;  // bits of floats
    std::vector<std::vector<std::string>> texts;
    std::vector<std::pair<bool, bool>> known;

    void add(std::span<const float> row) {
        std::vector<std::uint32_t> bits(row.size());
        std::memcpy(bits.data(), row.data(), row.size_bytes());
        numbers.push_back(bits);
    }
    void add(const encoding::Dataset& data) {
        for (std::size_t i = 0; i < data.size(); ++i) {
            add(data.numeric_row(i));
            texts.emplace_back();
            for (std::size_t c = 0; c < data.categorical_features.size(); ++c) {
                const std::uint32_t code = data.categorical_row(i)[c];
                texts.back().emplace_back(code == base::kNone ? "" : data.categories[c].text(code));
            }
            known.emplace_back(data.keys[i].known_user, data.keys[i].known_item);
        }
    }
    friend bool operator==(const Table&, const Table&) = default;
};

TEST(BuildDataset, GivesTheRowsOfAHostThatCallsEventByEvent) {
    for (const std::int64_t lag : {std::int64_t{0}, 45 * kMinute}) {
        const EventLog log = random_log({.seed = 3});
        history::HistoryOptions options;
        options.lag = lag;
        history::History offline(options), online(options);
        const ExampleList examples = build_examples(log, options.funnel, no_burn_in());
        Table expected, got;
        got.add(build_dataset(log, offline, examples));

        // The host features all examples of a moment, then observes its events.
        const auto order = log.time_order();
        std::size_t next = 0;
        for (const std::uint64_t row : examples.rows) {
            for (; log.time[order[next]] < log.time[row]; ++next) {
                online.observe(log.event(order[next]), log.session[order[next]]);
            }
            online.advance(log.time[row]);
            std::vector<float> numeric(online.spec().numeric.size());
            std::vector<std::string_view> texts(online.spec().categorical.size());
            online.features(log.event(row), log.session[row], numeric, texts);
            expected.add(numeric);
            expected.texts.emplace_back(texts.begin(), texts.end());
            const history::Known known = online.known(log.event(row), log.session[row]);
            expected.known.emplace_back(known.user, known.item);
        }
        for (; next < order.size(); ++next)
            online.observe(log.event(order[next]), log.session[order[next]]);
        EXPECT_TRUE(expected == got);
        EXPECT_EQ(bytes_of(online), bytes_of(offline));
    }
}

TEST(BuildDataset, DoesNotDependOnWhatComesLater) {
    const EventLog log = random_log({.seed = 4});
    const std::int64_t now = log.time[log.size() / 2];
    EventLog changed;
    for (std::size_t row = 0; row < log.size(); ++row) {
        Event event = log.event(row);
        if (log.time[row] >= now && log.kind[row] != EventKind::impression) event.kind = EventKind::purchase;
        if (log.time[row] > now && log.kind[row] == EventKind::impression) event.item = "other";
        changed.add(event);
        changed.session.back() = log.session[row];
    }
    const auto features_until_now = [&](const EventLog& source) {
        history::History history;
        ExampleList examples = build_examples(source, history.options().funnel, no_burn_in());
        std::erase_if(examples.rows, [&](std::uint64_t row) { return source.time[row] > now; });
        examples.groups.resize(examples.size());
        examples.labels.resize(examples.size() * examples.targets.size());
        Table table;
        table.add(build_dataset(source, history, examples));
        return table;
    };
    const Table before = features_until_now(log), after = features_until_now(changed);
    EXPECT_GT(before.numbers.size(), 50u);
    EXPECT_TRUE(before == after);
}

TEST(BuildDataset, IsTheSameInDailySteps) {
    history::HistoryOptions options;
    options.forget = 4 * kDay;
    const EventLog log = random_log(
        {.seed = 5, .events = 2500, .users = 40, .items = 15, .span = 30 * kDay, .daily_sessions = true});
    const Funnel funnel = options.funnel;
    history::History whole(options), daily(options);
    Table expected, got;
    expected.add(build_dataset(log, whole, build_examples(log, funnel, no_burn_in())));
    for (std::int64_t day = log.time.front(); day <= log.last_time(); day += kDay) {
        const EventLog today = part(log, day, day + kDay);
        if (today.empty()) continue;
        got.add(build_dataset(today, daily, build_examples(today, funnel, no_burn_in(), &daily)));
        const std::vector<char> bytes = bytes_of(daily);
        base::ByteReader in(bytes);
        daily = history::History::read(in);
    }
    EXPECT_GT(got.numbers.size(), 500u);
    EXPECT_TRUE(expected == got);
    EXPECT_EQ(bytes_of(whole), bytes_of(daily));
}

TEST(BuildDataset, LooksUpIdsAsTheHistoryDoes) {
    // A log whose columns are only partly loaded.
    EventLog log = random_log({.seed = 6});
    std::erase_if(log.number_columns, [](const auto& column) { return column.name == "price"; });
    std::erase_if(log.text_columns, [](const auto& column) { return column.name == "category"; });
    history::History by_rows, by_events;
    history::LogCoder coder(log, by_rows);
    for (const std::uint64_t row : log.time_order()) {
        coder.observe(row);
        by_events.observe(log.event(row), log.session[row]);
    }
    EXPECT_EQ(bytes_of(by_rows), bytes_of(by_events));
}

TEST(BuildDataset, AddsFurtherColumnsOfTheLog) {
    EventLog log;
    for (int i = 0; i < 3; ++i) {
        log.add(
            {.time = i, .kind = EventKind::impression, .user = "anna", .item = "hat" + std::to_string(i)});
    }
    log.text_columns.push_back({"device", "device", {}, {}});
    log.text_columns.back().code = {log.text_columns.back().values.intern("phone"), base::kNone, 0};
    log.number_columns.push_back({"score", "score", {1.5f, 2.5f, 3.5f}});
    history::History history;
    BuildOptions options;
    options.text_inputs = {"device"};
    options.number_inputs = {"score"};
    const ExampleList examples = build_examples(log, Funnel::parse("impression,click"), no_burn_in());
    const encoding::Dataset data = build_dataset(log, history, examples, options);
    ASSERT_EQ(data.size(), 3u);
    EXPECT_EQ(data.numeric_features.back().name, "score");
    EXPECT_EQ(data.categorical_features.back(), "device");
    EXPECT_EQ(data.numeric_row(1).back(), 2.5f);
    EXPECT_EQ(data.categorical_row(1).back(), base::kNone);
    EXPECT_EQ(data.categories.back().text(data.categorical_row(2).back()), "phone");
    options.text_inputs = {"colour"};
    EXPECT_THROW(static_cast<void>(build_dataset(log, history, examples, options)), Error);
}

TEST(BuildDataset, HidesThePlaceInAShareOfRows) {
    const EventLog log = random_log({.seed = 7, .events = 3000});
    history::History history;
    encoding::Dataset data =
        build_dataset(log, history, build_examples(log, history.options().funnel, no_burn_in()));
    const encoding::Dataset before = data;
    mask_place(data, history.spec(), 0.25, 42);
    const std::size_t position = feature(history.spec(), "position"),
                      list = data.categorical_features.size() - 1;
    ASSERT_EQ(data.categorical_features[list], "list");
    std::size_t hidden = 0, there = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
        if (std::isnan(before.numeric_row(i)[position])) continue;
        ++there;
        const bool hides = std::isnan(data.numeric_row(i)[position]);
        hidden += hides ? 1 : 0;
        EXPECT_EQ(data.categorical_row(i)[list], hides ? base::kNone : before.categorical_row(i)[list]);
        const std::size_t other = feature(history.spec(), "item_click_rate");
        EXPECT_EQ(data.numeric_row(i)[other], before.numeric_row(i)[other]);
    }
    EXPECT_NEAR(static_cast<double>(hidden) / static_cast<double>(there), 0.25, 0.05);
}

}  // namespace
}  // namespace funnel::dataset::test
