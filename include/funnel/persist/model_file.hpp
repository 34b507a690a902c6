// SPDX-License-Identifier: MIT
// Model and state files: a Bundle, or a History alone, in the container of container.hpp. The bytes of every
// section are described in docs/binary_format.md.
//
//     persist::save_model("shop.funnel", bundle);  // whole or not at all
//     const Bundle again = persist::load_model("shop.funnel");
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "funnel/events/recent_rows.hpp"
#include "funnel/history/history.hpp"
#include "funnel/kernel/same_alignment.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/persist/container.hpp"

namespace funnel::persist {

/// Writes the model beside `path` and renames it. The same Bundle gives the same bytes. Throws Error(io).
void save_model(const std::string& path, const Bundle& bundle);

/// Reads a model, checks every part against the others and lets it score its probes.
/// Throws Error(format): not a model, damaged, or its probes score differently; Error(unsupported): written
/// by a newer version; Error(io), Error(memory) as read_container.
[[nodiscard]] Bundle load_model(const std::string& path, std::uint64_t size_limit = kDefaultSizeLimit,
                                files::FileDigest* digest = nullptr);

/// The same from the bytes of a model file, which `name` stands for in messages.
[[nodiscard]] Bundle load_model_bytes(std::span<const char> bytes, const std::string& name);

/// The state of a history between nightly runs: what it has observed up to its watermark, and which rows of
/// its last days it has seen.
void save_state(const std::string& path, const history::History& history,
                const events::RecentRows& recent = {});
/// The bytes that save_state writes.
[[nodiscard]] std::vector<char> state_bytes(const history::History& history,
                                            const events::RecentRows& recent);
/// recent: filled if wanted; a state of an earlier version remembers no row.
[[nodiscard]] history::History load_state(const std::string& path,
                                          std::uint64_t size_limit = kDefaultSizeLimit,
                                          events::RecentRows* recent = nullptr,
                                          files::FileDigest* digest = nullptr);

/// load_state of a history that goes on for this model. Throws Error(schema) if it counts other stages or
/// features than the model's own, and as load_state.
[[nodiscard]] history::History load_matching_state(const std::string& path, const Bundle& bundle,
                                                   std::uint64_t size_limit = kDefaultSizeLimit,
                                                   events::RecentRows* recent = nullptr,
                                                   files::FileDigest* digest = nullptr);

}  // namespace funnel::persist
