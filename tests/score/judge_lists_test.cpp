// SPDX-License-Identifier: MIT
// The order of shown lists: which rows are a list, what is a positive, and the figures by hand.
#include "funnel/score/judge_lists.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "funnel/base/hash.hpp"

namespace funnel::test {
namespace {

using base::kMinute;
using score::ListEvaluation;
using score::ScoredExamples;
using score::TargetLists;

/// A log of impressions with scores, and the clicks between them.
class ShownLog {
 public:
    explicit ShownLog(bool places = true) {
        log.add_text_column("list");
        if (places) log.add_number_column("position");
        examples.targets = {"click"};
        examples.scores.resize(1);
        examples.labels.resize(1);
    }

    void show(std::int64_t time, const std::string& user, const std::string& item, const std::string& list,
              float position, float score, std::uint8_t label = 0) {
        add(time, user, item, EventKind::impression);
        const std::size_t row = log.size() - 1;
        events::TextColumn& lists = log.text_columns.front();
        lists.code[row] = lists.values.intern(list);
        if (!log.number_columns.empty()) log.number_columns.front().value[row] = position;
        examples.scores[0].push_back(score);
        examples.labels[0].push_back(label);
        examples.clusters.push_back(base::hash_bytes(user));
        examples.keys.push_back({.row = row, .time = time, .group = 7, .user = log.user[row]});
    }
    void click(std::int64_t time, const std::string& user, const std::string& item) {
        add(time, user, item, EventKind::click);
    }
    [[nodiscard]] ListEvaluation judge() const {
        return score::judge_lists(log, examples, Funnel::parse("impression,click,purchase"));
    }

    EventLog log;
    ScoredExamples examples;

