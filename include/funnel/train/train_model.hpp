// SPDX-License-Identifier: MIT
// train_model: turns examples into a Bundle: fit the encoder and the net, choose the epoch on validation
// rows, refit on everything known. The same path for logs and tables (docs/model.md).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/parallel.hpp"
#include "funnel/dataset/split.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/train/audit.hpp"
#include "funnel/train/dataset_source.hpp"
#include "funnel/train/detail/correction.hpp"
#include "funnel/train/detail/mean_input_of.hpp"
#include "funnel/train/detail/summary.hpp"
#include "funnel/train/detail/warm_start.hpp"
#include "funnel/train/model_options.hpp"
#include "funnel/train/search.hpp"
#include "funnel/train/trainer.hpp"

namespace funnel::train {

/// Fills encoder, nets, summary and probes of `bundle`, whose heads and chains are set; targets of `data` are
/// its heads. Throws Error(schema) without rows or without a feature of a frozen model, and
/// Error(invalid_argument) for options out of range or if the training diverges: a model that must not be
/// used is never made.
void train_model(Bundle& bundle, const encoding::Dataset& data, const dataset::Split& split,
                 const ModelOptions& options, const nn::Kernels& kernels, const TrainObserver& observer = {});

namespace detail {

/// Of a table. Throws Error(schema) for labels of one kind: nothing can be told from them.
inline void expect_both_labels(const std::string& target, bool zeros, bool ones) {
    if (zeros == ones) return;  // no label at all is refused elsewhere
    throw Error(ErrorCode::schema, "expected both labels in column " + target + ", got " +
                                       (ones ? "1" : "0") + " in every row; give rows of both kinds");
}

/// What training does to one Bundle, step by step.
class ModelFit {
 public:
    ModelFit(Bundle& bundle, const encoding::Dataset& data, const dataset::Split& split,
             const ModelOptions& options, const nn::Kernels& kernels, const TrainObserver& observer)
        : bundle_(bundle),
          data_(data),
          split_(split),
          options_(options),
          kernels_(kernels),
          observer_(observer) {
        if (options_.initial == nullptr) return;
        // What the earlier model knows of the bins of numbers is of use only where they are embedded again.
        const encoding::Encoder& earlier = options_.initial->encoder;
        const std::size_t embeddings = earlier.embeddings().size();
        options_.encoder.embed_numbers = embeddings > 0 && earlier.embedding_bins(embeddings - 1) != nullptr;
        if (options_.encoder.embed_numbers) options_.encoder.target_leaves = kSearchLeaves;
    }

    void run();

 private:
    using Corrections = std::vector<std::optional<Correction>>;

    /// Rows with their weights, which it owns.
    struct Rows {
        Rows(const encoding::Dataset& data, const encoding::LabelledRows& labelled)
            : weights(weights_of(data, labelled)),
              rows{.rows = labelled.rows, .labels = labelled.labels, .weights = weights} {}
        std::vector<float> weights;
        TrainRows rows;
    };

    [[nodiscard]] encoding::Encoder encoder_for(const encoding::LabelledRows& rows) const;
    /// A frozen encoder has never seen these rows: nothing is to be left out of its rates.
    [[nodiscard]] DatasetSource source_of(const encoding::Encoder& encoder,
                                          const encoding::LabelledRows& rows) const {
        return {encoder, data_, options_.freeze ? nullptr : &rows, kernels_};
    }
    /// The options of a member that learns from these rows, with the net that it starts from.
    [[nodiscard]] TrainOptions training_of(std::size_t member, const encoding::Encoder& encoder,
                                           const DatasetSource& source, const encoding::LabelledRows& rows,
                                           bool tell) const;
    void match_base_rates(nn::Net<float>& net, const encoding::Encoder& encoder, const DatasetSource& source,
                          const encoding::LabelledRows& rows) const;
    [[nodiscard]] nn::NetShape shape_for(std::size_t member, const encoding::Encoder& encoder) const;
    /// The options of a member before seed and starting weights.
    [[nodiscard]] const TrainOptions& options_of(std::size_t member) const noexcept {
        return found_.members.empty() ? options_.training : found_.members[member];
    }
    [[nodiscard]] std::size_t members() const noexcept {
        return found_.members.empty() ? options_.members.value_or(1) : found_.members.size();
    }
    /// Calls train(m, observer) for every member: those of a search side by side, others one by one.
    template <typename Train>
    void for_each_member(const Train& train) const;
    void search();
    [[nodiscard]] Corrections corrections_of(const nn::Net<float>& net, const encoding::Encoder& encoder,
                                             const DatasetSource& source) const;
    void choose(const encoding::Encoder& encoder);
    void judge(const encoding::Encoder& encoder, const DatasetSource& source);
    void describe_scores();
    void describe_inputs();
    void audit() const;
    void refit(const encoding::Encoder& encoder);

