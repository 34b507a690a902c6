// SPDX-License-Identifier: MIT
// The report as a command: a page on disk, whole or not at all, for the sample log and with a model.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/small_shop.hpp"
#include "report/html_check.hpp"

namespace funnel::cli_test {
namespace {

const std::string& sample_log() {
    static const std::string path = std::string(FUNNEL_TEST_DIR) + "/../data/shop_events.csv.gz";
    return path;
}

bool has_figure(const std::string& page, const std::string& id) {
    return page.find("<figure id=\"" + id + "\"") != std::string::npos;
}

TEST(CliReport, OfTheSampleLogHasEveryChart) {
    const TemporaryFolder folder;
    const auto result = run_tool({"report", sample_log(), "-o", folder.path("a.html"), "-q"});
    ASSERT_EQ(result.code, 0) << result.err;
    const std::string page = folder.read("a.html");
    EXPECT_EQ(result.out, folder.path("a.html") + ": " + std::to_string(page.size()) + " bytes\n");
    EXPECT_LT(page.size(), 400'000u);
    html_test::expect_sound(page);
    for (const char* id :
         {"funnel-steps", "trend", "breakdown-1", "cart-abandonment", "repeat-purchases", "events"})
        EXPECT_TRUE(has_figure(page, id)) << id;
    EXPECT_FALSE(has_figure(page, "predicted-observed"));
}

TEST(CliReport, IsTheSameBytesWithAnyThreads) {
    const TemporaryFolder folder;
    ASSERT_EQ(run_tool({"report", sample_log(), "-o", folder.path("a"), "--threads", "1"}).code, 0);
    ASSERT_EQ(run_tool({"report", sample_log(), "-o", folder.path("b"), "--threads", "3"}).code, 0);
    EXPECT_EQ(folder.read("a"), folder.read("b"));
}

TEST(CliReport, ShowsTheFiguresOfASmallShop) {
    const TemporaryFolder folder;
    const std::string log = folder.write("a<b>.csv", small_shop());
    const auto result =
        run_tool({"report", log, "-o", folder.path("r.html"), "--json", "--tz", "Europe/Berlin"});
    ASSERT_EQ(result.code, 0) << result.err;
    const std::string page = folder.read("r.html");
    EXPECT_EQ(result.json()["bytes"], page.size());
    html_test::expect_sound(page);
    // Three users, of whom two bought: 2 x 10 and 1 x 5.
    for (const char* text : {"1 March 2024 to 3 March 2024", "3 users", "2 orders", "25.00",
                             "12.50 on average", "66.7\xC2\xA0%", "a&lt;b&gt;.csv", "Europe/Berlin"}) {
        EXPECT_NE(page.find(text), std::string::npos) << text;
    }
}

TEST(CliReport, RefusesBeforeItReads) {
    const TemporaryFolder folder;
    const std::string log = folder.write("log.csv", small_shop() + "soon,view,a,i1,s1,,,\n");
    EXPECT_EQ(run_tool({"report", log}).code, 2);  // no output
    EXPECT_EQ(run_tool({"report", log, "-o", log}).code, 2);
    EXPECT_EQ(run_tool({"report", log, "-o", folder.path("none/r.html")}).code, 5);
    EXPECT_EQ(run_tool({"report", log, "-o", folder.path("r"), "--window", "1"}).code, 2);
    EXPECT_EQ(run_tool({"report", log, "-o", folder.path("r"), "-m", log}).code, 6);
    EXPECT_EQ(run_tool({"report", log, "-o", folder.path("r")}).code,
              3);  // now it read, and found the bad row
    EXPECT_EQ(folder.names(), (std::vector<std::string>{"log.csv"}));
}

}  // namespace
}  // namespace funnel::cli_test
