// SPDX-License-Identifier: MIT
// TrainingSummary: what happened in a training, as plain data. It holds no time of day, duration, thread
// count, host or path, so that the same training writes the same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"

namespace funnel::model {

/// From the first to the last example used, in microseconds; both 0 if there is none.
struct TimeRange {
    std::int64_t from = 0, to = 0;
    std::uint64_t examples = 0;
};

struct EpochSummary {
    std::uint32_t epoch = 0;           ///< from 1
    double train_loss = 0;             ///< mean over the epoch, as minimised
    std::optional<double> valid_loss;  ///< mean over heads of log loss; empty without validation
    std::vector<std::optional<double>> valid_roc_auc = {};  ///< per target; empty when undefined
};

/// Validation figures of one target beside the baselines that a model has to beat.
struct TargetSummary {
    std::string name;
    std::uint64_t examples = 0, positives = 0;  ///< of validation
    std::optional<double> log_loss = {}, base_rate_log_loss = {}, normalized_entropy = {}, roc_auc = {},
                          ece = {};
};

struct TrainingSummary {
    std::uint64_t examples = 0, features = 0, parameters = 0;
    TimeRange train, valid, refit;
    std::vector<EpochSummary> epochs;
    std::uint32_t best_epoch = 0;
    std::string stop_reason;
    std::vector<TargetSummary> targets;
    /// Every option that shaped the model, with its effective value.
    std::vector<std::pair<std::string, std::string>> configuration;

    void write(base::ByteWriter& out) const;
    [[nodiscard]] static TrainingSummary read(base::ByteReader& in);
};

namespace detail {

inline void write_optional(base::ByteWriter& out, const std::optional<double>& value) {
    out.value<std::uint8_t>(value.has_value());
    out.value(value.value_or(0.0));
}

[[nodiscard]] inline std::optional<double> read_optional(base::ByteReader& in) {
    const bool present = in.value<std::uint8_t>() != 0;
    const auto value = in.value<double>();
    return present ? std::optional(value) : std::nullopt;
}

inline void write_range(base::ByteWriter& out, const TimeRange& range) {
    out.value(range.from);
    out.value(range.to);
    out.value(range.examples);
}

[[nodiscard]] inline TimeRange read_range(base::ByteReader& in) {
    TimeRange range;
    range.from = in.value<std::int64_t>();
    range.to = in.value<std::int64_t>();
    range.examples = in.value<std::uint64_t>();
    return range;
}

}  // namespace detail

inline void TrainingSummary::write(base::ByteWriter& out) const {
    for (const std::uint64_t count : {examples, features, parameters})
        out.value(count);
    for (const TimeRange& range : {train, valid, refit})
        detail::write_range(out, range);
    out.value<std::uint64_t>(epochs.size());
    for (const EpochSummary& epoch : epochs) {
        out.value(epoch.epoch);
        out.value(epoch.train_loss);
        detail::write_optional(out, epoch.valid_loss);
        out.value<std::uint64_t>(epoch.valid_roc_auc.size());
        for (const auto& auc : epoch.valid_roc_auc)
            detail::write_optional(out, auc);
    }
    out.value(best_epoch);
    out.text(stop_reason);
    out.value<std::uint64_t>(targets.size());
    for (const TargetSummary& target : targets) {
        out.text(target.name);
        out.value(target.examples);
        out.value(target.positives);
        for (const auto& figure : {target.log_loss, target.base_rate_log_loss, target.normalized_entropy,
                                   target.roc_auc, target.ece}) {
            detail::write_optional(out, figure);
        }
    }
    out.value<std::uint64_t>(configuration.size());
    for (const auto& [key, value] : configuration) {
        out.text(key);
        out.text(value);
    }
}

inline TrainingSummary TrainingSummary::read(base::ByteReader& in) {
    TrainingSummary summary;
    for (auto* count : {&summary.examples, &summary.features, &summary.parameters}) {
        *count = in.value<std::uint64_t>();
    }
    for (auto* range : {&summary.train, &summary.valid, &summary.refit})
        *range = detail::read_range(in);
    summary.epochs.resize(in.length(29));
    for (EpochSummary& epoch : summary.epochs) {
        epoch.epoch = in.value<std::uint32_t>();
        epoch.train_loss = in.value<double>();
        epoch.valid_loss = detail::read_optional(in);
        epoch.valid_roc_auc.resize(in.length(9));
        for (auto& auc : epoch.valid_roc_auc)
            auc = detail::read_optional(in);
    }
    summary.best_epoch = in.value<std::uint32_t>();
    summary.stop_reason = in.text();
    summary.targets.resize(in.length(69));
    for (TargetSummary& target : summary.targets) {
        target.name = in.text();
        target.examples = in.value<std::uint64_t>();
        target.positives = in.value<std::uint64_t>();
        for (auto* figure : {&target.log_loss, &target.base_rate_log_loss, &target.normalized_entropy,
                             &target.roc_auc, &target.ece}) {
            *figure = detail::read_optional(in);
        }
    }
    summary.configuration.resize(in.length(16));
    for (auto& [key, value] : summary.configuration) {
        key = in.text();
        value = in.text();
    }
    return summary;
}

}  // namespace funnel::model
