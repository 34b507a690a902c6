// SPDX-License-Identifier: MIT
// A log whose traffic grows: the last fifth of the time holds most of the rows, which is said.
#include <gtest/gtest.h>

#include <string>

#include "cli/names.hpp"

namespace funnel::cli_test {
namespace {

/// Twenty days of views, one in seven followed by a purchase; `early` views a day at first, `late` in the
/// last four days.
std::string growing_log(int early, int late) {
    std::string text = "event_time,event_type,user_id,item_id\n";
    int user = 0;
    for (int day = 1; day <= 20; ++day) {
        const int views = day <= 16 ? early : late;
        for (int i = 0; i < views; ++i, ++user) {
            const auto row = [&](int minute, const char* type) {
                const std::string d = std::to_string(100 + day).substr(1),
                                  h = std::to_string(100 + i * 20 / views).substr(1);
                text += "2024-03-" + d + "T" + h + ":" + std::to_string(minute) + ":00Z," + type + ",u" +
                        std::to_string(user % 400) + ",i" + std::to_string(user % 23) + "\n";
            };
            row(10, "view");
            if (user % 7 == 0) row(20, "purchase");
        }
    }
    return text;
}

ToolResult train(const TemporaryFolder& folder, const std::string& log, const Words& more = {}) {
    Words args = {"train",     folder.write("log.csv", log),
                  "-o",        folder.path("m.funnel"),
                  "--funnel",  "view,purchase",
                  "--horizon", "12h",
                  "--hidden",  "4",
                  "--epochs",  "2"};
    args.insert(args.end(), more.begin(), more.end());
    return run_tool(args);
}

TEST(CliLopsidedSplit, IsSaidAndWarnedAbout) {
    const TemporaryFolder folder;
    const ToolResult grown = train(folder, growing_log(20, 400));
    ASSERT_EQ(grown.code, 0) << grown.err;
    EXPECT_NE(grown.err.find("examples train and the rest validates"), std::string::npos) << grown.err;
    EXPECT_NE(grown.err.find("a smaller --valid"), std::string::npos) << grown.err;
    EXPECT_NE(grown.out.find(" % of both"), std::string::npos) << grown.out;
    const ToolResult even = train(folder, growing_log(60, 60));
    ASSERT_EQ(even.code, 0) << even.err;
    EXPECT_EQ(even.err.find("examples train and the rest validates"), std::string::npos) << even.err;
    const ToolResult less = train(folder, growing_log(20, 400), {"--valid", "5%"});
    EXPECT_EQ(less.err.find("examples train and the rest validates"), std::string::npos) << less.err;
}

TEST(CliLopsidedSplit, ALogWithoutRowsOrTooShortIsNamed) {
    const TemporaryFolder folder;
    for (const std::string& log :
         {std::string("event_time,event_type,user_id,item_id\n"),
          std::string("event_time,event_type,user_id,item_id\n2024-03-01,view,a,b\n")}) {
        const ToolResult result = train(folder, log, {"-q"});
        EXPECT_EQ(result.code, 3) << result.err;
        EXPECT_NE(result.err.find("funnel-train: " + folder.path("log.csv") + ": "), std::string::npos)
            << result.err;
        EXPECT_TRUE(result.one_error_line()) << result.err;
    }
}

}  // namespace
}  // namespace funnel::cli_test
