// SPDX-License-Identifier: MIT
#include "funnel/dataset/split.hpp"

#include <gtest/gtest.h>

#include <string>

namespace funnel::dataset {
namespace {

using base::kDay;
using base::kHour;
constexpr std::uint8_t kMasked = base::kUnknownLabel;

/// One example per hour of 20 days; labels with horizons of 1 h and 2 d, known until T = 20 d.
struct HourlyLog {
    encoding::Dataset data;
    ExampleList examples;

    explicit HourlyLog(std::int64_t hours = 20 * 24, std::int64_t horizon = 2 * kDay) {
        examples.horizons = {kHour, horizon};
        examples.targets = data.targets = {"click", "purchase"};
        examples.begin = 0;
        examples.end = hours * kHour;
        for (std::int64_t hour = 0; hour <= hours; ++hour) {
            data.keys.push_back({.row = static_cast<std::uint64_t>(hour), .time = hour * kHour});
            for (const std::int64_t h : examples.horizons) {
                data.labels.push_back(hour * kHour + h <= examples.end ? 1 : kMasked);
            }
        }
    }
};

TEST(Split, GivesEachHeadItsOwnLastShareOfKnownTime) {
    const HourlyLog log;
    const Split split = split_by_time(log.data, log.examples, 0.25);
    // click: known until hour 479, validates from 359.25; purchase: known until 432, from 324.
    const auto label = [&](const encoding::LabelledRows& rows, std::uint32_t row, std::size_t k) -> int {
        const auto at = std::ranges::find(rows.rows, row);
        return at == rows.rows.end() ? kMasked
                                     : rows.labels[static_cast<std::size_t>(at - rows.rows.begin()) * 2 + k];
    };
    for (std::uint32_t hour = 0; hour <= 480; ++hour) {
        EXPECT_EQ(label(split.valid, hour, 0), hour >= 360 && hour <= 479 ? 1 : kMasked) << hour;
        EXPECT_EQ(label(split.valid, hour, 1), hour >= 324 && hour <= 432 ? 1 : kMasked) << hour;
        // A label trains if its window is over when the validation of its head begins.
        EXPECT_EQ(label(split.train, hour, 0), hour + 1 <= 359 ? 1 : kMasked) << hour;
        EXPECT_EQ(label(split.train, hour, 1), hour + 48 <= 324 ? 1 : kMasked) << hour;
        EXPECT_EQ(label(split.refit, hour, 0), hour <= 479 ? 1 : kMasked) << hour;
        EXPECT_EQ(label(split.refit, hour, 1), hour <= 432 ? 1 : kMasked) << hour;
    }
    EXPECT_EQ(split.train.to, 358 * kHour);
    EXPECT_EQ(split.valid.from, 324 * kHour);
    EXPECT_EQ(split.refit.size(), 480u);
}

TEST(Split, SaysThatALogIsShorterThanThreeHorizons) {
    const HourlyLog log(70, 7 * kDay);  // 2.9 days
    try {
        static_cast<void>(split_by_time(log.data, log.examples));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::schema);
        EXPECT_STREQ(error.what(),
                     "log spans 2.9 d; horizon 7d leaves 0 labelled examples; try a horizon of 12h");
    }
    for (const auto& [hours, horizon] : {std::pair{0, 7 * kDay}, std::pair{0, base::kMinute}}) {
        const HourlyLog moment(hours, horizon);
        try {
            static_cast<void>(split_by_time(moment.data, moment.examples));
            FAIL();
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find("it is too short to train on: give a longer log"),
                      std::string::npos)
                << error.what();
        }
    }
    const HourlyLog enough(6 * 24, 2 * kDay);
    EXPECT_NO_THROW(static_cast<void>(split_by_time(enough.data, enough.examples)));
    EXPECT_THROW(static_cast<void>(split_by_time(enough.data, enough.examples, 0.0)), Error);
    EXPECT_THROW(static_cast<void>(split_by_time(enough.data, enough.examples, 1.0)), Error);
}

encoding::Dataset table(std::size_t rows) {
    encoding::Dataset data;
    data.targets = {"y"};
    for (std::size_t i = 0; i < rows; ++i) {
        data.keys.push_back({.row = i, .time = static_cast<std::int64_t>(i / 2), .group = i / 10});
        data.labels.push_back(i % 7 == 3 ? kMasked : static_cast<std::uint8_t>(i % 2));
    }
    return data;
}

TEST(Split, DrawsRowsOfATableBySeed) {
    const encoding::Dataset data = table(1000);
    const Split a = split_at_random(data, 0.2, 1), b = split_at_random(data, 0.2, 1),
                c = split_at_random(data, 0.2, 2);
    EXPECT_EQ(a.valid.rows, b.valid.rows);
    EXPECT_NE(a.valid.rows, c.valid.rows);
    EXPECT_EQ(a.train.size() + a.valid.size(), 857u);  // rows with a label
    EXPECT_EQ(a.refit.size(), 857u);
    EXPECT_NEAR(static_cast<double>(a.valid.size()), 171, 40);
}

TEST(Split, KeepsTimesAndGroupsTogether) {
    const encoding::Dataset data = table(1000);
    const Split last = split_last(data, 0.1);
    EXPECT_EQ(last.valid.from, 450);
    EXPECT_EQ(last.train.to, 449);
    const Split groups = split_groups(data, 0.3, 5);
    EXPECT_FALSE(groups.valid.rows.empty());
    EXPECT_EQ(groups.train.rows.size() + groups.valid.rows.size(), 857u);  // rows with a label
    std::vector<int> side(100, -1);
    for (const auto& [rows, number] : {std::pair(&groups.train, 0), std::pair(&groups.valid, 1)}) {
        for (const std::uint32_t row : rows->rows) {
            EXPECT_TRUE(side[row / 10] == -1 || side[row / 10] == number);
            side[row / 10] = number;
        }
    }
}

TEST(Split, TakesGivenRows) {
    const encoding::Dataset data = table(10);
    const std::vector<std::uint32_t> rows = {0, 3, 9};
    const Split split = split_given(data, rows, true);
    EXPECT_EQ(split.valid.rows, (std::vector<std::uint32_t>{0, 9}));  // row 3 has no label
    EXPECT_EQ(split.refit.rows, split.train.rows);
    EXPECT_EQ(split_given(data, rows, false).refit.size(), 9u);
    const std::vector<std::uint32_t> beyond = {10}, all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    EXPECT_THROW(static_cast<void>(split_given(data, beyond, true)), Error);
    EXPECT_THROW(static_cast<void>(split_given(data, all, true)), Error);
}

}  // namespace
}  // namespace funnel::dataset
