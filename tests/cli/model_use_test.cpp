// SPDX-License-Identifier: MIT
// `evaluate`, `score` and `features` with one trained model: contracts of the outputs, and that three ways to
// the same number agree.
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "cli/trained_shop.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "support/process.hpp"

namespace funnel::cli_test {
namespace {

const Words kTargets = {"click", "cart", "purchase"};

const Csv& late_scores() {
    static const Csv csv = parse_csv(output({"score", "-m", shop().model, shop().late}));
    EXPECT_GT(csv.rows.size(), 1000u);
    return csv;
}

const json& late_evaluation() {
    static const json all = json::parse(output({"evaluate", "-m", shop().model, shop().late, "--json"}));
    return all;
}

TEST(CliEvaluate, JsonHasTheKeysOfTheContract) {
    const json& all = late_evaluation();
    EXPECT_EQ(all.at("schema_version"), 2);
    EXPECT_EQ(all.at("already_observed"), 0);
    EXPECT_GT(all.at("rows"), 0);
    const auto check = [](const json& targets) {
        for (const std::string& name : kTargets) {
            for (const char* key : {"examples", "masked", "positives", "base_rate", "mean_prediction",
                                    "roc_auc", "average_precision", "log_loss", "normalized_entropy", "brier",
                                    "ece", "accuracy", "lift_at_10pct", "grouped_auc"}) {
                EXPECT_TRUE(targets.at(name).contains(key)) << name << " " << key;
            }
        }
    };
    check(all.at("targets"));
    for (const char* segment : {"known_users", "new_users"})
        check(all.at("segments").at(segment));
}

/// A figure is a number, or an object with value and reason.
double value(const json& figure) {
    return figure.is_object() ? figure.at("value").get<double>() : figure.get<double>();
}

TEST(CliEvaluate, AModelOfASimulatedShopIsBetterThanChance) {
    for (const std::string& name : kTargets) {
        const json& target = late_evaluation().at("targets").at(name);
        EXPECT_GT(value(target.at("roc_auc")), 0.55) << name;
        EXPECT_EQ(target.at("examples").get<int>() + target.at("masked").get<int>(),
                  late_evaluation().at("rows").get<int>())
            << name;
    }
    EXPECT_GT(late_evaluation().at("targets").at("purchase").at("masked"), 0) << "the last day has no labels";
}

TEST(CliScore, HeaderAndRowsAreThoseOfTheContract) {
    const Csv& csv = late_scores();
    EXPECT_EQ(csv.header, (Words{"event_time", "user_id", "item_id", "known_user", "known_item", "p_click",
                                 "p_cart", "p_purchase"}));
    EXPECT_EQ(csv.rows.size(), late_evaluation().at("rows").get<std::size_t>());
    for (std::size_t i = 0; i < csv.rows.size(); ++i) {
        EXPECT_EQ(csv.at(i, "event_time").back(), 'Z');
        EXPECT_EQ(csv.at(i, "event_time")[10], 'T');
        for (const char* flag : {"known_user", "known_item"}) {
            EXPECT_TRUE(csv.at(i, flag) == "0" || csv.at(i, flag) == "1");
        }
        EXPECT_LE(std::stod(csv.at(i, "p_purchase")), std::stod(csv.at(i, "p_cart"))) << "one chain";
    }
}

TEST(CliScore, ProbabilitiesAreTheShortestTextOfAFloat) {
    for (const auto& row : late_scores().rows) {
        for (std::size_t k = 5; k < 8; ++k) {
            float p = -1;
            const auto [end, error] = std::from_chars(row[k].data(), row[k].data() + row[k].size(), p);
            ASSERT_EQ(error, std::errc{}) << row[k];
            ASSERT_TRUE(p > 0 && p < 1) << row[k];
            char shortest[64];
            const auto written = std::to_chars(shortest, shortest + sizeof shortest, p);
            ASSERT_EQ(row[k], std::string(shortest, written.ptr));
        }
    }
}

TEST(CliScore, OneRowPerExampleInInputOrder) {
    const Csv input = parse_csv(read_file(shop().late));
    const std::size_t type = input.column("event_type"), time = input.column("event_time"),
                      user = input.column("user_id"), item = input.column("item_id");
    std::size_t at = 0;  // scores are a subsequence of the input
    for (const auto& row : late_scores().rows) {
        const auto is_scored = [&](const std::vector<std::string>& line) {
            return line[type] == "impression" && line[user] == row[1] && line[item] == row[2] &&
                   ingest::parse_iso_time(line[time]) == ingest::parse_iso_time(row[0]);
        };
        while (at < input.rows.size() && !is_scored(input.rows[at]))
            ++at;
        ASSERT_LT(at++, input.rows.size()) << row[0] << row[1] << row[2];
    }
}

TEST(CliScore, AFileGetsTheSameBytesAsStandardOutput) {
    const TemporaryFolder folder;
    const std::string text = output({"score", "-m", shop().model, shop().late});
    const std::string nothing =
        output({"score", "-m", shop().model, shop().late, "-o", folder.path("s.csv")});
    EXPECT_EQ(folder.read("s.csv"), text);
    EXPECT_EQ(nothing, "");
    EXPECT_EQ(output({"score", "-m", shop().model, shop().late, "--threads", "1"}),
              output({"score", "-m", shop().model, shop().late, "--threads", "2"}));
}

TEST(CliScore, MeanPredictionIsTheOneOfEvaluate) {
    double sum = 0;
    for (const std::string& p : late_scores().values("p_click"))
        sum += std::stod(p);
    const json& click = late_evaluation().at("targets").at("click");
    // Masked rows are scored but not evaluated: the means of all and of known rows are close, not equal.
    EXPECT_NEAR(sum / static_cast<double>(late_scores().rows.size()), value(click.at("mean_prediction")),
                0.01);
}

// The place is withheld in a share of the training rows; rows to be scored have all of it.
TEST(CliScore, TheSameShopHasNotDrifted) {
    const ToolResult result =
        run_tool({"score", "-m", shop().model, shop().late, "-o", shop().folder.path("drift.csv"),
                  "--max-drift", "position=0.25,list=0.25,place_rate=0.25,p_click=0.25"});
    EXPECT_EQ(result.code, 0) << result.err;
}

TEST(CliScore, NamesTheColumnsThatTheModelKnowsAndTheLogLacks) {
    std::string text = read_file(shop().glimpse);
    const std::size_t at = text.find("position");
    ASSERT_LT(at, text.find('\n'));
    text.replace(at, 8, "positon");
    const ToolResult result =
        run_tool({"score", "-m", shop().model, shop().folder.write("misspelt.csv", text)});
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.err.find("the model learned from position, which this log has not"), std::string::npos)
        << result.err;
    const ToolResult whole = run_tool({"score", "-m", shop().model, shop().glimpse});
    EXPECT_EQ(whole.err.find("learned from"), std::string::npos) << whole.err;
}

TEST(CliScore, SaysThatALogHasNoExample) {
    const std::string log = shop().folder.write("pages.csv",
                                                "event_time,event_type,user_id,item_id\n"
                                                "2024-06-01T00:00:00Z,page_view,u1,\n");
    const ToolResult result = run_tool({"score", "-m", shop().model, log});
    EXPECT_EQ(result.code, 0);
    EXPECT_NE(result.err.find("nothing is scored"), std::string::npos) << result.err;
}

TEST(CliScore, OptionsOfTablesAreRefusedForLogs) {
    for (const Words& args :
         {Words{"score", "-m", shop().model, shop().late, "--keep", "x"},
          Words{"evaluate", "-m", shop().model, shop().late, "--weight", "x"},
          Words{"train", shop().early, "-o", shop().folder.path("x.funnel"), "--drop", "x"}}) {
        const ToolResult result = run_tool(args);
        EXPECT_EQ(result.code, 2) << args[0];
        EXPECT_NE(result.err.find("it goes with a table"), std::string::npos) << result.err;
    }
}

TEST(CliFeatures, LabelsAndScoresGiveTheFiguresOfEvaluate) {
    const Csv features = parse_csv(output({"features", shop().late, "-m", shop().model}));
    const Csv& scores = late_scores();
    ASSERT_EQ(features.rows.size(), scores.rows.size());
    const TemporaryFolder folder;
    for (const std::string& name : kTargets) {
        const auto labels = features.values("label_" + name);
        const auto p = scores.values("p_" + name);
        std::string table = "score,label\n";
        std::size_t masked = 0;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            ASSERT_EQ(features.at(i, "user_id"), scores.at(i, "user_id"));
            ASSERT_EQ(features.at(i, "item_id"), scores.at(i, "item_id"));
            if (labels[i].empty()) {
                ++masked;
            } else {
                table += p[i] + "," + labels[i] + "\n";
            }
        }
        const json again =
            json::parse(output({"evaluate", "--scores", folder.write(name + ".csv", table), "--json"}));
        const json& from_scores = again.at("targets").at("score");
        const json& from_model = late_evaluation().at("targets").at(name);
        EXPECT_EQ(from_model.at("masked"), masked) << name;
        for (const char* key : {"examples", "positives"})
            EXPECT_EQ(from_scores.at(key), from_model.at(key)) << key;
        for (const char* key : {"roc_auc", "average_precision", "log_loss", "brier", "ece", "accuracy",
                                "lift_at_10pct", "normalized_entropy"}) {
            EXPECT_NEAR(value(from_scores.at(key)), value(from_model.at(key)), 1e-9) << name << " " << key;
        }
    }
}

