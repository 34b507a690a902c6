// SPDX-License-Identifier: MIT
// A simulated log and two small models, of the log and of a table: made once per program.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace funnel::faults {

/// Immutable after construction: share freely.
struct SmallModels {
    support::TemporaryFolder folder;
    std::string log, table, of_log, of_table;

    SmallModels() {
        log = folder.path("log.csv");
        must({"simulate", "-o", log, "--users", "60", "--days", "16", "--seed", "3", "-q"});
        of_log = folder.path("log.funnel");
        must(train_log(of_log));
        std::string text = "x,kind,y\n";
        for (int i = 0; i < 400; ++i) {
            text += std::to_string(i % 17) + "," + std::string(1, static_cast<char>('a' + i % 4)) + "," +
                    std::to_string(i % 17 > 8 ? i % 5 != 0 : i % 5 == 0) + "\n";
        }
        table = folder.write("table.csv", text);
        of_table = folder.path("table.funnel");
        must(train_table(of_table));
    }

    [[nodiscard]] std::vector<std::string> train_log(const std::string& to) const {
        return {"train",     log,          "-o",        to,
                "--as-of",   "2024-01-12", "--horizon", "click=30m,cart=1d,purchase=1d",
                "--hidden",  "4",          "--epochs",  "1",
                "--threads", "1",          "-q"};
    }
    [[nodiscard]] std::vector<std::string> train_table(const std::string& to) const {
        return {"train", table,      "-o", to,          "--label", "y", "--epochs",
                "2",     "--hidden", "4",  "--threads", "1",       "-q"};
    }

    static const SmallModels& shared() {
        static const SmallModels models;
        return models;
    }

 private:
    static void must(const std::vector<std::string>& args) {
        const auto result = support::run_tool(args);
        if (result.code != 0) throw std::runtime_error(args.front() + ": " + result.err);
    }
};

}  // namespace funnel::faults
