// SPDX-License-Identifier: MIT
// ModelOptions: what determines a model besides its data, and what a training reports on the way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "funnel/dataset/split.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/train/audit.hpp"
#include "funnel/train/train_options.hpp"

namespace funnel::train {

/// A fit and what it says about rows it was not trained on, before the refit.
struct ValidatedFit {
    const Bundle& bundle;  ///< heads and chains; no encoder yet
    const encoding::Dataset& data;
    const encoding::LabelledRows& rows;
    std::span<const float> weights;        ///< of rows, or empty
    std::span<const float> probabilities;  ///< (rows, K)
};

/// Work that takes two cores about a minute on tables of 10,000 to 50,000 rows.
inline constexpr double kDefaultBudget = 1e12;

struct SearchOptions {
    double budget = kDefaultBudget;  ///< rows x parameters x epochs of all that is trained, at most
    /// The same rows split again, for numbers from 1; empty where there is only one sensible split.
    std::function<dataset::Split(std::size_t)> resplit = {};
};

struct ModelOptions {
    TrainOptions training;       ///< chains are those of the bundle
    bool choose_hidden = false;  ///< the hidden layers of `training` are only a proposal
    encoding::EncoderOptions encoder;
    bool refit = true;                    ///< train again on everything known, for the epochs that were best
    std::optional<std::size_t> members;   ///< nets whose mean is the prediction; the search chooses, else 1
    std::optional<SearchOptions> search;  ///< what is empty in `training` and `encoder` is found by search
    std::size_t probes = 8;               ///< examples that the model carries to prove itself on
    bool calibrate = false;  ///< mend slope and intercept of a head where validation rows say it helps
    std::function<void(const ValidatedFit&)> validated = {};  ///< may throw: then there is no model
    const Bundle* initial = nullptr;                          ///< start from its weights where names fit
    bool freeze = false;  ///< keep the encoder and all weights of `initial` but the last layer and the biases
    std::function<void(const std::string&)> tell = {};  ///< what of `initial` did not fit
    Audit* audit = nullptr;                             ///< filled if given; costs a second fit
};

/// Fills what is empty by the number of training rows of a table of finished examples. An epoch of a small
/// table is a few hundred steps, and its validation figures waver. Measured in docs/lab/results.md.
inline void choose_table_defaults(ModelOptions& options, std::size_t rows) {
    const bool few = rows < 100'000;
    if (!options.encoder.bins) options.encoder.bins = encoding::table_bins(rows);
    if (!options.training.epochs && few) options.training.epochs = 25;
    if (!options.training.patience && few) options.training.patience = 5;
    if (!options.choose_hidden || !few) return;
    // Wide, slow, with much left out and held small, the more the fewer rows: the four belong together.
    options.training.hidden = {128, 64};
    if (!options.training.dropout) options.training.dropout = 0.4;
    if (options.training.optimizer != Optimizer::adamw) return;
    if (!options.training.learning_rate) options.training.learning_rate = 0.001;
    if (!options.training.weight_decay)
        options.training.weight_decay = std::clamp(1500.0 / static_cast<double>(rows), 0.3, 2.0);
}

}  // namespace funnel::train
