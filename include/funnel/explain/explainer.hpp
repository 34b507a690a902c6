// SPDX-License-Identifier: MIT
// Explainer: how much each raw input moved one prediction away from that of the mean row: integrated
// gradients (Sundararajan, Taly and Yan 2017) of the logit of the final probability.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/explain/detail/final_logit.hpp"
#include "funnel/explain/detail/net_path.hpp"
#include "funnel/model/bundle.hpp"

namespace funnel::explain {

/// The ends of a line. Contributions add up to logit - reference - missing.
struct Explained {
    double reference = 0;  ///< logit of the final probability of the mean row
    double logit = 0;      ///< and of the row at hand
    double missing = 0;    ///< what the integration left over: at most kLargestMissing in size
};

/// Contributions add up to within this (and rounding of floats), or as near as 8192 places on the line get.
inline constexpr double kLargestMissing = 2e-5;

/// Explains single rows of a model. What is explained is the probability that the model gives out: over its
/// chain, the mean of its members, calibration included; on the logit, where contributions add up.
///
///     const explain::Explainer explainer(bundle);
///     explain::Explainer::Workspace workspace;
///     std::vector<double> parts(explainer.inputs());
///     const auto ends = explainer.explain(numbers, texts, target, parts, workspace);
///     // parts[i] belongs to explainer.input_names()[i]; their sum is ends.logit - ends.reference
///
/// All that the encoder made of one input (score, bins, missing indicator, embedding, rates) counts for that
/// input. The line runs from the mean encoded row of training to the row, both as the net sees them. A
/// contribution says what the model made of an input, not what the input causes.
///
/// Immutable: share freely; every thread brings its own Workspace. Memory: a copy of the nets.
class Explainer {
 public:
    /// Scratch of one thread.
    struct Workspace {
        std::vector<float> dense;
        std::vector<std::uint32_t> ids;
        Vector<float> to, parts;
        std::vector<detail::Pieces<float>> pieces;
        std::vector<Matrix<float>> weights;
        detail::SlopeIntegral<float> integral;
    };

    explicit Explainer(const Bundle& bundle);

    /// d + c: the numeric inputs of the encoder, then the categorical ones.
    [[nodiscard]] std::size_t inputs() const noexcept { return names_.size(); }
    [[nodiscard]] const std::vector<std::string>& input_names() const noexcept { return names_; }
    [[nodiscard]] std::size_t targets() const noexcept { return chains_.heads(); }  ///< K
    /// False for a model that does not know its mean row: one of an earlier version or trained in one pass.
    /// Lines then begin where every number has its mean and every category is unknown.
    [[nodiscard]] bool knows_mean() const noexcept { return knows_mean_; }

    /// numeric: d, NaN = missing; categorical: c, empty = missing; contributions: d + c.
    /// Throws Error(shape) for spans of another size and Error(invalid_argument) for a target from K on.
    /// Cost: two products with the first layer and, per kink of a hidden unit on the line, two with each
    /// later layer: some tens of scores.
    Explained explain(std::span<const float> numeric, std::span<const std::string_view> categorical,
                      std::size_t target, std::span<double> contributions, Workspace& workspace) const;

    /// The logit of the final probability of the row that all lines begin at. target: below K.
    [[nodiscard]] double reference_logit(std::size_t target) const;

 private:
    void set_inputs(const nn::Net<float>& net, Workspace& workspace) const;

