// SPDX-License-Identifier: MIT
// Reference: the baseline distribution of the raw inputs and the scores when a model was trained (for scores,
// trained or calibrated). Drift: how far later rows have moved from it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/random.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/eval/psi.hpp"

namespace funnel::model {

/// The histogram of one column. Cells of a number: below the first edge, between edges, from the last one on;
/// of a category: one for each text, then all others. In both the last cell counts missing values.
struct ReferenceColumn {
    std::string name;
    std::vector<float> edges = {};        ///< ascending; a number has no texts
    std::vector<std::string> texts = {};  ///< ascending; a category has no edges
    std::vector<std::uint64_t> counts = {};

    [[nodiscard]] std::size_t cell(float x) const noexcept {
        if (!std::isfinite(x)) return edges.size() + 1;
        return static_cast<std::size_t>(std::ranges::upper_bound(edges, x) - edges.begin());
    }
    [[nodiscard]] std::size_t cell(std::string_view text) const noexcept {
        if (text.empty()) return texts.size() + 1;
        const auto at = std::ranges::lower_bound(texts, text);
        return at != texts.end() && *at == text ? static_cast<std::size_t>(at - texts.begin()) : texts.size();
    }
    [[nodiscard]] std::size_t cells() const noexcept { return edges.size() + texts.size() + 2; }

    bool operator==(const ReferenceColumn&) const = default;
};

/// Const calls may run concurrently; changes need a lock.
struct Reference {
    std::vector<ReferenceColumn> numeric;      ///< d, as in the encoder
    std::vector<ReferenceColumn> categorical;  ///< c
    std::vector<ReferenceColumn> scores;       ///< K; none if no row was left to validate on

    /// Of a model that was trained in one pass: its rows were never all there.
    [[nodiscard]] bool empty() const noexcept { return numeric.empty() && categorical.empty(); }

    void write(base::ByteWriter& out) const;
    [[nodiscard]] static Reference read(base::ByteReader& in);
};

/// Deciles of the finite values of `values`, equal ones joined, and the counts of all of them.
[[nodiscard]] ReferenceColumn reference_of(std::string name, std::span<const float> values);

/// The inputs of these rows of the data; of many rows a sample of 100,000, drawn by (seed, row). O(n log n).
[[nodiscard]] Reference reference_of(const encoding::Dataset& data, std::span<const std::uint32_t> rows,
                                     std::uint64_t seed);

/// The population stability index of one column.
struct ColumnDrift {
    std::string name;
    double psi = 0;
};

/// Counts rows as they pass. Borrows the reference; one thread at a time.
class Drift {
 public:
    explicit Drift(const Reference& reference) : reference_(reference) {
        for (const auto* part : {&reference.numeric, &reference.categorical, &reference.scores}) {
            for (const ReferenceColumn& column : *part)
                counts_.emplace_back(column.cells());
        }
    }

    /// numeric: d, categorical: c, in the order of the reference.
    void add_row(std::span<const float> numeric, std::span<const std::string_view> categorical) noexcept {
        auto counts = counts_.begin();
        for (std::size_t i = 0; i < numeric.size(); ++i)
            ++(*counts++)[reference_.numeric[i].cell(numeric[i])];
        for (std::size_t i = 0; i < categorical.size(); ++i)
            ++(*counts++)[reference_.categorical[i].cell(categorical[i])];
        ++rows_;
    }
    void add_score(std::size_t target, float p) noexcept {
        if (target >= reference_.scores.size()) return;
        ++counts_[reference_.numeric.size() + reference_.categorical.size() + target]
                 [reference_.scores[target].cell(p)];
    }

    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    /// Inputs under their names, scores as p_NAME; the largest first, equal ones by name.
    [[nodiscard]] std::vector<ColumnDrift> columns() const;

