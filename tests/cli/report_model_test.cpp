// SPDX-License-Identifier: MIT
// The report with a model: judged on the rows it did not see.
#include <gtest/gtest.h>

#include <string>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"
#include "report/html_check.hpp"

namespace funnel::cli_test {
namespace {

TEST(CliReportModel, ShowsWhatEvaluateSays) {
    const TrainedShop& shop = TrainedShop::shared();
    const support::TemporaryFolder folder;
    const auto result =
        run_tool({"report", shop.early, shop.late, "-m", shop.model, "-o", folder.path("r.html")});
    ASSERT_EQ(result.code, 0) << result.err;
    const std::string page = folder.read("r.html");
    html_test::expect_sound(page);
    EXPECT_LT(page.size(), 400'000u);
    for (const char* id : {"predicted-observed", "target-1", "target-2", "target-3", "training"})
        EXPECT_NE(page.find("<figure id=\"" + std::string(id) + "\""), std::string::npos) << id;
    const auto evaluated = run_tool({"evaluate", shop.early, shop.late, "-m", shop.model, "--json"}).json();
    EXPECT_EQ(evaluated["targets"].size(), 3u);
    int found = 0;
    for (const auto& [name, target] : evaluated["targets"].items()) {
        std::string auc = std::to_string(target["roc_auc"].get<double>());
        auc.resize(5);  // "0.xyz": shown with four places, the last of which may be rounded up
        EXPECT_NE(page.find("Area " + auc), std::string::npos) << name;
        const std::string observed = std::to_string(target["positives"].get<int>());
        if (observed.size() < 4) {  // without thousands
            EXPECT_NE(page.find(observed + " observed"), std::string::npos) << name;
            ++found;
        }
    }
    EXPECT_GT(found, 0);
}

TEST(CliReportModel, NeedsRowsThatTheModelDidNotSee) {
    const TrainedShop& shop = TrainedShop::shared();
    const support::TemporaryFolder folder;
    const auto result = run_tool({"report", shop.early, "-m", shop.model, "-o", folder.path("r.html")});
    EXPECT_EQ(result.code, 3);
    EXPECT_NE(result.err.find("expected rows after"), std::string::npos) << result.err;
    EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace funnel::cli_test
