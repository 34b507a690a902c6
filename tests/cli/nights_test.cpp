// SPDX-License-Identifier: MIT
// Nights that can be run again: the order of what is written, states, late rows, missing days, and that
// nothing is judged on what it learned.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <streambuf>
#include <string>
#include <vector>

#include "app.hpp"
#include "cli/names.hpp"
#include "cli/trained_shop.hpp"

namespace funnel::cli_test {
namespace {

namespace fs = std::filesystem;

/// Takes what fits into its buffer and cannot write it: a full disk behind standard output.
struct Full : std::streambuf {
    int overflow(int) override { return traits_type::eof(); }
    int sync() override { return -1; }
};

class CliNights : public testing::Test {
 protected:
    const TemporaryFolder folder_;
    const std::vector<std::string> days_ = TimedLines(read_file(shop().late)).split(3);
    const std::string first_ = folder_.write("1.csv", days_[0]), second_ = folder_.write("2.csv", days_[1]),
                      third_ = folder_.write("3.csv", days_[2]), state_ = folder_.path("state"),
                      scores_ = folder_.path("scores.csv"), manifest_ = folder_.path("manifest.json");

    [[nodiscard]] ToolResult score(const std::string& log, const Words& more) const {
        Words args = {"score", "-m", shop().model, log, "-q"};
        args.insert(args.end(), more.begin(), more.end());
        return run_tool(args);
    }
    /// A night from one state to another, with all outputs.
    [[nodiscard]] Words night(const std::string& log, const std::string& from, const std::string& to) const {
        return {"score",        "-m", shop().model, log,     "--state",    from,
                "--save-state", to,   "-o",         scores_, "--manifest", manifest_};
    }
    [[nodiscard]] json manifest() const { return json::parse(folder_.read("manifest.json")); }
};

// Each of the four steps fails once; the run after it gives the bytes of an undisturbed night.
TEST_F(CliNights, AreRunAgainAfterAnyStepThatFailed) {
    ASSERT_EQ(score(first_, {"--save-state", state_}).code, 0);
    const std::string before = folder_.read("state"), next = folder_.path("next");
    ASSERT_EQ(run_tool(night(second_, state_, next)).code, 0);
    const std::string scores = folder_.read("scores.csv"), record = folder_.read("manifest.json"),
                      after = folder_.read("next");
    struct Step {
        const char* option;
        const char* wrong;
    };
    std::size_t failed = 0;
    for (const Step& step : {Step{"-o", "no/scores.csv"}, Step{"--manifest", "no/manifest.json"},
                             Step{"--save-state", "no/state"}}) {
        for (const char* file : {"scores.csv", "manifest.json", "next"})
            fs::remove(folder_.path(file));
        Words broken = night(second_, state_, next);
        *(std::ranges::find(broken, step.option) + 1) = folder_.path(step.wrong);
        EXPECT_EQ(run_tool(broken).code, 5) << step.option;
        EXPECT_EQ(folder_.read("state"), before) << step.option;
        EXPECT_FALSE(fs::exists(next)) << step.option;
        ASSERT_EQ(run_tool(night(second_, state_, next)).code, 0);
        EXPECT_EQ(folder_.read("scores.csv"), scores);
        EXPECT_EQ(folder_.read("manifest.json"), record);
        EXPECT_EQ(folder_.read("next"), after);
        ++failed;
    }
    EXPECT_EQ(failed, 3u);
}

TEST_F(CliNights, StandardOutputThatIsFullLeavesTheStateAndTheManifest) {
    ASSERT_EQ(score(first_, {"--save-state", state_}).code, 0);
    const std::string before = folder_.read("state");
    const Words args = {"score", "-m",           shop().model, second_,      "--state", state_,
                        "-q",    "--save-state", state_,       "--manifest", manifest_};
    Full full;
    std::ostream out(&full);
    std::ostringstream err;
    EXPECT_EQ(tool::run(args, out, err), 5);
    EXPECT_NE(err.str().find("standard output"), std::string::npos) << err.str();
    EXPECT_EQ(folder_.read("state"), before);
    EXPECT_FALSE(fs::exists(manifest_));
    const ToolResult again = run_tool(args);
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_NE(folder_.read("state"), before);
}

TEST_F(CliNights, AManifestThatCannotBeWrittenLeavesTheState) {
    ASSERT_EQ(score(first_, {"--save-state", state_}).code, 0);
    const std::string before = folder_.read("state");
    fs::create_directory(manifest_);
    EXPECT_EQ(run_tool(night(second_, state_, state_)).code, 5);
    EXPECT_EQ(folder_.read("state"), before);
}

TEST_F(CliNights, TheManifestNamesTheStatesTheTimesAndTheWatermarks) {
    ASSERT_EQ(score(first_, {"--save-state", state_}).code, 0);
    const std::string next = folder_.path("next");
    ASSERT_EQ(run_tool(night(second_, state_, next)).code, 0);
    const json m = manifest();
    ASSERT_EQ(m.at("inputs").size(), 2u) << m.dump(1);
    ASSERT_EQ(m.at("outputs").size(), 2u) << m.dump(1);
    EXPECT_EQ(m.at("outputs")[1].at("path"), next);
    EXPECT_EQ(m.at("outputs")[1].at("bytes"), fs::file_size(next));
    std::vector<std::string> times = TimedLines(days_[1]).times, earlier = TimedLines(days_[0]).times;
    std::ranges::sort(times);
    std::ranges::sort(earlier);
    // Texts have fractions, the manifest writes the shortest: the seconds are enough here.
    EXPECT_EQ(m.at("times").at("from").get<std::string>().substr(0, 19), times.front().substr(0, 19));
    EXPECT_EQ(m.at("watermark").at("before").get<std::string>().substr(0, 19), earlier.back().substr(0, 19));
    EXPECT_EQ(m.at("watermark").at("after").get<std::string>().substr(0, 19), times.back().substr(0, 19));
    EXPECT_TRUE(m.at("warnings").is_array());
}

TEST_F(CliNights, AnOlderStateIsRefusedUnlessItIsAllowed) {
    const std::string later = folder_.path("later.funnel");
    Words train = shop().train_command(later);
    train[1] =
        shop().log;  // the whole log: the history of this model is later than any state of the first half
    ASSERT_EQ(run_tool(train).code, 0);
    ASSERT_EQ(score(first_, {"--save-state", state_}).code, 0);
    const Words args = {"score", "-m", later, second_, "--state", state_, "-q", "-o", scores_};
    const ToolResult refused = run_tool(args);
    EXPECT_EQ(refused.code, 3) << refused.err;
    EXPECT_NE(refused.err.find("--allow-older-state"), std::string::npos) << refused.err;
    EXPECT_FALSE(fs::exists(scores_));
    Words allowed = args;
    allowed.push_back("--allow-older-state");
    EXPECT_EQ(run_tool(allowed).code, 0) << run_tool(allowed).err;
}

TEST_F(CliNights, AHeaderAloneIsExitThreeAndNothingIsWritten) {
    const std::string empty = folder_.write("empty.csv", TimedLines(days_[0]).header);
    for (const Words& args :
         {Words{"score", "-m", shop().model, empty, "-o", scores_, "--save-state", state_, "--max-drift", "1",
                "--manifest", manifest_},
          Words{"evaluate", "-m", shop().model, empty, "--save-state", state_, "--min-auc", "0"},
          Words{"features", "-m", shop().model, empty, "-o", scores_, "--save-state", state_},
          Words{"calibrate", "-m", shop().model, empty, "-o", scores_, "--save-state", state_},
          Words{"report", "-m", shop().model, empty, "-o", scores_}}) {
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 3) << args.front() << result.err;
        EXPECT_EQ(result.out, "");
        for (const std::string& file : {scores_, state_, manifest_})
            EXPECT_FALSE(fs::exists(file)) << args.front() << file;
    }
}

TEST_F(CliNights, LateRowsAreToldFromThoseThatComeAgain) {
    // Every second row of the first part comes a night later, among all of the second part.
    TimedLines first(days_[0]);
    std::string punctual = first.header, late;
    std::size_t kept_back = 0;
    for (std::size_t i = 0; i < first.lines.size(); ++i) {
        const bool back = i % 2 == 1 && i + 1 < first.lines.size();
        (back ? late : punctual) += first.lines[i];
        kept_back += back ? 1 : 0;
    }
    std::vector<std::string> sorted = first.times;
    std::ranges::sort(sorted);
    ASSERT_EQ(score(folder_.write("a.csv", punctual), {"--save-state", state_}).code, 0);
    const std::string again = punctual.substr(first.header.size()), log = days_[1] + late + again;
    ASSERT_EQ(run_tool(night(folder_.write("b.csv", log), state_, folder_.path("next"))).code, 0);
    const json counts = manifest().at("counts");
    const std::size_t all = counts.at("already_observed").get<std::size_t>() +
                            counts.at("late").get<std::size_t>() +
                            counts.at("late_or_observed").get<std::size_t>();
    EXPECT_NEAR(static_cast<double>(all), static_cast<double>(first.lines.size()), 2);
    EXPECT_NEAR(static_cast<double>(counts.at("late")), static_cast<double>(kept_back), 2);
    EXPECT_NEAR(static_cast<double>(counts.at("already_observed")),
                static_cast<double>(first.lines.size() - kept_back), 2);
    EXPECT_GT(kept_back, 10u);
    EXPECT_EQ(manifest().at("warnings")[0].at("code"), "late_rows") << manifest().dump(1);
}

TEST_F(CliNights, ADayThatIsMissingGetsAWarning) {
    const auto warns = [&](const std::string& log) {
        EXPECT_EQ(run_tool(night(log, state_, folder_.path("next"))).code, 0);
        return manifest().at("warnings").dump().find("gap_before_first_row") != std::string::npos;
    };
    ASSERT_EQ(score(first_, {"--save-state", state_}).code, 0);
    EXPECT_FALSE(warns(second_));
    EXPECT_TRUE(warns(third_)) << "the whole second part, more than two days, is missing";
}

// One row 34 hours after the others is a wrong clock, unless the shop is known to be silent for days.
TEST_F(CliNights, TheLongestGapOfAStateDecidesOnClocksToo) {
    std::string log = "event_time,event_type,user_id,item_id,session_id\n";
    for (int second = 0; second < 3000; second += 10) {
        const std::string minutes = std::to_string(100 + second / 60).substr(1);
        log += "2024-03-01T10:" + minutes + ":" + std::to_string(100 + second % 60).substr(1) +
               "Z,impression,u" + std::to_string(second % 70) + ",i1,s\n";
    }
    log += "2024-03-02T21:00:00Z,page_view,u1,,s\n";
    const std::string late = folder_.write("late.csv", log), busy = folder_.path("busy"),
                      quiet = folder_.path("quiet");
    ASSERT_EQ(score(first_, {"--save-state", busy}).code, 0);
    ASSERT_EQ(score(third_, {"--state", busy, "--save-state", quiet}).code, 0);
    const auto watermark = [&](const std::string& state) {
        const ToolResult result = run_tool(night(late, state, folder_.path("next")));
        EXPECT_EQ(result.code, 0) << result.err;
        return manifest().at("watermark").at("after").get<std::string>();
    };
    EXPECT_EQ(watermark(busy), "2024-03-01T10:49:50Z");
    EXPECT_EQ(watermark(quiet), "2024-03-02T21:00:00Z");
}

TEST_F(CliNights, ACopyUnderAnotherNameGetsAWarning) {
    const std::string copy = folder_.write("copy.csv", days_[0]);
    const ToolResult result = run_tool({"score", "-m", shop().model, first_, copy, "-o", scores_});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_NE(result.err.find("copy.csv holds the same bytes"), std::string::npos) << result.err;
    EXPECT_NE(run_tool({"metrics", first_, copy, "--json"}).out.find("file_given_twice"), std::string::npos);
}

TEST_F(CliNights, OptionsThatDoNotGoTogetherAreRefused) {
    const ToolResult to = score(first_, {"--to", "2024-01-20", "--save-state", state_, "-o", scores_});
    EXPECT_EQ(to.code, 2);
    EXPECT_NE(to.err.find("--as-of"), std::string::npos) << to.err;
    const ToolResult two =
        score(first_, {"--from", "2024-01-09", "--score-from", "2024-01-10", "-o", scores_});
    EXPECT_EQ(two.code, 2) << two.err;
    const std::string by_from = score(first_, {"--from", "2024-01-10"}).out;
    EXPECT_EQ(score(first_, {"--score-from", "2024-01-10"}).out, by_from);
    EXPECT_EQ(score(first_, {"--late-memory", "3 days"}).code, 2);
    EXPECT_EQ(score(first_, {"--max-late", "1"}).code, 2);
}

TEST_F(CliNights, AGateWritesEverythingAndSaysSo) {
    const Words gate = {"score",        "-m",   shop().model, first_,    "-o",          scores_, "-q",
                        "--save-state", state_, "--manifest", manifest_, "--max-drift", "1e-9"};
    const ToolResult result = run_tool(gate);
    EXPECT_EQ(result.code, 4) << result.err;
    EXPECT_NE(result.err.find("the outputs are written all the same"), std::string::npos) << result.err;
    EXPECT_EQ(manifest().at("exit_code"), 4);
    EXPECT_TRUE(fs::exists(scores_) && fs::exists(state_));
}

TEST(CliLearned, RowsOfTheTrainingAreNotJudged) {
    const Words args = {"evaluate", "-m", shop().model, shop().early, "--history", "none", "--json"};
    const ToolResult refused = run_tool(args);
    EXPECT_EQ(refused.code, 3) << refused.err;
    EXPECT_NE(refused.err.find("--allow-training-rows"), std::string::npos) << refused.err;
    EXPECT_EQ(run_tool({"evaluate", "-m", shop().model, shop().early}).err.find("--history none"),
              std::string::npos)
        << "it does not advise what would flatter it";
    Words allowed = args;
    allowed.push_back("--allow-training-rows");
    const ToolResult judged = run_tool(allowed);
    ASSERT_EQ(judged.code, 0) << judged.err;
    EXPECT_NE(judged.json().at("warnings").dump().find("in_sample"), std::string::npos) << judged.out;
    for (const Words& gate : {Words{"--min-auc", "0.01"}, Words{"--max-drift", "1000"}}) {
        Words gated = allowed;
        gated.insert(gated.end(), gate.begin(), gate.end());
        EXPECT_EQ(run_tool(gated).code, 4) << gate.front();
    }
}

TEST(CliLearned, ATableOfTheTrainingIsNotJudged) {
    const TemporaryFolder folder;
    std::string table = "x,y\n";
    for (int i = 0; i < 300; ++i)
        table += std::to_string(i % 30) + "," + std::to_string(i % 30 > 14) + "\n";
    const std::string rows = folder.write("rows.csv", table), copy = folder.write("copy.csv", table),
                      other = folder.write("other.csv", table + "3,0\n"), model = folder.path("m.funnel");
    ASSERT_EQ(run_tool({"train", rows, "-o", model, "--label", "y", "--epochs", "2"}).code, 0);
    EXPECT_EQ(run_tool({"evaluate", "-m", model, rows}).code, 3);
    EXPECT_EQ(run_tool({"evaluate", "-m", model, copy}).code, 3) << "the bytes count, not the name";
    EXPECT_EQ(run_tool({"calibrate", "-m", model, rows, "-o", folder.path("c.funnel")}).code, 3);
    EXPECT_EQ(run_tool({"evaluate", "-m", model, other}).code, 0);
    const std::string empty = folder.write("empty.csv", "x,y\n");
    EXPECT_EQ(run_tool({"evaluate", "-m", model, empty, "--min-auc", "0"}).code, 3);
    EXPECT_EQ(run_tool({"score", "-m", model, empty, "-o", folder.path("s.csv")}).code, 3);
    EXPECT_FALSE(fs::exists(folder.path("s.csv")));
    EXPECT_EQ(run_tool({"evaluate", "-m", model, rows, "--allow-training-rows"}).code, 0);
    EXPECT_EQ(run_tool({"score", "-m", model, rows}).code, 0) << "to score is not to judge";
}

}  // namespace
}  // namespace funnel::cli_test
