// SPDX-License-Identifier: MIT
// Scorer: a frozen model for many threads: a context and a history in, probabilities out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/features/history.hpp"
#include "funnel/model/predictor.hpp"

namespace funnel::score {

/// Immutable: share freely; every thread brings its own Workspace. With a workspace that has seen as many
/// items before, no call allocates. The history may be read by many threads as long as nobody observes.
class Scorer {
 public:
    struct Workspace {
        model::Predictor::Workspace predictor;
        std::vector<float> numeric;                 ///< (n, d)
        std::vector<std::string_view> categorical;  ///< (n, c)
    };

    /// Copies what it needs of the bundle; borrows the kernels. Throws Error(schema) for a model of a table:
    /// score its rows with model::Predictor.
    explicit Scorer(const Bundle& bundle, const nn::Kernels& kernels = nn::eigen_kernels());

    [[nodiscard]] std::size_t targets() const noexcept { return predictor_.targets(); }  ///< K
    [[nodiscard]] const std::vector<std::string>& target_names() const noexcept { return names_; }
    [[nodiscard]] const model::Predictor& predictor() const noexcept { return predictor_; }

    /// p: K probabilities of the example `context`: who, which item, when, in which visit, list and place.
    void score(const features::History& history, const Event& context, std::span<float> p,
               Workspace& workspace) const;

    /// p: n x K row-major, for n items shown to one user at one time; of each of `items` the item, list,
    /// position, category, brand and price count. The user's part is computed once: cheaper than n calls of
    /// score.
    void score_items(const features::History& history, const Event& context, std::span<const Event> items,
                     std::span<float> p, Workspace& workspace) const;

    /// Indices of `items`, the most probable for `target` first; equal ones in the order given.
    /// order: n places. p as for score_items.
    void rank(const features::History& history, const Event& context, std::span<const Event> items,
              std::size_t target, std::span<std::uint32_t> order, std::span<float> p,
              Workspace& workspace) const;

 private:
    model::Predictor predictor_;
    std::vector<std::string> names_;
};

inline Scorer::Scorer(const Bundle& bundle, const nn::Kernels& kernels) : predictor_(bundle, kernels) {
    if (!bundle.log) {
        throw Error(ErrorCode::schema,
                    "scorer: expected a model of a log, got one of a table; use "
                    "model::Predictor on its rows");
    }
    for (const model::Head& head : bundle.heads)
        names_.push_back(head.name);
}

inline void Scorer::score(const features::History& history, const Event& context, std::span<float> p,
                          Workspace& workspace) const {
    workspace.numeric.resize(history.spec().numeric.size());
    workspace.categorical.resize(history.spec().categorical.size());
    history.features(context, workspace.numeric, workspace.categorical);
    predictor_.predict(workspace.numeric, workspace.categorical, p, workspace.predictor);
}

inline void Scorer::score_items(const features::History& history, const Event& context,
                                std::span<const Event> items, std::span<float> p,
                                Workspace& workspace) const {
    workspace.numeric.resize(items.size() * history.spec().numeric.size());
    workspace.categorical.resize(items.size() * history.spec().categorical.size());
    history.features_for_items(context, items, workspace.numeric, workspace.categorical);
    predictor_.predict(workspace.numeric, workspace.categorical, p, workspace.predictor);
}

inline void Scorer::rank(const features::History& history, const Event& context, std::span<const Event> items,
                         std::size_t target, std::span<std::uint32_t> order, std::span<float> p,
                         Workspace& workspace) const {
    score_items(history, context, items, p, workspace);
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = static_cast<std::uint32_t>(i);
    const std::size_t k = targets();
    // The index breaks ties: a stable sort would allocate.
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        const float pa = p[a * k + target], pb = p[b * k + target];
        return pa != pb ? pa > pb : a < b;
    });
}

}  // namespace funnel::score
