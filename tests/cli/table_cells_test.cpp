// SPDX-License-Identifier: MIT
// Cells of tables as databases and spreadsheets write them: missing words, amounts with signs and marks,
// labels; and what the program says where it reads a number as a text.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "cli/names.hpp"
#include "funnel/base/random.hpp"

namespace funnel::cli_test {
namespace {

using Write = std::function<std::string(double price, std::size_t row)>;

/// Rows of price,noise,y: the dearer, the more likely; `write` says how a price stands in the file.
std::string prices(std::size_t rows, std::uint64_t seed, const Write& write) {
    Rng rng(seed);
    std::string text = "price,noise,y\n";
    for (std::size_t i = 0; i < rows; ++i) {
        const double z = rng.normal(), price = std::round(100 * std::exp(6 + z)) / 100;
        const bool bought = rng.uniform() < 1 / (1 + std::exp(-2.5 * z));
        text += '"' + write(price, i) + "\"," + std::to_string(rng.below(1000)) + (bought ? ",1\n" : ",0\n");
    }
    return text;
}

std::string cents(double price) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f", price);
    return text;
}

/// "1234.50" with other marks.
std::string with_marks(double price, const std::string& decimal, const std::string& thousands) {
    const std::string plain = cents(price);
    std::string whole = plain.substr(0, plain.size() - 3), out = decimal + plain.substr(plain.size() - 2);
    while (whole.size() > 3) {
        out = thousands + whole.substr(whole.size() - 3) + out;
        whole.resize(whole.size() - 3);
    }
    return whole + out;
}

struct Shop {
    TemporaryFolder folder;

    ToolResult train(const std::string& name, const Write& write, const Words& more = {}) const {
        Words args = {"train",    folder.write(name + ".csv", prices(1500, 1, write)),
                      "-o",       folder.path(name + ".funnel"),
                      "--label",  "y",
                      "--hidden", "8",
                      "--epochs", "8",
                      "--json",   "--learning-rate",
                      "0.01"};
        args.insert(args.end(), more.begin(), more.end());
        return run_tool(args);
    }
    std::string model(const std::string& name) const { return folder.path(name + ".funnel"); }
};

double valid_auc(const ToolResult& trained) {
    EXPECT_EQ(trained.code, 0) << trained.err;
    return trained.json().at("validation").at("y").at("roc_auc").get<double>();
}

TEST(CliTableCells, EveryMissingWordIsAsAnEmptyCell) {
    const Shop shop;
    const auto with = [](std::string word) {
        return [word](double price, std::size_t row) { return row % 10 == 3 ? word : cents(price); };
    };
    const double empty = valid_auc(shop.train("empty", with("")));
    EXPECT_GT(empty, 0.75);
    const std::string rows = shop.folder.write("new.csv", prices(50, 2, with("")));
    const std::string scores = run_tool({"score", "-m", shop.model("empty"), rows}).out;
    for (const char* word : {"NA", "n/a", "N/A", "NaN", "nan", "NULL", "null", "None", "none", "\\N"}) {
        const ToolResult trained = shop.train("word", with(word));
        EXPECT_EQ(valid_auc(trained), empty) << word;
        EXPECT_EQ(trained.err.find("warning"), std::string::npos) << trained.err;
        const std::string same = shop.folder.write("same.csv", prices(50, 2, with(word)));
        EXPECT_EQ(run_tool({"score", "-m", shop.model("word"), same}).out, scores) << word;
    }
}

TEST(CliTableCells, AddedWordsAreRememberedByTheModel) {
    const Shop shop;
    const auto write = [](double price, std::size_t row) {
        return row % 10 == 3 ? std::string("-") : cents(price);
    };
    const ToolResult silent = shop.train("dash", write);
    EXPECT_NE(silent.err.find("column price is read as text although 90 % of its values look like numbers"),
              std::string::npos)
        << silent.err;
    EXPECT_NE(silent.err.find("--missing - reads the rest"), std::string::npos) << silent.err;
    EXPECT_LT(valid_auc(silent), 0.65);
    const ToolResult told = shop.train("told", write, {"--missing", "-,?"});
    EXPECT_GT(valid_auc(told), 0.75);
    EXPECT_EQ(told.err.find("read as text"), std::string::npos) << told.err;
    const std::string rows = "price,noise\n1000,0.5\n-,0.5\n?,0.5\n,0.5\n";
    const ToolResult scored = run_tool({"score", "-m", shop.model("told"), shop.folder.write("s.csv", rows)});
    ASSERT_EQ(scored.code, 0) << scored.err;
    const Csv csv = parse_csv(scored.out);
    EXPECT_EQ(csv.at(1, "p_y"), csv.at(3, "p_y"));
    EXPECT_EQ(csv.at(2, "p_y"), csv.at(3, "p_y"));
    EXPECT_NE(csv.at(0, "p_y"), csv.at(3, "p_y"));
    const std::string other = shop.folder.write("o.csv", "price,noise\n1000,0.5\nunsold,0.5\n,0.5\n");
    EXPECT_EQ(run_tool({"score", "-m", shop.model("told"), other}).code, 3);
    const ToolResult more = run_tool({"score", "-m", shop.model("told"), other, "--missing", "unsold"});
    ASSERT_EQ(more.code, 0) << more.err;
    EXPECT_EQ(parse_csv(more.out).at(1, "p_y"), parse_csv(more.out).at(2, "p_y"));
}

TEST(CliTableCells, AmountsWithSignsAndMarksAreTheSameNumbers) {
    const Shop shop;
    const double plain =
        valid_auc(shop.train("plain", [](double price, std::size_t) { return cents(price); }));
    EXPECT_GT(plain, 0.8);
    const struct {
        const char* name;
        Write write;
        Words options;
        const char* advice;
    } kCases[] = {
        {"dollar",
         [](double p, std::size_t) { return "$" + cents(p); },
         {"--decimal", "."},
         "--decimal . reads them"},
        {"english",
         [](double p, std::size_t) { return "$" + with_marks(p, ".", ","); },
         {"--thousands", ","},
         "--thousands , reads them"},
        {"german",
         [](double p, std::size_t) { return with_marks(p, ",", ".") + " €"; },
         {"--decimal", ",", "--thousands", "."},
         "--decimal , --thousands . reads them"},
        {"swiss",
         [](double p, std::size_t) { return "CHF " + with_marks(p, ".", "'"); },
         {"--thousands", "'"},
         "--thousands \"'\" reads them"},
        {"comma",
         [](double p, std::size_t) { return with_marks(p, ",", ""); },
         {"--decimal", ","},
         "--decimal , reads them"},
    };
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.name);
        const ToolResult unread = shop.train(c.name, c.write);
        EXPECT_NE(unread.err.find("column price is read as text"), std::string::npos) << unread.err;
        EXPECT_NE(unread.err.find(c.advice), std::string::npos) << unread.err;
        const ToolResult read = shop.train(c.name, c.write, c.options);
        EXPECT_EQ(valid_auc(read), plain);
        EXPECT_EQ(read.err.find("read as text"), std::string::npos) << read.err;
        // The model reads the rows to score and to judge in the same way.
        const std::string file = shop.folder.write("new.csv", prices(300, 2, c.write));
        const std::string same =
            shop.folder.write("same.csv", prices(300, 2, [](double p, std::size_t) { return cents(p); }));
        const ToolResult scored = run_tool({"score", "-m", shop.model(c.name), file});
        ASSERT_EQ(scored.code, 0) << scored.err;
        EXPECT_EQ(scored.out, run_tool({"score", "-m", shop.model("plain"), same}).out);
        EXPECT_EQ(run_tool({"evaluate", "-m", shop.model(c.name), file, "--json"}).out,
                  run_tool({"evaluate", "-m", shop.model("plain"), same, "--json"}).out);
        if (c.options[1] == ",") {  // other rows may be written otherwise, if that is said
            EXPECT_EQ(run_tool({"score", "-m", shop.model(c.name), same, "--decimal", "."}).out, scored.out);
        }
    }
}

