// SPDX-License-Identifier: MIT
// SavedState: what a recommender goes on from, and the file that it writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/history/history.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/recommender.hpp"
#include "intake.hpp"

namespace funnel::recommender {

/// Throws Error(invalid_argument) for options outside their ranges.
void check(const Recommender::Options& options);

/// The history, and the events that waited and the event ids that were known when it was written.
struct SavedState {
    std::optional<history::History> history;
    std::vector<OwnEvent> waiting;
    std::vector<std::uint64_t> event_ids;  // as RecentIds::hashes
};

/// The state of options.state, or the model's own history. Throws Error(io), Error(format) as a file is;
/// Error(schema) if it is a state of another model, or older than the model's own history.
[[nodiscard]] SavedState starting_state(const Recommender::Options& options, const Bundle& bundle);

/// Writes what was written into the three; see starting_state. Throws Error(io).
void write_state(const std::string& path, base::ByteWriter& history, base::ByteWriter& waiting,
                 base::ByteWriter& event_ids);

}  // namespace funnel::recommender
