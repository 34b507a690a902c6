// SPDX-License-Identifier: MIT
// fit and refit: the epoch loop. Trains on mini-batches, validates every epoch, keeps the best weights; a
// refit repeats the chosen number of epochs on more rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/progress.hpp"
#include "funnel/base/random.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/nn/inference.hpp"
#include "funnel/nn/kernels.hpp"
#include "funnel/nn/net.hpp"
#include "funnel/train/detail/training.hpp"
#include "funnel/train/detail/training_examples.hpp"
#include "funnel/train/detail/validation.hpp"
#include "funnel/train/detail/worker_team.hpp"
#include "funnel/train/input_source.hpp"
#include "funnel/train/train_options.hpp"

namespace funnel::train {

struct EpochReport {
    std::size_t epoch = 0;             ///< 1-based
    double train_loss = 0.0;           ///< the loss that is minimized, mean over the epoch's batches
    std::optional<double> valid_loss;  ///< mean over heads of log loss
    std::vector<HeadReport> heads;     ///< of the averaged weights; empty without validation rows
    bool best = false;                 ///< better than all epochs before
};

enum class StopReason : std::uint8_t {
    epochs,    ///< all epochs were run
    patience,  ///< no better epoch for options.patience epochs
    diverged,  ///< the loss was no longer finite
    cancelled  ///< the observer said so
};

[[nodiscard]] constexpr const char* name(StopReason reason) noexcept;

struct TrainResult {
    nn::Net<float> net;  ///< weights after the best epoch, averaged, sampling corrected
    std::vector<EpochReport> epochs;
    std::optional<std::size_t> best_epoch = {};  ///< from 1; empty: none was finite, the net is of no use
    StopReason stop_reason = StopReason::epochs;
    TrainOptions options;  ///< as used: every value that was chosen by size is filled in
};

/// What the host hears, on the thread that called fit.
struct TrainObserver {
    base::ProgressObserver progress;                     ///< rows done of all epochs, several times a second
    std::function<bool(const EpochReport&)> epoch_ends;  ///< false: stop here, keep the best so far
};

/// Trains a net of `shape`. The best epoch has the smallest mean over heads of the normalized entropy of p_k
/// on `valid`; without validation rows (valid.rows empty) it is the last one. Same bytes at any number of
/// threads. Throws Error(shape) for sizes that do not fit, Error(invalid_argument) for options out of range
/// or no rows.
[[nodiscard]] inline TrainResult fit(const nn::NetShape& shape, const InputSource& source,
                                     const TrainRows& train, const TrainRows& valid,
                                     const TrainOptions& options, const nn::Kernels& kernels,
                                     const TrainObserver& observer = {});

/// Trains a net of `shape`, which an encoder fitted on more rows may have changed, from the start on `rows`:
/// for the best_epoch of `chosen`, with its options and the same schedule by fraction. Reports have no
/// validation figures.
[[nodiscard]] inline TrainResult refit(const TrainResult& chosen, const nn::NetShape& shape,
                                       const InputSource& source, const TrainRows& rows,
                                       const nn::Kernels& kernels, const TrainObserver& observer = {});

constexpr const char* name(StopReason reason) noexcept {
    switch (reason) {
        case StopReason::patience:
            return "patience";
        case StopReason::diverged:
            return "diverged";
        case StopReason::cancelled:
            return "cancelled";
        default:
            return "epochs";
    }
}

namespace detail {

/// The epoch loop of fit and refit.
class Epochs {
 public:
    /// last_epoch: where to stop; options.epochs: what the schedule is a fraction of.
    Epochs(const nn::NetShape& shape, const InputSource& source, const TrainRows& train,
           const TrainOptions& options, std::size_t last_epoch, const nn::Kernels& kernels,
           const TrainObserver& observer);

    [[nodiscard]] TrainResult run(const TrainRows& valid);

