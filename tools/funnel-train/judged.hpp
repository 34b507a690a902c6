// SPDX-License-Identifier: MIT
// The examples of a log or table as a model scores them, with their labels: for evaluate and calibrate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drift_gate.hpp"
#include "funnel/explain/row_sample.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/score/evaluation_by.hpp"
#include "funnel/score/list_evaluation.hpp"
#include "log_model.hpp"
#include "options.hpp"
#include "side_tables.hpp"
#include "table_model.hpp"

namespace funnel::tool {

/// What the rows are that a model is judged on.
struct JudgeOptions {
    LogOptions log;
    TableOptions table;
    HistoryOptions history;
    SideOptions side;
    bool allow_training_rows = false;
    bool importance = false;           ///< keep a sample of the rows
    bool lists = false;                ///< judge the order of shown lists too
    std::vector<std::string> by = {};  ///< columns to judge by, one after the other

    void add_to(CLI::App& command, bool log_required);
    /// Every file but the model and the state, for the check that no output overwrites them.
    [[nodiscard]] std::vector<std::string> inputs() const;
};

struct Judged {
    score::ScoredExamples examples;
    std::optional<score::ScoredExamples> place_hidden;  ///< a log with places, if asked
    events::LateRows known = {};  ///< rows of the log that the history knows, or that came too late
    bool in_sample = false;       ///< the model learned from some of them
    std::optional<explain::RowSample> sample = {};    ///< if JudgeOptions::importance
    std::vector<score::ExampleKeys> by = {};          ///< per entry of JudgeOptions::by
    std::optional<score::ListEvaluation> lists = {};  ///< if JudgeOptions::lists
};

/// Throws Error(schema) for rows that the model learned from, unless they are allowed. hide_place: score the
/// rows of a log again without list and position. drift: counts the rows, or nullptr.
[[nodiscard]] Judged judge(const Bundle& bundle, const JudgeOptions& options, bool hide_place,
                           DriftGate* drift, Run& run);

}  // namespace funnel::tool