TEST(CliFeatures, RawAndEncodedHaveTheSameRowsAndLabels) {
    const TemporaryFolder folder;
    const Csv raw = parse_csv(output({"features", shop().glimpse, "-m", shop().model}));
    (void)output({"features", shop().glimpse, "-m", shop().model, "--encoded", "-o", folder.path("e.csv")});
    const Csv encoded = parse_csv(folder.read("e.csv"));
    ASSERT_EQ(raw.rows.size(), encoded.rows.size());
    ASSERT_FALSE(raw.rows.empty());
    for (const char* id : {"event_time", "user_id", "item_id", "label_click", "label_purchase"}) {
        EXPECT_EQ(raw.values(id), encoded.values(id)) << id;
    }
    const std::set<std::string> labels_seen = [&] {
        const auto values = raw.values("label_click");
        return std::set<std::string>(values.begin(), values.end());
    }();
    EXPECT_TRUE(std::ranges::includes(std::set<std::string>{"", "0", "1"}, labels_seen));
    EXPECT_NE(raw.header, encoded.header);
}

TEST(CliFeatures, NeedNoModel) {
    const Csv csv = parse_csv(output({"features", shop().glimpse}));
    EXPECT_TRUE(csv.has("user_id"));
    EXPECT_TRUE(csv.has("label_purchase"));
    EXPECT_GT(csv.header.size(), 15u);
}

