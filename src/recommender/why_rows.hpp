// SPDX-License-Identifier: MIT
// WhyRows: the inputs of the items of one answer, kept so that they can be explained without a look at the
// history, which others wait for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/explain/explainer.hpp"
#include "funnel/recommender.hpp"
#include "funnel/score/scorer.hpp"

namespace funnel::recommender {

/// One thread at a time.
class WhyRows {
 public:
    /// Copies the rows of `order` out of what scoring n items left in its workspace.
    void keep(const score::Scorer::Workspace& workspace, std::size_t n, std::span<const std::uint32_t> order);

    /// The `count` inputs that moved each row most, as explain::reasons orders them.
    [[nodiscard]] std::vector<std::vector<Recommender::Reason>> explain(const explain::Explainer& explainer,
                                                                        std::size_t target,
                                                                        std::size_t count);

 private:
    std::size_t rows_ = 0;
    std::vector<float> numeric_;      // (rows, d)
    std::vector<std::string> texts_;  // (rows, c)
    explain::Explainer::Workspace workspace_;
};

}  // namespace funnel::recommender
