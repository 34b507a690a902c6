// SPDX-License-Identifier: MIT
// What a list is made of: sources, exclusions, limits, and whom it is for.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/history/retrieve.hpp"
#include "run.hpp"

namespace funnel::tool {

struct ListOptions {
    std::string users, target, sources = "seen,coviewed,popular,new", exclude;
    std::size_t top = 10;
    std::optional<std::size_t> per_category;

    void add_to(CLI::App& command);
    /// Throws Error(invalid_argument) for words that are none, before anything is read.
    void check() const;
    /// The files of ids, which no output may overwrite.
    [[nodiscard]] std::vector<std::string> paths() const;

    /// Of each of the sources its name, as it was given.
    [[nodiscard]] std::vector<std::string> source_names() const;
    /// The sources with their files read, noted in the record of the run, and what they leave out. forget:
    /// how long the history remembers, microseconds. Throws Error(invalid_argument) for more than that,
    /// Error(io).
    [[nodiscard]] history::RetrieveOptions retrieve_options(std::int64_t forget, Run& run) const;
    /// The users of --for in their order, or nothing without it. Throws Error(io).
    [[nodiscard]] std::optional<std::vector<std::string>> named_users(Run& run) const;
};

}  // namespace funnel::tool
