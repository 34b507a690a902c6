// SPDX-License-Identifier: MIT
// JsonLine of a build without simdjson: no file of JSON lines gets this far.
#include "ingest/json/bad_json.hpp"
#include "ingest/json/json_line.hpp"

namespace funnel::ingest::detail {

struct JsonLine::Reader {};

bool reads_json_lines() noexcept {
    return false;
}

JsonLine::JsonLine(JsonPaths& paths, TextArena& arena)
    : paths_(paths), arena_(arena), values_(paths.slots()), found_(paths.slots()) {}
JsonLine::~JsonLine() = default;

std::optional<BadRow> JsonLine::read(std::string_view line) {
    static_cast<void>(arena_);
    return bad_json(line);
}

}  // namespace funnel::ingest::detail
