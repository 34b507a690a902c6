// SPDX-License-Identifier: MIT
// Encoder: raw rows to what the net sees, dense floats and embedding ids, with everything that was fitted.
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

namespace funnel::encoding {

struct EncoderOptions {
    /// Piecewise-linear quantile bins per number beside the z-score; 0 or empty: none. train_on_log chooses
    /// an empty value by the number of examples.
    std::optional<std::uint32_t> bins = {};
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

/// One embedding table: ids in [0, rows), 0 = unknown or rare.
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
    /// The texts behind the ids of an embedding.
    [[nodiscard]] const Vocabulary& embedding_vocabulary(std::size_t embedding) const noexcept;
    /// The raw features that a row must have, in order.
    [[nodiscard]] const std::vector<base::NumericFeature>& numeric_features() const noexcept {
        return numeric_;
    }                                                                                      ///< d
    [[nodiscard]] const std::vector<std::string>& categorical_features() const noexcept {  ///< c
        return categorical_;
    }

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
    friend class DatasetEncoder;
    void finish();

    EncoderOptions options_;
    std::vector<base::NumericFeature> numeric_;
    std::vector<std::string> categorical_;
    std::vector<std::string> targets_;
    Normalizer normalizer_;
    std::vector<CategoryEncoder> categories_;  // c
    std::vector<std::uint32_t> in_order_;      // 0 .. d - 1
    std::vector<std::string> dense_names_;
    std::vector<EmbeddingInput> embeddings_;
};

/// Encodes the rows of one Dataset: its dictionary codes are mapped once. Same bytes as Encoder::encode.
/// Borrows both; const calls may run concurrently.
class DatasetEncoder {
 public:
    /// With `train`, target rates of its rows leave out the fold that the row is in; folds are by user, or by
    /// row where there are none. Throws Error(schema) naming a feature that the data lacks; further and
    /// re-ordered features are fine.
    DatasetEncoder(const Encoder& encoder, const Dataset& data, const LabelledRows* train = nullptr);

    void encode(std::size_t row, std::span<float> dense, std::span<std::uint32_t> ids,
                const nn::Kernels& kernels = nn::eigen_kernels()) const noexcept;

 private:
    struct Column {
        std::size_t place = 0;           // in the data
        std::vector<std::uint32_t> ids;  // per code of the data
        std::uint32_t missing = 0;       // id of no value
        std::vector<ShownRates> others;  // per fold: the counts of all other folds
    };
    static constexpr std::uint8_t kNoFold = 255;
    void fit_folds(const LabelledRows& train);
    [[nodiscard]] std::uint32_t id(const Column& column, std::size_t row) const noexcept {
        const std::uint32_t code = data_.categorical_row(row)[column.place];
        return code == base::kNone ? column.missing : column.ids[code];
    }

