// SPDX-License-Identifier: MIT
// The functions of funnel/capi/funnel.h over Recommender.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/version.hpp"
#include "funnel/capi/funnel.h"
#include "funnel/recommender.hpp"

using funnel::Recommender;

struct funnel_shop {
    Recommender recommender;
};

struct funnel_scratch {
    Recommender::Scratch scratch;
    std::vector<Recommender::Item> items;
    std::vector<Recommender::Input> inputs;
    std::size_t used = 0;  // of inputs
};

namespace {

// Of C there are the values alone: they have to be those of C++.
static_assert(FUNNEL_TAKEN == static_cast<int>(Recommender::Taken::yes));
static_assert(FUNNEL_LATE == static_cast<int>(Recommender::Taken::late));
static_assert(FUNNEL_AHEAD == static_cast<int>(Recommender::Taken::ahead));
static_assert(FUNNEL_DUPLICATE == static_cast<int>(Recommender::Taken::duplicate));
static_assert(FUNNEL_NO_USER == static_cast<int>(Recommender::Taken::no_user));
static_assert(FUNNEL_UNKNOWN_KIND == static_cast<int>(Recommender::Taken::unknown_kind));
static_assert(FUNNEL_TOO_LONG == static_cast<int>(Recommender::Taken::too_long));
static_assert(FUNNEL_FULL == static_cast<int>(Recommender::Taken::full));
static_assert(FUNNEL_FAILED == static_cast<int>(Recommender::Taken::failed));

thread_local std::string last_error;

funnel_status fail(funnel_status status, std::string_view why) noexcept {
    try {
        last_error = why;
    } catch (const std::bad_alloc&) {
        last_error.clear();
    }
    return status;
}

funnel_status status_of(funnel::ErrorCode code) noexcept {
    using enum funnel::ErrorCode;
    switch (code) {
        case invalid_argument:
        case shape:
            return FUNNEL_INVALID;
        case io:
            return FUNNEL_IO;
        case parse:
        case format:
        case unsupported:
            return FUNNEL_FORMAT;
        case schema:
            return FUNNEL_SCHEMA;
        case memory:
            return FUNNEL_MEMORY;
        case cancelled:
        case internal:
            break;
    }
    return FUNNEL_INTERNAL;
}

/// work() -> funnel_status, with every exception as a status.
template <typename Work>
funnel_status guarded(const Work& work) noexcept {
    try {
        return work();
    } catch (const funnel::Error& error) {
        return fail(status_of(error.code()), error.what());
    } catch (const std::bad_alloc&) {
        return fail(FUNNEL_MEMORY, "memory was refused");
    } catch (const std::length_error&) {  // more than any memory holds
        return fail(FUNNEL_MEMORY, "memory was refused");
    } catch (const std::exception& error) {
        return fail(FUNNEL_INTERNAL, error.what());
    } catch (...) {
        return fail(FUNNEL_INTERNAL, "an unknown exception");
    }
}

std::string_view text_of(const char* text) noexcept {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

Recommender::Options options_of(const funnel_options* given) {
    Recommender::Options options;
    if (given == nullptr) return options;
    options.state = text_of(given->state);
    options.allow_older_state = given->allow_older != 0;
    options.kernel = text_of(given->kernel);
    if (given->reorder != 0) options.reorder = given->reorder;
    if (given->no_reorder != 0) options.reorder = 0;
    if (given->max_ahead != 0) options.max_ahead = given->max_ahead;
    const auto take = [](std::size_t& option, std::uint64_t value) {
        if (value != 0) option = static_cast<std::size_t>(value);
    };
    take(options.max_id, given->max_id);
    take(options.max_users, given->max_users);
    take(options.max_items, given->max_items);
    take(options.max_texts, given->max_texts);
    take(options.max_waiting, given->max_waiting);
    take(options.event_ids, given->event_ids);
    return options;
}

Recommender::Event event_of(const funnel_event& e) noexcept {
    return {.time = e.time,
            .kind = text_of(e.kind),
            .user = text_of(e.user),
            .item = text_of(e.item),
            .session = text_of(e.session),
            .category = text_of(e.category),
            .brand = text_of(e.brand),
            .list = text_of(e.list),
            .position = e.position,
            .price = e.price,
            .event_id = text_of(e.event_id)};
}

/// Copies into scratch.inputs, which has the room.
std::span<const Recommender::Input> inputs_of(const funnel_input* inputs, std::size_t n,
                                              funnel_scratch& scratch) noexcept {
    const std::size_t begin = scratch.used;
    for (std::size_t i = 0; i < n; ++i) {
        scratch.inputs[scratch.used++] = {
            .name = text_of(inputs[i].name), .number = inputs[i].number, .text = text_of(inputs[i].text)};
    }
    return std::span(scratch.inputs).subspan(begin, n);
}

/// n more inputs than `sum`, if they are there and can be held.
std::size_t with_inputs(std::size_t sum, const funnel_input* inputs, std::size_t n, std::size_t most) {
    if ((inputs == nullptr && n > 0) || n > most - sum) {
        throw funnel::Error(funnel::ErrorCode::shape,
                            "expected n_inputs inputs, got " + std::to_string(n) +
                                (inputs == nullptr ? " and NULL" : ", more than fit into memory"));
    }
    return sum + n;
}

/// The items in scratch.items, and the request, whose inputs stand in scratch.inputs as well.
Recommender::Request translate(const funnel_request& request, const funnel_item* items, std::size_t n,
                               funnel_scratch& scratch) {
    const std::size_t most = scratch.inputs.max_size();
    std::size_t inputs = with_inputs(0, request.inputs, request.n_inputs, most);
    for (std::size_t i = 0; i < n; ++i)
        inputs = with_inputs(inputs, items[i].inputs, items[i].n_inputs, most);
    scratch.inputs.resize(std::max(scratch.inputs.size(), inputs));
    scratch.items.resize(n);
    scratch.used = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const funnel_item& item = items[i];
        const auto given = [](double value) { return value > 0 ? value : Recommender::kMissing; };
        scratch.items[i] = {.id = text_of(item.id),
                            .category = text_of(item.category),
                            .brand = text_of(item.brand),
                            .list = text_of(item.list),
                            .position = given(item.position),
                            .price = given(item.price),
                            .inputs = inputs_of(item.inputs, item.n_inputs, scratch)};
    }
    return {.now = request.now,
            .user = text_of(request.user),
            .session = text_of(request.session),
            .list = text_of(request.list),
            .inputs = inputs_of(request.inputs, request.n_inputs, scratch)};
}

funnel_status status_of(Recommender::Ranked ranked) noexcept {
    switch (ranked) {
        case Recommender::Ranked::yes:
            return FUNNEL_OK;
        case Recommender::Ranked::unknown_target:
            return fail(FUNNEL_UNKNOWN_TARGET, "the model has no target of that name");
        case Recommender::Ranked::unknown_input:
            return fail(FUNNEL_UNKNOWN_INPUT, "the model has no input of that name");
        case Recommender::Ranked::failed:
            break;
    }
    return fail(FUNNEL_MEMORY, "memory was refused");
}

funnel_status missing(const char* what) noexcept {
    return fail(FUNNEL_INVALID, what);
}

}  // namespace

