// SPDX-License-Identifier: MIT
#include "scratch.hpp"

#include <utility>

namespace funnel {

namespace recommender {

events::Event event_of(const Recommender::Item& item, std::string_view list) {
    events::Event event{.item = item.id, .category = item.category, .brand = item.brand};
    event.list = item.list.empty() ? list : item.list;
    event.position = item.position;
    event.price = item.price;
    return event;
}

}  // namespace recommender

Recommender::Scratch::Scratch() : state_(std::make_unique<State>()) {}
Recommender::Scratch::~Scratch() = default;
Recommender::Scratch::Scratch(Scratch&&) noexcept = default;
Recommender::Scratch& Recommender::Scratch::operator=(Scratch&&) noexcept = default;

std::span<const std::uint32_t> Recommender::Scratch::order() const noexcept {
    return state_->order;
}
std::span<const float> Recommender::Scratch::scores() const noexcept {
    return state_->scores;
}
std::span<const float> Recommender::Scratch::all_scores() const noexcept {
    return state_->all;
}
std::span<const Recommender::Reason> Recommender::Scratch::reasons(std::size_t place) const {
    return place < state_->reasons.size() ? state_->reasons[place] : std::span<const Reason>{};
}
std::span<const std::string> Recommender::Scratch::target_names() const noexcept {
    if (!state_->serving) return {};
    return state_->serving->scorer.target_names();
}
std::uint64_t Recommender::Scratch::model_number() const noexcept {
    return state_->serving ? state_->serving->number : 0;
}
bool Recommender::Scratch::known_user() const noexcept {
    return state_->known_user;
}

Recommender::Candidates::Candidates(std::span<const Item> items) : state_(std::make_unique<State>()) {
    state_->texts.reserve(4 * items.size());  // views into it are kept
    for (const Item& item : items) {
        const auto keep = [&](std::string_view text) -> std::string_view {
            return state_->texts.emplace_back(text);
        };
        Item own{.id = keep(item.id), .category = keep(item.category), .brand = keep(item.brand)};
        own.list = keep(item.list);
        own.position = item.position;
        own.price = item.price;
        state_->items.push_back(own);
        state_->events.push_back(recommender::event_of(own, {}));
    }
}
Recommender::Candidates::~Candidates() = default;
Recommender::Candidates::Candidates(const Candidates& other) : Candidates(other.state_->items) {}
Recommender::Candidates& Recommender::Candidates::operator=(const Candidates& other) {
    return *this = Candidates(other);
}
Recommender::Candidates::Candidates(Candidates&&) noexcept = default;
Recommender::Candidates& Recommender::Candidates::operator=(Candidates&&) noexcept = default;
std::size_t Recommender::Candidates::size() const noexcept {
    return state_->items.size();
}

}  // namespace funnel
