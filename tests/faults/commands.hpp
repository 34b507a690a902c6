// SPDX-License-Identifier: MIT
// Commands of funnel-train that write a file, each with what its target held before.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "faults/small_models.hpp"
#include "support/process.hpp"

namespace funnel::faults {

using Words = std::vector<std::string>;

inline constexpr std::string_view kOld = "what was there before";

/// A folder with the old file `out` and a command that replaces it.
class Target {
 public:
    Target() : path_(folder_.write("out", kOld)) {}
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string bytes() const { return folder_.read("out"); }
    [[nodiscard]] bool is_old() const { return bytes() == kOld; }
    /// Nothing but the target: no temporary file.
    [[nodiscard]] bool is_tidy() const { return folder_.names() == Words{"out"}; }

 private:
    support::TemporaryFolder folder_;
    std::string path_;
};

struct Command {
    const char* name;
    Words (*words)(const std::string& out);
};

inline Words program(Words args) {
    args.insert(args.begin(), FUNNEL_TRAIN);
    return args;
}

/// train of a log and of a table, score to a file, features to a file, save of a state.
inline const std::vector<Command>& writing_commands() {
    static const std::vector<Command> commands = {
        {"train",
         [](const std::string& out) {
             Words words = program(SmallModels::shared().train_table(out));
             *std::next(std::ranges::find(words, "--threads")) = "2";
             return words;
         }},
        {"score",
         [](const std::string& out) {
             const auto& m = SmallModels::shared();
             return program({"score", "-m", m.of_log, m.log, "-o", out, "-q", "--threads", "2"});
         }},
        {"state",
         [](const std::string& out) {
             const auto& m = SmallModels::shared();
             return program({"score", "-m", m.of_log, m.log, "-o", out + ".gz", "--save-state", out, "-q"});
         }},
        {"features",
         [](const std::string& out) {
             const auto& m = SmallModels::shared();
             return program({"features", m.log, "-o", out, "-q", "--threads", "2"});
         }},
    };
    return commands;
}

}  // namespace funnel::faults
