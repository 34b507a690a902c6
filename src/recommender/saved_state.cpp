// SPDX-License-Identifier: MIT
#include "saved_state.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/time.hpp"
#include "funnel/persist/model_file.hpp"

namespace funnel::recommender {

void check(const Recommender::Options& o) {
    if (o.reorder >= 0 && o.max_ahead >= 0 && o.max_id > 0 && o.max_users > 0 && o.max_items > 0 &&
        o.max_waiting > 0 && o.max_id <= (std::size_t{1} << 20)) {
        return;
    }
    throw Error(ErrorCode::invalid_argument,
                "recommender: expected spans of 0 or more and limits of 1 or more (max_id: up to 1 MiB), got "
                "others; see Recommender::Options");
}

namespace {

SavedState read_state(const std::string& path, const Bundle& bundle, bool allow_older) {
    SavedState state;
    persist::read_container(path, [&](const std::string& name, base::ByteReader& in) {
        if (name == "history") state.history = history::History::read(in);
        if (name == "waiting") state.waiting = in.list(3 * sizeof(std::uint64_t), OwnEvent::read);
        if (name == "event_ids") in.array(state.event_ids);
        if (name == "history" || name == "waiting" || name == "event_ids") in.expect_end();
    });
    if (!state.history || state.history->options_key() != bundle.history->options_key()) {
        throw Error(ErrorCode::schema,
                    "recommender: expected a state of this model, got one with other stages or features in " +
                        path + "; give the state that this model saved, or none");
    }
    const std::int64_t known = state.history->watermark(), model = bundle.history->watermark();
    if (known < model && !allow_older) {
        throw Error(ErrorCode::schema,
                    "recommender: expected a state as new as the history inside the model, " +
                        base::format_time(model) + ", got one of " +
                        (known == history::kNever ? "no event" : base::format_time(known)) + " in " + path +
                        "; go on from the model's own, or set Options::allow_older_state");
    }
    return state;
}

persist::Section section(std::string name, base::ByteWriter& out) {
    return {std::move(name), out.take()};
}

}  // namespace

SavedState starting_state(const Recommender::Options& options, const Bundle& bundle) {
    if (!options.state.empty()) return read_state(options.state, bundle, options.allow_older_state);
    return {.history = *bundle.history, .waiting = {}, .event_ids = {}};
}

void write_state(const std::string& path, base::ByteWriter& history, base::ByteWriter& waiting,
                 base::ByteWriter& event_ids) {
    const persist::Section sections[] = {section("history", history), section("waiting", waiting),
                                         section("event_ids", event_ids)};
    persist::save_container(path, sections);
}

}  // namespace funnel::recommender
