// SPDX-License-Identifier: MIT
// importance: what a model's predictions rest on, group by group: how much worse the log loss gets when the
// group's inputs are those of other rows of the day (permutation importance: Breiman 2001, Fisher, Rudin and
// Dominici 2019), beside how far the group moves predictions (mean absolute contribution).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "funnel/base/parallel.hpp"
#include "funnel/base/random.hpp"
#include "funnel/base/time.hpp"
#include "funnel/eval/clustered.hpp"
#include "funnel/explain/explainer.hpp"
#include "funnel/explain/input_groups.hpp"
#include "funnel/explain/row_sample.hpp"
#include "funnel/model/predictor.hpp"

namespace funnel::explain {

/// What is known of the examples that a sample was taken of, by their index.
struct JudgedLabels {
    std::span<const std::vector<std::uint8_t>> labels;  ///< K of n: 0, 1 or unknown
    std::span<const float> weights = {};                ///< n, or none: all 1
    std::span<const std::uint64_t> clusters = {};       ///< n users, or none: each row is its own
    std::span<const encoding::ExampleKey> keys;         ///< n: rows and times
};

struct ImportanceOptions {
    std::size_t explained_rows = 1000;  ///< of the sample, for mean contributions
    unsigned threads = 1;
    std::uint64_t seed = 1;
};

struct GroupImportance {
    std::string group;
    std::vector<std::string> inputs;
    /// Log loss with the group permuted minus log loss as it is; none if no row got the inputs of another.
    eval::Difference loss;
    double mean_contribution = 0;  ///< weighted mean |sum of the contributions of its inputs|, on the logit
};

struct TargetImportance {
    std::string target;
    std::vector<GroupImportance> groups;  ///< the largest loss first
};

struct Importance {
    std::uint64_t rows = 0, explained_rows = 0;
    std::uint64_t moved_rows = 0;  ///< of rows, those that got the inputs of another: not alone on their day
    std::vector<TargetImportance> targets = {};
};

/// Why there is no loss: every row is alone on its day.
inline constexpr std::string_view kAloneReason = "no_two_rows_on_a_day";

/// Groups of input_groups(bundle). Inputs of one group go to another row together, rows of one day (UTC)
/// change among themselves, and every row gets those of another if the day has two; which depends on the
/// seed and ExampleKey::row alone. A group whose permutation costs nothing may still matter where another
/// says the same. Same result at any number of threads. Cost: (groups + 1) x rows of encoding and scoring.
///
///     explain::RowSample sample(bundle.encoder, examples.size());
///     // ... sample.add(i, numbers, texts) for every example i whose user it wants() ...
///     const auto found = explain::importance(bundle, sample, {.labels = examples.labels, .keys =
///     examples.keys});
[[nodiscard]] Importance importance(const Bundle& bundle, const RowSample& sample, const JudgedLabels& judged,
                                    const ImportanceOptions& options = {},
                                    const nn::Kernels& kernels = nn::eigen_kernels());

namespace detail {

/// For each row of the sample the row whose inputs it gets: one cycle through each day in random order.
[[nodiscard]] inline std::vector<std::size_t> partners_within_days(const RowSample& sample,
                                                                   std::span<const encoding::ExampleKey> keys,
                                                                   std::uint64_t seed) {
    struct Place {
        std::int64_t day;
        std::uint64_t order;
        std::size_t row;
    };
    std::vector<Place> places;
    for (std::size_t i = 0; i < sample.size(); ++i) {
        const encoding::ExampleKey& key = keys[sample.example(i)];
        places.push_back({base::floor_div(key.time, base::kDay), base::random_at(seed, key.row), i});
    }
    std::ranges::sort(places, [](const Place& a, const Place& b) {
        return std::tie(a.day, a.order, a.row) < std::tie(b.day, b.order, b.row);
    });
    std::vector<std::size_t> partners(places.size());
    for (std::size_t first = 0, last = 0; first < places.size(); first = last) {
        while (last < places.size() && places[last].day == places[first].day)
            ++last;
        for (std::size_t i = first; i < last; ++i)
            partners[places[i].row] = places[i + 1 < last ? i + 1 : first].row;
    }
    return partners;
}

/// K x rows probabilities of the sample, with the inputs of `group` from each row's partner.
[[nodiscard]] inline std::vector<std::vector<float>> permuted_scores(const model::Predictor& predictor,
                                                                     const RowSample& sample,
                                                                     std::span<const std::uint32_t> group,
                                                                     std::span<const std::size_t> partners) {
    const std::size_t d = predictor.encoder().numeric_features().size(),
                      c = predictor.encoder().categorical_features().size(), targets = predictor.targets();
    std::vector<float> numeric(nn::kBlockRows * d), p(nn::kBlockRows * targets);
    std::vector<std::string_view> categorical(nn::kBlockRows * c);
    std::vector<std::vector<float>> scores(targets, std::vector<float>(sample.size()));
    model::Predictor::Workspace workspace;
    for (std::size_t first = 0; first < sample.size(); first += nn::kBlockRows) {
        const std::size_t n = std::min(nn::kBlockRows, sample.size() - first);
        for (std::size_t i = 0; i < n; ++i) {
            const auto numbers = std::span(numeric).subspan(i * d, d);
            const auto texts = std::span(categorical).subspan(i * c, c);
            sample.copy_row(first + i, numbers, texts);
            for (const std::uint32_t input : group)
                sample.copy_input(partners[first + i], input, numbers, texts);
        }
        predictor.predict(std::span(numeric).first(n * d), std::span(categorical).first(n * c),
                          std::span(p).first(n * targets), workspace);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < targets; ++k)
                scores[k][first + i] = p[i * targets + k];
        }
    }
    return scores;
}

