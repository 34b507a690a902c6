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
#include "options.hpp"
#include "side_tables.hpp"

namespace funnel::tool {

/// Where the history of a run begins and ends.
struct HistoryOptions {
    std::string history = "model";  ///< or none
    std::string state;
    std::string save_state;
    std::string score_from;

    void add_to(CLI::App& command);
};

/// The columns that features are made from.
[[nodiscard]] ingest::LogColumns feature_columns(const std::vector<std::string>& text_inputs,
                                                 const std::vector<std::string>& number_inputs);

/// How a log is read as the model's own log was.
[[nodiscard]] ingest::ReadOptions read_options_for_model(const model::LogTask& task,
                                                         const LogOptions& options,
                                                         const GeneralOptions& general, Console& console);

/// A log read as the model's own log was. side: completes what events do not say.
/// A column that the model learned from and the log lacks gets a warning.
[[nodiscard]] ingest::ReadResult read_for_model(const Bundle& bundle, const LogOptions& options,
                                                const events::SideTables& side, const GeneralOptions& general,
                                                Console& console);

/// The inputs of a model beside those of its history.
[[nodiscard]] dataset::BuildOptions build_options(const model::LogTask& task, const events::SideTables& side,
                                                  Console& console);

/// The model, noted in the record of the run. Throws as persist::load_model.
[[nodiscard]] Bundle load_model(const std::string& path, const GeneralOptions& general);

/// Writes --save-state, if given.
void save_state(const HistoryOptions& options, const history::History& history,
                const GeneralOptions& general);

/// --state, else the model's, else with --history none an empty one.
[[nodiscard]] history::History starting_history(const Bundle& bundle, const HistoryOptions& options);

/// The model's examples of this log after the history's watermark. Throws Error(schema) if no row is new.
[[nodiscard]] dataset::ExampleList examples_for_model(const Bundle& bundle, const EventLog& log,
                                                      const history::History& history,
                                                      const HistoryOptions& options,
                                                      const LogOptions& log_options,
                                                      const GeneralOptions& general);

/// The funnel of a log: --funnel, the schema file's, or the default one without stages the log knows not.
struct ChosenFunnel {
    Funnel funnel;
    std::vector<std::string> left_out;
};
[[nodiscard]] ChosenFunnel choose_funnel(const LogOptions& options, const ingest::Schema& schema,
                                         events::KindSet kinds, Console& console);

/// The kernel of --kernel, or the best one here.
[[nodiscard]] const nn::Kernels& chosen_kernels(const GeneralOptions& general);

}  // namespace funnel::tool
