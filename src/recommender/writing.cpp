// SPDX-License-Identifier: MIT
// What the writer's thread does, and who asks it: events, models, states.
#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "funnel/base/error.hpp"
#include "impl.hpp"

namespace funnel {

std::unique_ptr<Recommender::Impl> Recommender::Impl::make(Bundle bundle, const Options& options) {
    recommender::check(options);
    recommender::expect_log(bundle);
    recommender::SavedState state = recommender::starting_state(options, bundle);
    return std::make_unique<Impl>(bundle, std::move(state), options);
}

void Recommender::Impl::start() {
    try {
        writer_ = std::thread([this] { write(); });
    } catch (const std::system_error& error) {
        throw Error(ErrorCode::memory, std::string("recommender: expected to start a thread, got \"") +
                                           error.what() + "\"; allow the process one more");
    }
}

void Recommender::Impl::write() {
    std::vector<OwnEvent> batch;
    while (intake_.wait(batch)) {
        apply(batch);
        commands_.do_all();
    }
    commands_.do_all();
}

bool Recommender::Impl::limit_texts(const history::History& history, events::Event& event) const {
    bool dropped = false;
    const auto limit = [&](const base::StringTable& table, std::string_view& text) {
        if (text.empty() || table.size() < options_.max_texts || table.find(text) != base::kNone) return;
        text = {};
        dropped = true;
    };
    limit(history.state().categories, event.category);
    limit(history.state().brands, event.brand);
    limit(history.state().lists, event.list);
    return dropped;
}

void Recommender::Impl::apply(std::span<const OwnEvent> batch) {
    if (batch.empty()) return;
    std::uint64_t late = 0, dropped = 0;
    const auto observe = [&](Side& side) {
        late = dropped = 0;
        for (const OwnEvent& own : batch) {
            events::Event event = own.view();
            if (event.time < side.history.watermark()) {  // a history that came with another model
                ++late;
                continue;
            }
            dropped += limit_texts(side.history, event);
            side.history.observe(event);
        }
    };
    bool failed = counts_.failed;  // written by this thread alone
    try {
        if (!failed) sides_.change(observe);
    } catch (...) {  // one side is not whole: it is never shown, and the other one stays as it is
        failed = true;
        intake_.stop_taking();
    }
    {
        const std::lock_guard lock(progress_mutex_);
        done_ += batch.size();
        counts_.failed = failed;
        counts_.late += late;
        counts_.texts_dropped += dropped;
        if (!failed) counts_.in_use += batch.size() - late;
    }
    progress_.notify_all();
}

void Recommender::Impl::flush(Time now) {
    while (intake_.release(now)) {
    }
    const std::uint64_t wanted = intake_.released();
    std::unique_lock lock(progress_mutex_);
    progress_.wait(lock, [&] { return done_ >= wanted; });
}

Recommender::Swapped Recommender::Impl::exchange(Bundle bundle) {
    const auto serving = std::make_shared<Serving>(bundle, kernels_);  // throws for a table
    // Both copies are made here, and what they replace is freed here: the writer only exchanges them.
    history::History fresh = limited(std::move(bundle.history)), second = fresh;
    const std::lock_guard one_at_a_time(swaps_mutex_);
    Swapped result = Swapped::history_kept;
    on_writer([&] {
        if (counts_.failed) {
            throw Error(
                ErrorCode::memory,
                "recommender: memory was refused, and no event has come into use since: save the state "
                "and start anew with it");
        }
        const std::int64_t watermark = fresh.watermark();
        const bool keep = shown()->history.options_key() == fresh.options_key();
        history::History* next = &fresh;
        serving->number = counts_.swaps + 1;
        sides_.change([&](Side& side) {
            side.serving = serving;
            if (!keep) std::swap(side.history, *std::exchange(next, &second));
        });
        result = keep ? Swapped::history_kept : Swapped::history_new;
        intake_.exchange(serving->kinds, keep ? history::kNever : watermark);
        const std::lock_guard lock(progress_mutex_);
        ++counts_.swaps;
    });
    return result;
}

void Recommender::Impl::save(const std::string& path, const std::function<void()>& fixed) {
    std::optional<Sides::Pin> side;
    base::ByteWriter waiting, history, event_ids;
    on_writer([&] {  // between two batches: every event is in the history or waits
        intake_.write_waiting(waiting, event_ids);
        side.emplace(sides_, 0);
        if (fixed) fixed();
    });
    (*side)->history.write(history);
    side.reset();
    recommender::write_state(path, history, waiting, event_ids);
}

std::vector<std::string> Recommender::Impl::kinds() {
    std::vector<std::string> names;
    for (const auto& [name, kind] : shown()->serving->kinds)
        names.push_back(name);
    return names;
}

Recommender::Statistics Recommender::Impl::statistics() {
    Statistics result;
    std::uint64_t done = 0;
    {
        const std::lock_guard lock(progress_mutex_);
        result = counts_;
        done = done_;
    }
    intake_.add_to(result);
    result.waiting -= done;
    const Shown side = shown();
    result.users = side->history.state().users.size();
    result.items = side->history.state().items.size();
    result.watermark = side->history.watermark();
    return result;
}

}  // namespace funnel
