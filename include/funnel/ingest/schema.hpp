// SPDX-License-Identifier: MIT
// Schema: how the columns and event names of a log map to ours. Presets, schema files, automatic choice.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/funnel_stages.hpp"
#include "funnel/files/same_containers.hpp"

namespace funnel::ingest {

enum class TimeUnit { automatic, seconds, milliseconds, microseconds, nanoseconds, iso };

/// "auto|s|ms|us|ns|iso"; empty for anything else.
[[nodiscard]] std::optional<TimeUnit> parse_time_unit(std::string_view text) noexcept;

/// A row whose `column` begins with `prefix` is an event of type `type`, before any other mapping.
struct EventRule {
    std::string column, prefix, type;
};

/// A row whose `column` equals `equals` is ignored and counted apart.
struct IgnoreRule {
    std::string column, equals;
};

/// Plain data; value semantics.
struct Schema {
    std::string name = "canonical";
    /// Our name (time event user item session order event_id revenue price quantity category brand list
    /// position) to the log's column, or its 1-based number if there is no header.
    std::map<std::string, std::string> columns;
    bool header = true;
    char delimiter = ',';
    TimeUnit time_unit = TimeUnit::automatic;
    std::string time_zone;       ///< IANA name for times without an offset; empty: UTC
    std::string event_constant;  ///< event type of every row when there is no event column
    std::vector<EventRule> event_rules;
    std::map<std::string, std::string> events;  ///< the log's event name to our type
    std::vector<IgnoreRule> ignore_rows;
    std::vector<std::vector<std::string>> funnel;  ///< default funnel, stages of event types
    bool funnel_is_default = true;  ///< false if a schema file wrote it: then it is used as written
    std::vector<std::string> numeric, categorical;  ///< further columns as inputs
    std::vector<std::string> required;              ///< columns that `auto` looks for
};

/// The preset of that name (ga-flat, ga4, rees46, retailrocket, taobao, canonical), or empty.
[[nodiscard]] std::optional<Schema> preset(std::string_view name);
[[nodiscard]] std::vector<std::string> preset_names();

/// A schema file's JSON text. `where` names the file in messages.
/// Throws Error(schema): malformed, an unknown key (with the nearest known one), a wrong type.
[[nodiscard]] Schema parse_schema(std::string_view json, const std::string& where);

/// A preset's name or a path. Throws Error(invalid_argument) if it is neither, Error(io) if it cannot be
/// read. "auto" is not resolved here: see detect_schema.
[[nodiscard]] Schema load_schema(const std::string& name_or_path);

/// The first preset whose required columns are all in the header, or empty.
[[nodiscard]] std::optional<Schema> detect_schema(std::span<const std::string> header);

/// The schema as JSON text that parse_schema reads: what a model file carries.
[[nodiscard]] std::string to_json(const Schema& schema);

}  // namespace funnel::ingest