    Bundle& bundle_;
    const encoding::Dataset& data_;
    const dataset::Split& split_;
    ModelOptions options_;
    const nn::Kernels& kernels_;
    const TrainObserver& observer_;
    SearchResult found_;                    // without members: there was no search
    std::vector<TrainResult> chosen_;       // per member
    std::vector<Corrections> corrections_;  // per member and head, or empty
};

inline void need_convergence(const TrainResult& result) {
    if (result.best_epoch && result.stop_reason != StopReason::diverged) return;
    if (result.stop_reason == StopReason::cancelled) throw Error(ErrorCode::cancelled, "training: cancelled");
    throw Error(ErrorCode::invalid_argument,
                "training: the loss is no longer finite; try a smaller learning_rate");
}

inline void apply_corrections(nn::Net<float>& net,
                              const std::vector<std::optional<Correction>>& corrections) {
    for (std::size_t k = 0; k < corrections.size(); ++k) {
        if (corrections[k]) apply_correction(net, k, *corrections[k]);
    }
}

inline encoding::Encoder ModelFit::encoder_for(const encoding::LabelledRows& rows) const {
    if (options_.freeze) return options_.initial->encoder;
    return encoding::Encoder::fit(data_, rows, options_.encoder, kernels_);
}

inline nn::NetShape ModelFit::shape_for(std::size_t member, const encoding::Encoder& encoder) const {
    std::vector<nn::EmbeddingShape> embeddings;
    for (const auto& input : encoder.embeddings())
        embeddings.push_back({input.rows, input.width});
    TrainOptions training = options_of(member);
    training.chains = bundle_.chains;
    return net_shape(training, encoder.dense_names().size(), std::move(embeddings));
}

inline TrainOptions ModelFit::training_of(std::size_t member, const encoding::Encoder& encoder,
                                          const DatasetSource& source, const encoding::LabelledRows& rows,
                                          bool tell) const {
    TrainOptions training = options_of(member);
    training.chains = bundle_.chains;
    if (found_.members.empty()) training.seed += member;
    training.freeze = options_.freeze;
    if (options_.initial == nullptr) return training;
    // The earlier model's weights where they fit, random ones elsewhere.
    Rng rng(stream(training.seed, kWeightStream, 0));
    training.initial.emplace(shape_for(member, encoder), rng);
    const std::vector<nn::Net<float>>& nets = options_.initial->nets;
    warm_start(*training.initial, {encoder, bundle_.heads},
               {options_.initial->encoder, options_.initial->heads}, nets[member % nets.size()],
               tell ? options_.tell : nullptr);
    match_base_rates(*training.initial, encoder, source, rows);
    return training;
}

/// The intercepts of an earlier net, and the random ones of new heads, go where these labels want them: the
/// base rate is no reason to unlearn the rest.
inline void ModelFit::match_base_rates(nn::Net<float>& net, const encoding::Encoder& encoder,
                                       const DatasetSource& source,
                                       const encoding::LabelledRows& rows) const {
    const model::Predictor predictor(encoder, {net}, bundle_.chains, kernels_);
    const std::vector<float> p = predict_rows(predictor, source, rows.rows);
    const auto weights = weights_of(data_, rows);
    for (std::size_t k = 0; k < bundle_.heads.size(); ++k) {
        const ConditionalRows reached = conditional_rows(bundle_.chains, k, p, rows.labels, weights, {});
        if (const auto shift = fit_correction(reached, false)) apply_correction(net, k, *shift);
    }
}

inline ModelFit::Corrections ModelFit::corrections_of(const nn::Net<float>& net,
                                                      const encoding::Encoder& encoder,
                                                      const DatasetSource& source) const {
    const model::Predictor predictor(encoder, {net}, bundle_.chains, kernels_);
    const std::vector<float> p = predict_rows(predictor, source, split_.valid.rows);
    const auto weights = weights_of(data_, split_.valid);
    const auto clusters = clusters_of(data_, split_.valid);
    Corrections corrections;
    for (std::size_t k = 0; k < bundle_.heads.size(); ++k) {
        corrections.push_back(useful_correction(
            conditional_rows(bundle_.chains, k, p, split_.valid.labels, weights, clusters)));
    }
    return corrections;
}

template <typename Train>
void ModelFit::for_each_member(const Train& train) const {
    if (found_.members.empty()) {
        for (std::size_t m = 0; m < members(); ++m)
            train(m, observer_);
        return;
    }
    if (observer_.progress) observer_.progress({"training", 0, members(), "members"});
    base::for_each_task(members(), options_.training.threads,
                        [&](std::size_t m) { train(m, TrainObserver{}); });
}

inline void ModelFit::search() {
    found_ = train::search(data_, split_, options_, bundle_.chains, kernels_, observer_);
    if (!found_.members.empty()) {
        options_.encoder = found_.encoder;
    } else {
        choose_table_defaults(options_, split_.train.size());
    }
}

/// The epoch of every member, on validation rows.
inline void ModelFit::choose(const encoding::Encoder& encoder) {
    const DatasetSource source = source_of(encoder, split_.train);
    const Rows train(data_, split_.train), valid(data_, split_.valid);
    chosen_.resize(members());
    for_each_member([&](std::size_t m, const TrainObserver& observer) {
        chosen_[m] = fit(shape_for(m, encoder), source, train.rows, valid.rows,
                         training_of(m, encoder, source, split_.train, m == 0), kernels_, observer);
    });
    for (const TrainResult& result : chosen_) {
        need_convergence(result);
        bundle_.nets.push_back(result.net);
        corrections_.emplace_back();
        if (!options_.calibrate) continue;
        corrections_.back() = corrections_of(bundle_.nets.back(), encoder, source);
        apply_corrections(bundle_.nets.back(), corrections_.back());
    }
    judge(encoder, source);
}

inline void ModelFit::judge(const encoding::Encoder& encoder, const DatasetSource& source) {
    const model::Predictor predictor(encoder, bundle_.nets, bundle_.chains, kernels_);
    const std::vector<float> p = predict_rows(predictor, source, split_.valid.rows);
    const auto weights = weights_of(data_, split_.valid);
    bundle_.summary.targets = target_summaries(bundle_, p, split_.valid, weights);
    if (bundle_.reference.empty()) bundle_.reference = reference_of(data_, split_, options_);
    summarize_epochs(bundle_.summary, chosen_.front());
    std::ranges::copy(found_.report, std::back_inserter(bundle_.summary.configuration));
    bundle_.summary.train = range_of(split_.train);
    bundle_.summary.valid = range_of(split_.valid);
    if (options_.validated) options_.validated({bundle_, data_, split_.valid, weights, p});
}

/// How the finished model scores rows as it meets them: the net that was validated is another one.
inline void ModelFit::describe_scores() {
    constexpr std::size_t kEnough = 100'000;
    std::vector<std::uint32_t> rows;
    const std::size_t step = split_.valid.size() / kEnough + 1;
    for (std::size_t i = 0; i < split_.valid.size(); i += step)
        rows.push_back(split_.valid.rows[i]);
    const model::Predictor predictor(bundle_, kernels_);
    const DatasetSource source(bundle_.encoder, data_, nullptr, kernels_);
    bundle_.reference.scores = reference_scores(bundle_, predict_rows(predictor, source, rows));
}

/// The mean of what the finished nets see of the rows that they learned from, without folds: as live rows.
inline void ModelFit::describe_inputs() {
    constexpr std::size_t kEnough = 100'000;
    const std::vector<std::uint32_t>& all = options_.refit ? split_.refit.rows : split_.train.rows;
    const DatasetSource source(bundle_.encoder, data_, nullptr, kernels_);
    bundle_.mean_input = mean_input_of(source, bundle_.encoder, all, all.size() / kEnough + 1);
}

/// The same training on a random split, and every input alone.
inline void ModelFit::audit() const {
    const dataset::Split random = dataset::split_at_random(data_, 0.2, options_.training.seed);
    const encoding::Encoder encoder = encoder_for(random.train);
    const DatasetSource source = source_of(encoder, random.train);
    const Rows train(data_, random.train), valid(data_, random.valid);
    const TrainResult result = fit(shape_for(0, encoder), source, train.rows, valid.rows,
                                   training_of(0, encoder, source, random.train, false), kernels_);
    Audit& audit = *options_.audit;
    audit.inputs = input_aucs(data_, split_.train);
    for (std::size_t k = 0; k < bundle_.heads.size(); ++k) {
        audit.targets.push_back(bundle_.heads[k].name);
        audit.by_time.push_back(bundle_.summary.targets[k].roc_auc);
        audit.at_random.push_back(result.best_epoch ? result.epochs[*result.best_epoch - 1].heads[k].roc_auc
                                                    : std::nullopt);
    }
    add_warnings(audit);
}

/// Everything known, for the epochs that were best.
inline void ModelFit::refit(const encoding::Encoder& encoder) {
    const DatasetSource source = source_of(encoder, split_.refit);
    const Rows rows(data_, split_.refit);
    std::vector<TrainResult> again(members());
    for_each_member([&](std::size_t m, const TrainObserver& observer) {
        chosen_[m].options.initial = training_of(m, encoder, source, split_.refit, false).initial;
        again[m] = train::refit(chosen_[m], shape_for(m, encoder), source, rows.rows, kernels_, observer);
    });
    for (std::size_t m = 0; m < members(); ++m) {
        need_convergence(again[m]);
        bundle_.nets[m] = std::move(again[m].net);
        apply_corrections(bundle_.nets[m], corrections_[m]);
    }
    bundle_.summary.refit = range_of(split_.refit);
}

inline void ModelFit::run() {
    if (options_.search && options_.initial == nullptr) search();
    encoding::Encoder encoder = encoder_for(split_.train);
    choose(encoder);
    if (options_.audit != nullptr) audit();
    if (options_.refit) {
        encoder = encoder_for(split_.refit);
        refit(encoder);
    }
    bundle_.encoder = std::move(encoder);
    describe_scores();
    describe_inputs();
    bundle_.summary.examples = data_.size();
    bundle_.summary.features = bundle_.encoder.dense_names().size() + bundle_.encoder.embeddings().size();
    bundle_.summary.parameters = 0;
    for (const nn::Net<float>& net : bundle_.nets)
        bundle_.summary.parameters += net.parameters().size();
    bundle_.probes = make_probes(bundle_, data_, options_.probes, kernels_);
}

}  // namespace detail

inline void train_model(Bundle& bundle, const encoding::Dataset& data, const dataset::Split& split,
                        const ModelOptions& options, const nn::Kernels& kernels,
                        const TrainObserver& observer) {
    if (options.freeze && options.initial == nullptr) {
        throw Error(ErrorCode::invalid_argument,
                    "training: expected an earlier model to freeze, got none; set initial");
    }
    detail::ModelFit(bundle, data, split, options, kernels, observer).run();
}

}  // namespace funnel::train