 private:
    [[nodiscard]] nn::Net<float> start() const;
    [[nodiscard]] double average_decay() const noexcept;
    [[nodiscard]] nn::Net<float> finished() const;
    void order_rows(std::size_t epoch);
    /// Mean loss; not finite as soon as one batch is not.
    double run_epoch(std::size_t epoch);
    /// False: the net has diverged.
    bool judge(const TrainRows& valid, EpochReport& report);

    nn::NetShape shape_;
    const InputSource& source_;
    TrainOptions options_;
    std::size_t last_epoch_;
    const nn::Kernels& kernels_;
    const TrainObserver& observer_;
    WorkerTeam team_;
    Examples examples_;
    std::vector<std::uint32_t> order_;
    std::size_t batches_ = 0;
    std::vector<double> totals_;  // (batches, chains)
    Training<float> training_;
    std::optional<double> best_score_;
    std::uint64_t rows_done_ = 0;
};

inline Epochs::Epochs(const nn::NetShape& shape, const InputSource& source, const TrainRows& train,
                      const TrainOptions& options, std::size_t last_epoch, const nn::Kernels& kernels,
                      const TrainObserver& observer)
    : shape_(shape),
      source_(source),
      options_(options),
      last_epoch_(last_epoch),
      kernels_(kernels),
      observer_(observer),
      team_(options.threads),
      examples_(source, train, options),
      order_(examples_.used()),
      batches_((order_.size() + *options.batch_size - 1) / *options.batch_size),
      totals_(batches_ * options.chains.size()),
      training_(start(), examples_, options_, average_decay(), kernels, team_) {}

inline nn::Net<float> Epochs::start() const {
    if (shape_.outputs != options_.chains.heads()) {
        throw Error(ErrorCode::shape, "training: expected one output per head, got \"" +
                                          std::to_string(shape_.outputs) + " outputs and " +
                                          std::to_string(options_.chains.heads()) +
                                          " heads\"; make the shape with net_shape");
    }
    if (order_.empty()) {
        throw Error(
            ErrorCode::invalid_argument,
            "training: expected rows with a known label, got \"0\"; give more data or a shorter horizon");
    }
    if (options_.initial) {
        if (options_.initial->shape() == shape_) return *options_.initial;
        throw Error(
            ErrorCode::shape,
            "training: expected initial weights of the same shape, got \"another shape\"; start from a "
            "model with the same inputs and layers");
    }
    Rng rng(stream(options_.seed, kWeightStream, 0));
    nn::Net<float> net(shape_, rng, options_.embedding_deviation);
    // With 1 % of positives a net that starts at p = 0.5 spends its first steps on the base rate alone.
    const std::vector<double> logits = examples_.base_logits(order_);
    for (std::size_t k = 0; k < logits.size(); ++k)
        net.head_bias()[k] = static_cast<float>(logits[k]);
    return net;
}

inline double Epochs::average_decay() const noexcept {
    const double steps = options_.average_epochs * static_cast<double>(batches_);
    return steps > 1.0 ? 1.0 - 1.0 / steps : 0.0;
}

inline nn::Net<float> Epochs::finished() const {
    nn::Net<float> net = training_.averaged();
    const double correction = std::log(options_.negative_rate);
    for (std::size_t c = 0; c < options_.chains.size(); ++c) {
        net.head_bias()[options_.chains.first(c)] += static_cast<float>(correction);
    }
    return net;
}

inline void Epochs::order_rows(std::size_t epoch) {
    if (!options_.one_pass) {
        Rng rng(stream(options_.seed, kOrderStream, epoch));
        for (std::size_t i = order_.size(); i > 1; --i)
            std::swap(order_[i - 1], order_[rng.below(i)]);
    }
    const std::size_t batch = *options_.batch_size, chains = options_.chains.size();
    team_.run(batches_, [&](std::size_t b, std::size_t) {
        const std::size_t first = b * batch, n = std::min(batch, order_.size() - first);
        examples_.totals(std::span(order_).subspan(first, n), totals_.data() + b * chains);
    });
}

inline double Epochs::run_epoch(std::size_t epoch) {
    constexpr std::uint64_t kRowsPerReport = 1 << 16;
    order_rows(epoch);
    const std::size_t batch = *options_.batch_size;
    const auto all_batches = static_cast<double>(batches_) * static_cast<double>(*options_.epochs);
    const std::uint64_t dropout_seed = stream(options_.seed, kDropoutStream, epoch);
    double loss = 0.0;
    std::uint64_t unreported = kRowsPerReport;
    for (std::size_t b = 0; b < batches_; ++b) {
        const std::size_t first = b * batch, n = std::min(batch, order_.size() - first);
        if (observer_.progress && (unreported += n) >= kRowsPerReport) {
            unreported = 0;
            observer_.progress({"training", rows_done_, order_.size() * last_epoch_, "rows"});
        }
        // The middle of the step, so that neither the first nor the last rate of a schedule is 0.
        const double done = static_cast<double>((epoch - 1) * batches_ + b) + 0.5;
        const double rate = *options_.learning_rate * options_.schedule.factor(done / all_batches);
        const double batch_loss =
            training_.step(std::span(order_).subspan(first, n), totals_.data() + b * options_.chains.size(),
                           rate, dropout_seed);
        if (!std::isfinite(batch_loss)) return batch_loss;
        loss += batch_loss * static_cast<double>(n);
        rows_done_ += n;
    }
    return loss / static_cast<double>(order_.size());
}

inline bool Epochs::judge(const TrainRows& valid, EpochReport& report) {
    nn::Net<float> net = finished();
    if (!std::isfinite(report.train_loss) || !net.finite()) return false;
    std::optional<double> score;
    if (!valid.rows.empty()) {
        const nn::NetPredictor predictor(std::move(net), options_.chains, kernels_);
        auto heads = validate(predictor, source_, valid, team_);
        if (!heads) return false;
        report.heads = std::move(*heads);
        report.valid_loss = mean_of(report.heads, &HeadReport::log_loss);
        score = validation_score(report.heads);
    }
    // Nothing to compare by: the last epoch is as good as any.
    report.best = !score || !best_score_ || *score < *best_score_;
    if (report.best) best_score_ = score;
    return true;
}

inline TrainResult Epochs::run(const TrainRows& valid) {
    TrainResult result;
    result.net = nn::Net<float>(shape_);
    result.options = options_;
    for (std::size_t epoch = 1; epoch <= last_epoch_; ++epoch) {
        EpochReport report;
        report.epoch = epoch;
        report.train_loss = run_epoch(epoch);
        if (!judge(valid, report)) {
            result.stop_reason = StopReason::diverged;
            result.epochs.push_back(std::move(report));
            return result;
        }
        if (report.best) {
            result.net = finished();
            result.best_epoch = epoch;
        }
        result.epochs.push_back(std::move(report));
        if (observer_.epoch_ends && !observer_.epoch_ends(result.epochs.back())) {
            result.stop_reason = StopReason::cancelled;
            return result;
        }
        if (epoch - result.best_epoch.value_or(0) >= *options_.patience && epoch < last_epoch_) {
            result.stop_reason = StopReason::patience;
            return result;
        }
    }
    return result;
}

}  // namespace detail

inline TrainResult fit(const nn::NetShape& shape, const InputSource& source, const TrainRows& train,
                       const TrainRows& valid, const TrainOptions& options, const nn::Kernels& kernels,
                       const TrainObserver& observer) {
    const TrainOptions filled = resolved(options, train.rows.size());
    detail::check_rows(valid, source, filled.chains.heads());
    return detail::Epochs(shape, source, train, filled, *filled.epochs, kernels, observer).run(valid);
}

inline TrainResult refit(const TrainResult& chosen, const nn::NetShape& shape, const InputSource& source,
                         const TrainRows& rows, const nn::Kernels& kernels, const TrainObserver& observer) {
    if (!chosen.best_epoch) {
        throw Error(
            ErrorCode::invalid_argument,
            "refit: expected a training with a best epoch, got \"diverged\"; lower the learning rate");
    }
    return detail::Epochs(shape, source, rows, chosen.options, *chosen.best_epoch, kernels, observer).run({});
}

}  // namespace funnel::train