TEST(CliTableCells, OnePassReadsCellsAlike) {
    const Shop shop;
    const auto german = [](double p, std::size_t row) {
        return row % 10 == 3 ? std::string("?") : with_marks(p, ",", ".");
    };
    const auto plain = [](double p, std::size_t row) { return row % 10 == 3 ? std::string() : cents(p); };
    ASSERT_EQ(shop.train("plain", plain, {"--one-pass"}).code, 0);
    const ToolResult unread = shop.train("german", german, {"--one-pass", "--missing", "?"});
    EXPECT_NE(unread.err.find("--decimal , --thousands . reads them"), std::string::npos) << unread.err;
    const ToolResult trained =
        shop.train("german", german, {"--one-pass", "--decimal", ",", "--thousands", ".", "--missing", "?"});
    ASSERT_EQ(trained.code, 0) << trained.err;
    const std::string file = shop.folder.write("new.csv", prices(300, 2, german)),
                      same = shop.folder.write("same.csv", prices(300, 2, plain));
    EXPECT_EQ(run_tool({"score", "-m", shop.model("german"), file}).out,
              run_tool({"score", "-m", shop.model("plain"), same}).out);
}

TEST(CliTableCells, ANumericColumnHasBadRows) {
    const Shop shop;
    const auto write = [](double price, std::size_t row) {
        return row % 10 == 3 ? "w" + std::to_string(row) : cents(price);
    };
    const ToolResult texts = shop.train("t", write);
    EXPECT_NE(texts.err.find("--numeric price reads them"), std::string::npos) << texts.err;
    const ToolResult bad = shop.train("t", write, {"--numeric", "price"});
    EXPECT_EQ(bad.code, 3);
    EXPECT_NE(bad.err.find("t.csv:5: column price: expected a number, got \"w3\""), std::string::npos)
        << bad.err;
    const ToolResult skipped =
        shop.train("t", write, {"--numeric", "price", "--bad-rows", "skip", "--max-bad", "11%"});
    EXPECT_EQ(skipped.json().at("ranges").at("refit").at("examples"), 1350);
    EXPECT_EQ(shop.train("t", write, {"--numeric", "price", "--categorical", "price"}).code, 2);
    EXPECT_EQ(shop.train("t", write, {"--numeric", "cost"}).code, 3);
}

