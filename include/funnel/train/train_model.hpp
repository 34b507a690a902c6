// SPDX-License-Identifier: MIT
// train_model: examples to a Bundle: fit the encoder and the net, choose the epoch on validation rows, refit
// on everything known. The same path for logs and tables (docs/model.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/eval/target_report.hpp"
#include "funnel/features/encoder.hpp"
#include "funnel/features/split.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/train/audit.hpp"
#include "funnel/train/correction.hpp"
#include "funnel/train/trainer.hpp"
#include "funnel/train/warm_start.hpp"

namespace funnel::train {

/// A fit and what it says about rows it was not trained on, before the refit.
struct ValidatedFit {
    const Bundle& bundle;  ///< heads and chains; no encoder yet
    const features::Dataset& data;
    const features::LabelledRows& rows;
    std::span<const float> weights;        ///< of rows, or empty
    std::span<const float> probabilities;  ///< (rows, K)
};

struct ModelOptions {
    TrainOptions training;  ///< chains are those of the bundle
    features::EncoderOptions encoder;
    bool refit = true;        ///< train again on everything known, for the epochs that were best
    std::size_t members = 1;  ///< nets with seeds of their own whose mean is the prediction
    std::size_t probes = 8;   ///< examples that the model carries to prove itself on
    bool calibrate = false;   ///< mend slope and intercept of a head where validation rows say it helps
    std::function<void(const ValidatedFit&)> validated = {};  ///< may throw: then there is no model
    const Bundle* initial = nullptr;                          ///< start from its weights where names fit
    std::function<void(const std::string&)> tell = {};        ///< what of `initial` did not fit
    Audit* audit = nullptr;                                   ///< filled if given; costs a second fit
};

/// Fills encoder, nets, summary and probes of `bundle`, whose heads and chains are set; targets of `data` are
/// its heads. Throws Error(schema) without rows, Error(invalid_argument) for options out of range and
/// Error(internal) if the training diverges: a model that must not be used is never made.
void train_model(Bundle& bundle, const features::Dataset& data, const features::Split& split,
                 const ModelOptions& options, const nn::Kernels& kernels = nn::eigen_kernels(),
                 const TrainObserver& observer = {});

/// Encodes rows of a Dataset as a training asks for them. Borrows both; const calls run concurrently.
class DatasetSource final : public InputSource {
 public:
    DatasetSource(const features::Encoder& encoder, const features::Dataset& data,
                  const features::LabelledRows* train = nullptr)
        : encoder_(encoder, data, train), rows_(data.size()) {}

    [[nodiscard]] std::size_t rows() const override { return rows_; }
    void fill(std::span<const std::uint32_t> rows, Matrix<float>& dense,
              Matrix<std::uint32_t>& ids) const override {
        const auto d = static_cast<std::size_t>(dense.cols()), e = static_cast<std::size_t>(ids.cols());
        for (std::size_t i = 0; i < rows.size(); ++i) {
            encoder_.encode(rows[i], {dense.data() + i * d, d}, {ids.data() + i * e, e});
        }
    }