    encoding::Encoder encoder_;
    nn::Chains chains_;
    std::vector<std::string> names_;
    std::vector<std::uint32_t> of_dense_, of_embeddings_;  // raw inputs
    std::vector<detail::NetPath<float>> paths_;            // of the members
    bool knows_mean_ = false;
};

namespace detail {

/// What the first layer of a net sees of the mean row.
[[nodiscard]] inline Vector<float> mean_of(const nn::Net<float>& net, const model::MeanInput& mean) {
    const nn::NetShape& shape = net.shape();
    Vector<float> row = Vector<float>::Zero(index_of(shape.inputs()));
    std::size_t at = 0;
    for (std::size_t e = 0; e < shape.embeddings.size(); ++e) {
        const auto [ids, dim] = shape.embeddings[e];
        const float* table = net.parameters().data() + net.embedding_range(e).first;
        for (std::size_t j = 0; j < dim; ++j, ++at) {
            double sum = mean.empty() ? static_cast<double>(table[j]) : 0.0;
            for (std::size_t id = 0; id < ids && !mean.empty(); ++id)
                sum += static_cast<double>(mean.shares[e][id]) * static_cast<double>(table[id * dim + j]);
            row[index_of(at)] = static_cast<float>(sum);
        }
    }
    std::ranges::copy(mean.dense, row.data() + at);
    return row;
}

}  // namespace detail

inline Explainer::Explainer(const Bundle& bundle)
    : encoder_(bundle.encoder),
      chains_(bundle.chains),
      of_dense_(encoder_.inputs_of_dense()),
      of_embeddings_(encoder_.inputs_of_embeddings()),
      knows_mean_(!bundle.mean_input.empty()) {
    for (const base::NumericFeature& feature : encoder_.numeric_features())
        names_.push_back(feature.name);
    names_.insert(names_.end(), encoder_.categorical_features().begin(),
                  encoder_.categorical_features().end());
    for (const nn::Net<float>& net : bundle.nets)
        paths_.emplace_back(net, detail::mean_of(net, bundle.mean_input));
}

inline double Explainer::reference_logit(std::size_t target) const {
    const std::size_t first = chains_.first(chains_.chain(target)), heads = target - first + 1;
    std::vector<double> z;
    detail::Pieces<float> pieces;
    for (const detail::NetPath<float>& path : paths_) {
        path.walk(path.from(), pieces);
        for (std::size_t h = first; h <= target; ++h)
            z.push_back(static_cast<double>(pieces.logits(0, detail::index_of(h))));
    }
    return detail::final_logit(z, heads);
}

/// The encoded row as the first layer of this net sees it.
inline void Explainer::set_inputs(const nn::Net<float>& net, Workspace& workspace) const {
    const nn::NetShape& shape = net.shape();
    workspace.to.resize(detail::index_of(shape.inputs()));
    float* to = workspace.to.data();
    for (std::size_t e = 0; e < shape.embeddings.size(); ++e) {
        const std::size_t dim = shape.embeddings[e].dim;
        to = std::copy_n(net.parameters().data() + net.embedding_range(e).first + workspace.ids[e] * dim, dim,
                         to);
    }
    std::ranges::copy(workspace.dense, to);
}

inline Explained Explainer::explain(std::span<const float> numeric,
                                    std::span<const std::string_view> categorical, std::size_t target,
                                    std::span<double> contributions, Workspace& workspace) const {
    const std::size_t d = encoder_.numeric_features().size();
    if (numeric.size() != d || categorical.size() + d != inputs() || contributions.size() != inputs()) {
        throw Error(ErrorCode::shape,
                    "explain: expected " + std::to_string(d) + " numbers, " + std::to_string(inputs() - d) +
                        " texts and room for " + std::to_string(inputs()) + " contributions, got \"" +
                        std::to_string(numeric.size()) + ", " + std::to_string(categorical.size()) + " and " +
                        std::to_string(contributions.size()) + "\"; give one row");
    }
    if (target >= targets()) {
        throw Error(ErrorCode::invalid_argument, "explain: expected a target below " +
                                                     std::to_string(targets()) + ", got \"" +
                                                     std::to_string(target) + "\"");
    }
    workspace.dense.resize(encoder_.dense_names().size());
    workspace.ids.resize(encoder_.embeddings().size());
    encoder_.encode(numeric, categorical, workspace.dense, workspace.ids);
    workspace.pieces.resize(paths_.size());
    for (std::size_t m = 0; m < paths_.size(); ++m) {
        set_inputs(paths_[m].net(), workspace);
        paths_[m].walk(workspace.to, workspace.pieces[m]);
    }
    const std::size_t first = chains_.first(chains_.chain(target));
    const double missing = workspace.integral.run(workspace.pieces, first, target - first + 1,
                                                  kLargestMissing, workspace.weights);
    std::ranges::fill(contributions, 0.0);
    for (std::size_t m = 0; m < paths_.size(); ++m) {
        paths_[m].pull_back(workspace.pieces[m], workspace.weights[m], workspace.parts);
        const float* part = workspace.parts.data();
        for (std::size_t e = 0; e < of_embeddings_.size(); ++e) {
            for (std::size_t j = 0; j < paths_[m].net().shape().embeddings[e].dim; ++j)
                contributions[of_embeddings_[e]] += static_cast<double>(*part++);
        }
        for (const std::uint32_t input : of_dense_)
            contributions[input] += static_cast<double>(*part++);
    }
    return {workspace.integral.from(), workspace.integral.to(), missing};
}

}  // namespace funnel::explain