TEST(CliTableCells, WhatIsChosenAsAWordGetsNoWarning) {
    const Shop shop;
    const auto write = [](double price, std::size_t) { return "$" + cents(std::round(price / 200)); };
    EXPECT_NE(shop.train("t", write).err.find("read as text"), std::string::npos);
    EXPECT_EQ(shop.train("t", write, {"--categorical", "price"}).err.find("read as text"), std::string::npos);
}

TEST(CliTableCells, LabelsAreAsDatabasesWriteThem) {
    std::string scores;
    for (const auto& [yes, no] : {std::pair<std::string, std::string>{"1", "0"},
                                  {"1.0", "0.0"},
                                  {"t", "f"},
                                  {"T", "F"},
                                  {"True", "FALSE"}}) {
        const TemporaryFolder folder;
        std::string text = "x,y\n";
        for (int i = 0; i < 300; ++i)
            text += std::to_string(i % 17) + "," + (i % 3 == 0 ? yes : no) + "\n";
        const ToolResult result = run_tool({"train", folder.write("t.csv", text), "-o",
                                            folder.path("m.funnel"), "--label", "y", "--epochs", "2"});
        ASSERT_EQ(result.code, 0) << yes << result.err;
        const ToolResult scored = run_tool({"score", "-m", folder.path("m.funnel"), folder.path("t.csv")});
        ASSERT_EQ(scored.code, 0) << yes << scored.err;
        if (scores.empty()) scores = scored.out;
        EXPECT_EQ(scored.out, scores) << yes;
    }
    for (const char* bad : {"1.00", "y", "N/A", "10", "0.1", "on"}) {
        const TemporaryFolder folder;
        const ToolResult result =
            run_tool({"train", folder.write("t.csv", std::string("x,y\n1,1\n2,") + bad + "\n"), "-o",
                      folder.path("m.funnel"), "--label", "y"});
        EXPECT_EQ(result.code, 3) << bad;
        EXPECT_NE(result.err.find("t.csv:3: column y: expected a label"), std::string::npos) << result.err;
    }
}

TEST(CliTableCells, WrongMarksAreWrongUsage) {
    const Shop shop;
    const auto write = [](double price, std::size_t) { return cents(price); };
    for (const Words& options : {Words{"--decimal", ";"}, Words{"--thousands", "x"},
                                 Words{"--thousands", "."}, Words{"--decimal", ",", "--thousands", ","}}) {
        const ToolResult result = shop.train("t", write, options);
        EXPECT_EQ(result.code, 2) << options[1];
        EXPECT_NE(result.err.find("funnel-train: --"), std::string::npos) << result.err;
    }
    EXPECT_EQ(shop.folder.names(), Words{"t.csv"});
}

TEST(CliTableCells, FilesOfAHeaderAloneAreNamed) {
    const Shop shop;
    ASSERT_EQ(shop.train("t", [](double price, std::size_t) { return cents(price); }).code, 0);
    const std::string full = shop.folder.path("t.csv"), model = shop.model("t"),
                      out = shop.folder.path("new.funnel");
    const std::string empty = shop.folder.write("empty.csv", "price,noise,y\n");
    const std::vector<Words> commands = {
        {"train", empty, "--label", "y", "-o", out},
        {"train", empty, "--label", "y", "-o", out, "--one-pass"},
        {"train", full, "--label", "y", "-o", out, "--valid-file", empty},
        {"train", empty, "--label", "y", "-o", out, "--valid-file", full},
        {"evaluate", "-m", model, empty},
        {"score", "-m", model, empty},
        {"calibrate", "-m", model, empty, "-o", out},
        {"evaluate", "--scores", shop.folder.write("scores.csv", "score,label\n")},
    };
    for (const Words& command : commands) {
        const ToolResult result = run_tool(command);
        EXPECT_EQ(result.code, 3) << testing::PrintToString(command) << result.err;
        EXPECT_NE(result.err.find(".csv: no rows under the header"), std::string::npos)
            << testing::PrintToString(command) << result.err;
        EXPECT_EQ(result.out, "");
    }
    const Words names = shop.folder.names();
    EXPECT_EQ(std::ranges::find(names, "new.funnel"), names.end());
    // A day without rows among others is no fault.
    EXPECT_EQ(run_tool({"score", "-m", model, empty, full}).code, 0);
}

}  // namespace
}  // namespace funnel::cli_test
