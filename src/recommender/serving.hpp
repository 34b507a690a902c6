// SPDX-License-Identifier: MIT
// Serving: a model that is ready to answer, and the inputs of one request for it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/side_tables.hpp"
#include "funnel/explain/explainer.hpp"
#include "funnel/history/history.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/recommender.hpp"
#include "funnel/score/scorer.hpp"
#include "intake.hpp"

namespace funnel::recommender {

/// The model's further inputs that a request and its items give by name. Those that nobody gives are missing.
class RequestInputs final : public events::FurtherInputs {
 public:
    explicit RequestInputs(const model::LogTask& task);
    [[nodiscard]] bool empty() const noexcept { return numbers_.empty() && texts_.empty(); }
    [[nodiscard]] bool knows(std::string_view name) const noexcept;

    /// What one call brings: `events` are the scorer's copies of the items, one for each of `items`.
    struct Bound final : events::FurtherInputs {
        const RequestInputs* names = nullptr;
        const std::vector<Event>* events = nullptr;
        std::span<const Recommender::Item> items = {};
        std::span<const Recommender::Input> common = {};

        void write(const Event& event, std::uint64_t session, std::span<float> numbers,
                   std::span<std::string_view> texts) const noexcept override;
    };

    void write(const Event& event, std::uint64_t session, std::span<float> numbers,
               std::span<std::string_view> texts) const noexcept override;

 private:
    std::vector<std::string> numbers_, texts_;  // in the model's order
};

/// Throws Error(schema) for a model of a table.
void expect_log(const Bundle& bundle);

/// Immutable: share freely; stays where it is.
struct Serving {
    /// Throws Error(schema) for a model of a table.
    Serving(const Bundle& bundle, const nn::Kernels& kernels);

    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    RequestInputs inputs;  // before the scorer, which borrows it
    score::Scorer scorer;
    explain::Explainer explainer;
    Kinds kinds;
    std::uint64_t number = 0;  // of the exchange that brought it; set before it is shown
};

}  // namespace funnel::recommender
