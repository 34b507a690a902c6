// SPDX-License-Identifier: MIT
// Dataset: raw examples before normalization, from a log or from a table. Encoders are fitted on it,
// `features` exports it, and nets are trained on it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/feature.hpp"
#include "funnel/base/huge_pages.hpp"
#include "funnel/base/label.hpp"
#include "funnel/base/string_table.hpp"

namespace funnel::encoding {

/// What identifies an example and what evaluation groups it by.
struct ExampleKey {
    std::uint64_t row = 0;    ///< row of the log or of the table
    std::int64_t time = 0;    ///< microseconds; 0 in a table without times
    std::uint64_t group = 0;  ///< visit, or --group of a table
    std::uint64_t user = 0;   ///< cluster for intervals: index of the user
    bool known_user = false;  ///< has an event in an earlier visit before t
    bool known_item = false;  ///< has any event before t
};

/// n examples; row-major. Const calls may run concurrently; changes need a lock.
struct Dataset {
    std::vector<base::NumericFeature> numeric_features;  ///< d of them
    std::vector<std::string> categorical_features;       ///< c of them
    std::vector<base::StringTable> categories;           ///< per categorical feature: its texts
    std::vector<std::string> targets;                    ///< K of them

    base::HugeVector<float> numeric;              ///< n x d, NaN = missing
    base::HugeVector<std::uint32_t> categorical;  ///< n x c, index into categories, kNone = missing
    std::vector<std::uint8_t> labels;             ///< n x K: 0, 1 or kUnknownLabel
    std::vector<float> weights;                   ///< n, or empty: all 1
    std::vector<ExampleKey> keys;                 ///< n

    [[nodiscard]] std::size_t size() const noexcept { return keys.size(); }
    [[nodiscard]] std::span<const float> numeric_row(std::size_t i) const noexcept {
        return std::span(numeric).subspan(i * numeric_features.size(), numeric_features.size());
    }
    [[nodiscard]] std::span<const std::uint32_t> categorical_row(std::size_t i) const noexcept {
        return std::span(categorical).subspan(i * categorical_features.size(), categorical_features.size());
    }
    /// The texts of a row, empty where missing, into texts: c.
    void copy_texts(std::size_t i, std::span<std::string_view> texts) const noexcept {
        const std::span<const std::uint32_t> codes = categorical_row(i);
        for (std::size_t c = 0; c < codes.size(); ++c)
            texts[c] = codes[c] == base::kNone ? std::string_view{} : categories[c].text(codes[c]);
    }
    [[nodiscard]] std::span<const std::uint8_t> label_row(std::size_t i) const noexcept {
        return std::span(labels).subspan(i * targets.size(), targets.size());
    }
};

}  // namespace funnel::encoding
