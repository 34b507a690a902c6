// SPDX-License-Identifier: MIT
// TrainOptions: everything that determines a training besides its data, with defaults for real click logs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/nn/chains.hpp"
#include "funnel/nn/net.hpp"
#include "funnel/nn/net_shape.hpp"
#include "funnel/nn/schedule.hpp"

namespace funnel::train {

enum class Optimizer : std::uint8_t { adamw, sgd };

/// The exact likelihood of ordered outcomes (chain_loss.hpp) or the whole-space loss of ESMM (esmm_loss.hpp).
enum class Loss : std::uint8_t { chain, esmm };

/// An empty value is chosen by the number of training rows; see resolved().
struct TrainOptions {
    nn::Chains chains;                        ///< how the heads hang together; decides the number of outputs
    std::vector<std::size_t> hidden{64, 32};  ///< for net_shape(); empty: logistic regression
    std::optional<std::size_t> epochs;        ///< at most; 12 if empty
    std::optional<std::size_t> patience;      ///< epochs without a better one before it stops; 2 if empty
    std::optional<std::size_t> batch_size;    ///< rows per step
    std::optional<double> learning_rate;      ///< at factor 1 of the schedule
    std::optional<double> weight_decay;       ///< not on biases
    std::optional<double> dropout;            ///< of hidden units
    double embedding_deviation = 0.1;         ///< of the weights that embeddings start with
    Optimizer optimizer = Optimizer::adamw;
    Loss loss = Loss::chain;
    double momentum = 0.9;        ///< sgd only
    bool decoupled_decay = true;  ///< sgd only; adamw is always decoupled
    nn::Schedule schedule{.decay = nn::Decay::cosine, .warmup = 0.02, .floor = 0.05};
    double average_epochs = 0.5;            ///< memory of the weight average, in epochs; 0: the last weights
    double negative_rate = 1.0;             ///< part of the negatives of a first head that is used, (0, 1]
    bool one_pass = false;                  ///< every row once, in the order given; epochs and patience are 1
    std::uint64_t seed = 1;                 ///< of weights, order, dropout and sampling
    unsigned threads = 1;                   ///< changes the speed, never the result
    std::optional<nn::Net<float>> initial;  ///< weights to start from instead of random ones
    bool freeze = false;                    ///< only the last layer and the biases learn
};

/// The options with every empty value chosen by the number of training rows, and all values checked.
/// Throws Error(invalid_argument) naming the first one outside its range.
[[nodiscard]] TrainOptions resolved(TrainOptions options, std::size_t rows);

/// The net that these options train on `dense` numbers and these embeddings.
[[nodiscard]] inline nn::NetShape net_shape(const TrainOptions& options, std::size_t dense,
                                            std::vector<nn::EmbeddingShape> embeddings = {}) {
    return {.dense = dense,
            .embeddings = std::move(embeddings),
            .hidden = options.hidden,
            .outputs = options.chains.heads()};
}

namespace detail {

inline void need(bool fine, const char* option, const char* expected, double got) {
    if (fine) return;
    std::ostringstream text;
    text << got;
    throw Error(ErrorCode::invalid_argument, std::string("training: ") + option + ": expected " + expected +
                                                 ", got \"" + text.str() + "\"");
}

}  // namespace detail

inline TrainOptions resolved(TrainOptions options, std::size_t rows) {
    const auto n = static_cast<double>(std::max<std::size_t>(rows, 1));
    // At least about 100 steps per epoch on small tables; from 100,000 rows on the batch that keeps kernels
    // busy.
    if (!options.batch_size) {
        const double power = std::floor(std::log2(n / 100.0));
        options.batch_size = std::size_t{1} << static_cast<unsigned>(std::clamp(power, 5.0, 10.0));
    }
    const auto batch = static_cast<double>(*options.batch_size);
    // Square root scaling with the batch, as Adam wants it (Malladi et al. 2022).
    if (!options.learning_rate) {
        const double rate = options.optimizer == Optimizer::adamw ? 2e-3 : 5e-2;
        options.learning_rate = std::clamp(rate * std::sqrt(batch / 1024.0), rate / 4.0, rate * 2.0);
    }
    // The fewer rows, the stronger: a quarter of the units at 10,000 rows, none from a million on.
    if (!options.dropout) options.dropout = std::clamp(0.125 * std::log10(1e6 / n), 0.0, 0.25);
    if (!options.weight_decay) options.weight_decay = std::clamp(0.01 * std::sqrt(1e6 / n), 0.01, 0.1);
    if (!options.epochs) options.epochs = 12;
    if (!options.patience) options.patience = 2;
    if (options.one_pass) options.epochs = options.patience = 1;

    detail::need(*options.epochs >= 1 && *options.epochs <= 100'000, "epochs", "1 to 100000",
                 static_cast<double>(*options.epochs));
    detail::need(*options.patience >= 1, "patience", "at least 1", static_cast<double>(*options.patience));
    detail::need(*options.batch_size >= 1 && *options.batch_size <= (std::size_t{1} << 24), "batch_size",
                 "1 to 16777216", batch);
    detail::need(*options.learning_rate > 0.0 && std::isfinite(*options.learning_rate), "learning_rate",
                 "a positive number", *options.learning_rate);
    detail::need(*options.weight_decay >= 0.0 && std::isfinite(*options.weight_decay), "weight_decay",
                 "0 or a positive number", *options.weight_decay);
    detail::need(*options.dropout >= 0.0 && *options.dropout <= 0.95, "dropout", "0 to 0.95",
                 *options.dropout);
    detail::need(options.embedding_deviation >= 0.0 && std::isfinite(options.embedding_deviation),
                 "embedding_deviation", "0 or a positive number", options.embedding_deviation);
    detail::need(options.momentum >= 0.0 && options.momentum < 1.0, "momentum", "0 or more and below 1",
                 options.momentum);
    detail::need(options.average_epochs >= 0.0 && options.average_epochs <= 1000.0, "average_epochs",
                 "0 to 1000 epochs", options.average_epochs);
    detail::need(options.negative_rate > 0.0 && options.negative_rate <= 1.0, "negative_rate",
                 "above 0 and at most 1", options.negative_rate);
    return options;
}

}  // namespace funnel::train
