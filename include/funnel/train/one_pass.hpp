// SPDX-License-Identifier: MIT
// OnePass: trains a table's model on rows that are seen once, in their order, and never kept: running
// normalization, running target rates of categories known by their hashes, and one step per batch.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/feature.hpp"
#include "funnel/encoding/moments.hpp"
#include "funnel/encoding/running_rates.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/train/detail/training.hpp"
#include "funnel/train/train_model.hpp"

namespace funnel::train {

struct OnePassInputs {
    std::vector<std::string> numeric = {}, categorical = {};  ///< d and c names
    std::string target;
};

namespace detail {

/// The encoded rows of one batch.
class BatchSource final : public InputSource {
 public:
    BatchSource(std::size_t rows, std::size_t cols)
        : dense_(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(cols)) {}

    [[nodiscard]] std::size_t rows() const override { return static_cast<std::size_t>(dense_.rows()); }
    void fill(std::span<const std::uint32_t> rows, Matrix<float>& dense,
              Matrix<std::uint32_t>&) const override {
        for (std::size_t i = 0; i < rows.size(); ++i)
            std::copy_n(dense_.data() + rows[i] * width(), width(), dense.data() + i * width());
    }
    [[nodiscard]] std::span<float> row(std::size_t i) noexcept {
        return {dense_.data() + i * width(), width()};
    }

 private:
    [[nodiscard]] std::size_t width() const noexcept { return static_cast<std::size_t>(dense_.cols()); }
    Matrix<float> dense_;
};

/// What a step works on, made once the transforms and the base rate are known.
struct OnePassLearner {
    OnePassLearner(const TrainOptions& options, std::size_t inputs, double base_rate,
                   const nn::Kernels& kernels)
        : source(*options.batch_size, inputs),
          labels(*options.batch_size),
          positions(*options.batch_size),
          team(options.threads),
          examples(source, {identity(positions), labels, {}}, options),
          training(start(options, inputs, base_rate), examples, options, kAverage, kernels, team) {}

    static std::span<const std::uint32_t> identity(std::vector<std::uint32_t>& positions) {
        std::iota(positions.begin(), positions.end(), 0U);
        return positions;
    }
    static nn::Net<float> start(const TrainOptions& options, std::size_t inputs, double base_rate) {
        Rng rng(stream(options.seed, kWeightStream, 0));
        nn::Net<float> net(net_shape(options, inputs), rng);
        net.head_bias()[0] = static_cast<float>(nn::logit(base_rate));
        return net;
    }

    static constexpr double kAverage = 1.0 - 1.0 / 500;  // the result is the mean of about the last 500 steps

    BatchSource source;
    std::vector<std::uint8_t> labels;
    std::vector<std::uint32_t> positions;
    WorkerTeam team;
    Examples examples;
    Training<float> training;
};

}  // namespace detail

/// One thread at a time; uses options.training.threads for its steps. Same bytes at any number of threads and
/// however the rows are cut into calls. Memory: 16 bytes per distinct category value over a load of 0.35 to
/// 0.7, and the first 10,000 rows, by which it is decided which numbers are taken by their logarithm.
class OnePass {
 public:
    /// Borrows the kernels. Throws Error(invalid_argument) for options out of range.
    OnePass(OnePassInputs inputs, const ModelOptions& options, const nn::Kernels& kernels);

    /// n rows: numbers (n, d) row-major, NaN = missing; categories (n, c), base::hash_bytes of each text, of
    /// an empty one for missing; labels 0 or 1. Throws Error(invalid_argument) if the loss is no longer
    /// finite.
    void add(std::span<const float> numbers, std::span<const std::uint64_t> categories,
             std::span<const std::uint8_t> labels);

    /// Ends the pass. Throws Error(schema) if there was no row, or one kind of label alone.
    [[nodiscard]] Bundle finish();

 private:
    static constexpr std::size_t kFirstRows = 10'000;
    static constexpr std::size_t kChunk = encoding::MomentBlock::kRows;

    [[nodiscard]] std::size_t batch() const noexcept { return *training_.batch_size; }
    void decide();
    void take(std::span<const float> numbers, std::span<const std::uint64_t> categories,
              std::span<const std::uint8_t> labels);
    void step();
    void encode(std::size_t n);
    [[nodiscard]] encoding::Encoder encoder() const;
    void add_probes(Bundle& bundle) const;

    OnePassInputs inputs_;
    ModelOptions options_;
    TrainOptions training_;
    const nn::Kernels* kernels_;
    std::size_t d_, c_;

    // The first rows until they are decided on; numbers of the very first ones are kept as probes.
    std::vector<float> first_numbers_;
    std::vector<std::uint64_t> first_categories_;
    std::vector<std::uint8_t> first_labels_;

