// SPDX-License-Identifier: MIT
// ViewOptions: a table where it was asked for: as text, CSV or JSON, on standard output or in a file.
#pragma once

#include <CLI/CLI.hpp>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "funnel/files/output.hpp"
#include "options.hpp"
#include "outputs.hpp"
#include "run.hpp"

namespace funnel::tool {

/// A file holds CSV unless JSON is asked for.
struct ViewOptions {
    bool csv = false;
    std::string output;  ///< empty: standard output

    void add_to(CLI::App& command, const std::string& csv_help) {
        command.add_flag("--csv", csv, csv_help);
        command.add_option("-o,--output", output, "CSV (or, with --json, JSON) file (.gz by name)");
    }
    /// more: files that are read beside the log's. Ends the run where an output is read as well, or two are
    /// one.
    void check(const LogOptions& log, const std::vector<std::string>& more, const Run& run) const {
        std::vector<std::string> inputs = log.inputs();
        inputs.insert(inputs.end(), more.begin(), more.end());
        claim_outputs({output, log.rejects, run.options.manifest}, inputs);
        if (run.options.json && csv) usage_error("--json and --csv exclude each other; give one");
    }
    /// Whether people read it, who want its first rows.
    [[nodiscard]] bool as_text(const Run& run) const { return !run.options.json && !csv && output.empty(); }

    /// View: has to_json, to_csv and to_text in namespace report.
    template <typename View>
    void write(const View& view, Run& run) const {
        const std::string text = as_text(run)       ? to_text(view)
                                 : run.options.json ? to_json(view)
                                                    : to_csv(view);
        if (output.empty()) {
            run.out << text;
            return;
        }
        files::Output file(output);
        file.append(text);
        file.commit();
        run.record.add_output(output);
    }
};

}  // namespace funnel::tool
