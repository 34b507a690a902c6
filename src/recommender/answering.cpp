// SPDX-License-Identifier: MIT
// What a reader's thread does: one request, one answer.
#include <algorithm>

#include "impl.hpp"

namespace funnel {

Recommender::Ranked Recommender::Impl::answer(const Request& request, std::span<const Item> items,
                                              std::span<const events::Event> events,
                                              std::optional<std::string_view> target, std::size_t k,
                                              Candidates::State* known, Scratch::State& scratch) {
    std::size_t chosen = 0;
    const Ranked ranked = answer(request, items, events, target, k, known, scratch, chosen);
    if (ranked != Ranked::yes || request.reasons == 0) return ranked;
    // Without the pin: this takes longer than all the rest, and the writer would wait for it.
    scratch.reasons = scratch.why.explain(scratch.serving->explainer, chosen, request.reasons);
    return ranked;
}

Recommender::Ranked Recommender::Impl::answer(const Request& request, std::span<const Item> items,
                                              std::span<const events::Event> events,
                                              std::optional<std::string_view> target, std::size_t k,
                                              Candidates::State* known, Scratch::State& scratch,
                                              std::size_t& chosen) {
    intake_.tick(request.now);
    const Sides::Pin side(sides_, scratch.stripe);
    if (scratch.serving != side->serving) scratch.serving = side->serving;
    const Serving& serving = *scratch.serving;
    const std::vector<std::string>& names = serving.scorer.target_names();
    const auto at = target ? std::ranges::find(names, *target) : names.end() - 1;
    if (at == names.end()) return Ranked::unknown_target;
    if (!knows(serving, request.inputs)) return Ranked::unknown_input;
    for (const Item& item : items) {
        if (!knows(serving, item.inputs)) return Ranked::unknown_input;
    }
    scratch.inputs.names = &serving.inputs;
    scratch.inputs.events = &scratch.workspace.items;
    scratch.inputs.items = items;
    scratch.inputs.common = request.inputs;
    score::Scorer::Call call{.further = &scratch.inputs};
    if (known != nullptr) {
        if (known->codes_of != side->serving) known->codes = {};
        known->codes_of = side->serving;
        side->history.look_up(events, known->codes);
        call.codes = &known->codes;
    }
    const std::size_t n = events.size(), heads = names.size();
    chosen = static_cast<std::size_t>(at - names.begin());
    scratch.all.resize(n * heads);
    scratch.order.resize(std::min(k, n));
    // The clocks of threads and hosts differ: nobody asks before what is known has happened.
    const events::Event context{.time = std::max(request.now, side->history.watermark()),
                                .kind = events::EventKind::impression,
                                .user = request.user,
                                .session = request.session};
    scratch.known_user = side->history.known(context).user;
    serving.scorer.rank(side->history, context, events, chosen, scratch.order, scratch.all, scratch.workspace,
                        call);
    if (request.reasons > 0) scratch.why.keep(scratch.workspace, n, scratch.order);
    scratch.scores.resize(n);
    for (std::size_t i = 0; i < n; ++i)
        scratch.scores[i] = scratch.all[i * heads + chosen];
    return Ranked::yes;
}

}  // namespace funnel