extern "C" {

const char* funnel_version(void) {
    return funnel::base::kVersion;
}

int32_t funnel_abi(void) {
    return FUNNEL_ABI;
}

const char* funnel_last_error(void) {
    return last_error.c_str();
}

funnel_status funnel_load(const char* path, const funnel_options* options, funnel_shop** shop) {
    if (shop == nullptr) return missing("funnel_load: expected a place for the shop, got NULL");
    *shop = nullptr;
    if (path == nullptr) return missing("funnel_load: expected a path, got NULL");
    return guarded([&] {
        *shop = new funnel_shop{Recommender::load(path, options_of(options))};
        return FUNNEL_OK;
    });
}

funnel_status funnel_load_bytes(const void* model, size_t size, const funnel_options* options,
                                funnel_shop** shop) {
    if (shop == nullptr) return missing("funnel_load_bytes: expected a place for the shop, got NULL");
    *shop = nullptr;
    if (model == nullptr) return missing("funnel_load_bytes: expected the bytes of a model, got NULL");
    return guarded([&] {
        const std::span bytes(static_cast<const char*>(model), size);
        *shop = new funnel_shop{Recommender::from_bytes(bytes, options_of(options))};
        return FUNNEL_OK;
    });
}

void funnel_free(funnel_shop* shop) {
    delete shop;
}

size_t funnel_observe(funnel_shop* shop, const funnel_event* events, size_t n, int64_t now,
                      uint8_t* answers) {
    if (shop == nullptr || (events == nullptr && n > 0)) {
        static_cast<void>(missing("funnel_observe: expected a shop and events, got NULL"));
        return 0;
    }
    // All in one call, since they are put in order before the first of them comes into use.
    std::size_t count = 0;
    const funnel_status status = guarded([&] {
        std::vector<Recommender::Event> all(n);
        std::vector<Recommender::Taken> taken(n);
        std::transform(events, events + n, all.begin(), event_of);
        count = shop->recommender.observe(all, now, taken);
        for (std::size_t i = 0; answers != nullptr && i < n; ++i)
            answers[i] = static_cast<std::uint8_t>(taken[i]);
        return FUNNEL_OK;
    });
    if (status != FUNNEL_OK && answers != nullptr) std::fill_n(answers, n, std::uint8_t{FUNNEL_FAILED});
    return count;
}

funnel_status funnel_flush(const funnel_shop* shop, int64_t now) {
    if (shop == nullptr) return missing("funnel_flush: expected a shop, got NULL");
    shop->recommender.flush(now);
    return FUNNEL_OK;
}

funnel_scratch* funnel_scratch_new(void) {
    funnel_scratch* scratch = nullptr;
    static_cast<void>(guarded([&] {
        scratch = new funnel_scratch;
        return FUNNEL_OK;
    }));
    return scratch;
}

void funnel_scratch_free(funnel_scratch* scratch) {
    delete scratch;
}

funnel_status funnel_rank(const funnel_shop* shop, const funnel_request* request, const funnel_item* items,
                          size_t n, const char* target, size_t k, funnel_scratch* scratch, uint32_t* order,
                          float* scores) {
    const bool given = shop != nullptr && request != nullptr && (items != nullptr || n == 0) &&
                       scratch != nullptr && (order != nullptr || k == 0 || n == 0);
    if (!given) return missing("funnel_rank: expected a shop, a request, items, scratch and order, got NULL");
    return guarded([&] {
        const Recommender::Request asked = translate(*request, items, n, *scratch);
        const auto ranked =
            shop->recommender.top(asked, scratch->items, text_of(target), k, scratch->scratch);
        if (const funnel_status status = status_of(ranked); status != FUNNEL_OK) return status;
        std::ranges::copy(scratch->scratch.order(), order);
        if (scores != nullptr) std::ranges::copy(scratch->scratch.scores(), scores);
        return funnel_status{FUNNEL_OK};
    });
}

funnel_status funnel_score(const funnel_shop* shop, const funnel_request* request, const funnel_item* item,
                           funnel_scratch* scratch, float* p, size_t room) {
    if (shop == nullptr || request == nullptr || item == nullptr || scratch == nullptr || p == nullptr)
        return missing("funnel_score: expected a shop, a request, an item, scratch and p, got NULL");
    return guarded([&] {
        const Recommender::Request asked = translate(*request, item, 1, *scratch);
        const auto scored = shop->recommender.score(asked, scratch->items.front(), scratch->scratch);
        if (const funnel_status status = status_of(scored); status != FUNNEL_OK) return status;
        const std::span<const float> all = scratch->scratch.all_scores();
        if (all.size() > room)
            return missing("funnel_score: expected room for all targets, got less; ask funnel_targets");
        std::ranges::copy(all, p);
        return funnel_status{FUNNEL_OK};
    });
}

size_t funnel_targets(const funnel_shop* shop) {
    std::size_t count = 0;
    if (shop == nullptr) return count;
    static_cast<void>(guarded([&] {
        count = shop->recommender.targets().size();
        return FUNNEL_OK;
    }));
    return count;
}

size_t funnel_target_name(const funnel_shop* shop, size_t target, char* name, size_t room) {
    std::size_t length = 0;
    if (name != nullptr && room > 0) *name = 0;
    if (shop == nullptr) return length;
    static_cast<void>(guarded([&] {
        const std::vector<std::string> names = shop->recommender.targets();
        if (target >= names.size()) return FUNNEL_OK;
        length = names[target].size();
        if (name != nullptr && room > 0) {
            const std::size_t kept = std::min(length, room - 1);
            std::memcpy(name, names[target].data(), kept);
            name[kept] = 0;
        }
        return FUNNEL_OK;
    }));
    return length;
}

funnel_status funnel_swap(funnel_shop* shop, const char* path, int32_t* history_kept) {
    if (shop == nullptr || path == nullptr)
        return missing("funnel_swap: expected a shop and a path, got NULL");
    return guarded([&] {
        const auto swapped = shop->recommender.swap_model(path);
        if (history_kept != nullptr) *history_kept = swapped == Recommender::Swapped::history_kept ? 1 : 0;
        return FUNNEL_OK;
    });
}

funnel_status funnel_save_state(const funnel_shop* shop, const char* path) {
    if (shop == nullptr || path == nullptr)
        return missing("funnel_save_state: expected a shop and a path, got NULL");
    return guarded([&] {
        shop->recommender.save_state(path);
        return FUNNEL_OK;
    });
}

funnel_status funnel_statistics_of(const funnel_shop* shop, funnel_statistics* statistics) {
    if (shop == nullptr || statistics == nullptr)
        return missing("funnel_statistics_of: expected a shop and a place for the figures, got NULL");
    return guarded([&] {
        const Recommender::Statistics s = shop->recommender.statistics();
        *statistics = {s.taken,   s.in_use,    s.late,          s.ahead,         s.duplicate,
                       s.refused, s.full,      s.texts_dropped, s.waiting,       s.users,
                       s.items,   s.watermark, s.swaps,         s.failed ? 1 : 0};
        return FUNNEL_OK;
    });
}

}  // extern "C"