 private:
    features::DatasetEncoder encoder_;
    std::size_t rows_;
};

/// p (n, K) of n rows of a source.
[[nodiscard]] inline std::vector<float> predict_rows(const model::Predictor& predictor,
                                                     const InputSource& source,
                                                     std::span<const std::uint32_t> rows) {
    std::vector<float> p(rows.size() * predictor.targets());
    model::Predictor::Workspace workspace;
    const auto block = static_cast<Eigen::Index>(nn::kBlockRows);
    Matrix<float> dense(block, static_cast<Eigen::Index>(predictor.dense_size()));
    Matrix<std::uint32_t> ids(block, static_cast<Eigen::Index>(predictor.ids_size()));
    for (std::size_t first = 0; first < rows.size(); first += nn::kBlockRows) {
        const std::size_t n = std::min(nn::kBlockRows, rows.size() - first);
        source.fill(rows.subspan(first, n), dense, ids);
        predictor.predict_encoded(
            {dense.data(), n * predictor.dense_size()}, {ids.data(), n * predictor.ids_size()},
            std::span(p).subspan(first * predictor.targets(), n * predictor.targets()), workspace);
    }
    return p;
}

namespace detail {

[[nodiscard]] inline TrainRows train_rows(const features::LabelledRows& rows) {
    return {.rows = rows.rows, .labels = rows.labels, .weights = {}};
}

[[nodiscard]] inline std::vector<float> weights_of(const features::Dataset& data,
                                                   const features::LabelledRows& rows) {
    std::vector<float> weights;
    if (data.weights.empty()) return weights;
    weights.reserve(rows.size());
    for (const std::uint32_t row : rows.rows)
        weights.push_back(data.weights[row]);
    return weights;
}

/// The user of each row; the --group of a table, or else its row.
[[nodiscard]] inline std::vector<std::uint64_t> clusters_of(const features::Dataset& data,
                                                            const features::LabelledRows& rows) {
    const auto any = [&](auto member) {
        return std::ranges::any_of(data.keys,
                                   [&](const features::ExampleKey& key) { return key.*member != 0; });
    };
    const bool users = any(&features::ExampleKey::user), groups = any(&features::ExampleKey::group);
    std::vector<std::uint64_t> clusters;
    clusters.reserve(rows.size());
    for (const std::uint32_t row : rows.rows) {
        const features::ExampleKey& key = data.keys[row];
        clusters.push_back(users ? key.user : groups ? key.group : key.row);
    }
    return clusters;
}

/// Corrections per head that the validation rows speak for.
[[nodiscard]] inline std::vector<std::optional<Correction>> corrections_of(
    const nn::Chains& chains, std::span<const float> p, const features::LabelledRows& valid,
    std::span<const float> weights, std::span<const std::uint64_t> clusters) {
    std::vector<std::optional<Correction>> corrections;
    for (std::size_t k = 0; k < chains.heads(); ++k) {
        corrections.push_back(
            useful_correction(conditional_rows(chains, k, p, valid.labels, weights, clusters)));
    }
    return corrections;
}

inline void apply_corrections(nn::Net<float>& net,
                              const std::vector<std::optional<Correction>>& corrections) {
    for (std::size_t k = 0; k < corrections.size(); ++k) {
        if (corrections[k]) apply_correction(net, k, *corrections[k]);
    }
}

[[nodiscard]] inline nn::NetShape shape_for(const features::Encoder& encoder, const TrainOptions& options) {
    std::vector<nn::EmbeddingShape> embeddings;
    for (const auto& input : encoder.embeddings())
        embeddings.push_back({input.rows, input.width});
    return net_shape(options, encoder.dense_names().size(), std::move(embeddings));
}

/// The earlier model's weights where they fit, random ones elsewhere; none without an earlier model.
[[nodiscard]] inline std::optional<nn::Net<float>> initial_net(const Bundle& bundle,
                                                               const features::Encoder& encoder,
                                                               const TrainOptions& training,
                                                               const ModelOptions& options, bool tell) {
    if (options.initial == nullptr) return std::nullopt;
    Rng rng(stream(training.seed, kWeightStream, 0));
    nn::Net<float> net(shape_for(encoder, training), rng);
    warm_start(net, encoder, bundle, *options.initial, tell ? options.tell : nullptr);
    return net;
}

/// The same training on a random split, and every input alone.
inline void fill_audit(Audit& audit, const Bundle& bundle, const features::Dataset& data,
                       const features::Split& split, const features::EncoderOptions& encoding,
                       const TrainOptions& training, const nn::Kernels& kernels) {
    const features::Split random = features::split_at_random(data, 0.2, training.seed);
    const auto encoder = features::Encoder::fit(data, random.train, encoding);
    const DatasetSource source(encoder, data, &random.train);
    TrainRows train{.rows = random.train.rows, .labels = random.train.labels, .weights = {}};
    TrainRows valid{.rows = random.valid.rows, .labels = random.valid.labels, .weights = {}};
    TrainOptions from_scratch = training;
    from_scratch.initial.reset();
    const TrainResult result = fit(shape_for(encoder, training), source, train, valid, from_scratch, kernels);
    audit.inputs = input_aucs(data, split.train);
    for (std::size_t k = 0; k < bundle.heads.size(); ++k) {
        audit.targets.push_back(bundle.heads[k].name);
        audit.by_time.push_back(bundle.summary.targets[k].roc_auc);
        audit.at_random.push_back(
            result.best_epoch == 0 ? std::nullopt : result.epochs[result.best_epoch - 1].heads[k].roc_auc);
    }
    add_warnings(audit);
}

inline void need_convergence(const TrainResult& result) {
    if (result.best_epoch > 0 && result.stop_reason != StopReason::diverged) return;
    if (result.stop_reason == StopReason::cancelled) throw Error(ErrorCode::cancelled, "training: cancelled");
    throw Error(ErrorCode::invalid_argument,
                "training: the loss is no longer finite; try a smaller --learning-rate");
}

[[nodiscard]] inline std::vector<model::TargetSummary> judge(const Bundle& bundle,
                                                             const std::vector<float>& p,
                                                             const features::LabelledRows& valid,
                                                             std::span<const float> weights) {
    const std::size_t targets = bundle.heads.size(), n = valid.size();
    std::vector<model::TargetSummary> summaries;
    std::vector<float> scores(n);
    std::vector<std::uint8_t> labels(n);
    for (std::size_t k = 0; k < targets; ++k) {
        for (std::size_t i = 0; i < n; ++i) {
            scores[i] = p[i * targets + k];
            labels[i] = valid.labels[i * targets + k];
        }
        const eval::TargetReport report =
            eval::evaluate(std::span<const float>(scores), labels, {.weights = weights});
        model::TargetSummary summary{.name = bundle.heads[k].name,
                                     .examples = report.examples,
                                     .positives = report.positives,
                                     .log_loss = report.log_loss.value,
                                     .normalized_entropy = report.normalized_entropy.value,
                                     .roc_auc = report.roc_auc.value,
                                     .ece = report.ece.value};
        if (report.base_rate.value)
            summary.base_rate_log_loss = eval::binary_entropy(*report.base_rate.value);
        summaries.push_back(std::move(summary));
    }
    return summaries;
}

[[nodiscard]] inline model::TimeRange range_of(const features::LabelledRows& rows) {
    return {rows.from, rows.to, rows.size()};
}

inline void summarize_epochs(model::TrainingSummary& summary, const TrainResult& result) {
    for (const EpochReport& epoch : result.epochs) {
        model::EpochSummary row{.epoch = static_cast<std::uint32_t>(epoch.epoch),
                                .train_loss = epoch.train_loss,
                                .valid_loss = epoch.valid_loss};
        for (const HeadReport& head : epoch.heads)
            row.valid_roc_auc.push_back(head.roc_auc);
        summary.epochs.push_back(std::move(row));
    }
    summary.best_epoch = static_cast<std::uint32_t>(result.best_epoch);
    summary.stop_reason = name(result.stop_reason);
}

[[nodiscard]] inline std::vector<model::Probe> make_probes(const Bundle& bundle,
                                                           const features::Dataset& data, std::size_t count,
                                                           const nn::Kernels& kernels) {
    const model::Predictor predictor(bundle, kernels);
    model::Predictor::Workspace workspace;
    std::vector<model::Probe> probes;
    count = std::min(count, data.size());
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t row = i * data.size() / count;
        model::Probe probe;
        const auto numeric = data.numeric_row(row);
        probe.numeric.assign(numeric.begin(), numeric.end());
        for (std::size_t c = 0; c < data.categorical_features.size(); ++c) {
            const std::uint32_t code = data.categorical_row(row)[c];
            probe.categorical.emplace_back(code == base::kNone ? "" : data.categories[c].text(code));
        }
        const std::vector<std::string_view> texts(probe.categorical.begin(), probe.categorical.end());
        probe.probabilities.resize(bundle.heads.size());
        predictor.predict(probe.numeric, texts, probe.probabilities, workspace);
        probes.push_back(std::move(probe));
    }
    return probes;
}

}  // namespace detail