 private:
    void add(std::int64_t time, const std::string& user, const std::string& item, EventKind kind) {
        log.add({.time = time, .kind = kind, .user = user, .item = item});
    }
};

TEST(JudgeLists, ByHand) {
    ShownLog shown;
    const auto list = [&](std::int64_t time, const std::string& user, std::array<float, 3> scores) {
        shown.show(time, user, "a", "top", 1, scores[0]);
        shown.show(time, user, "b", "top", 2, scores[1]);
        shown.show(time, user, "c", "top", 3, scores[2]);
    };
    list(0, "u", {.1f, .9f, .2f});
    shown.click(kMinute, "u", "b");           // ours first, shown second
    list(5 * kMinute, "u", {.9f, .1f, .2f});  // the same items again: what follows credits these rows alone
    shown.click(6 * kMinute, "u", "c");       // ours second, shown third
    list(0, "v", {.1f, .2f, .3f});            // nothing clicked: no list
    shown.show(0, "w", "a", "top", 1, .5f);   // one row: no list
    shown.click(kMinute, "w", "a");
    const ListEvaluation lists = shown.judge();
    ASSERT_EQ(lists.targets.size(), 1u);
    const score::JudgedLists& all = lists.targets[0].all;
    EXPECT_EQ(all.lists, 2u);
    EXPECT_EQ(all.rows, 6u);
    EXPECT_EQ(all.positives, 2u);
    EXPECT_EQ(all.users, 1u);
    EXPECT_EQ(all.paired, 2u);
    const double second = 1 / std::log2(3.0), third = .5;
    EXPECT_NEAR(*all.ours.ndcg.value, (1 + second) / 2, 1e-12);
    EXPECT_NEAR(*all.logged.ndcg.value, (second + third) / 2, 1e-12);
    EXPECT_NEAR(*all.difference.ndcg.value, (1 - third) / 2, 1e-12);
    EXPECT_NEAR(*all.ours.mrr.value, (1 + .5) / 2, 1e-12);
    EXPECT_NEAR(*all.logged.mrr.value, (.5 + 1.0 / 3) / 2, 1e-12);
    EXPECT_EQ(all.ours.ndcg.range.reason, eval::kFewUsersReason);
    EXPECT_EQ(lists.targets[0].place_reason, "place_confounded");
    EXPECT_FALSE(all.reweighted.ndcg.value);
}

TEST(JudgeLists, AListIsOfOneNameMomentVisitAndUser) {
    ShownLog shown;
    for (const std::string user : {"u", "v"}) {
        for (const std::int64_t time : {std::int64_t{0}, kMinute}) {
            for (const std::string name : {"top", "side"}) {
                shown.show(time, user, name + "1", name, 1, .1f);
                shown.show(time, user, name + "2", name, 2, .2f);
            }
        }
        shown.click(2 * kMinute, user, "top1");
        shown.click(2 * kMinute, user, "side2");
    }
    const TargetLists target = shown.judge().targets[0];
    EXPECT_EQ(target.all.lists, 4u);  // clicks credit the later of the two moments
    EXPECT_EQ(target.all.rows, 8u);
    ASSERT_EQ(target.by_list.size(), 2u);
    EXPECT_EQ(target.by_list[0].name, "side");
    EXPECT_NEAR(*target.by_list[0].ours.mrr.value, 1, 1e-12);
    EXPECT_EQ(target.by_list[1].name, "top");
    EXPECT_NEAR(*target.by_list[1].ours.mrr.value, .5, 1e-12);
    for (std::size_t i = 0; i < shown.examples.size(); ++i)
        shown.examples.keys[i].group = i % 2;  // each row in a visit of its own
    EXPECT_EQ(shown.judge().targets[0].all.lists, 0u);
}

TEST(JudgeLists, UnknownLabelsAndMissingPlaces) {
    ShownLog shown;
    const float missing = std::nanf("");
    shown.show(0, "u", "a", "top", 1, .1f);
    shown.show(0, "u", "b", "top", missing, .2f);
    shown.click(1, "u", "b");
    shown.show(kMinute, "u", "a", "top", 1, .1f, base::kUnknownLabel);
    shown.show(kMinute, "u", "b", "top", 2, .2f, base::kUnknownLabel);
    shown.click(kMinute + 1, "u", "b");
    const ListEvaluation lists = shown.judge();
    EXPECT_EQ(lists.targets[0].all.lists, 1u);
    EXPECT_EQ(lists.targets[0].all.paired, 0u);
    EXPECT_EQ(lists.targets[0].logged_reason, "no_positions");
    EXPECT_FALSE(lists.targets[0].all.difference.ndcg.value);
    ShownLog without(false);
    without.show(0, "u", "a", "top", 0, .1f);
    without.show(0, "u", "b", "top", 0, .2f);
    without.click(1, "u", "b");
    EXPECT_EQ(without.judge().targets[0].logged_reason, "no_positions");
    EXPECT_EQ(without.judge().targets[0].place_reason, "no_positions");
    EXPECT_EQ(ShownLog().judge().reason, "no_impressions");
}

// Intervals need users: of a difference, those whose lists have places.
TEST(JudgeLists, FewUsersWithPlacesAreFewUsers) {
    ShownLog shown;
    for (int user = 0; user < 60; ++user) {
        const std::string name = "u" + std::to_string(user);
        const float second = user < 5 ? 2 : std::nanf("");
        shown.show(0, name, "a", "top", 1, user % 3 == 0 ? .9f : .1f);
        shown.show(0, name, "b", "top", second, .2f);
        shown.click(1, name, user % 2 == 0 ? "a" : "b");
    }
    const score::JudgedLists all = shown.judge().targets[0].all;
    EXPECT_EQ(all.users, 60u);
    EXPECT_EQ(all.paired, 5u);
    EXPECT_TRUE(all.ours.ndcg.range.interval);
    EXPECT_EQ(all.difference.ndcg.range.reason, eval::kFewUsersReason);
    EXPECT_EQ(all.logged.ndcg.range.reason, eval::kFewUsersReason);
}

TEST(JudgeLists, WithoutANameAreNoListOfThatName) {
    ShownLog shown;
    for (const std::string user : {"u", "v"}) {
        shown.show(0, user, "a", "(missing)", 1, .1f);
        shown.show(0, user, "b", "(missing)", 2, .2f);
        shown.click(1, user, "b");
    }
    for (std::size_t row = 3; row < 5; ++row)
        shown.log.text_columns.front().code[row] = base::kNone;  // the two rows of v
    const TargetLists target = shown.judge().targets[0];
    ASSERT_EQ(target.by_list.size(), 2u);
    EXPECT_TRUE(target.by_list[0].unnamed);
    EXPECT_FALSE(target.by_list[1].unnamed);
    EXPECT_EQ(target.by_list[1].name, "(missing)");
}

TEST(JudgeLists, ALaterTargetIsItsLabel) {
    ShownLog shown;
    shown.examples.targets = {"purchase"};
    shown.show(0, "u", "a", "top", 1, .1f, 1);
    shown.show(0, "u", "b", "top", 2, .2f);
    shown.click(1, "u", "b");
    const TargetLists target = shown.judge().targets[0];
    EXPECT_EQ(target.all.lists, 1u);
    EXPECT_NEAR(*target.all.ours.mrr.value, .5, 1e-12);
    EXPECT_NEAR(*target.all.logged.mrr.value, 1, 1e-12);
}

// Thirty items in lists of three; each stands at each place seven times, where it is clicked four times,
// twice and once. So a click at the second place is worth two at the first, at the third four. Our order is
// the reverse one.
TEST(JudgeLists, PlacesAreMadeUpFor) {
    ShownLog shown;
    int user = 0;
    for (int triple = 0; triple < 10; ++triple) {
        for (int turn = 0; turn < 3; ++turn) {
            for (int list = 0; list < 7; ++list, ++user) {
                const std::string name = "u" + std::to_string(user);
                const int clicked = list < 4 ? 0 : list < 6 ? 1 : 2;
                for (int place = 0; place < 3; ++place)
                    shown.show(0, name, std::to_string(triple) + "-" + std::to_string((turn + place) % 3),
                               "top", static_cast<float>(place + 1), static_cast<float>(place));
                shown.click(1, name, std::to_string(triple) + "-" + std::to_string((turn + clicked) % 3));
            }
        }
    }
    const TargetLists target = shown.judge().targets[0];
    EXPECT_TRUE(target.place_reason.empty());
    EXPECT_EQ(target.all.lists, 210u);
    // At the first place ours is third: .5 - 1; at the second both are second; at the third 1 - .5.
    EXPECT_NEAR(*target.all.difference.ndcg.value, (4 * -.5 + .5) / 7, 1e-9);
    EXPECT_NEAR(*target.all.reweighted.ndcg.value, 0, 1e-9);
    ASSERT_TRUE(target.all.difference.ndcg.range.interval);

    // Leaving out one of 64 groups of users at a time, by hand.
    std::array<double, 64> sum{}, lists{};
    double all = 0;
    for (int i = 0; i < 210; ++i) {
        const double difference = i % 7 < 4 ? -.5 : i % 7 < 6 ? 0 : .5;
        const std::size_t group = base::mix64(base::hash_bytes("u" + std::to_string(i))) % 64;
        sum[group] += difference;
        ++lists[group];
        all += difference;
    }
    double mean = 0, squares = 0;
    for (std::size_t g = 0; g < 64; ++g)
        mean += (all - sum[g]) / (210 - lists[g]) / 64;
    for (std::size_t g = 0; g < 64; ++g)
        squares += std::pow((all - sum[g]) / (210 - lists[g]) - mean, 2);
    const double half = eval::kT63 * std::sqrt(63.0 / 64 * squares);
    EXPECT_NEAR(target.all.difference.ndcg.range.interval->high, all / 210 + half, 1e-9);
    EXPECT_NEAR(target.all.difference.ndcg.range.interval->low, all / 210 - half, 1e-9);
}

}  // namespace
}  // namespace funnel::test
