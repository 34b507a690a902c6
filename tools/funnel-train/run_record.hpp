// SPDX-License-Identifier: MIT
// RunRecord: what a run read, wrote and counted, for --manifest.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "funnel/files/digest.hpp"
#include "funnel/ingest/read_log.hpp"

namespace funnel::tool {

/// One thread at a time.
class RunRecord {
 public:
    void add_input(const ingest::ReadReport& report);
    void add_input(files::FileDigest digest) { inputs_.push_back(std::move(digest)); }
    /// A second one stands among the inputs.
    void add_model(const files::FileDigest& digest) {
        if (model_.path.empty())
            model_ = digest;
        else
            add_input(digest);
    }
    /// Empty and "-" are passed over: what went to standard output is not seen here.
    void add_output(const std::string& path);
    void add_count(const std::string& name, std::uint64_t count) { counts_[name] = count; }

    /// True the first time: one run has one rejects file, which its further readings go on with.
    [[nodiscard]] bool begins_rejects() { return !std::exchange(rejects_begun_, true); }

    void add_drift(const std::string& column, double psi) { drift_[column] = psi; }

    /// Digests of the outputs as they are now, and the whole as JSON into the file. Holds no time, host or
    /// user: the same run gives the same bytes. Throws Error(io).
    void write(const std::string& path, const std::string& command, int exit_code) const;

 private:
    std::vector<files::FileDigest> inputs_;
    files::FileDigest model_;
    bool rejects_begun_ = false;
    std::vector<std::string> outputs_;
    std::map<std::string, std::uint64_t> counts_;
    std::map<std::string, double> drift_;
};

}  // namespace funnel::tool
