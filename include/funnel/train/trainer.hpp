// SPDX-License-Identifier: MIT
// fit and refit: the epoch loop. Trains on mini-batches, judges every epoch on validation rows, keeps the
// best weights; a refit repeats the chosen number of epochs on more rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "funnel/base/progress.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/nn/kernels.hpp"
#include "funnel/nn/net.hpp"
#include "funnel/train/input_source.hpp"
#include "funnel/train/options.hpp"

namespace funnel::train {

/// Rows of a source with their labels, borrowed for the duration of a call.
struct TrainRows {
    std::span<const std::uint32_t> rows;  ///< n row numbers of the source, in time order
    std::span<const std::uint8_t>
        labels;                      ///< (n, K) row-major: 0, 1 or 2 = unknown; label i belongs to rows[i]
    std::span<const float> weights;  ///< n, or empty: all 1
};

/// One head on the validation rows. Empty where it is undefined: no known label, or one class only.
struct HeadReport {
    std::optional<double> log_loss;
    std::optional<double> normalized_entropy;
    std::optional<double> roc_auc;
};

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
    std::size_t best_epoch = 0;  ///< 0: none was finite, and the net must not be used
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
[[nodiscard]] TrainResult fit(const nn::NetShape& shape, const InputSource& source, const TrainRows& train,
                              const TrainRows& valid, const TrainOptions& options,
                              const nn::Kernels& kernels = nn::eigen_kernels(),
                              const TrainObserver& observer = {});

/// Trains from the start on `rows` for the best_epoch of `chosen`, with its options and the same schedule by
/// fraction. Reports have no validation figures.
[[nodiscard]] TrainResult refit(const TrainResult& chosen, const InputSource& source, const TrainRows& rows,
                                const nn::Kernels& kernels = nn::eigen_kernels(),
                                const TrainObserver& observer = {});

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

}  // namespace funnel::train
