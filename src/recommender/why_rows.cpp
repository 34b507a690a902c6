// SPDX-License-Identifier: MIT
#include "why_rows.hpp"

#include <algorithm>
#include <utility>

#include "funnel/explain/reasons.hpp"

namespace funnel::recommender {

void WhyRows::keep(const score::Scorer::Workspace& workspace, std::size_t n,
                   std::span<const std::uint32_t> order) {
    rows_ = order.size();
    numeric_.clear();
    texts_.clear();
    if (n == 0) return;
    const std::size_t d = workspace.numeric.size() / n, c = workspace.categorical.size() / n;
    for (const std::uint32_t i : order) {
        const auto row = workspace.numeric.begin() + static_cast<std::ptrdiff_t>(i * d);
        numeric_.insert(numeric_.end(), row, row + static_cast<std::ptrdiff_t>(d));
        for (std::size_t j = 0; j < c; ++j)
            texts_.emplace_back(workspace.categorical[i * c + j]);
    }
}

std::vector<std::vector<Recommender::Reason>> WhyRows::explain(const explain::Explainer& explainer,
                                                               std::size_t target, std::size_t count) {
    std::vector<std::vector<Recommender::Reason>> all(rows_);
    std::vector<double> contributions(explainer.inputs());
    std::vector<std::string_view> texts(rows_ == 0 ? 0 : texts_.size() / rows_);
    const std::size_t d = explainer.inputs() - texts.size();
    for (std::size_t row = 0; row < rows_; ++row) {
        const auto numbers = std::span<const float>(numeric_).subspan(row * d, d);
        std::copy_n(texts_.begin() + static_cast<std::ptrdiff_t>(row * texts.size()), texts.size(),
                    texts.begin());
        explainer.explain(numbers, texts, target, contributions, workspace_);
        for (const std::size_t i : explain::largest_contributions(contributions, count)) {
            Recommender::Reason reason{.input = explainer.input_names()[i], .contribution = contributions[i]};
            if (i < d)
                reason.number = static_cast<double>(numbers[i]);
            else
                reason.text = std::string(texts[i - d]);
            all[row].push_back(std::move(reason));
        }
    }
    return all;
}

}  // namespace funnel::recommender