 private:
    const Reference& reference_;
    std::vector<std::vector<std::uint64_t>> counts_;
    std::uint64_t rows_ = 0;
};

inline ReferenceColumn reference_of(std::string name, std::span<const float> values) {
    constexpr std::size_t kCells = 10;
    ReferenceColumn column{.name = std::move(name)};
    std::vector<float> sorted;
    std::ranges::copy_if(values, std::back_inserter(sorted), [](float x) { return std::isfinite(x); });
    std::ranges::sort(sorted);
    for (std::size_t i = 1; i < kCells && !sorted.empty(); ++i) {
        const float edge = sorted[sorted.size() * i / kCells];
        if (edge > sorted.front() && (column.edges.empty() || edge > column.edges.back()))
            column.edges.push_back(edge);
    }
    column.counts.resize(column.cells());
    for (const float x : values)
        ++column.counts[column.cell(x)];
    return column;
}

namespace detail {

/// The 20 most frequent texts of a categorical column.
[[nodiscard]] inline ReferenceColumn reference_of_texts(const encoding::Dataset& data, std::size_t column,
                                                        std::span<const std::uint32_t> rows) {
    constexpr std::size_t kMostTexts = 20;
    const base::StringTable& texts = data.categories[column];
    const std::size_t c = data.categorical_features.size();
    ReferenceColumn result{.name = data.categorical_features[column]};
    std::vector<std::pair<std::uint64_t, std::uint32_t>> counts(texts.size());  // minus the count, code
    for (std::uint32_t code = 0; code < counts.size(); ++code)
        counts[code].second = code;
    for (const std::uint32_t row : rows) {
        const std::uint32_t code = data.categorical[row * c + column];
        if (code != base::kNone) ++counts[code].first;
    }
    std::ranges::sort(counts, [&](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : texts.text(a.second) < texts.text(b.second);
    });
    for (const auto& [count, code] : counts) {
        if (count > 0 && !texts.text(code).empty() && result.texts.size() < kMostTexts)
            result.texts.emplace_back(texts.text(code));
    }
    std::ranges::sort(result.texts);
    result.counts.resize(result.cells());
    for (const std::uint32_t row : rows) {
        const std::uint32_t code = data.categorical[row * c + column];
        ++result.counts[result.cell(code == base::kNone ? std::string_view{} : texts.text(code))];
    }
    return result;
}

inline void write_columns(base::ByteWriter& out, const std::vector<ReferenceColumn>& columns) {
    out.value<std::uint64_t>(columns.size());
    for (const ReferenceColumn& column : columns) {
        out.text(column.name);
        out.array(column.edges);
        out.value<std::uint64_t>(column.texts.size());
        for (const std::string& text : column.texts)
            out.text(text);
        out.array(column.counts);
    }
}

[[nodiscard]] inline std::vector<ReferenceColumn> read_columns(base::ByteReader& in) {
    return in.list(4 * sizeof(std::uint64_t), [](base::ByteReader& part) {
        ReferenceColumn column;
        column.name = part.text();
        column.edges = part.array<float>();
        column.texts = part.list(sizeof(std::uint64_t), [](base::ByteReader& text) { return text.text(); });
        column.counts = part.array<std::uint64_t>();
        const bool finite = std::ranges::all_of(column.edges, [](float x) { return std::isfinite(x); });
        if (!finite || !std::ranges::is_sorted(column.edges) || !std::ranges::is_sorted(column.texts) ||
            column.counts.size() != column.cells() || (!column.edges.empty() && !column.texts.empty())) {
            throw Error(ErrorCode::format, "damaged: the reference of a model");
        }
        return column;
    });
}

}  // namespace detail

inline Reference reference_of(const encoding::Dataset& data, std::span<const std::uint32_t> rows,
                              std::uint64_t seed) {
    constexpr double kSample = 100'000;
    const double share = kSample / std::max(kSample, static_cast<double>(rows.size()));
    std::vector<std::uint32_t> sample;
    for (const std::uint32_t row : rows) {
        if (share == 1 || base::uniform_at(seed, row) < share) sample.push_back(row);
    }
    Reference reference;
    std::vector<float> values(sample.size());
    const std::size_t d = data.numeric_features.size();
    for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t k = 0; k < sample.size(); ++k)
            values[k] = data.numeric[sample[k] * d + i];
        reference.numeric.push_back(reference_of(data.numeric_features[i].name, values));
    }
    for (std::size_t i = 0; i < data.categorical_features.size(); ++i)
        reference.categorical.push_back(detail::reference_of_texts(data, i, sample));
    return reference;
}

inline void Reference::write(base::ByteWriter& out) const {
    for (const auto* part : {&numeric, &categorical, &scores})
        detail::write_columns(out, *part);
}

inline Reference Reference::read(base::ByteReader& in) {
    Reference reference;
    for (auto* part : {&reference.numeric, &reference.categorical, &reference.scores})
        *part = detail::read_columns(in);
    return reference;
}

inline std::vector<ColumnDrift> Drift::columns() const {
    std::vector<ColumnDrift> drifts;
    std::size_t at = 0;
    for (const auto* part : {&reference_.numeric, &reference_.categorical, &reference_.scores}) {
        for (const ReferenceColumn& column : *part) {
            const auto psi = eval::psi(column.counts, counts_[at++]);
            if (psi) drifts.push_back({(part == &reference_.scores ? "p_" : "") + column.name, *psi});
        }
    }
    std::ranges::sort(drifts, [](const ColumnDrift& a, const ColumnDrift& b) {
        return a.psi != b.psi ? a.psi > b.psi : a.name < b.name;
    });
    return drifts;
}

}  // namespace funnel::model