TEST(CliScore, IdsComeBackAsTheyWere) {
    const std::vector<std::pair<std::string, std::string>> ids = {
        {"007", "007"},
        {"\"a,b\"", "a,b"},
        {"\"say \"\"hi\"\"\"", "say \"hi\""},
        {"=1+1", "=1+1"},
        {" x ", " x "},
        {"\"two\nlines\"", "two\nlines"},
        {"1e5", "1e5"},
        {"null", "null"},
        {"1234567890123456789", "1234567890123456789"},
        {"\xC3\xBC", "\xC3\xBC"},
        {"u\xCC\x88", "u\xCC\x88"}};
    const TimedLines late(read_file(shop().late));
    const Csv columns = parse_csv(late.header);
    std::string text = late.header;
    for (const auto& [written, meant] : ids) {
        for (std::size_t k = 0; k < columns.header.size(); ++k) {
            const std::string& name = columns.header[k];
            text += k > 0 ? "," : "";
            if (name == "event_time") text += *std::ranges::max_element(late.times);
            if (name == "event_type") text += "impression";
            if (name == "user_id" || name == "item_id") text += written;
        }
        text += '\n';
    }
    const TemporaryFolder folder;
    const Csv scores = parse_csv(output({"score", "-m", shop().model, folder.write("odd.csv", text)}));
    ASSERT_EQ(scores.rows.size(), ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        EXPECT_EQ(scores.at(i, "user_id"), ids[i].second);
        EXPECT_EQ(scores.at(i, "item_id"), ids[i].second);
    }
}

TEST(CliScore, CandidatesAreScoredWithTheLogAsHistory) {
    const TemporaryFolder folder;
    const Csv& known = late_scores();
    const std::string user = known.at(0, "user_id"), item = known.at(0, "item_id");
    const std::string pairs = "user_id,item_id\n" + user + "," + item + "\nsomebody new," + item + "\n" +
                              user + ",\"something, \"\"new\"\"\"\n";
    const Csv csv = parse_csv(
        output({"score", "-m", shop().model, shop().late, "--candidates", folder.write("pairs.csv", pairs)}));
    ASSERT_EQ(csv.rows.size(), 3u);
    EXPECT_EQ(csv.at(0, "user_id"), user);
    EXPECT_EQ(csv.at(0, "known_user"), "1");
    EXPECT_EQ(csv.at(0, "known_item"), "1");
    EXPECT_EQ(csv.at(1, "user_id"), "somebody new");
    EXPECT_EQ(csv.at(1, "known_user"), "0");
    EXPECT_EQ(csv.at(2, "item_id"), "something, \"new\"");
    EXPECT_EQ(csv.at(2, "known_item"), "0");
    EXPECT_NE(csv.at(0, "p_click"), csv.at(1, "p_click"));
}