    const Encoder& encoder_;
    const Dataset& data_;
    std::vector<std::uint32_t> places_;  // of the numbers in the data
    std::vector<Column> columns_;
    std::vector<std::uint8_t> folds_;  // per row, or empty
};

namespace detail {

/// Wide enough for what few rows can teach.
[[nodiscard]] inline std::uint32_t embedding_width(std::uint32_t rows) {
    return std::min(16u, 2 + static_cast<std::uint32_t>(std::sqrt(static_cast<double>(rows))));
}

[[nodiscard]] inline std::uint32_t place_of(std::span<const std::string> names, const std::string& name) {
    const auto at = std::ranges::find(names, name);
    if (at == names.end()) {
        throw Error(ErrorCode::schema, "features: expected a feature \"" + name + "\", which the data lack");
    }
    return static_cast<std::uint32_t>(at - names.begin());
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
    encoder.normalizer_ = Normalizer::fit(
        data.numeric_features, data.numeric, train.rows,
        {.clip = options.clip, .bins = options.bins.value_or(0), .seed = options.seed}, kernels);
    const CategoryOptions category{.min_count = options.min_count,
                                   .max_categories = options.max_categories,
                                   .max_turnover = options.max_turnover,
                                   .rate_strength = options.rate_strength,
                                   .clip = options.clip};
    for (std::size_t i = 0; i < data.categorical_features.size(); ++i) {
        encoder.categories_.push_back(CategoryEncoder::fit(data, i, train, category));
    }
    encoder.finish();
    if (encoder.dense_names_.empty() && encoder.embeddings_.empty()) {
        throw Error(ErrorCode::schema,
                    "features: expected a column that varies, got none in the training rows; give more data");
    }
    return encoder;
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
    encoder.finish();
    return encoder;
}

inline DatasetEncoder::DatasetEncoder(const Encoder& encoder, const Dataset& data, const LabelledRows* train)
    : encoder_(encoder), data_(data) {
    std::vector<std::string> names;
    for (const base::NumericFeature& feature : data.numeric_features)
        names.push_back(feature.name);
    for (const base::NumericFeature& feature : encoder.numeric_)
        places_.push_back(detail::place_of(names, feature.name));
    for (std::size_t i = 0; i < encoder.categorical_.size(); ++i) {
        const Vocabulary& vocabulary = encoder.categories_[i].vocabulary();
        Column column;
        column.place = detail::place_of(data.categorical_features, encoder.categorical_[i]);
        if (encoder.categories_[i].kind() != CategoryEncoder::Kind::dropped) {
            column.ids = vocabulary.ids_of(data.categories[column.place]);
            column.missing = vocabulary.id({});
        }
        columns_.push_back(std::move(column));
    }
    if (train != nullptr) fit_folds(*train);
}

inline void DatasetEncoder::fit_folds(const LabelledRows& train) {
    const std::uint32_t folds = encoder_.options_.folds;
    const std::size_t targets = encoder_.targets_.size();
    const bool by_user = std::ranges::any_of(data_.keys, [](const ExampleKey& key) { return key.user != 0; });
    folds_.assign(data_.size(), kNoFold);
    for (const std::uint32_t row : train.rows) {
        const std::uint64_t cluster = by_user ? data_.keys[row].user : row;
        folds_[row] = static_cast<std::uint8_t>(base::random_at(encoder_.options_.seed, cluster) % folds);
    }
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        const CategoryEncoder& category = encoder_.categories_[c];
        if (category.kind() != CategoryEncoder::Kind::rates) continue;
        std::vector<TargetRates> others(folds, category.rates());
        for (std::size_t i = 0; i < train.size(); ++i) {
            const std::uint32_t row = train.rows[i];
            others[folds_[row]].add(id(columns_[c], row),
                                    std::span(train.labels).subspan(i * targets, targets), -1);
        }
        // Fewer rows are behind the rates of a fold: their count is scaled up to stand beside the full one.
        for (const TargetRates& rates : others)
            columns_[c].others.push_back(category.show(rates, folds / (folds - 1.0)));
    }
}

inline void DatasetEncoder::encode(std::size_t row, std::span<float> dense, std::span<std::uint32_t> ids,
                                   const nn::Kernels& kernels) const noexcept {
    encoder_.normalizer_.encode(data_.numeric_row(row), places_, dense, kernels);
    std::size_t at = encoder_.normalizer_.size(), embedding = 0;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        const CategoryEncoder& category = encoder_.categories_[c];
        if (category.kind() == CategoryEncoder::Kind::dropped) continue;
        const std::uint32_t own = id(columns_[c], row);
        if (category.kind() == CategoryEncoder::Kind::embedding) {
            ids[embedding++] = own;
            continue;
        }
        const std::span<float> out = dense.subspan(at, category.width());
        if (!folds_.empty() && folds_[row] != kNoFold) {
            std::ranges::copy(columns_[c].others[folds_[row]].row(own), out.begin());
        } else {
            category.write_rates(own, out);
        }
        at += category.width();
    }
}

}  // namespace funnel::encoding
