// SPDX-License-Identifier: MIT
// Cohorts by week against a naive count on random logs, also as a sum of parts; small ones by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "funnel/metrics/count_cohorts.hpp"
#include "metrics/random_case.hpp"
#include "support/effort.hpp"

namespace funnel::test {
namespace {

using metrics::Cohort;
using metrics::Cohorts;
using metrics::CohortStart;
using metrics::CohortWeek;

/// Ten weeks of a few users, with ties, visits by id or by gap and orders of several rows.
std::vector<Row> ten_weeks(Dice& dice) {
    std::vector<Row> rows;
    const std::size_t users = 1 + dice.below(6), size = 1 + dice.below(60);
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t user = dice.below(users);
        // Later users begin later.
        const auto day = static_cast<std::int64_t>(user * 10 + dice.below(70 - user * 10));
        Row row{.time = day * kDay + static_cast<std::int64_t>(dice.below(4)) * 6 * kHour,
                .kind = dice.pick<EventKind>({view, view, cart_add, purchase, page_view}),
                .user = "u" + std::to_string(user),
                .session = dice.pick<std::string>({"", "", "s1", "s2"}),
                .key = dice.pick<std::string>({"a", "b"})};
        if (row.kind == purchase) {
            row.order = dice.pick<std::string>({"", "o1", "o2", "o3"});
            if (dice.below(4) != 0) row.revenue = static_cast<double>(dice.below(8)) / 4;
        }
        rows.push_back(row);
    }
    return rows;
}

struct NaiveWeek {
    std::int64_t active = 0, ordering = 0, orders = 0, priced = 0;
    double revenue = 0;
    bool operator==(const NaiveWeek&) const = default;
};
struct NaiveCohort {
    std::int64_t users = 0;
    std::vector<NaiveWeek> weeks = {};
    bool operator==(const NaiveCohort&) const = default;
};

class CohortsOfUsers : public OracleLog {
 public:
    CohortsOfUsers(const std::vector<Row>& log, const Question& question, std::int64_t offset)
        : OracleLog(log, question), offset_(offset) {}

    /// Under the Monday of their week, in days since 1970; the ones who were there already under -1000.
    [[nodiscard]] std::map<std::int64_t, NaiveCohort> cohorts(CohortStart start) const {
        std::map<std::int64_t, NaiveCohort> out;
        const std::int64_t edge = rows_.front().time + 28 * kDay;
        for (const auto& [user, rows] : groups([&](std::size_t i) { return rows_[i].user; })) {
            std::optional<std::size_t> first;
            for (const std::size_t i : rows) {
                if (!first && (start == CohortStart::event || rows_[i].kind == purchase)) first = i;
            }
            if (!first || !anchored(*first)) continue;
            const bool already = rows_[*first].time < edge;
            const std::int64_t begin = monday(already ? edge - 1 : rows_[*first].time);
            NaiveCohort& cohort = out[already ? -1000 : begin];
            ++cohort.users;
            for (std::int64_t week = begin, k = 0; week + 7 <= monday(last_); week += 7, ++k) {
                if (static_cast<std::int64_t>(cohort.weeks.size()) <= k) cohort.weeks.emplace_back();
                add_week(user, rows, week, cohort.weeks[static_cast<std::size_t>(k)]);
            }
        }
        return out;
    }

