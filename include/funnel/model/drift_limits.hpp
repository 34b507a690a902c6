// SPDX-License-Identifier: MIT
// DriftLimits: how far an input or a score may drift from training before somebody should look, and the
// verdict on rows that were counted (model/reference.hpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/model/reference.hpp"

namespace funnel::model {

/// With fewer rows chance alone moves ten cells by about 0.1.
inline constexpr std::uint64_t kLeastDriftRows = 200;

/// The most that is allowed, as a population stability index. A later entry overrides an earlier one.
struct DriftLimit {
    std::string column;  ///< an input, or p_TARGET; empty: every column
    double most = 0.25;
};

/// Whether a column is judged: the hour and the weekday of one night's rows are never those of the training.
[[nodiscard]] bool is_judged_for_drift(const Bundle& bundle, std::string_view column);

/// Throws Error(invalid_argument) for a limit that is not above 0, a column that the model has not or that is
/// not judged, and a model that does not know its inputs' distribution.
void check_drift_limits(const Bundle& bundle, const std::vector<DriftLimit>& limits);

/// Counts all rows of a table and their scores (K, each n). The inputs of the model are columns of the data,
/// in the model's order, as table_dataset gives them for it.
void count_drift(Drift& drift, const encoding::Dataset& data, std::span<const std::vector<float>> scores);

struct DriftVerdict {
    std::uint64_t rows = 0;
    std::vector<ColumnDrift> columns;   ///< all that are judged, the largest first
    std::vector<ColumnDrift> exceeded;  ///< of these, the ones beyond their limits; none of too few rows
    bool too_few = false;               ///< fewer than kLeastDriftRows: nothing is said about limits

    /// The limit that the first of `exceeded` is held to.
    std::optional<double> limit = {};
};

/// limits: as checked, or none.
[[nodiscard]] DriftVerdict judge_drift(const Bundle& bundle, const Drift& drift,
                                       const std::vector<DriftLimit>& limits);

inline bool is_judged_for_drift(const Bundle& bundle, std::string_view column) {
    if (!bundle.history) return true;
    const auto& spec = bundle.history->spec();
    for (std::size_t i = 0; i < spec.numeric.size(); ++i) {
        if (spec.numeric[i].name == column) return spec.numeric_groups[i] != events::FeatureGroup::clock;
    }
    return true;
}

inline void count_drift(Drift& drift, const encoding::Dataset& data,
                        std::span<const std::vector<float>> scores) {
    std::vector<std::string_view> texts(data.categorical_features.size());
    for (std::size_t row = 0; row < data.size(); ++row) {
        data.copy_texts(row, texts);
        drift.add_row(data.numeric_row(row), texts);
        for (std::size_t k = 0; k < scores.size(); ++k)
            drift.add_score(k, scores[k][row]);
    }
}

inline void check_drift_limits(const Bundle& bundle, const std::vector<DriftLimit>& limits) {
    const Reference& reference = bundle.reference;
    if (!limits.empty() && reference.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "drift: expected a model that knows the distribution of its inputs, got one that was "
                    "trained in one pass; leave the limits out");
    }
    const auto has = [](const std::vector<ReferenceColumn>& columns, std::string_view name) {
        return std::ranges::find(columns, name, &ReferenceColumn::name) != columns.end();
    };
    for (const auto& [column, most] : limits) {
        if (!(most > 0))
            throw Error(ErrorCode::invalid_argument,
                        "drift: expected a limit above 0, got " + std::to_string(most));
        const bool is_input = (has(reference.numeric, column) || has(reference.categorical, column)) &&
                              is_judged_for_drift(bundle, column);
        const bool is_score =
            column.starts_with("p_") && has(reference.scores, std::string_view(column).substr(2));
        if (!column.empty() && !is_input && !is_score) {
            throw Error(ErrorCode::invalid_argument,
                        "drift: expected an input or p_TARGET of the model, got \"" + column +
                            "\"; a manifest lists them");
        }
    }
}

inline DriftVerdict judge_drift(const Bundle& bundle, const Drift& drift,
                                const std::vector<DriftLimit>& limits) {
    DriftVerdict verdict{.rows = drift.rows(), .columns = drift.columns(), .exceeded = {}};
    std::erase_if(verdict.columns,
                  [&](const ColumnDrift& column) { return !is_judged_for_drift(bundle, column.name); });
    verdict.too_few = verdict.rows < kLeastDriftRows;
    if (verdict.too_few) return verdict;
    for (const ColumnDrift& column : verdict.columns) {
        std::optional<double> most;
        for (const DriftLimit& limit : limits) {
            if (limit.column.empty() || limit.column == column.name) most = limit.most;
        }
        if (!most || column.psi <= *most) continue;
        if (verdict.exceeded.empty()) verdict.limit = most;
        verdict.exceeded.push_back(column);
    }
    return verdict;
}

}  // namespace funnel::model
