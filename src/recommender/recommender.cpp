// SPDX-License-Identifier: MIT
#include "funnel/recommender.hpp"

#include <optional>
#include <utility>

#include "funnel/persist/model_file.hpp"
#include "impl.hpp"

namespace funnel {

Recommender::Recommender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recommender::~Recommender() = default;
Recommender::Recommender(Recommender&&) noexcept = default;
Recommender& Recommender::operator=(Recommender&&) noexcept = default;

Recommender Recommender::load(const std::string& path, const Options& options) {
    return Recommender(Impl::make(persist::load_model(path), options));
}
Recommender Recommender::load(const std::string& path) {
    return load(path, Options());
}
Recommender Recommender::from_bytes(std::span<const char> model, const Options& options) {
    return Recommender(Impl::make(persist::load_model_bytes(model, "the model in memory"), options));
}
Recommender Recommender::from_bytes(std::span<const char> model) {
    return from_bytes(model, Options());
}

Recommender::Taken Recommender::observe(const Event& event, Time now) noexcept {
    Taken answer = Taken::failed;
    (void)impl_->intake().take({&event, 1}, now, {&answer, 1});
    return answer;
}
std::size_t Recommender::observe(std::span<const Event> events, Time now, std::span<Taken> answers) noexcept {
    return impl_->intake().take(events, now, answers);
}

Recommender::Ranked Recommender::top(const Request& request, std::span<const Item> items,
                                     std::string_view target, std::size_t k,
                                     Scratch& scratch) const noexcept {
    Scratch::State& own = *scratch.state_;
    own.clear();
    try {
        own.items.clear();
        for (const Item& item : items)
            own.items.push_back(recommender::event_of(item, request.list));
        return impl_->answer(request, items, own.items, target, k, nullptr, own);
    } catch (...) {
        own.clear();
        return Ranked::failed;
    }
}
Recommender::Ranked Recommender::top(const Request& request, Candidates& items, std::string_view target,
                                     std::size_t k, Scratch& scratch) const noexcept {
    Scratch::State& own = *scratch.state_;
    Candidates::State& known = *items.state_;
    own.clear();
    try {
        return impl_->answer(request, known.items, known.events, target, k, &known, own);
    } catch (...) {
        own.clear();
        return Ranked::failed;
    }
}
Recommender::Ranked Recommender::rank(const Request& request, std::span<const Item> items,
                                      std::string_view target, Scratch& scratch) const noexcept {
    return top(request, items, target, items.size(), scratch);
}
Recommender::Ranked Recommender::rank(const Request& request, Candidates& items, std::string_view target,
                                      Scratch& scratch) const noexcept {
    return top(request, items, target, items.size(), scratch);
}
Recommender::Ranked Recommender::score(const Request& request, const Item& item,
                                       Scratch& scratch) const noexcept {
    Scratch::State& own = *scratch.state_;
    own.clear();
    try {
        own.items.assign(1, recommender::event_of(item, request.list));
        return impl_->answer(request, {&item, 1}, own.items, std::nullopt, 1, nullptr, own);
    } catch (...) {
        own.clear();
        return Ranked::failed;
    }
}

void Recommender::flush(Time now) const noexcept {
    impl_->flush(now);
}
Recommender::Swapped Recommender::swap_model(const std::string& path) {
    return impl_->exchange(persist::load_model(path));
}
Recommender::Swapped Recommender::swap_model_bytes(std::span<const char> model) {
    return impl_->exchange(persist::load_model_bytes(model, "the model in memory"));
}
void Recommender::save_state(const std::string& path, const std::function<void()>& fixed) const {
    impl_->save(path, fixed);
}
std::vector<std::string> Recommender::targets() const {
    return impl_->targets();
}
std::vector<std::string> Recommender::kinds() const {
    return impl_->kinds();
}
Recommender::Statistics Recommender::statistics() const {
    return impl_->statistics();
}

}  // namespace funnel
