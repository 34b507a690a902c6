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

#include "funnel/base/number_format.hpp"
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

/// What the text of a column must be for a condition to hold.
struct Condition {
    enum class Test { equals, prefix, above, below, filled };
    std::string column;
    Test test = Test::filled;
    std::string text;    ///< of equals and prefix
    double number = 0;   ///< of above and below; a text that is no number is neither
    bool filled = true;  ///< of filled: whether it must be, or must not be
};

/// One event that a row of the file may become.
struct RowEvent {
    std::string event;            ///< its type, ours or the log's own; empty: as the other rules say
    std::vector<Condition> when;  ///< all must hold; none: always
    std::map<std::string, std::vector<std::string>> columns;  ///< in place of Schema::columns
    bool once = false;  ///< one for a line whose list is exploded; columns of the list say nothing then
};

/// An empty field of `columns` takes the value of the row before, if that has the same value in column `by`.
struct Fill {
    std::string by;
    std::vector<std::string> columns;
};

/// Plain data; value semantics.
struct Schema {
    std::string name = "canonical";
    /// In JSON lines a column is a path: "properties.price", "items[0].id", "params[key=source].value",
    /// "refunds[+].total" (the sum).
    /// Our name (time event user item session order event_id revenue order_revenue price quantity category
    /// brand list position) to the log's column, or its 1-based number if there is no header.
    std::map<std::string, std::string> columns;
    /// Our name to further columns: the first one that is filled counts. Of `time` all are joined by a blank;
    /// a user of a further column is kept apart by its column's name, as "anonymous_id:10".
    std::map<std::string, std::vector<std::string>> more_columns;
    bool header = true;
    char delimiter = ',';
    bool delimiter_given = false;  ///< else ; tab and | are tried where the columns are not found with it
    char quote = '"';              ///< 0: fields have no quotes
    char escape = 0;               ///< the character behind it is meant as it is; 0: none
    char comment = 0;              ///< lines that begin with it are no rows; 0: none
    std::uint64_t skip_lines = 0;  ///< before the header
    TimeUnit time_unit = TimeUnit::automatic;
    std::string time_format;           ///< letters of strptime; empty: by time_unit
    std::string time_zone;             ///< IANA name for times without an offset; empty: UTC
    base::NumberFormat numbers;        ///< how amounts are written
    std::vector<std::string> missing;  ///< texts that mean an empty field
    std::optional<Fill> fill;
    std::string explode;  ///< path of a list in JSON lines: each of its elements is an event; empty: none
    std::vector<RowEvent> rows;  ///< what a row becomes; empty: one event
    std::string event_constant;  ///< event type of every row when there is no event column
    std::vector<EventRule> event_rules;
    std::map<std::string, std::string> events;  ///< the log's event name to our type
    std::vector<IgnoreRule> ignore_rows;
    std::vector<std::vector<std::string>> funnel;  ///< default funnel, stages of event types
    bool funnel_is_default = true;  ///< false if a schema file wrote it: then it is used as written
    std::vector<std::string> numeric, categorical;  ///< further columns as inputs
    std::vector<std::string> required;              ///< columns that `auto` looks for
};

/// The preset of that name (ga-flat, ga4, ga4-json, segment, snowplow, woocommerce-orders, rees46,
/// retailrocket, taobao, shopify-orders, canonical), or empty.
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
