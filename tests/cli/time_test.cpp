// SPDX-License-Identifier: MIT
// What is known of a log, whose clocks are believed, what is asked for: on the command line.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

class Time : public testing::Test {
 protected:
    [[nodiscard]] ToolResult run(const std::string& command, const std::string& log,
                                 const Words& more) const {
        Words words = {command, folder_.write("log.csv", log)};
        words.insert(words.end(), more.begin(), more.end());
        return run_tool(words);
    }
    [[nodiscard]] json metrics(const std::string& log, const Words& more) const {
        Words words = more;
        words.emplace_back("--json");
        const ToolResult result = run("metrics", log, words);
        EXPECT_EQ(result.code, 0) << result.err;
        return result.json();
    }
    [[nodiscard]] static double number(const json& result, const char* name, const char* what = "value") {
        return result.at("metrics").at(name).at(what).get<double>();
    }
    TemporaryFolder folder_;
};

const std::string kHead = "event_time,event_type,user_id,item_id\n";

// Seven users around the ends of March in New York.
const std::string kMarch = kHead +
                           "2024-03-05T12:00:00-05:00,view,u1,A\n2024-03-12T12:00:00-04:00,purchase,u1,A\n"
                           "2024-03-05T12:00:00-05:00,view,u2,A\n2024-03-12T13:00:00-04:00,purchase,u2,A\n"
                           "2024-03-05T12:00:00-05:00,view,u3,A\n2024-03-12T13:00:01-04:00,purchase,u3,A\n"
                           "2024-03-01T00:30:00-05:00,view,u4,A\n2024-02-29T23:30:00-05:00,view,u5,A\n"
                           "2024-03-31T23:30:00-04:00,view,u6,A\n2024-04-30T00:00:00-04:00,view,u7,A\n";

TEST_F(Time, DatesWithoutAnOffsetAreLocal) {
    const Words march = {"--tz", "America/New_York", "--from", "2024-03-01",
                         "--to", "2024-04-01",       "--by",   "day"};
    const json result = metrics(kMarch, march);
    EXPECT_EQ(number(result, "uv"), 5);
    EXPECT_EQ(result.at("breakdown").size(), 4u);  // the 1st, 5th, 12th and 31st
    for (const json& day : result.at("breakdown"))
        EXPECT_TRUE(day.at("key").get<std::string>().starts_with("2024-03")) << day.at("key");
    EXPECT_EQ(number(metrics(kMarch,
                             {"--tz", "America/New_York", "--as-of", "2024-04-01", "--period", "last-month"}),
                     "uv"),
              5);
    EXPECT_EQ(number(metrics(kMarch, {"--period", "last-month"}), "uv"),
              5);  // T is in April, in UTC u5 and not u6
    const json known = metrics(kMarch, {"--as-of", "2024-03-06"});
    EXPECT_EQ(known.at("log").at("after"), 5);
    EXPECT_EQ(known.at("log").at("accepted"), 10);
    EXPECT_EQ(number(known, "conversion_user", "numerator"), 0);
}

TEST_F(Time, AnOtherPeriodOfTheSameLog) {
    const json result =
        metrics(kMarch, {"--from", "2024-03-05", "--to", "2024-03-12", "--compare", "previous"});
    const json& rate = result.at("compare").at("metrics").at("uv");
    EXPECT_TRUE(rate.is_object());
    const ToolResult without = run("metrics", kMarch, {"--compare", "year-ago"});
    EXPECT_EQ(without.code, 2);
    EXPECT_NE(without.err.find("--period or --from"), std::string::npos) << without.err;
}

TEST_F(Time, WrongOptionsAreRefusedWithTheRightOnes) {
    const auto refused = [&](const Words& words) {
        const ToolResult result = run("metrics", kMarch, words);
        EXPECT_EQ(result.code, 2);
        EXPECT_TRUE(result.one_error_line()) << result.err;
        return result.err;
    };
    EXPECT_NE(refused({"--window", "9000000000000000s"}).find("too long: at most 106000000d"),
              std::string::npos);
    EXPECT_NE(refused({"--window", "9000000000000000"}).find("expected a duration"), std::string::npos);
    EXPECT_NE(refused({"--period", "last-year"}).find("last-month"), std::string::npos);
    EXPECT_NE(refused({"--period", "yesterday", "--from", "2024-01-01"}).find("exclude each other"),
              std::string::npos);
    EXPECT_NE(refused({"--as-of", "soon"}).find("--as-of"), std::string::npos);
    EXPECT_NE(refused({"--tz", "Mars/Base"}).find("--tz"), std::string::npos);
}

TEST_F(Time, APeriodWithoutARowSaysSo) {
    const json result = metrics(kMarch, {"--from", "2025-01-01"});
    EXPECT_NE(result.at("warnings").dump().find("no row in the period"), std::string::npos);
    const ToolResult train = run(
        "train", kMarch, {"--from", "2025-01-01", "--funnel", "view,purchase", "-o", folder_.path() + "/m"});
    EXPECT_EQ(train.code, 3);
    EXPECT_NE(train.err.find("no row in the period: the log is from 2024-03-01"), std::string::npos)
        << train.err;
}