/// Labels, weights and clusters of the sample, picked from those of all examples.
struct SampleLabels {
    std::vector<std::vector<std::uint8_t>> labels;
    std::vector<float> weights;
    std::vector<std::uint64_t> clusters;

    SampleLabels(const RowSample& sample, const JudgedLabels& judged) : labels(judged.labels.size()) {
        for (std::size_t i = 0; i < sample.size(); ++i) {
            const std::size_t example = sample.example(i);
            for (std::size_t k = 0; k < labels.size(); ++k)
                labels[k].push_back(judged.labels[k][example]);
            if (!judged.weights.empty()) weights.push_back(judged.weights[example]);
            clusters.push_back(judged.clusters.empty() ? judged.keys[example].row : judged.clusters[example]);
        }
    }
    [[nodiscard]] std::vector<eval::ClusteredFigures> figures(
        const std::vector<std::vector<float>>& scores) const {
        std::vector<eval::ClusteredFigures> result;
        for (std::size_t k = 0; k < labels.size(); ++k)
            result.push_back(eval::clustered_figures(scores[k], labels[k], clusters, {.weights = weights}));
        return result;
    }
};

/// Fills mean_contribution of every target and group; groups in the order of `groups`.
inline void add_mean_contributions(const Bundle& bundle, const RowSample& sample, const SampleLabels& labels,
                                   std::span<const InputGroup> groups, std::size_t rows, Importance& found) {
    const Explainer explainer(bundle);
    Explainer::Workspace workspace;
    std::vector<float> numeric(bundle.encoder.numeric_features().size());
    std::vector<std::string_view> categorical(bundle.encoder.categorical_features().size());
    std::vector<double> parts(explainer.inputs());
    rows = std::min(rows, sample.size());
    found.explained_rows = rows;
    const auto row_of = [&](std::size_t i) { return i * sample.size() / rows; };
    const auto weight_of = [&](std::size_t i) {
        return labels.weights.empty() ? 1.0 : static_cast<double>(labels.weights[row_of(i)]);
    };
    double all = 0;
    for (std::size_t i = 0; i < rows; ++i)
        all += weight_of(i);
    for (std::size_t i = 0; i < rows && all > 0; ++i) {
        sample.copy_row(row_of(i), numeric, categorical);
        const double share = weight_of(i) / all;
        for (std::size_t k = 0; k < found.targets.size(); ++k) {
            explainer.explain(numeric, categorical, k, parts, workspace);
            for (std::size_t g = 0; g < groups.size(); ++g) {
                double sum = 0;
                for (const std::uint32_t input : groups[g].inputs)
                    sum += parts[input];
                found.targets[k].groups[g].mean_contribution += share * std::abs(sum);
            }
        }
    }
}

}  // namespace detail

inline Importance importance(const Bundle& bundle, const RowSample& sample, const JudgedLabels& judged,
                             const ImportanceOptions& options, const nn::Kernels& kernels) {
    const std::vector<InputGroup> groups = input_groups(bundle);
    const model::Predictor predictor(bundle, kernels);
    const std::vector<std::size_t> partners = detail::partners_within_days(sample, judged.keys, options.seed);
    const detail::SampleLabels labels(sample, judged);
    std::vector<std::vector<eval::ClusteredFigures>> figures(groups.size() + 1);  // the last: as it is
    base::for_each_task(figures.size(), options.threads, [&](std::size_t g) {
        const std::span<const std::uint32_t> inputs = g < groups.size()
                                                          ? std::span<const std::uint32_t>(groups[g].inputs)
                                                          : std::span<const std::uint32_t>();
        figures[g] = labels.figures(detail::permuted_scores(predictor, sample, inputs, partners));
    });
    const auto& numeric = bundle.encoder.numeric_features();
    const auto name_of = [&](std::uint32_t input) {
        return input < numeric.size() ? numeric[input].name
                                      : bundle.encoder.categorical_features()[input - numeric.size()];
    };
    Importance found{.rows = sample.size()};
    for (std::size_t i = 0; i < partners.size(); ++i)
        found.moved_rows += partners[i] != i ? 1 : 0;
    for (std::size_t k = 0; k < bundle.heads.size(); ++k) {
        TargetImportance& target = found.targets.emplace_back(TargetImportance{bundle.heads[k].name, {}});
        const eval::ClusteredFigures& intact = figures.back()[k];
        for (std::size_t g = 0; g < groups.size(); ++g) {
            GroupImportance& group = target.groups.emplace_back();
            group.group = groups[g].name;
            for (const std::uint32_t input : groups[g].inputs)
                group.inputs.push_back(name_of(input));
            if (found.moved_rows == 0)
                group.loss.range.reason = kAloneReason;
            else
                group.loss = eval::difference_of(intact, intact.log_loss, figures[g][k].log_loss);
        }
    }
    detail::add_mean_contributions(bundle, sample, labels, groups, options.explained_rows, found);
    for (TargetImportance& target : found.targets) {
        std::ranges::stable_sort(target.groups, [](const GroupImportance& a, const GroupImportance& b) {
            constexpr double kNone = -std::numeric_limits<double>::infinity();
            return a.loss.value.value_or(kNone) > b.loss.value.value_or(kNone);
        });
    }
    return found;
}

}  // namespace funnel::explain
