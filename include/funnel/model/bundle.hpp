// SPDX-License-Identifier: MIT
// Bundle: all that prediction needs and nothing else: what is predicted, how rows become inputs, the nets,
// how they were trained, a few rows with their scores, and for a log the history up to its watermark.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/number_format.hpp"
#include "funnel/dataset/examples.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/events/example_mode.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "funnel/events/recent_rows.hpp"
#include "funnel/events/side_table.hpp"
#include "funnel/history/history.hpp"
#include "funnel/model/mean_input.hpp"
#include "funnel/model/reference.hpp"
#include "funnel/model/training_summary.hpp"
#include "funnel/nn/chains.hpp"
#include "funnel/nn/net.hpp"

namespace funnel::model {

/// One output of the nets. The probability of a head is the product of the sigmoids along its chain.
struct Head {
    std::string name;          ///< "click", "purchase", or the label of a table
    std::int64_t horizon = 0;  ///< microseconds, events::kVisitHorizon, or 0 for a table
};

/// What a model trained on a log knows about logs.
struct LogTask {
    std::string schema;  ///< JSON text, for ingest::parse_schema
    Funnel funnel;
    events::ExampleMode examples = events::ExampleMode::first;
    std::vector<std::string> text_inputs, number_inputs;  ///< further columns of the log
    std::vector<events::SideInput> side_inputs;           ///< columns of side tables, after those
};

/// What a model trained on a table knows about tables: its columns are those of the encoder.
struct TableTask {
    std::string label;
    std::vector<std::string> missing = {};  ///< words that mean "no value" beside the usual ones
    base::NumberFormat numbers = {};        ///< how numbers are written
};

/// A raw row and what the model must say about it: a loaded model proves itself on these.
struct Probe {
    std::vector<float> numeric;
    std::vector<std::string> categorical;
    std::vector<float> probabilities;  ///< K
};

/// Const calls may run concurrently; changes need a lock.
struct Bundle {
    std::optional<LogTask> log;  ///< exactly one of the two
    std::optional<TableTask> table;
    std::vector<Head> heads;  ///< K
    nn::Chains chains;        ///< over the K heads
    encoding::Encoder encoder;
    std::vector<nn::Net<float>> nets;  ///< members; the probability is their mean
    TrainingSummary summary;
    std::vector<Probe> probes;
    Reference reference;                      ///< what the inputs and scores of the training looked like
    MeanInput mean_input;                     ///< what explanations start from
    std::optional<history::History> history;  ///< of a log: up to its watermark
    events::RecentRows recent;                ///< of a log: rows of the last days of the history
    std::vector<std::string> learned_from;    ///< XXH128 of the files it was trained on
};

}  // namespace funnel::model

namespace funnel {
using model::Bundle;
}
