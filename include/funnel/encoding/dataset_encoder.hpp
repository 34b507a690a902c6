// SPDX-License-Identifier: MIT
// DatasetEncoder: the rows of a Dataset as an Encoder encodes them, with target rates that leave out a row's
// own fold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/feature.hpp"
#include "funnel/base/random.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/encoding/labelled_rows.hpp"

namespace funnel::encoding {

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

[[nodiscard]] inline std::uint32_t place_of(std::span<const std::string> names, const std::string& name) {
    const auto at = std::ranges::find(names, name);
    if (at == names.end()) {
        throw Error(ErrorCode::schema, "features: expected a feature \"" + name + "\", which the data lack");
    }
    return static_cast<std::uint32_t>(at - names.begin());
}

}  // namespace detail

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
    encoder_.encode_number_bins(ids, [&](std::uint32_t i) { return data_.numeric_row(row)[places_[i]]; });
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
