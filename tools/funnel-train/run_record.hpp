// SPDX-License-Identifier: MIT
// RunRecord: what a run read, wrote and counted, for --manifest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/files/digest.hpp"
#include "funnel/ingest/read_log.hpp"

namespace funnel::tool {

/// One thread at a time.
class RunRecord {
 public:
    void add_input(const ingest::ReadReport& report);
    void add_input(files::FileDigest digest) { inputs_.push_back(std::move(digest)); }
    /// For what one run reads again and again, such as its schema.
    void add_once(files::FileDigest digest) {
        if (std::ranges::find(inputs_, digest) == inputs_.end()) inputs_.push_back(std::move(digest));
    }
    [[nodiscard]] const std::vector<files::FileDigest>& inputs() const noexcept { return inputs_; }
    /// A second one stands among the inputs.
    void add_model(const files::FileDigest& digest) {
        if (model_.path.empty())
            model_ = digest;
        else
            add_input(digest);
    }
    /// Empty and "-" are passed over: what went to standard output is not seen here.
    void add_output(const std::string& path);
    [[nodiscard]] bool has_outputs() const noexcept { return !outputs_.empty() || !state_path_.empty(); }
    /// The state for the next run, which write_state writes when all else is written.
    void keep_state(const std::string& path, std::vector<char> bytes);
    /// Throws Error(io). Does nothing if there is none.
    void write_state() const;
    /// The time of the last event that the history had seen before the run, and has seen after it; empty:
    /// none.
    void add_watermarks(std::optional<std::int64_t> before, std::optional<std::int64_t> after) {
        watermarks_ = {before, after};
    }
    /// The first and the last time of the rows that were read.
    void add_times(std::int64_t first, std::int64_t last) { times_ = {first, last}; }
    void add_times(const EventLog& log) {
        if (log.empty()) return;
        const auto [first, last] = std::ranges::minmax(log.time);
        add_times(first, last);
    }
    void add_count(const std::string& name, std::uint64_t count) { counts_[name] = count; }

    /// True the first time: one run has one rejects file, which its further readings go on with.
    [[nodiscard]] bool begins_rejects() { return !std::exchange(rejects_begun_, true); }

    void add_drift(const std::string& column, double psi) { drift_[column] = psi; }

    /// Digests of the outputs as they are now, and the whole as JSON into the file. Holds no time, host or
    /// user: the same run gives the same bytes. Throws Error(io).
    void write(const std::string& path, const std::string& command, int exit_code,
               const base::Warnings& warnings) const;

 private:
    std::vector<files::FileDigest> inputs_;
    files::FileDigest model_;
    bool rejects_begun_ = false;
    std::vector<std::string> outputs_;
    std::map<std::string, std::uint64_t> counts_;
    std::map<std::string, double> drift_;
    std::string state_path_;
    std::vector<char> state_;
    using MaybeTime = std::optional<std::int64_t>;
    std::pair<MaybeTime, MaybeTime> watermarks_, times_;
};

}  // namespace funnel::tool
