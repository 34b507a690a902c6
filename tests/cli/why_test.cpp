// SPDX-License-Identifier: MIT
// `metrics --compare previous --why`: sentences that sum as they are printed, which columns are searched, and
// what is refused.
#include <gtest/gtest.h>

#include <cmath>
#include <regex>
#include <string>
#include <vector>

#include "cli/measured.hpp"
#include "cli/names.hpp"
#include "funnel/base/random.hpp"

namespace funnel::cli_test {
namespace {

/// Visitors of 1 and 2 March; `rate` says who of the n-th of a device on a day buys.
struct TwoDays {
    int visitors = 600;                               // per device and day
    int mobile[2] = {60, 20}, desktop[2] = {60, 60};  // buyers per day
};

std::string two_days(const TwoDays& of) {
    std::string text = "event_time,event_type,user_id,item_id,order_id,revenue,device,page\n";
    for (int day = 0; day < 2; ++day) {
        for (const std::string device : {"mobile", "desktop"}) {
            const int buyers = device == "mobile" ? of.mobile[day] : of.desktop[day];
            for (int u = 0; u < of.visitors; ++u) {
                const std::string user = device + std::to_string(day) + "-" + std::to_string(u);
                const std::string at = "2024-03-0" + std::to_string(day + 1) + "T10:0";
                const std::string page = "/p/" + user;
                text += at + "0:00Z,view," + user + ",i,,," + device + "," + page + "\n";
                if (u < buyers)
                    text +=
                        at + "1:00Z,purchase," + user + ",i,o" + user + ",10," + device + "," + page + "\n";
            }
        }
    }
    return text;
}

const std::vector<std::string> kWhy = {"--period",  "yesterday", "--as-of", "2024-03-03",
                                       "--compare", "previous",  "--why"};

std::vector<std::string> why_and(std::vector<std::string> more) {
    more.insert(more.begin(), kWhy.begin(), kWhy.end());
    return more;
}

TEST(CliWhy, SaysWhichKeyItWas) {
    const json why = metrics(two_days({}), kWhy).json().at("why");
    ASSERT_EQ(why.at("sentences").size(), 2u) << why.at("sentences").dump(1);
    const std::string conversion = why.at("sentences")[0], revenue = why.at("sentences")[1];
    EXPECT_TRUE(conversion.starts_with("Conversion fell from 10.00 % to 6.67 % (-3.33 points, -"))
        << conversion;
    EXPECT_TRUE(conversion.ends_with(
        "). By device: -3.33 mobile converts worse (10.00 % -> 3.33 %). In all: -3.33 rate."))
        << conversion;
    // 1,200 visits on both days, 10 per order: all of it is orders per visit.
    EXPECT_TRUE(revenue.starts_with("Revenue fell from 1,200.00 to 800.00 (-400.00, -")) << revenue;
    EXPECT_TRUE(revenue.ends_with("): -400.00 orders per visit (10.00 % -> 6.67 %).")) << revenue;
    EXPECT_EQ(why.at("found")[0].at("key"), "mobile");
    EXPECT_EQ(why.at("found")[0].at("effect"), "rate");
    EXPECT_EQ(why.at("rates")[0].at("columns")[0].at("by"), "device");
    EXPECT_EQ(why.at("before").at("from"), "2024-03-01T00:00:00Z");
    // A page per visitor is no column to search; nor is any id.
    ASSERT_EQ(why.at("left_out").size(), 1u);
    EXPECT_EQ(why.at("left_out")[0], (json{{"by", "page"}, {"reason", "too_many_keys"}}));

    const TemporaryFolder folder;
    std::vector<std::string> options = {"metrics", folder.write("log.csv", two_days({}))};
    options.insert(options.end(), kWhy.begin(), kWhy.end());
    const std::string text = run_tool(options).out;
    EXPECT_NE(text.find("1. Conversion fell from 10.00 % to 6.67 %"), std::string::npos) << text;
    EXPECT_NE(text.find("Mix or rate, of conversion:"), std::string::npos) << text;
    EXPECT_NE(text.find("Not searched: page (too many keys)."), std::string::npos) << text;
}

TEST(CliWhy, SaysInOneSentenceThatNothingMoved) {
    const json why = metrics(two_days({.mobile = {60, 55}, .desktop = {60, 64}}), kWhy).json().at("why");
    ASSERT_EQ(why.at("sentences").size(), 1u);
    const std::string sentence = why.at("sentences")[0];
    EXPECT_TRUE(sentence.starts_with("Nothing moved beyond chance: none of ")) << sentence;
    EXPECT_NE(sentence.find("conversion went from 10.00 % to 9.92 % (-0.08 points, "), std::string::npos)
        << sentence;
    EXPECT_EQ(why.at("beyond_chance"), 0);
}

/// The last places of "-0.21", "+1,200.00".
long places(std::string number) {
    std::erase_if(number, [](char c) { return c == ',' || c == '.' || c == '+'; });
    return std::stol(number);
}

/// The numbers that begin the parts behind `lead`, up to the end of the sentence.
long sum_behind(const std::string& sentence, const std::string& lead) {
    std::string rest = sentence.substr(sentence.find(lead) + lead.size());
    long sum = 0;
    const std::regex part(R"((?:^|; )([-+][0-9.,]*[0-9]) )");
    if (const auto end = rest.find(". In all: "); end != std::string::npos) rest.resize(end);
    for (std::sregex_iterator at(rest.begin(), rest.end(), part), end; at != end; ++at)
        sum += places((*at)[1]);
    return sum;
}

TEST(CliWhy, PrintedFiguresSum) {
    std::size_t checked = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        Rng random(seed);
        const auto buyers = [&] { return static_cast<int>(random.below(120)); };
        const TwoDays days{.visitors = 333 + static_cast<int>(random.below(100)),
                           .mobile = {buyers(), buyers()},
                           .desktop = {buyers(), buyers()}};
        const json why = metrics(two_days(days), kWhy).json().at("why");
        for (const std::string sentence : why.at("sentences")) {
            std::smatch change;
            const std::regex moved(
                R"( from ([0-9.,]+)(?: %)? to ([0-9.,]+)(?: %)? \(([-+]?[0-9.,]*[0-9])( points)?, )");
            ASSERT_TRUE(std::regex_search(sentence, change, moved)) << sentence;
            const long total = places(change[3]);
            EXPECT_EQ(places(change[2]) - places(change[1]), total) << sentence;
            const bool by = sentence.find(" By device: ") != std::string::npos;
            const bool money = sentence.starts_with("Revenue");
            if (!by && !money) continue;
            EXPECT_EQ(sum_behind(sentence, by ? " By device: " : "): "), total) << sentence;
            ++checked;
            const auto in_all = sentence.find(". In all: ");
            if (in_all != std::string::npos) {
                EXPECT_EQ(sum_behind(sentence.substr(in_all + 1), " In all: "), total) << sentence;
            }
        }
        for (const json& rate : why.at("rates")) {
            for (const json& column : rate.at("columns")) {
                double sum = 0;
                for (const json& key : column.at("keys"))
                    sum += key.at("mix").at("value").get<double>() + key.at("rate").at("value").get<double>();
                EXPECT_NEAR(sum, rate.at("change").at("value").get<double>(), 1e-14);
            }
        }
    }
    EXPECT_GT(checked, 12u);
}

TEST(CliWhy, SearchesTablesBesideTheLogAndWhatUseChooses) {
    const TemporaryFolder folder;
    std::string plans = "user_id,plan,age\n";
    for (int day = 0; day < 2; ++day) {
        for (const char* device : {"mobile", "desktop"}) {
            for (int u = 0; u < 600; ++u)
                plans += device + std::to_string(day) + "-" + std::to_string(u) +
                         (u < 300 ? ",paid," : ",free,") + std::to_string(u % 3) + "\n";
        }
    }
    const std::string table = folder.write("plans.csv", plans);
    const auto columns = [&](const std::vector<std::string>& more) {
        std::vector<std::string> names;
        const json why = metrics(two_days({}), why_and(more)).json().at("why");
        for (const json& column : why.at("rates")[0].at("columns"))
            names.push_back(column.at("by"));
        std::ranges::sort(names);
        return names;
    };
    using Columns = std::vector<std::string>;
    EXPECT_EQ(columns({"--users", table}), (Columns{"age", "device", "plan"}));
    EXPECT_EQ(columns({"--users", table, "--use", "plan"}), (Columns{"plan"}));
    EXPECT_EQ(columns({"--use", "device"}), (Columns{"device"}));
    const std::string goods =
        folder.write("goods.csv", "item_id,plan,colour\ni,x,red\n");  // of items, so not searched
    EXPECT_EQ(columns({"--users", table, "--items", goods}), (Columns{"age", "device", "users.plan"}));
}

TEST(CliWhy, APeriodBeforeThatTheLogDoesNotHaveIsSaid) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", two_days({}));
    const ToolResult empty = run_tool(
        {"metrics", log, "--from", "2024-03-01", "--to", "2024-03-03", "--compare", "previous", "--why"});
    EXPECT_NE(empty.out.find("Nothing could be tested: too few users"), std::string::npos) << empty.out;
    EXPECT_EQ(empty.out.find("Nothing moved"), std::string::npos);
    for (const std::string command : {"metrics", "products"}) {
        const ToolResult none = run_tool(
            {command, log, "--from", "2024-03-01", "--to", "2024-03-03", "--compare", "previous", "--json"});
        EXPECT_NE(none.out.find("--compare previous: no row in that period"), std::string::npos) << none.out;
        const ToolResult part = run_tool(
            {command, log, "--from", "2024-03-02", "--to", "2024-03-05", "--compare", "previous", "--json"});
        EXPECT_NE(part.out.find("--compare previous: the period begins 2024-02-28T00:00:00Z, before the log"),
                  std::string::npos)
            << part.out;
    }
}

TEST(CliWhy, NeedsAPeriodToCompareWith) {
    const auto refused = [](std::vector<std::string> options) {
        const ToolResult result =
            metrics(two_days({.visitors = 60, .mobile = {1, 1}, .desktop = {1, 1}}), std::move(options));
        EXPECT_EQ(result.code, 2);
        return result.err;
    };
    EXPECT_NE(refused({"--why"}).find("--why: expected --compare previous or year-ago"), std::string::npos);
    EXPECT_NE(refused(why_and({"--per", "session"})).find("--why: expected --per user"), std::string::npos);
    EXPECT_NE(refused({"--use", "device"}).find("--use: expected --why"), std::string::npos);
    EXPECT_EQ(metrics(two_days({}), why_and({"--use", "colour"})).code, 3);
}

}  // namespace
}  // namespace funnel::cli_test
