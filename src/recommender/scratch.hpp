// SPDX-License-Identifier: MIT
// What threads bring to their calls: Recommender::Scratch and Recommender::Candidates.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/event.hpp"
#include "funnel/history/history.hpp"
#include "funnel/recommender.hpp"
#include "funnel/score/scorer.hpp"
#include "serving.hpp"
#include "why_rows.hpp"

namespace funnel {

struct Recommender::Scratch::State {
    std::shared_ptr<const recommender::Serving> serving;  // that gave the answer
    score::Scorer::Workspace workspace;
    recommender::RequestInputs::Bound inputs;
    std::vector<events::Event> items;
    std::vector<std::uint32_t> order;
    std::vector<float> all, scores;
    bool known_user = false;
    recommender::WhyRows why;
    std::vector<std::vector<Reason>> reasons;  // per place of `order`
    /// No answer: what a call begins with, and what it ends with if it fails.
    void clear() noexcept {
        order.clear();
        all.clear();
        scores.clear();
        reasons.clear();
    }
    std::size_t stripe = next_stripe.fetch_add(1, std::memory_order_relaxed);

    inline static std::atomic<std::size_t> next_stripe{0};  // spreads threads over counters; decides nothing
};

struct Recommender::Candidates::State {
    std::vector<std::string> texts;  // four for each item
    std::vector<Item> items;         // views of them
    std::vector<events::Event> events;
    history::ItemCodes codes;
    std::shared_ptr<const recommender::Serving> codes_of;
};

namespace recommender {

/// The item as an event; list: where it is shown, if it does not say.
[[nodiscard]] events::Event event_of(const Recommender::Item& item, std::string_view list);

}  // namespace recommender
}  // namespace funnel
