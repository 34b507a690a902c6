// SPDX-License-Identifier: MIT
// Intervals, comparisons, champions, warm starts and calibration on tables whose truth is known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "funnel/base/random.hpp"

namespace funnel::cli_test {
namespace {

/// a and b decide with logit 2 a + b + shift; noise does not.
std::string make_rows(std::size_t rows, std::uint64_t seed, double shift = -1) {
    Rng rng(seed);
    std::string text = "user,a,b,noise,bought\n";
    for (std::size_t i = 0; i < rows; ++i) {
        const double a = rng.normal(), b = rng.normal();
        const bool bought = rng.uniform() < 1 / (1 + std::exp(-2 * a - b - shift));
        text += "u" + std::to_string(i / 3) + "," + std::to_string(a) + "," + std::to_string(b) + "," +
                std::to_string(rng.normal()) + (bought ? ",1\n" : ",0\n");
    }
    return text;
}

struct Files {
    TemporaryFolder folder;
    std::string rows = folder.write("train.csv", make_rows(3000, 1));
    std::string judged = folder.write("judged.csv", make_rows(1500, 2));

    std::string train(const std::string& name, Words more, int code = 0) const {
        const std::string path = folder.path(name);
        Words args = {"train",   rows,   "-o", path,       "--label", "bought",
                      "--group", "user", "-q", "--epochs", "4"};
        args.insert(args.end(), more.begin(), more.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, code) << result.err;
        return path;
    }
};

TEST(CliJudging, FiguresHaveIntervalsAndStayNumbers) {
    const Files files;
    const std::string model = files.train("m.funnel", {});
    const ToolResult result = run_tool({"evaluate", "-m", model, files.judged, "--group", "user", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json target = result.json().at("targets").at("bought");
    for (const char* name : {"roc_auc", "average_precision", "log_loss", "normalized_entropy"}) {
        const double value = target.at(name), low = target.at("intervals").at(name).at("low"),
                     high = target.at("intervals").at(name).at("high");
        EXPECT_LT(low, value) << name;
        EXPECT_GT(high, value) << name;
    }
    const ToolResult csv = run_tool({"evaluate", "-m", model, files.judged, "--csv"});
    EXPECT_TRUE(csv.out.starts_with("segment,target,figure,value,reason,low,high\n"));
    const ToolResult text = run_tool({"evaluate", "-m", model, files.judged});
    EXPECT_NE(text.out.find("95 %"), std::string::npos);
}

TEST(CliJudging, ByAColumnTheWorstComesFirst) {
    const Files files;
    const std::string model = files.train("m.funnel", {});
    // The second half of the rows has labels that nothing predicts.
    std::string text = make_rows(1500, 2);
    std::string with_device;
    std::size_t row = 0;
    for (std::size_t begin = 0; begin < text.size(); ++row) {
        const std::size_t end = text.find('\n', begin);
        std::string line = text.substr(begin, end - begin);
        if (row == 0) {
            line += ",device";
        } else if (row > 750) {
            line.back() = row % 5 == 0 ? '1' : '0';
            line += ",phone";
        } else {
            line += row % 2 == 0 ? ",desk" : ",";
        }
        with_device += line + "\n";
        begin = end + 1;
    }
    const std::string judged = files.folder.write("devices.csv", with_device);
    const ToolResult result = run_tool({"evaluate", "-m", model, judged, "--by", "device", "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json by = result.json().at("by");
    ASSERT_EQ(by.size(), 3u);
    EXPECT_EQ(by[0].at("key"), "phone");
    EXPECT_EQ(by[0].at("by"), "device");
    EXPECT_EQ(by[0].at("examples"), 750);
    int examples = 0;
    for (const json& key : by)
        examples += key.at("targets").at("bought").at("examples").get<int>();
    EXPECT_EQ(examples, 1500);
    // The figures of a key are those of a file that holds its rows alone.
    std::string phones = with_device.substr(0, with_device.find('\n') + 1);
    phones += with_device.substr(with_device.find('\n', with_device.rfind(",desk")) + 1);
    const json alone =
        run_tool({"evaluate", "-m", model, files.folder.write("phones.csv", phones), "--json"}).json();
    EXPECT_NEAR(alone.at("targets").at("bought").at("log_loss").get<double>(),
                by[0].at("targets").at("bought").at("log_loss").get<double>(), 1e-9);
    const ToolResult page = run_tool({"evaluate", "-m", model, judged, "--by", "device"});
    EXPECT_NE(page.out.find("by device, worst first"), std::string::npos) << page.out;
    EXPECT_LT(page.out.find("phone"), page.out.find("desk"));
    EXPECT_NE(run_tool({"evaluate", "-m", model, judged, "--by", "device", "--csv"})
                  .out.find("device=phone,bought"),
              std::string::npos);
    EXPECT_EQ(run_tool({"evaluate", "-m", model, judged, "--by", "colour"}).code, 2);
    EXPECT_EQ(run_tool({"evaluate", "-m", model, "-m", model, judged, "--by", "device"}).code, 2);
}

TEST(CliJudging, TwoModelsAreComparedOnTheSameRows) {
    const Files files;
    const std::string good = files.train("good.funnel", {}),
                      poor = files.train("poor.funnel", {"--drop", "a"});
    const ToolResult result = run_tool({"evaluate", "-m", poor, "-m", good, files.judged, "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json auc = result.json().at("comparison").at("bought").at("roc_auc");
    EXPECT_NEAR(auc.at("difference").get<double>(), auc.at("b").get<double>() - auc.at("a").get<double>(),
                1e-12);
    EXPECT_GT(auc.at("low").get<double>(), 0.05);
    const ToolResult text = run_tool({"evaluate", "-m", poor, "-m", good, files.judged});
    EXPECT_NE(text.out.find("difference"), std::string::npos);
    EXPECT_EQ(run_tool({"evaluate", "-m", poor, "-m", good, "-m", good, files.judged}).code, 2);
}

TEST(CliJudging, ANewModelReplacesTheOldOnlyIfItIsSurelyBetter) {
    const Files files;
    const std::string poor = files.train("poor.funnel", {"--drop", "a"}),
                      good = files.train("good.funnel", {});
    const std::string better = files.train("better.funnel", {"--champion", poor, "--min-gain", "0.05"});
    EXPECT_TRUE(std::filesystem::exists(better));
    const std::string none = files.train("none.funnel", {"--champion", good, "--min-gain", "0.05"}, 4);
    EXPECT_FALSE(std::filesystem::exists(none));
    const std::string before = support::read_file(good);
    const auto entries = [&] {
        const auto all = std::filesystem::directory_iterator(files.folder.path(""));
        return std::distance(begin(all), end(all));
    };
    const auto count = entries();
    files.train("good.funnel", {"--champion", good, "--learning-rate", "0.00001"}, 4);
    files.train("good.funnel", {"--champion", good, "--drop", "a"}, 3);  // the champion needs it
    EXPECT_EQ(support::read_file(good), before);
    EXPECT_EQ(entries(), count) << "nothing is left behind";
    files.train("good.funnel", {"--champion", good, "--no-refit"}, 4);
    files.train("x.funnel", {"--min-gain", "0.1"}, 2);
}

TEST(CliJudging, AWarmStartBeginsWhereTheEarlierModelEnded) {
    const Files files;
    const std::string earlier = files.train("earlier.funnel", {});
    const auto first_loss = [&](const Words& more) {
        Words args = {"train",   files.rows, "-o",    files.folder.path("next.funnel"), "--label", "bought",
                      "--group", "user",     "--json"};
        args.insert(args.end(), more.begin(), more.end());
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 0) << result.err;
        return std::pair(result.json().at("epochs").at(0).at("train_loss").get<double>(), result.err);
    };
    const auto [cold, cold_message] = first_loss({});
    const auto [warm, warm_message] = first_loss({"--init", earlier});
    EXPECT_LT(warm, cold - 0.01);
    EXPECT_EQ(warm_message.find("warm start"), std::string::npos);
    const std::string other = files.train("other.funnel", {"--drop", "noise"});
    EXPECT_NE(first_loss({"--init", other}).second.find("noise"), std::string::npos);
    EXPECT_NE(first_loss({"--init", other, "--hidden", "8"}).second.find("hidden layers"), std::string::npos);
    const std::string small = files.train("small.funnel", {"--hidden", "8,4"});
    EXPECT_EQ(first_loss({"--init", small}).second.find("hidden layers"), std::string::npos)
        << "the new net has the layers of the earlier one";
}

TEST(CliJudging, FreezingKeepsTheInputsOfTheEarlierModel) {
    const Files files;
    const std::string earlier = files.train("earlier.funnel", {});
    const std::string few = files.folder.write("few.csv", make_rows(150, 8, 1));
    const std::string tuned = files.folder.path("tuned.funnel"), fresh = files.folder.path("fresh.funnel");
    const auto train = [&](const std::string& to, const Words& more) {
        Words args = {"train", few, "-o", to, "--label", "bought", "-q"};
        args.insert(args.end(), more.begin(), more.end());
        if (std::ranges::find(more, "--drop") == more.end()) args.insert(args.end(), {"--drop", "user"});
        return run_tool(args);
    };
    EXPECT_EQ(train(tuned, {"--init", earlier, "--freeze"}).code, 0);
    EXPECT_EQ(train(fresh, {}).code, 0);
    const std::string judged = files.folder.write("shifted.csv", make_rows(3000, 9, 1));
    const auto loss = [&](const std::string& model) {
        const json all = run_tool({"evaluate", "-m", model, judged, "--json"}).json();
        return all.at("targets").at("bought").at("log_loss").get<double>();
    };
    EXPECT_LT(loss(tuned), loss(earlier)) << "the base rate was learned";
    EXPECT_LT(loss(tuned), loss(fresh)) << "150 rows teach less than 3000 did";
    EXPECT_EQ(train(tuned, {"--freeze"}).code, 2);
    EXPECT_EQ(train(tuned, {"--init", earlier, "--freeze", "--hidden", "5"}).code, 2);
    const ToolResult lacking = train(tuned, {"--init", earlier, "--freeze", "--drop", "user,a"});
    EXPECT_EQ(lacking.code, 3);
    EXPECT_NE(lacking.err.find("\"a\""), std::string::npos) << lacking.err;
}

TEST(CliJudging, AnAuditFindsTheInputThatKnowsTheLabel) {
    const Files files;
    std::string leaking;
    const std::string rows = make_rows(2000, 6);
    for (std::size_t begin = 0, end; (end = rows.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const std::string line = rows.substr(begin, end - begin);
        leaking += line + (begin == 0 ? ",paid" : line.back() == '1' ? ",9.5" : ",0") + "\n";
    }
    const std::string path = files.folder.write("leaking.csv", leaking);
    const auto audit = [&](const std::string& table) {
        return run_tool({"train", table, "-o", files.folder.path("m.funnel"), "--label", "bought", "--group",
                         "user", "--epochs", "3", "--audit", "--json"})
            .json()
            .at("audit");
    };
    const json found = audit(path);
    EXPECT_EQ(found.at("inputs").at(0).at("input"), "paid");
    EXPECT_EQ(found.at("inputs").at(0).at("roc_auc"), 1.0);
    EXPECT_NE(found.at("warnings").dump().find("paid"), std::string::npos);
    const json clean = audit(files.rows);
    EXPECT_EQ(clean.at("warnings").size(), 0u) << clean.dump();
    EXPECT_EQ(clean.at("inputs").at(0).at("input"), "a");
    EXPECT_NEAR(clean.at("splits").at("bought").at("roc_auc").get<double>(),
                clean.at("splits").at("bought").at("roc_auc_at_random").get<double>(), 0.03);
}

TEST(CliJudging, CalibrationFollowsTheBaseRateAndRefusesOnAFewLabels) {
    const Files files;
    const std::string model = files.train("m.funnel", {}), moved = files.folder.path("moved.funnel");
    const std::string later = files.folder.write("later.csv", make_rows(1500, 3, -2.5));
    const std::string judged = files.folder.write("much_later.csv", make_rows(3000, 4, -2.5));
    const ToolResult result = run_tool({"calibrate", "-m", model, later, "-o", moved, "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json head = result.json().at("targets").at("bought");
    const double positives = head.at("positives");
    // The truth moved by -1.5; the part that positives / (positives + 100) believes.
    EXPECT_NEAR(head.at("intercept").get<double>(), -1.5 * positives / (positives + 100), 0.25);
    const auto figure = [&](const std::string& path, const char* name) {
        return run_tool({"evaluate", "-m", path, judged, "--json"})
            .json()
            .at("targets")
            .at("bought")
            .at(name)
            .get<double>();
    };
    EXPECT_LT(figure(moved, "ece"), 0.4 * figure(model, "ece"));
    // The order of each member is what it was; that of their mean moves a little.
    EXPECT_NEAR(figure(moved, "roc_auc"), figure(model, "roc_auc"), 1e-3);
    const std::string few = files.folder.write("few.csv", make_rows(30, 5, -2.5));
    const std::string none = files.folder.path("none.funnel");
    EXPECT_EQ(run_tool({"calibrate", "-m", model, few, "-o", none}).code, 3);
    EXPECT_FALSE(std::filesystem::exists(none));
}

}  // namespace
}  // namespace funnel::cli_test