TEST(CliScore, CandidatesWithoutTheirColumnsAreUnusable) {
    const TemporaryFolder folder;
    const ToolResult result = run_tool({"score", "-m", shop().model, shop().late, "--candidates",
                                        folder.write("pairs.csv", "who,what\na,b\n")});
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_NE(result.err.find("user_id"), std::string::npos) << result.err;
}

TEST(CliScore, ACandidateBeforeTheHistoryIsNamedWithItsLine) {
    const TemporaryFolder folder;
    const std::string pairs =
        folder.write("pairs.csv", "user_id,item_id,event_time\na,b,\na,b,1999-01-01T00:00:00Z\n");
    const ToolResult result = run_tool({"score", "-m", shop().model, shop().late, "--candidates", pairs});
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_NE(result.err.find("pairs.csv:3: column event_time: expected a time after 20"), std::string::npos)
        << result.err;
    EXPECT_NE(result.err.find("got \"1999-01-01T00:00:00Z\""), std::string::npos) << result.err;
}

TEST(CliGate, AnAucBelowTheGateIsExitFourAfterTheReport) {
    const auto run = [](const std::string& gate) {
        return run_tool({"evaluate", "-m", shop().model, shop().late, "--json", "--min-auc", gate});
    };
    const ToolResult open = run("0.5");
    EXPECT_EQ(open.code, 0) << open.err;
    const ToolResult closed = run("0.99");
    EXPECT_EQ(closed.code, 4);
    EXPECT_EQ(closed.out, open.out);
    EXPECT_TRUE(closed.last_error_line().starts_with("funnel-train: ")) << closed.err;
    EXPECT_EQ(run("click=0.5,purchase=0.99").code, 4);
    EXPECT_EQ(run("click=0.5").code, 0);
    for (const char* wrong : {"much", "1.5", "nosuch=0.7", "click=", "nan"})
        EXPECT_EQ(run(wrong).code, 2) << wrong;
    const ToolResult misspelt = run("purchse=0.7");
    EXPECT_EQ(misspelt.code, 2);
    EXPECT_EQ(misspelt.out, "");  // found out before the log is scored
    EXPECT_NE(misspelt.err.find("is purchase meant?"), std::string::npos) << misspelt.err;
}

TEST(CliModelFile, DamagedOrForeignFilesAreExitSix) {
    const TemporaryFolder folder;
    const std::string whole = read_file(shop().model);
    const auto refuse = [&](const std::string& bytes, const std::string& name) {
        const std::string path = folder.write(name, bytes);
        for (const Words& args : {Words{"inspect", path}, Words{"score", "-m", path, shop().late},
                                  Words{"evaluate", "-m", path, shop().late}}) {
            const ToolResult result = run_tool(args);
            EXPECT_EQ(result.code, 6) << name << ": " << result.err;
            EXPECT_EQ(result.out, "") << name;
            EXPECT_TRUE(result.one_error_line()) << result.err;
            EXPECT_NE(result.err.find(name), std::string::npos) << result.err;
        }
    };
    refuse("", "empty");
    refuse("event_time,event_type,user_id\n", "log");
    refuse("{}", "json");
    for (const std::size_t cut : {std::size_t{1}, std::size_t{16}, whole.size() / 2, whole.size() - 1}) {
        refuse(whole.substr(0, cut), "cut" + std::to_string(cut));
    }
    refuse(whole + "x", "longer");
    for (std::size_t at = 0; at < whole.size(); at += whole.size() / 7 + 1) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x10);
        refuse(changed, "flipped" + std::to_string(at));
    }
}

TEST(CliModelFile, AMissingModelCannotBeRead) {
    const TemporaryFolder folder;
    const ToolResult result = run_tool({"score", "-m", folder.path("none.funnel"), shop().late});
    EXPECT_EQ(result.code, 5) << result.err;
    EXPECT_TRUE(result.one_error_line()) << result.err;
}

TEST(Readme, ItsProgramRanksTheBestTwo) {
    const support::ProcessResult result = support::run_process({README_EXAMPLE, shop().model});
    EXPECT_EQ(result.code, 0) << result.err;
    std::istringstream lines(result.out);
    double before = 1;
    for (int line = 0; line < 2; ++line) {
        std::string item;
        double p = -1;
        lines >> item >> p;
        EXPECT_TRUE(item == "i1" || item == "i2" || item == "i42") << result.out;
        EXPECT_TRUE(p >= 0 && p <= before) << result.out;
        before = p;
    }
    std::string more;
    EXPECT_FALSE(lines >> more) << result.out;
}

}  // namespace
}  // namespace funnel::cli_test