inline void train_model(Bundle& bundle, const features::Dataset& data, const features::Split& split,
                        const ModelOptions& options, const nn::Kernels& kernels,
                        const TrainObserver& observer) {
    TrainOptions training = options.training;
    training.chains = bundle.chains;
    features::EncoderOptions encoding = options.encoder;
    if (bundle.table && !encoding.bins) encoding.bins = features::table_bins(split.train.size());
    features::Encoder encoder = features::Encoder::fit(data, split.train, encoding);
    const auto train_weights = detail::weights_of(data, split.train);
    const auto valid_weights = detail::weights_of(data, split.valid);
    const auto refit_weights = detail::weights_of(data, split.refit);
    TrainRows train = detail::train_rows(split.train), valid = detail::train_rows(split.valid);
    train.weights = train_weights;
    valid.weights = valid_weights;

    std::vector<TrainResult> chosen;
    std::vector<std::vector<std::optional<Correction>>> corrections(options.members);
    {
        const DatasetSource source(encoder, data, &split.train);
        const auto clusters = detail::clusters_of(data, split.valid);
        for (std::size_t m = 0; m < options.members; ++m) {
            training.seed = options.training.seed + m;
            training.initial = detail::initial_net(bundle, encoder, training, options, m == 0);
            chosen.push_back(
                fit(detail::shape_for(encoder, training), source, train, valid, training, kernels, observer));
            detail::need_convergence(chosen.back());
            bundle.nets.push_back(chosen.back().net);
            if (!options.calibrate) continue;
            const model::Predictor alone(encoder, {bundle.nets.back()}, bundle.chains, kernels);
            corrections[m] =
                detail::corrections_of(bundle.chains, predict_rows(alone, source, split.valid.rows),
                                       split.valid, valid_weights, clusters);
            detail::apply_corrections(bundle.nets.back(), corrections[m]);
        }
        const model::Predictor predictor(encoder, bundle.nets, bundle.chains, kernels);
        const std::vector<float> p = predict_rows(predictor, source, split.valid.rows);
        bundle.summary.targets = detail::judge(bundle, p, split.valid, valid_weights);
        if (options.validated) options.validated({bundle, data, split.valid, valid_weights, p});
    }
    detail::summarize_epochs(bundle.summary, chosen.front());
    bundle.summary.train = detail::range_of(split.train);
    bundle.summary.valid = detail::range_of(split.valid);
    if (options.audit != nullptr)
        detail::fill_audit(*options.audit, bundle, data, split, encoding, training, kernels);
    if (options.refit) {
        encoder = features::Encoder::fit(data, split.refit, encoding);
        const DatasetSource source(encoder, data, &split.refit);
        TrainRows rows = detail::train_rows(split.refit);
        rows.weights = refit_weights;
        for (std::size_t m = 0; m < options.members; ++m) {
            chosen[m].options.initial =
                detail::initial_net(bundle, encoder, chosen[m].options, options, false);
            const TrainResult again =
                refit(chosen[m], detail::shape_for(encoder, training), source, rows, kernels, observer);
            detail::need_convergence(again);
            bundle.nets[m] = again.net;
            detail::apply_corrections(bundle.nets[m], corrections[m]);
        }
        bundle.summary.refit = detail::range_of(split.refit);
    }
    bundle.encoder = std::move(encoder);
    bundle.summary.examples = data.size();
    bundle.summary.features = bundle.encoder.dense_names().size() + bundle.encoder.embeddings().size();
    bundle.summary.parameters = bundle.nets.front().parameters().size() * bundle.nets.size();
    bundle.probes = detail::make_probes(bundle, data, options.probes, kernels);
}

}  // namespace funnel::train
