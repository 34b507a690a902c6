// SPDX-License-Identifier: MIT
// Encoder: turns raw rows into what the net sees, dense floats and embedding ids, and holds everything that
// was fitted.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/feature.hpp"
#include "funnel/base/random.hpp"
#include "funnel/encoding/category_encoder.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/encoding/labelled_rows.hpp"
#include "funnel/encoding/normalizer.hpp"
#include "funnel/encoding/number_bins.hpp"

namespace funnel::encoding {

struct EncoderOptions {
    /// Piecewise-linear quantile bins per number beside the z-score; 0 or empty: none. train_on_log chooses
    /// an empty value by the number of examples.
    std::optional<std::uint32_t> bins = {};
    std::uint32_t target_leaves = 0;    ///< bins also end where the one target changes: at most so many parts
    bool embed_numbers = false;         ///< the bin of a number is an embedding, too
    float clip = 8;                     ///< z-scores are cut to [-clip, clip]
    std::uint32_t min_count = 20;       ///< training rows that a category needs for an id of its own
    std::uint32_t max_categories = 64;  ///< features with more frequent categories become target rates
    double max_turnover = 0.05;         ///< so do those with more new texts in the last fifth of the time
    std::uint32_t folds = 5;            ///< for the target rates of training rows
    float rate_strength = 20;           ///< prior rows of a target rate
    std::uint64_t seed = 1;
};

/// Bins of the numbers of a table: few rows teach few of them.
[[nodiscard]] constexpr std::uint32_t table_bins(std::size_t training_rows) noexcept {
    return training_rows < 300 ? 0 : training_rows < 10'000 ? 8 : 16;
}

/// Training rows that a bin needs for an embedding of its own: as many as a target edge leaves on each side.
inline constexpr std::uint32_t kMinBinRows = 10;

/// One embedding table: ids in [0, rows), 0 = unknown or rare, of a number: missing.
struct EmbeddingInput {
    std::string name;
    std::uint32_t rows = 0;
    std::uint32_t width = 0;
};

/// Const calls may run concurrently; changes need a lock.
class Encoder {
 public:
    /// Fitted on `train`: rows and labels as they train. Throws Error(schema) if no input is left.
    [[nodiscard]] static Encoder fit(const Dataset& data, const LabelledRows& train,
                                     const EncoderOptions& options = {},
                                     const nn::Kernels& kernels = nn::eigen_kernels());

    /// What an Encoder is made of, fitted elsewhere.
    struct Parts {
        std::vector<base::NumericFeature> numeric;  ///< d
        std::vector<std::string> categorical;       ///< c
        std::vector<std::string> targets;           ///< K
        Normalizer normalizer;                      ///< of d numbers
        std::vector<CategoryEncoder> categories;    ///< c
    };
    [[nodiscard]] static Encoder of_parts(Parts parts);

    [[nodiscard]] const std::vector<std::string>& dense_names() const noexcept {
        return dense_names_;
    }  ///< D
    [[nodiscard]] const std::vector<EmbeddingInput>& embeddings() const noexcept {
        return embeddings_;
    }  ///< E
    /// Embeddings of numbers come after those of categories; null for one of a category.
    [[nodiscard]] const NumberBins* embedding_bins(std::size_t embedding) const noexcept {
        const std::size_t categories = embeddings_.size() - number_bins_.size();
        return embedding < categories ? nullptr : &number_bins_[embedding - categories];
    }
    /// The texts behind the ids of an embedding of a category.
    [[nodiscard]] const Vocabulary& embedding_vocabulary(std::size_t embedding) const noexcept;
    /// The raw features that a row must have, in order.
    [[nodiscard]] const std::vector<base::NumericFeature>& numeric_features() const noexcept {
        return numeric_;
    }                                                                                      ///< d
    [[nodiscard]] const std::vector<std::string>& categorical_features() const noexcept {  ///< c
        return categorical_;
    }

    /// The raw input behind each dense output and behind each embedding: i for numeric feature i, d + i for
    /// categorical feature i.
    [[nodiscard]] std::vector<std::uint32_t> inputs_of_dense() const;
    [[nodiscard]] std::vector<std::uint32_t> inputs_of_embeddings() const;
    [[nodiscard]] const Normalizer& normalizer() const noexcept { return normalizer_; }
    [[nodiscard]] const std::vector<CategoryEncoder>& categories() const noexcept {
        return categories_;
    }  ///< c