/// 200 users who see something every hour of 40 days; some buy.
std::string shop() {
    std::string text = kHead;
    for (int hour = 0; hour < 40 * 24; ++hour) {
        for (int i = 0; i < 3; ++i) {
            const int user = (hour * 7 + i * 31) % 200;
            const std::string day = std::to_string(100 + hour / 24 % 31 + 1).substr(1);
            const std::string time = std::string("2024-0") + (hour / 24 < 31 ? "1-" : "2-") + day + "T" +
                                     std::to_string(100 + hour % 24).substr(1) + ":" +
                                     std::to_string(10 + i) + ":00Z,";
            text += time + "view,u" + std::to_string(user) + ",i" + std::to_string(hour % 20) + "\n";
            if ((user + hour) % 5 == 0)
                text += time + "purchase,u" + std::to_string(user) + ",i" + std::to_string(hour % 20) + "\n";
        }
    }
    return text;
}

// One device that says 2099: figures, labels and models are those without it.
TEST_F(Time, ARowOf2099MovesNothing) {
    const std::string row = "2099-06-01T00:00:00Z,page_view,u1,zz\n";
    json with = metrics(shop() + row, {}), without = metrics(shop(), {});
    EXPECT_EQ(with.at("log").at("ahead"), 1);
    EXPECT_NE(with.at("warnings").dump().find("log.csv:"), std::string::npos) << with.at("warnings");
    EXPECT_EQ(with.at("metrics"), without.at("metrics"));
    EXPECT_EQ(with.at("funnel"), without.at("funnel"));
    EXPECT_EQ(with.at("log").at("to"), without.at("log").at("to"));
    const json kept = metrics(shop() + row, {"--clock", "keep"});
    EXPECT_EQ(kept.at("log").at("ahead"), 0);
    EXPECT_NE(kept.at("log").at("to"), without.at("log").at("to"));

    const auto features = [&](const std::string& log, const Words& more) {
        Words words = {"--funnel", "view,purchase"};
        words.insert(words.end(), more.begin(), more.end());
        return run("features", log, words);
    };
    const ToolResult ahead = features(shop() + row, {});
    EXPECT_EQ(ahead.out, features(shop(), {}).out);
    EXPECT_NE(ahead.err.find("1 row is ahead of its clock"), std::string::npos) << ahead.err;
    EXPECT_NE(features(shop() + row, {"--clock", "keep"}).out, ahead.out);
}

// --to chooses examples and leaves the log as it is known; --as-of takes it as it was.
TEST_F(Time, ToChoosesExamplesAndAsOfIsWhatIsKnown) {
    const auto rows = [&](const Words& more) {
        Words words = {"--funnel", "view,purchase"};
        words.insert(words.end(), more.begin(), more.end());
        const ToolResult result = run("features", shop(), words);
        EXPECT_EQ(result.code, 0) << result.err;
        return parse_csv(result.out);
    };
    const Csv all = rows({}), to = rows({"--to", "2024-01-25"}), as_of = rows({"--as-of", "2024-01-25"});
    ASSERT_GT(to.rows.size(), 100u);
    EXPECT_LT(to.rows.size(), all.rows.size());
    for (std::size_t i = 0; i < to.rows.size(); ++i)
        ASSERT_EQ(to.rows[i], all.rows[i]);  // labels look behind the period
    // The same last example, whose label is not known yet. (There may be more: a shorter log has a shorter
    // beginning without examples.)
    ASSERT_FALSE(as_of.rows.empty());
    EXPECT_EQ(as_of.values("event_time").back(), to.values("event_time").back());
    EXPECT_NE(as_of.rows.back(), to.rows.back());
}

/// The rows of shop() with the minutes cut off, so that many share a time, forwards or backwards.
std::vector<std::string> tied_rows() {
    std::vector<std::string> rows;
    std::istringstream lines(shop());
    std::string line;
    for (std::getline(lines, line); std::getline(lines, line);)
        rows.push_back(line.substr(0, 14) + "00" + line.substr(16) + "," +
                       (rows.size() % 3 == 0 ? "L1" : "L2"));
    return rows;
}

std::string joined(const std::vector<std::string>& rows) {
    std::string text = "event_time,event_type,user_id,item_id,list\n";
    for (const std::string& row : rows)
        text += row + "\n";
    return text;
}

TEST_F(Time, RowsOfEqualTimesMayStandInAnyOrder) {
    std::vector<std::string> rows = tied_rows();
    const auto sorted_features = [&] {
        Csv table = parse_csv(run("features", joined(rows), {"--funnel", "view,purchase"}).out);
        std::ranges::sort(table.rows);
        return table.rows;
    };
    const auto model = [&](const std::string& name) {
        const std::string path = folder_.path() + "/" + name;
        const ToolResult result = run(
            "train", joined(rows),
            {"--funnel", "view,purchase", "--horizon", "1d", "--epochs", "2", "--hidden", "4", "-o", path});
        EXPECT_EQ(result.code, 0) << result.err;
        return read_file(path);
    };
    const auto forwards = sorted_features();
    const std::string trained = model("forwards");
    ASSERT_GT(forwards.size(), 100u);
    std::ranges::reverse(rows);
    EXPECT_EQ(sorted_features(), forwards);
    EXPECT_TRUE(model("backwards") == trained);
}

}  // namespace
}  // namespace funnel::cli_test
