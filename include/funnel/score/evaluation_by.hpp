// SPDX-License-Identifier: MIT
// evaluate_by: how good predictions are for each value of a column, worst predicted first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "funnel/base/columns.hpp"
#include "funnel/base/error.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/score/evaluation.hpp"

namespace funnel::score {

/// More keys than this are refused: each costs a pass over the examples.
inline constexpr std::size_t kMaxEvaluatedKeys = 500;

/// Which value of a column every example has.
struct ExampleKeys {
    std::string by;
    std::vector<std::vector<std::optional<std::string>>> values = {};  ///< per key, one per column of `by`
    std::vector<std::uint32_t> key_of_example = {};
};

/// Of examples of a log; by: as metrics::MetricsOptions::by, by the row of the example. zone: what cuts days.
/// Throws Error(invalid_argument) for a column that the log does not hold and for more than 500 keys.
[[nodiscard]] ExampleKeys keys_of_examples(const ScoredExamples& examples, const EventLog& log,
                                           const std::string& by,
                                           const std::vector<events::OffsetChange>& zone);

/// Of a table whose rows are the examples. Throws likewise.
[[nodiscard]] ExampleKeys keys_of_rows(const std::vector<base::ColumnView>& columns, const std::string& by);

/// Adds the figures of every key that has examples to evaluation.by, worst first: by the log loss saved of
/// the target that saves least there, among those with enough users; keys with too few users last, the
/// largest first. Keys x examples.
void evaluate_by(Evaluation& evaluation, const ScoredExamples& examples, const ExampleKeys& keys);

namespace detail {

inline void check_keys(const std::string& by, std::size_t keys) {
    if (keys <= kMaxEvaluatedKeys) return;
    throw Error(ErrorCode::invalid_argument, "--by " + by + ": expected at most 500 keys, got " +
                                                 std::to_string(keys) + "; choose a coarser column");
}

/// Of the worst target with enough users; infinite if there is none.
[[nodiscard]] inline double least_saved(const EvaluatedRows& rows) {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < rows.targets.size(); ++k) {
        const auto& entropy = rows.targets[k].normalized_entropy.value;
        if (entropy && !rows.clustered[k].few_users()) least = std::min(least, 1 - *entropy);
    }
    return least;
}

}  // namespace detail

inline ExampleKeys keys_of_examples(const ScoredExamples& examples, const EventLog& log,
                                    const std::string& by, const std::vector<events::OffsetChange>& zone) {
    metrics::MetricsOptions options;
    options.zone = zone;
    const metrics::SegmentKeys keys = metrics::keys_of(log, options, by);
    ExampleKeys out{.by = by};
    std::vector<std::uint32_t> number(keys.names.size(), base::kNone);  // of keys that have examples
    for (const encoding::ExampleKey& example : examples.keys) {
        std::uint32_t& key = number[keys.key_of_row[example.row]];
        if (key == base::kNone) {
            key = static_cast<std::uint32_t>(out.values.size());
            out.values.push_back(metrics::values_of_key(by, keys.names[keys.key_of_row[example.row]]));
        }
        out.key_of_example.push_back(key);
    }
    detail::check_keys(by, out.values.size());
    return out;
}

inline ExampleKeys keys_of_rows(const std::vector<base::ColumnView>& columns, const std::string& by) {
    std::vector<const base::ColumnView*> found;
    for (const std::string& name : metrics::columns_of_by(by)) {
        const auto at = std::ranges::find(columns, std::string_view(name), &base::ColumnView::name);
        if (at == columns.end()) {
            std::string known;
            for (const base::ColumnView& column : columns)
                known += (known.empty() ? "" : ", ") + std::string(column.name);
            throw Error(ErrorCode::invalid_argument, "--by: expected one of " + known + ", got \"" + name +
                                                         "\"; choose a column of the table");
        }
        found.push_back(&*at);
    }
    ExampleKeys out{.by = by};
    std::map<std::vector<std::uint32_t>, std::uint32_t> number;
    std::vector<std::uint32_t> codes(found.size());
    for (std::size_t row = 0; row < found.front()->code.size(); ++row) {
        for (std::size_t c = 0; c < found.size(); ++c)
            codes[c] = found[c]->code[row];
        const auto [at, is_new] = number.try_emplace(codes, static_cast<std::uint32_t>(out.values.size()));
        if (is_new) {
            auto& values = out.values.emplace_back();
            for (std::size_t c = 0; c < found.size(); ++c) {
                if (codes[c] == base::kNone) {
                    values.emplace_back(std::nullopt);
                } else {
                    values.emplace_back(std::string(found[c]->values->text(codes[c])));
                }
            }
            detail::check_keys(by, out.values.size());
        }
        out.key_of_example.push_back(at->second);
    }
    return out;
}

inline void evaluate_by(Evaluation& evaluation, const ScoredExamples& examples, const ExampleKeys& keys) {
    std::vector<EvaluatedKey> found;
    std::vector<std::uint8_t> include(examples.size());
    for (std::uint32_t key = 0; key < keys.values.size(); ++key) {
        for (std::size_t i = 0; i < include.size(); ++i)
            include[i] = keys.key_of_example[i] == key;
        const auto rows = static_cast<std::uint64_t>(std::ranges::count(include, std::uint8_t{1}));
        found.push_back({keys.by, keys.values[key], rows, detail::evaluate_rows(examples, "", include)});
    }
    const auto place = [](const EvaluatedKey& of) {
        return std::tuple(detail::least_saved(of.rows), -static_cast<double>(of.examples), of.values);
    };
    std::ranges::sort(found, {}, place);
    for (EvaluatedKey& of : found)
        evaluation.by.push_back(std::move(of));
}

}  // namespace funnel::score
