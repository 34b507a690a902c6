// SPDX-License-Identifier: MIT
// TrainCommand: the options of train, and what they mean to the library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "funnel/train/train_on_log.hpp"
#include "log_model.hpp"
#include "side_tables.hpp"
#include "table_model.hpp"

namespace funnel::tool {

struct TrainCommand {
    LogOptions log;
    TableOptions table;
    SideOptions side;
    std::string output;
    std::string targets, horizon, examples = "first", valid = "20%", optimizer = "adamw";
    std::optional<std::string> hidden;  ///< "64,32", or that of --init
    std::string burn_in, lag = "0", forget = "90d", without, init, champion;
    std::optional<double> min_gain;
    std::optional<std::size_t> epochs, batch_size, patience;
    std::optional<double> learning_rate, weight_decay, dropout;
    std::uint64_t seed = 1;
    std::optional<std::size_t> members;
    std::string search = "on";
    std::optional<double> budget;  ///< of the search
    std::optional<std::uint32_t> bins;
    double negative_rate = 1;
    bool refit = true, one_pass = false, calibration = false, audit = false, freeze = false;

    /// Options of the learning itself; those of files and tables are the command's.
    void add_learning_to(CLI::App& sub);
    /// Throws Error(invalid_argument) for what can be seen before anything is read.
    void check(const Run& run) const;
    [[nodiscard]] train::ModelOptions model_options(unsigned threads) const;
    /// Whether this is a table whose net is found by search.
    [[nodiscard]] bool searches() const;
    /// What decides a training on this log.
    [[nodiscard]] train::LogModelOptions log_options(const ingest::ReadResult& read,
                                                     const train::ModelOptions& model, Run& run) const;
    /// Adds them to what the model remembers of its training.
    void add_configuration(Bundle& bundle) const;
};

}  // namespace funnel::tool
