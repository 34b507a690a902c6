// SPDX-License-Identifier: MIT
// matrix_dataset: numbers already in memory, as the examples of a table.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/feature.hpp"
#include "funnel/base/label.hpp"
#include "funnel/encoding/dataset.hpp"

namespace funnel::encoding {

/// values (n, d): row-major, NaN = missing; names: of the d columns, all different. label: the name of the
/// target; labels: n, each 0, 1 or base::kUnknownLabel, or none if they are not known. Weights, times and
/// groups are the caller's to fill in. Throws Error(shape) for sizes that do not fit each other,
/// Error(invalid_argument) for another label or a name that comes twice.
[[nodiscard]] Dataset matrix_dataset(std::span<const std::string> names, std::span<const float> values,
                                     std::string label = {}, std::span<const std::uint8_t> labels = {});

inline Dataset matrix_dataset(std::span<const std::string> names, std::span<const float> values,
                              std::string label, std::span<const std::uint8_t> labels) {
    const std::size_t d = names.size(), rows = d == 0 ? 0 : values.size() / d;
    if (d == 0 || rows * d != values.size() || (!labels.empty() && labels.size() != rows)) {
        throw Error(ErrorCode::shape, "matrix: expected rows of " + std::to_string(d) +
                                          " named columns and a label for each, got " +
                                          std::to_string(values.size()) + " values and " +
                                          std::to_string(labels.size()) + " labels");
    }
    Dataset data;
    for (const std::string& name : names) {
        if (std::ranges::find(data.numeric_features, name, &base::NumericFeature::name) !=
            data.numeric_features.end()) {
            throw Error(ErrorCode::invalid_argument,
                        "matrix: expected names that differ, got \"" + name + "\" twice");
        }
        data.numeric_features.push_back({name, base::Transform::identity});
    }
    for (const std::uint8_t value : labels) {
        if (value > base::kUnknownLabel)
            throw Error(ErrorCode::invalid_argument,
                        "matrix: expected labels of 0, 1 or 2 (unknown), got " + std::to_string(value));
    }
    data.numeric.assign(values.begin(), values.end());
    data.targets = {std::move(label)};
    data.labels.assign(labels.begin(), labels.end());
    if (labels.empty()) data.labels.assign(rows, base::kUnknownLabel);
    data.keys.resize(rows);
    for (std::size_t row = 0; row < rows; ++row)
        data.keys[row].row = row;
    return data;
}

}  // namespace funnel::encoding
