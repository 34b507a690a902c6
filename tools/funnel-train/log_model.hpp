// SPDX-License-Identifier: MIT
// What evaluate, score and features share: a model meets a log and goes on from a history.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "funnel/dataset/build_dataset.hpp"
#include "funnel/dataset/examples.hpp"
#include "funnel/history/history.hpp"
#include "funnel/model/bundle.hpp"
#include "history_start.hpp"
#include "options.hpp"
#include "side_tables.hpp"

namespace funnel::tool {

/// The columns that features are made from.
[[nodiscard]] ingest::LogColumns feature_columns(const std::vector<std::string>& text_inputs,
                                                 const std::vector<std::string>& number_inputs);

/// How a log is read as the model's own log was.
[[nodiscard]] ingest::ReadOptions read_options_for_model(const Bundle& bundle, const LogOptions& options,
                                                         Run& run);

/// A log read as the model's own log was. side: completes what events do not say. start: its longest gap is
/// one that a wrong clock has to exceed. more_texts: columns to read besides. A column that the model learned
/// from and the log lacks gets a warning. Throws Error(schema) for a log without rows.
[[nodiscard]] ingest::ReadResult read_for_model(const Bundle& bundle, const LogOptions& options,
                                                const events::SideTables& side, const HistoryStart& start,
                                                Run& run, const std::vector<std::string>& more_texts = {},
                                                const std::vector<std::string>& texts_if_there = {},
                                                bool position_if_there = false);

/// The number of the head that --target names; empty: the last. Throws Error(invalid_argument).
[[nodiscard]] std::size_t head_named(const std::string& target, const Bundle& bundle);

/// The inputs of a model beside those of its history.
[[nodiscard]] dataset::BuildOptions build_options(const model::LogTask& task, const events::SideTables& side,
                                                  Run& run);

/// The model, noted in the record of the run. Throws as persist::load_model.
[[nodiscard]] Bundle load_model(const std::string& path, Run& run);

/// What the model's examples of a log are: its mode, targets and horizons, the period that is asked for.
[[nodiscard]] dataset::ExampleOptions example_options(const Bundle& bundle, const EventLog& log,
                                                      const HistoryStart& start,
                                                      const HistoryOptions& options,
                                                      const LogOptions& log_options, const Run& run);

/// The model's examples of this log after the history's watermark. Throws Error(schema) if no row is new.
/// What is known of its other rows goes to start.known, the record and the run.console.
[[nodiscard]] dataset::ExampleList examples_for_model(const Bundle& bundle, const EventLog& log,
                                                      HistoryStart& start, const HistoryOptions& options,
                                                      const LogOptions& log_options, Run& run);

/// Whether examples are of the time that the model learned from. Throws Error(schema) if they are and it is
/// not allowed; else that gets the warning in_sample.
[[nodiscard]] bool learned_from(const Bundle& bundle, const EventLog& log,
                                const dataset::ExampleList& examples, bool allowed, Run& run);

/// The funnel of a log: --funnel, the schema file's, or the default one without stages the log knows not.
struct ChosenFunnel {
    Funnel funnel;
    std::vector<std::string> left_out;
};
[[nodiscard]] ChosenFunnel choose_funnel(const LogOptions& options, const ingest::Schema& schema,
                                         events::KindSet kinds, Run& run);

}  // namespace funnel::tool
