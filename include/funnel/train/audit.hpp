// SPDX-License-Identifier: MIT
// Audit: signs that a model learns from what it will not know in use: a random split that looks far better
// than a split by time, and inputs that predict nearly everything alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "funnel/base/warning.hpp"
#include "funnel/dataset/split.hpp"
#include "funnel/encoding/dataset.hpp"
#include "funnel/encoding/target_rates.hpp"
#include "funnel/eval/roc_auc.hpp"

namespace funnel::train {

/// How well one raw input ranks one target alone; below 0.5 is turned around.
struct InputAuc {
    std::string input, target;
    double roc_auc = 0.5;
};

struct Audit {
    std::vector<std::string> targets;
    std::vector<std::optional<double>> by_time, at_random;  ///< validation AUC of the model under each split
    std::vector<InputAuc> inputs;                           ///< best first
    base::Warnings warnings;
};

/// An input that ranks better than this alone is more likely a leak than a discovery.
inline constexpr double kSuspiciousAuc = 0.95;
/// A random split that is better by more than this tells of rows that know each other.
inline constexpr double kSuspiciousGap = 0.03;

/// AUC of every input alone on these rows. Categories rank by their rate in the other half of the rows.
[[nodiscard]] std::vector<InputAuc> input_aucs(const encoding::Dataset& data,
                                               const encoding::LabelledRows& rows);

/// Fills audit.warnings from the rest.
void add_warnings(Audit& audit);

namespace detail {

/// Numbers as they are; a missing one below all others.
[[nodiscard]] inline std::vector<float> numeric_scores(const encoding::Dataset& data,
                                                       const encoding::LabelledRows& rows, std::size_t i) {
    std::vector<float> scores;
    for (const std::uint32_t row : rows.rows) {
        const float x = data.numeric_row(row)[i];
        scores.push_back(std::isfinite(x) ? x : -3e38F);
    }
    return scores;
}

/// The shrunk rate of the row's category among rows of the other half.
[[nodiscard]] inline std::vector<float> category_scores(const encoding::Dataset& data,
                                                        const encoding::LabelledRows& rows, std::size_t c,
                                                        std::size_t target) {
    const std::size_t texts = data.categories[c].size() + 1, targets = data.targets.size();
    std::vector<encoding::TargetRates> halves(2, encoding::TargetRates(texts + 1, targets, 20));
    const auto id = [&](std::size_t i) {
        const std::uint32_t code = data.categorical_row(rows.rows[i])[c];
        return code == base::kNone ? static_cast<std::uint32_t>(texts) : code + 1;
    };
    for (std::size_t i = 0; i < rows.size(); ++i)
        halves[i % 2].add(id(i), std::span(rows.labels).subspan(i * targets, targets));
    std::vector<float> scores, out(targets + 1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        halves[1 - i % 2].write_row(id(i), out);
        scores.push_back(out[target]);
    }
    return scores;
}

}  // namespace detail

inline std::vector<InputAuc> input_aucs(const encoding::Dataset& data, const encoding::LabelledRows& rows) {
    const std::size_t targets = data.targets.size();
    std::vector<InputAuc> result;
    for (std::size_t k = 0; k < targets; ++k) {
        std::vector<std::uint8_t> labels;
        for (std::size_t i = 0; i < rows.size(); ++i)
            labels.push_back(rows.labels[i * targets + k]);
        const auto add = [&](const std::string& input, const std::vector<float>& scores) {
            if (const auto auc = eval::roc_auc(scores, labels))
                result.push_back({input, data.targets[k], std::max(*auc, 1 - *auc)});
        };
        for (std::size_t i = 0; i < data.numeric_features.size(); ++i)
            add(data.numeric_features[i].name, detail::numeric_scores(data, rows, i));
        for (std::size_t c = 0; c < data.categorical_features.size(); ++c)
            add(data.categorical_features[c], detail::category_scores(data, rows, c, k));
    }
    std::ranges::stable_sort(result, std::ranges::greater{}, &InputAuc::roc_auc);
    return result;
}

inline void add_warnings(Audit& audit) {
    for (const InputAuc& input : audit.inputs) {
        if (input.roc_auc < kSuspiciousAuc) break;
        audit.warnings.push_back(
            {"input_tells_the_answer", "input " + input.input + " ranks " + input.target +
                                           " with a ROC AUC of " + std::to_string(input.roc_auc) +
                                           " alone; is it known at the moment of the prediction?"});
    }
    for (std::size_t k = 0; k < audit.targets.size(); ++k) {
        if (!audit.by_time[k] || !audit.at_random[k]) continue;
        if (*audit.at_random[k] - *audit.by_time[k] < kSuspiciousGap) continue;
        audit.warnings.push_back({"random_split_better",
                                  "a random split of " + audit.targets[k] + " has a ROC AUC of " +
                                      std::to_string(*audit.at_random[k]) + ", the model's own split " +
                                      std::to_string(*audit.by_time[k]) +
                                      "; rows that belong together stand on both sides, or the data drift"});
    }
}

}  // namespace funnel::train
