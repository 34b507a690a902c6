// SPDX-License-Identifier: MIT
// Tables beside a log: --items, --users, --sessions and --use, for the commands that make or use a model.
#pragma once

#include <string>
#include <vector>

#include "funnel/features/side_table.hpp"
#include "funnel/model/bundle.hpp"
#include "options.hpp"

namespace funnel::tool {

/// Tables and the columns of them that are inputs.
struct LoadedSide {
    std::vector<features::SideInput> inputs;
    features::SideTables tables;
};

struct SideOptions {
    std::vector<std::string> items, users, sessions;  ///< files; those of one kind are one table
    std::string use;

    void add_to(CLI::App& command);
    [[nodiscard]] bool empty() const noexcept { return items.empty() && users.empty() && sessions.empty(); }
    /// All files, for the check that no output overwrites them.
    [[nodiscard]] std::vector<std::string> paths() const;

    /// The tables of a training: every column that is no id, or those of --use. Throws
    /// Error(invalid_argument) for a name that no table has.
    [[nodiscard]] LoadedSide load(const ingest::Schema& schema, const std::vector<std::string>& categorical,
                                  const LogOptions& log, const GeneralOptions& general,
                                  Console& console) const;
    /// The tables that a model needs. Throws Error(invalid_argument) naming the option that is missing.
    [[nodiscard]] features::SideTables load(const model::LogTask& task, const LogOptions& log,
                                            const GeneralOptions& general, Console& console) const;

 private:
    [[nodiscard]] const std::vector<std::string>& files(features::SideKey key) const noexcept;
};

}  // namespace funnel::tool
