// SPDX-License-Identifier: MIT
// Post: the events of one request, with the text that they are views of; and what became of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/recommender.hpp"
#include "json_tree.hpp"

namespace funnel::serve {

struct Refused {
    std::size_t index;
    std::string reason;
};

struct Post {
    std::int64_t received = 0;  ///< microseconds
    JsonTree tree = {};
    std::vector<Recommender::Event> events = {};  ///< views of the tree
    std::vector<std::size_t> places = {};         ///< of each event, among all that were sent
    std::vector<Refused> refused = {};            ///< the others
    std::size_t bytes = 0;                        ///< of the request
};

enum class Kept : std::uint8_t {
    yes,      ///< what was accepted is on the disk, or nothing is to be kept
    busy,     ///< nothing was taken: too much waits
    no_disk,  ///< what was accepted is used, but not on the disk: to be posted again
    stopping
};

struct Posted {
    Kept kept = Kept::yes;
    std::uint64_t accepted = 0, duplicates = 0, late = 0;
    std::vector<Refused> refused = {};  ///< by index
};

/// Reads an object, an array of objects or several objects, one after the other. An event without a time gets
/// that of `received`. Throws BadRequest for what is no JSON, and for values that are no objects.
void read_post(std::string_view body, std::int64_t received, Post& post);

/// The accepted ones as the journal keeps them, and back: visit(event) with views of `payload`, returns when
/// they were received. Throws Error(format).
void write_record(const Post& post, const std::vector<bool>& accepted, std::string& out);
std::int64_t read_record(std::string_view payload, std::vector<Recommender::Event>& events);

}  // namespace funnel::serve