    std::vector<base::Transform> transforms_;  // d, then logit and log1p for each of c
    std::vector<encoding::Moments> moments_;
    std::vector<nn::ZScores<float>> scores_;
    std::vector<encoding::MomentBlock> chunks_;  // of the batch at hand: raw numbers and rates
    std::vector<std::uint64_t> categories_;      // of the batch at hand
    std::vector<encoding::RunningRates> rates_;
    std::unique_ptr<detail::OnePassLearner> learner_;
    std::size_t filled_ = 0;  // rows of the batch
    std::uint64_t rows_ = 0, positives_ = 0;
    double loss_ = 0;
};

inline OnePass::OnePass(OnePassInputs inputs, const ModelOptions& options, const nn::Kernels& kernels)
    : inputs_(std::move(inputs)),
      options_(options),
      training_(options.training),
      kernels_(&kernels),
      d_(inputs_.numeric.size()),
      c_(inputs_.categorical.size()) {
    constexpr std::size_t kBatch = 256;
    constexpr std::size_t kManyRows = 1'000'000;  // their number is not known: nothing is seen twice
    training_.chains = nn::Chains({1});
    training_.one_pass = true;
    if (!training_.batch_size) training_.batch_size = kBatch;
    training_ = resolved(training_, kManyRows);
}

inline void OnePass::add(std::span<const float> numbers, std::span<const std::uint64_t> categories,
                         std::span<const std::uint8_t> labels) {
    if (!learner_) {
        first_numbers_.insert(first_numbers_.end(), numbers.begin(), numbers.end());
        first_categories_.insert(first_categories_.end(), categories.begin(), categories.end());
        first_labels_.insert(first_labels_.end(), labels.begin(), labels.end());
        if (first_labels_.size() >= kFirstRows) decide();
        return;
    }
    take(numbers, categories, labels);
}

/// Chooses the transforms by the first rows, then learns from them.
inline void OnePass::decide() {
    using base::Transform;
    const std::size_t n = std::min(first_labels_.size(), kFirstRows);
    std::vector<std::uint32_t> rows(n), columns(d_);
    std::iota(rows.begin(), rows.end(), 0U);
    std::iota(columns.begin(), columns.end(), 0U);
    transforms_.assign(d_, Transform::identity);
    const auto measured = encoding::moments_of({first_numbers_, rows, d_}, columns, transforms_, *kernels_);
    for (std::size_t i = 0; i < d_; ++i) {
        if (measured[i].varies() && measured[i].has_long_tail()) transforms_[i] = Transform::log1p;
    }
    for (std::size_t i = 0; i < c_; ++i)
        transforms_.insert(transforms_.end(), {Transform::logit, Transform::log1p});
    moments_.resize(transforms_.size());
    scores_.resize((transforms_.size() + nn::kScores - 1) / nn::kScores);
    for (std::size_t i = 0; i < transforms_.size(); ++i)
        encoding::set_transform(scores_[i / nn::kScores], i % nn::kScores, transforms_[i]);
    chunks_.assign((batch() + kChunk - 1) / kChunk, encoding::MomentBlock(transforms_));
    categories_.resize(batch() * c_);
    rates_.assign(c_, encoding::RunningRates(static_cast<double>(options_.encoder.rate_strength)));
    const auto positives =
        std::accumulate(first_labels_.begin(), first_labels_.begin() + static_cast<std::ptrdiff_t>(n), 0.5);
    learner_ = std::make_unique<detail::OnePassLearner>(
        training_, 2 * d_ + 2 * c_, positives / (static_cast<double>(n) + 1.0), *kernels_);
    take(first_numbers_, first_categories_, first_labels_);
    first_numbers_.resize(std::min(first_labels_.size(), options_.probes) * d_);
    first_categories_ = {};
    first_labels_ = {};
}

inline void OnePass::take(std::span<const float> numbers, std::span<const std::uint64_t> categories,
                          std::span<const std::uint8_t> labels) {
    for (std::size_t row = 0; row < labels.size();) {
        const std::size_t n = std::min(labels.size() - row, batch() - filled_);
        for (std::size_t i = 0; i < n; ++i) {
            const std::size_t at = filled_ + i;
            std::copy_n(numbers.data() + (row + i) * d_, d_, chunks_[at / kChunk].row(at % kChunk).data());
        }
        std::copy_n(categories.data() + row * c_, n * c_, categories_.data() + filled_ * c_);
        std::copy_n(labels.data() + row, n, learner_->labels.data() + filled_);
        row += n;
        filled_ += n;
        if (filled_ == batch()) step();
    }
}

/// Encodes and learns from the batch at hand.
inline void OnePass::step() {
    if (filled_ == 0) return;
    encode(filled_);
    const auto positions = std::span(learner_->positions).first(filled_);
    const std::span<const std::uint8_t> labels = std::span(learner_->labels).first(filled_);
    double total = 0;
    learner_->examples.totals(positions, &total);
    const double loss =
        learner_->training.step(positions, &total, *training_.learning_rate,
                                detail::stream(training_.seed, detail::kDropoutStream, rows_));
    if (!std::isfinite(loss)) {
        throw Error(ErrorCode::invalid_argument,
                    "training: the loss is no longer finite; try a smaller learning_rate");
    }
    loss_ += loss * static_cast<double>(filled_);
    rows_ += filled_;
    positives_ += static_cast<std::uint64_t>(std::accumulate(labels.begin(), labels.end(), 0U));
    filled_ = 0;
}

/// Scores of the numbers, which of them are missing, scores of rates and counts.
inline void OnePass::encode(std::size_t n) {
    const double prior = (static_cast<double>(positives_) + 0.5) / (static_cast<double>(rows_) + 1.0);
    const std::size_t width = scores_.size() * nn::kScores, rates = 2 * c_;
    const std::span<const std::uint8_t> labels = learner_->labels;
    std::vector<float> z(width);
    for (std::size_t first = 0; first < n; first += kChunk) {
        const std::size_t rows = std::min(kChunk, n - first);
        encoding::MomentBlock& chunk = chunks_[first / kChunk];
        for (std::size_t i = 0; i < c_; ++i) {
            rates_[i].show_then_count(labels.subspan(first, rows), prior, categories_.data() + first * c_ + i,
                                      c_, chunk.row(0).data() + d_ + 2 * i, width);
        }
        chunk.join_to(moments_, rows, *kernels_);
    }
    for (std::size_t i = 0; i < moments_.size(); ++i) {
        scores_[i / nn::kScores].mean[i % nn::kScores] = static_cast<float>(moments_[i].mean);
        scores_[i / nn::kScores].scale[i % nn::kScores] = moments_[i].scale();
    }
    for (std::size_t i = 0; i < n; ++i) {
        const std::span<const float> raw = chunks_[i / kChunk].row(i % kChunk);
        kernels_->z_scores(scores_.size(), scores_.data(), options_.encoder.clip, raw.data(), z.data());
        float* to = std::copy_n(z.begin(), d_, learner_->source.row(i).data());
        for (std::size_t j = 0; j < d_; ++j)
            *to++ = encoding::present_bits(raw[j]) != 0 ? 0.0f : 1.0f;
        std::copy_n(z.begin() + static_cast<std::ptrdiff_t>(d_), rates, to);
    }
}

inline encoding::Encoder OnePass::encoder() const {
    const float clip = options_.encoder.clip;
    encoding::Encoder::Parts parts;
    for (std::size_t i = 0; i < d_; ++i)
        parts.numeric.push_back({inputs_.numeric[i], transforms_[i]});
    parts.categorical = inputs_.categorical;
    parts.targets = {inputs_.target};
    parts.normalizer = encoding::Normalizer::of_moments(parts.numeric, std::span(moments_).first(d_), clip);
    for (std::size_t i = 0; i < c_; ++i)
        parts.categories.push_back(rates_[i].finish(moments_[d_ + 2 * i], moments_[d_ + 2 * i + 1], clip));
    return encoding::Encoder::of_parts(std::move(parts));
}

/// The numbers of the first rows, without categories, whose texts are not kept.
inline void OnePass::add_probes(Bundle& bundle) const {
    const model::Predictor predictor(bundle, *kernels_);
    model::Predictor::Workspace workspace;
    const std::vector<std::string_view> texts(c_);
    const std::size_t count = d_ == 0 ? 1 : first_numbers_.size() / d_;
    for (std::size_t i = 0; i < count; ++i) {
        const auto numbers = std::span(first_numbers_).subspan(i * d_, d_);
        model::Probe probe{.numeric = {numbers.begin(), numbers.end()},
                           .categorical = std::vector<std::string>(c_),
                           .probabilities = std::vector<float>(1)};
        predictor.predict(numbers, texts, probe.probabilities, workspace);
        bundle.probes.push_back(std::move(probe));
    }
}

inline Bundle OnePass::finish() {
    if (!learner_) decide();
    step();
    if (rows_ == 0) throw Error(ErrorCode::schema, "training: expected rows with labels, got none");
    detail::expect_both_labels(inputs_.target, positives_<rows_, positives_> 0);
    Bundle bundle;
    bundle.table = model::TableTask{inputs_.target};
    bundle.heads = {{.name = inputs_.target, .horizon = 0}};
    bundle.chains = training_.chains;
    bundle.encoder = encoder();
    bundle.nets.push_back(learner_->training.averaged());
    model::TrainingSummary& summary = bundle.summary;
    summary.examples = summary.train.examples = rows_;
    summary.features = bundle.encoder.dense_names().size();
    summary.parameters = bundle.nets.front().parameters().size();
    summary.epochs.push_back(
        {.epoch = 1, .train_loss = loss_ / static_cast<double>(rows_), .valid_loss = {}});
    summary.best_epoch = 1;
    summary.stop_reason = name(StopReason::epochs);
    detail::summarize_options(summary, training_);
    add_probes(bundle);
    return bundle;
}

}  // namespace funnel::train