 private:
    [[nodiscard]] std::int64_t monday(std::int64_t time) const {
        const auto day = static_cast<std::int64_t>(std::floor(static_cast<double>(time + offset_) / 86.4e9));
        std::int64_t monday = day;
        while ((monday + 700'003) % 7 != 0)
            --monday;  // day 4, 5 January 1970, is a Monday
        return monday;
    }

    void add_week(const std::string& user, const std::vector<std::size_t>& rows, std::int64_t week,
                  NaiveWeek& to) const {
        bool active = false, ordered = false;
        for (const std::size_t i : rows)
            active |= monday(rows_[i].time) == week;
        const auto orders = groups([&](std::size_t i) -> std::string {
            if (rows_[i].kind != purchase || rows_[i].user != user) return "";
            return rows_[i].order.empty() ? "visit " + visit_[i] : "id " + rows_[i].order;
        });
        for (const auto& [name, lines] : orders) {
            if (monday(rows_[lines.front()].time) != week) continue;
            ordered = true;
            ++to.orders;
            to.priced +=
                std::ranges::any_of(lines, [&](std::size_t i) { return !std::isnan(rows_[i].revenue); });
            for (const std::size_t i : lines)
                to.revenue += std::isnan(rows_[i].revenue) ? 0 : rows_[i].revenue;
        }
        to.active += active;
        to.ordering += ordered;
    }

    std::int64_t offset_;
};

std::map<std::int64_t, NaiveCohort> plain_cohorts(const Cohorts& cohorts) {
    std::map<std::int64_t, NaiveCohort> out;
    for (const Cohort& cohort : cohorts.rows) {
        NaiveCohort& plain = out[cohort.already_there ? -1000 : cohort.monday];
        EXPECT_EQ(plain.users, 0);
        plain.users = cohort.users;
        for (const CohortWeek& week : cohort.weeks)
            plain.weeks.push_back(
                {week.active, week.ordering, week.orders, week.priced_orders, week.revenue.value()});
    }
    return out;
}

TEST(Cohorts, AreThoseOfANaiveCountOnRandomLogsAlsoInParts) {
    std::size_t cells = 0, ordering = 0;
    for (std::uint64_t seed = 1; seed <= support::cases(1000); ++seed) {
        Dice dice(seed);
        std::vector<Row> rows = ten_weeks(dice);
        MetricsOptions options = shop_options();
        const std::int64_t offset = dice.pick<std::int64_t>({0, -8 * kHour, 13 * kHour});
        if (offset != 0) options.zone = {{0, offset}};
        Question question{.funnel = options.funnel};
        if (dice.below(3) == 0) question.from = options.from = 30 * kDay;
        if (dice.below(3) == 0) question.to = options.to = 50 * kDay;
        if (dice.below(3) == 0) {
            options.where = events::RowCondition::parse("category=a");
            for (Row& row : rows)
                row.fits = row.key == "a";
        }
        options.threads = 1 + static_cast<unsigned>(dice.below(3));
        const CohortStart start = dice.pick<CohortStart>({CohortStart::event, CohortStart::order});
        const auto expected = CohortsOfUsers(rows, question, offset).cohorts(start);
        const auto facts = metrics::facts_of(to_log(rows));
        const auto whole = metrics::count_cohorts(to_log(rows), options, facts, start);
        ASSERT_EQ(plain_cohorts(metrics::finish_cohorts(whole, options, facts)), expected) << seed;

        metrics::CohortCounts parts;
        for (const bool first : {true, false}) {
            std::vector<Row> part;
            for (const Row& row : rows) {
                if ((row.user == "u0") == first) part.push_back(row);
            }
            EventLog log = to_log(part);
            log.add_text_column("category");
            parts += metrics::count_cohorts(log, options, facts, start);
        }
        ASSERT_EQ(plain_cohorts(metrics::finish_cohorts(parts, options, facts)), expected) << seed;
        for (const auto& [week, cohort] : expected) {
            cells += cohort.weeks.size();
            for (const NaiveWeek& of : cohort.weeks)
                ordering += static_cast<std::size_t>(of.ordering);
        }
    }
    EXPECT_GT(cells, support::cases(1000));
    EXPECT_GT(ordering, 100u);
}

// The log begins on Monday, 4 March 2024; its first 28 days end with Sunday, 31 March.
TEST(Cohorts, OfAHandfulOfUsersByHand) {
    const std::int64_t monday = 19786 * kDay;
    const auto at = [&](int week, int day) { return monday + (week * 7 + day) * kDay; };
    const EventLog log = to_log(
        {{.time = at(0, 0), .kind = view, .user = "old"},
         {.time = at(3, 6) + kDay - 1, .kind = view, .user = "late"},  // the last moment of the 28 days
         {.time = at(4, 0), .kind = view, .user = "new"},
         {.time = at(4, 2), .kind = view, .user = "two"},
         {.time = at(5, 6), .kind = purchase, .user = "new", .order = "o1", .revenue = 10},
         {.time = at(6, 0), .kind = purchase, .user = "new", .order = "o1", .revenue = 5},
         {.time = at(6, 1), .kind = view, .user = "old"},
         {.time = at(7, 0), .kind = view, .user = "two"}});
    const auto facts = metrics::facts_of(log);
    const Cohorts cohorts = metrics::finish_cohorts(
        metrics::count_cohorts(log, shop_options(), facts, CohortStart::event), shop_options(), facts);
    ASSERT_EQ(cohorts.rows.size(), 2u);
    EXPECT_TRUE(cohorts.reason.empty());
    const Cohort &there = cohorts.rows[0], &april = cohorts.rows[1];
    EXPECT_EQ(there.key, "already there");
    EXPECT_EQ(there.users, 2);
    ASSERT_EQ(there.weeks.size(), 4u);  // weeks 3 to 6; week 7 is not over
    EXPECT_EQ(there.weeks[0].active, 1);
    EXPECT_EQ(there.weeks[3].active, 1);
    EXPECT_EQ(april.key, "2024-W14");
    EXPECT_EQ(april.users, 2);
    ASSERT_EQ(april.weeks.size(), 3u);
    EXPECT_EQ(april.weeks[0], (CohortWeek{.active = 2}));
    EXPECT_EQ(april.weeks[1].ordering, 1);
    EXPECT_EQ(april.weeks[1].revenue.text(), "15");
    EXPECT_EQ(april.weeks[2], (CohortWeek{.active = 1}));
    const Cohorts buyers = metrics::finish_cohorts(
        metrics::count_cohorts(log, shop_options(), facts, CohortStart::order), shop_options(), facts);
    ASSERT_EQ(buyers.rows.size(), 1u);
    EXPECT_EQ(buyers.rows[0].key, "2024-W15");
    EXPECT_EQ(buyers.rows[0].weeks[0].ordering, 1);
}

TEST(Cohorts, SayWhyThereIsNothingToShow) {
    const auto found = [](const std::vector<Row>& rows) {
        const EventLog log = to_log(rows);
        const auto facts = metrics::facts_of(log);
        return metrics::finish_cohorts(metrics::count_cohorts(log, shop_options(), facts, CohortStart::event),
                                       shop_options(), facts);
    };
    EXPECT_TRUE(found({}).rows.empty());
    const Cohorts one = found({{.time = 0, .kind = view, .user = "u"}});
    ASSERT_EQ(one.rows.size(), 1u);
    EXPECT_EQ(one.weeks, 0u);
    EXPECT_EQ(one.reason, "log_shorter_than_28_days");
    EXPECT_EQ(found({{.time = 0, .kind = view, .user = "u"}, {.time = 28 * kDay, .kind = view, .user = "v"}})
                  .reason,
              "no_week_is_over");
}

}  // namespace
}  // namespace funnel::test