    /// A live row. numeric: d, NaN = missing; categorical: c, empty = missing; dense: D; ids: E.
    /// Does not allocate; sizes are the caller's duty.
    void encode(std::span<const float> numeric, std::span<const std::string_view> categorical,
                std::span<float> dense, std::span<std::uint32_t> ids,
                const nn::Kernels& kernels = nn::eigen_kernels()) const noexcept;

    /// n rows as by encode: numeric (n, d), categorical (n, c), dense (n, D) and ids (n, E), row-major.
    void encode_rows(std::size_t n, std::span<const float> numeric,
                     std::span<const std::string_view> categorical, std::span<float> dense,
                     std::span<std::uint32_t> ids,
                     const nn::Kernels& kernels = nn::eigen_kernels()) const noexcept {
        encode_rest(n, {}, numeric, categorical, dense, ids, kernels);
    }

    /// Outputs that follow from the first numbers alone: S places in dense, ascending.
    struct Shared {
        Normalizer::Shared numbers;
        std::vector<std::uint32_t> places;
    };
    [[nodiscard]] Shared shared_by(std::size_t first_numbers) const {
        const Normalizer::Shared numbers = normalizer_.shared_by(first_numbers);
        return {numbers, normalizer_.places_of(numbers)};
    }
    /// As encode_rows, without the shared places: rest (n, D - S), the others in their order.
    void encode_rest(std::size_t n, const Shared& shared, std::span<const float> numeric,
                     std::span<const std::string_view> categorical, std::span<float> rest,
                     std::span<std::uint32_t> ids,
                     const nn::Kernels& kernels = nn::eigen_kernels()) const noexcept;

    void write(base::ByteWriter& out) const;
    [[nodiscard]] static Encoder read(base::ByteReader& in);

 private:
    void encode_categories(std::span<const std::string_view> categorical, std::span<float> rates,
                           std::span<std::uint32_t> ids) const noexcept;
    /// number(i): raw number i of the row; writes the last ids.
    template <typename Number>
    void encode_number_bins(std::span<std::uint32_t> ids, const Number& number) const noexcept {
        const std::span<std::uint32_t> last = ids.last(number_bins_.size());
        for (std::size_t i = 0; i < last.size(); ++i)
            last[i] = number_bins_[i].id(number(number_bins_[i].feature()));
    }
    void fit_number_bins(const Dataset& data, const LabelledRows& train);
    friend class DatasetEncoder;
    void finish();

