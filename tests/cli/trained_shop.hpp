// SPDX-License-Identifier: MIT
// A simulated shop, cut in two by time, and one model trained on the first part: made once per program.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/csv.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace funnel::cli_test {

/// A CSV text as its header and its rows, each with its line end, and the time of each row.
struct TimedLines {
    std::string header;
    std::vector<std::string> lines;
    std::vector<std::string> times;  ///< texts of one width, so that they sort as times do

    explicit TimedLines(const std::string& text) {
        const support::Csv csv = support::parse_csv(text);
        const std::size_t time = csv.column("event_time");
        std::size_t begin = text.find('\n') + 1;
        header = text.substr(0, begin);
        for (const auto& row : csv.rows) {
            const std::size_t end = text.find('\n', begin) + 1;
            lines.push_back(text.substr(begin, end - begin));
            times.push_back(row[time]);
            begin = end;
        }
    }

    /// The parts between `parts` - 1 cuts with about equal numbers of rows; rows of one time stay together.
    [[nodiscard]] std::vector<std::string> split(std::size_t parts) const {
        std::vector<std::string> sorted = times, cuts, texts(parts, header);
        std::ranges::sort(sorted);
        for (std::size_t k = 1; k < parts; ++k)
            cuts.push_back(sorted[k * sorted.size() / parts]);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const auto part = std::ranges::upper_bound(cuts, times[i]) - cuts.begin();
            texts[static_cast<std::size_t>(part)] += lines[i];
        }
        return texts;
    }
};

/// Immutable after construction: share freely.
struct TrainedShop {
    support::TemporaryFolder folder;
    std::string log, early, late, model;
    std::string glimpse;  ///< the first eighth of the late part, for wide tables
    std::size_t early_rows = 0, late_rows = 0;
    support::ToolResult trained;

    TrainedShop() {
        log = folder.path("shop.csv");
        const auto simulated =
            support::run_tool({"simulate", "-o", log, "--users", "500", "--days", "16", "--seed", "7", "-q"});
        if (simulated.code != 0) throw std::runtime_error("simulate: " + simulated.err);
        const std::vector<std::string> halves = TimedLines(support::read_file(log)).split(2);
        early = folder.write("early.csv", halves[0]);
        late = folder.write("late.csv", halves[1]);
        glimpse = folder.write("glimpse.csv", TimedLines(halves[1]).split(8)[0]);
        early_rows = static_cast<std::size_t>(std::ranges::count(halves[0], '\n')) - 1;
        late_rows = static_cast<std::size_t>(std::ranges::count(halves[1], '\n')) - 1;
        model = folder.path("shop.funnel");
        trained = support::run_tool(train_command(model));
        if (trained.code != 0) throw std::runtime_error("train: " + trained.err);
    }

    /// How the shared model is trained; small enough for sanitizer builds.
    [[nodiscard]] std::vector<std::string> train_command(const std::string& to) const {
        return {"train",    early, "-o",       to,  "--horizon", "click=30m,cart=1d,purchase=1d",
                "--hidden", "16",  "--epochs", "4", "--json",    "--threads",
                "1"};
    }

    /// The same with some options set otherwise or more of them, as name and value pairs or flags.
    [[nodiscard]] std::vector<std::string> train_command(const std::string& to,
                                                         const std::vector<std::string>& more) const {
        std::vector<std::string> args = train_command(to);
        for (const std::string& word : more) {
            const auto old = std::ranges::find(args, word);
            if (word.starts_with("--") && old != args.end()) args.erase(old, old + 2);
        }
        args.insert(args.end(), more.begin(), more.end());
        return args;
    }

    static const TrainedShop& shared() {
        static const TrainedShop shop;
        return shop;
    }
};

inline const TrainedShop& shop() {
    return TrainedShop::shared();
}

/// Standard output of a run that has to succeed.
inline std::string output(const std::vector<std::string>& args) {
    const support::ToolResult result = support::run_tool(args);
    EXPECT_EQ(result.code, 0) << testing::PrintToString(args) << result.err;
    return result.out;
}

}  // namespace funnel::cli_test