    EncoderOptions options_;
    std::vector<base::NumericFeature> numeric_;
    std::vector<std::string> categorical_;
    std::vector<std::string> targets_;
    Normalizer normalizer_;
    std::vector<CategoryEncoder> categories_;  // c
    std::vector<NumberBins> number_bins_;
    std::vector<std::uint32_t> in_order_;  // 0 .. d - 1
    std::vector<std::string> dense_names_;
    std::vector<EmbeddingInput> embeddings_;
};

namespace detail {

/// Wide enough for what few rows can teach.
[[nodiscard]] inline std::uint32_t embedding_width(std::uint32_t rows) {
    return std::min(16u, 2 + static_cast<std::uint32_t>(std::sqrt(static_cast<double>(rows))));
}

/// Whether no text of a column comes twice in the training rows, as in a column of ids.
[[nodiscard]] inline bool never_repeats(const Dataset& data, std::size_t column, const LabelledRows& train) {
    std::vector<bool> met(data.categories[column].size());
    std::size_t texts = 0;
    for (const std::uint32_t row : train.rows) {
        const std::uint32_t code = data.categorical_row(row)[column];
        if (code == base::kNone) continue;
        if (met[code]) return false;
        met[code] = true;
        ++texts;
    }
    return texts > 1;
}

/// Why no input is left to learn from.
[[nodiscard]] inline std::string nothing_varies(const Dataset& data, const LabelledRows& train) {
    if (data.numeric_features.empty() && data.categorical_features.empty())
        return "features: expected an input beside the target, got none; give columns to learn from";
    for (std::size_t c = 0; c < data.categorical_features.size(); ++c) {
        if (!never_repeats(data, c, train)) continue;
        return "features: expected values that come more than once, got the column \"" +
               data.categorical_features[c] +
               "\", which differs in every training row, as ids do; give other columns";
    }
    return "features: expected a column that varies, got the same values in all training rows; give more "
           "data";
}

}  // namespace detail

inline Encoder Encoder::fit(const Dataset& data, const LabelledRows& train, const EncoderOptions& options,
                            const nn::Kernels& kernels) {
    Encoder encoder;
    encoder.options_ = options;
    encoder.options_.folds = std::clamp(options.folds, 2u, 100u);
    encoder.numeric_ = data.numeric_features;
    encoder.categorical_ = data.categorical_features;
    encoder.targets_ = data.targets;
    NormalizerOptions numbers{.clip = options.clip, .bins = options.bins.value_or(0), .seed = options.seed};
    if (options.target_leaves > 1 && data.targets.size() == 1) {
        numbers.labels = train.labels;
        numbers.target_edges.leaves = options.target_leaves;
    }
    encoder.normalizer_ = Normalizer::fit(data.numeric_features, data.numeric, train.rows, numbers, kernels);
    const CategoryOptions category{.min_count = options.min_count,
                                   .max_categories = options.max_categories,
                                   .max_turnover = options.max_turnover,
                                   .rate_strength = options.rate_strength,
                                   .clip = options.clip};
    for (std::size_t i = 0; i < data.categorical_features.size(); ++i) {
        encoder.categories_.push_back(CategoryEncoder::fit(data, i, train, category));
    }
    if (options.embed_numbers) encoder.fit_number_bins(data, train);
    encoder.finish();
    if (encoder.dense_names_.empty() && encoder.embeddings_.empty()) {
        throw Error(ErrorCode::schema, detail::nothing_varies(data, train));
    }
    return encoder;
}

inline void Encoder::fit_number_bins(const Dataset& data, const LabelledRows& train) {
    std::vector<float> values;
    normalizer_.for_each_bins([&](std::uint32_t feature, const std::vector<float>& edges) {
        values.clear();
        for (const std::uint32_t row : train.rows) {
            const float x = data.numeric_row(row)[feature];
            if (std::isfinite(x)) values.push_back(x);
        }
        NumberBins bins = NumberBins::fit(feature, edges, values, kMinBinRows);
        if (!bins.starts().empty()) number_bins_.push_back(std::move(bins));
    });
}

inline Encoder Encoder::of_parts(Parts parts) {
    Encoder encoder;
    encoder.numeric_ = std::move(parts.numeric);
    encoder.categorical_ = std::move(parts.categorical);
    encoder.targets_ = std::move(parts.targets);
    encoder.normalizer_ = std::move(parts.normalizer);
    encoder.categories_ = std::move(parts.categories);
    encoder.finish();
    return encoder;
}

/// Names of the outputs from the fitted parts.
inline void Encoder::finish() {
    in_order_.resize(numeric_.size());
    std::iota(in_order_.begin(), in_order_.end(), 0u);
    dense_names_ = normalizer_.names();
    embeddings_.clear();
    for (std::size_t i = 0; i < categories_.size(); ++i) {
        const CategoryEncoder& category = categories_[i];
        if (category.kind() == CategoryEncoder::Kind::embedding) {
            const std::uint32_t rows = category.vocabulary().size() + 1;
            embeddings_.push_back({categorical_[i], rows, detail::embedding_width(rows)});
        } else if (category.kind() == CategoryEncoder::Kind::rates) {
            for (const std::string& target : targets_)
                dense_names_.push_back(categorical_[i] + "_" + target + "_rate");
            dense_names_.push_back(categorical_[i] + "_count");
        }
    }
    for (const NumberBins& bins : number_bins_) {
        embeddings_.push_back(
            {numeric_[bins.feature()].name + "_bin", bins.ids(), detail::embedding_width(bins.ids())});
    }
}

inline std::vector<std::uint32_t> Encoder::inputs_of_dense() const {
    std::vector<std::uint32_t> inputs = normalizer_.features_behind();
    for (std::size_t i = 0; i < categories_.size(); ++i) {
        if (categories_[i].kind() == CategoryEncoder::Kind::rates)
            inputs.insert(inputs.end(), targets_.size() + 1, static_cast<std::uint32_t>(numeric_.size() + i));
    }
    return inputs;
}

inline std::vector<std::uint32_t> Encoder::inputs_of_embeddings() const {
    std::vector<std::uint32_t> inputs;
    for (std::size_t i = 0; i < categories_.size(); ++i) {
        if (categories_[i].kind() == CategoryEncoder::Kind::embedding)
            inputs.push_back(static_cast<std::uint32_t>(numeric_.size() + i));
    }
    for (const NumberBins& bins : number_bins_)
        inputs.push_back(bins.feature());
    return inputs;
}

inline const Vocabulary& Encoder::embedding_vocabulary(std::size_t embedding) const noexcept {
    std::size_t i = 0;
    while (categories_[i].kind() != CategoryEncoder::Kind::embedding || embedding-- > 0)
        ++i;
    return categories_[i].vocabulary();
}

inline void Encoder::encode(std::span<const float> numeric, std::span<const std::string_view> categorical,
                            std::span<float> dense, std::span<std::uint32_t> ids,
                            const nn::Kernels& kernels) const noexcept {
    normalizer_.encode(numeric, in_order_, dense, kernels);
    encode_categories(categorical, dense.subspan(normalizer_.size()), ids);
    encode_number_bins(ids, [&](std::uint32_t i) { return numeric[i]; });
}

inline void Encoder::encode_rest(std::size_t n, const Shared& shared, std::span<const float> numeric,
                                 std::span<const std::string_view> categorical, std::span<float> rest,
                                 std::span<std::uint32_t> ids, const nn::Kernels& kernels) const noexcept {
    const std::size_t d = numeric_.size(), c = categorical_.size(), E = embeddings_.size(),
                      width = dense_names_.size() - shared.places.size(),
                      numbers = normalizer_.size() - shared.places.size();
    for (std::size_t i = 0; i < n; ++i) {
        const std::span<float> row = rest.subspan(i * width, width);
        normalizer_.encode_rest(numeric.subspan(i * d, d), in_order_, row, kernels, shared.numbers);
        encode_categories(categorical.subspan(i * c, c), row.subspan(numbers), ids.subspan(i * E, E));
        encode_number_bins(ids.subspan(i * E, E), [&](std::uint32_t j) { return numeric[i * d + j]; });
    }
}

inline void Encoder::encode_categories(std::span<const std::string_view> categorical, std::span<float> rates,
                                       std::span<std::uint32_t> ids) const noexcept {
    std::size_t at = 0, embedding = 0;
    for (std::size_t i = 0; i < categories_.size(); ++i) {
        const CategoryEncoder& category = categories_[i];
        if (category.kind() == CategoryEncoder::Kind::dropped) continue;
        const std::uint32_t id = category.vocabulary().id(categorical[i]);
        if (category.kind() == CategoryEncoder::Kind::embedding) {
            ids[embedding++] = id;
        } else {
            category.write_rates(id, rates.subspan(at, category.width()));
            at += category.width();
        }
    }
}

inline void Encoder::write(base::ByteWriter& out) const {
    out.value(options_.folds);
    out.value(options_.seed);
    out.value<std::uint64_t>(numeric_.size());
    for (const base::NumericFeature& feature : numeric_) {
        out.text(feature.name);
        out.value(feature.transform);
    }
    for (const auto* names : {&categorical_, &targets_}) {
        out.value<std::uint64_t>(names->size());
        for (const std::string& name : *names)
            out.text(name);
    }
    normalizer_.write(out);
    for (const CategoryEncoder& category : categories_)
        category.write(out);
    out.value<std::uint64_t>(number_bins_.size());
    for (const NumberBins& bins : number_bins_)
        bins.write(out);
}

inline Encoder Encoder::read(base::ByteReader& in) {
    const auto expect = [](bool fits) {
        if (!fits) throw Error(ErrorCode::format, "damaged: the encoder of a model");
    };
    Encoder encoder;
    encoder.options_.folds = in.value<std::uint32_t>();
    expect(encoder.options_.folds >= 2 && encoder.options_.folds <= 100);
    encoder.options_.seed = in.value<std::uint64_t>();
    encoder.numeric_.resize(in.length(9));
    for (base::NumericFeature& feature : encoder.numeric_) {
        feature.name = in.text();
        feature.transform = in.value<base::Transform>();
        expect(feature.transform <= base::Transform::logit);
    }
    for (auto* names : {&encoder.categorical_, &encoder.targets_}) {
        names->resize(in.length(8));
        for (std::string& name : *names)
            name = in.text();
    }
    encoder.normalizer_ = Normalizer::read(in, encoder.numeric_.size());
    for (std::size_t i = 0; i < encoder.categorical_.size(); ++i) {
        encoder.categories_.push_back(CategoryEncoder::read(in));
        const CategoryEncoder& category = encoder.categories_.back();
        expect(category.kind() != CategoryEncoder::Kind::rates ||
               category.rates().targets() == encoder.targets_.size());
    }
    // Format 1 ends here.
    if (in.remaining() > 0) {
        encoder.number_bins_.resize(in.length(12));
        for (NumberBins& bins : encoder.number_bins_)
            bins = NumberBins::read(in, encoder.numeric_.size());
    }
    encoder.finish();
    return encoder;
}

}  // namespace funnel::encoding
