// SPDX-License-Identifier: MIT
// LogPlan: a schema and the caller's wishes as slots, the columns of a log that are looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/event.hpp"
#include "funnel/ingest/read_log.hpp"
#include "ingest/csv/file_format.hpp"
#include "ingest/csv/row_batch.hpp"
#include "ingest/log/row_shape.hpp"

namespace funnel::ingest::detail {

inline constexpr std::size_t kNoSlot = static_cast<std::size_t>(-1);

/// What an event name means, and under which name it is counted.
struct EventMeaning {
    events::EventKind kind = events::EventKind::other;
    std::string label;
};

/// Immutable once made: share freely.
struct LogPlan {
    struct Column {
        std::size_t slot = kNoSlot;
        std::string name, source;
        bool optional = false;  ///< left out of the log if no file has it
    };
    struct Ignore {
        std::size_t slot;
        std::string equals;
    };
    struct Rule {
        std::size_t slot;
        std::string prefix;
        EventMeaning meaning;
    };

    Schema schema;
    std::vector<std::string> custom_kinds;
    std::vector<std::string> slots;      ///< names of the log's columns; empty: made of others
    std::vector<std::size_t> made_of;    ///< per slot: the first slot it is made of, kNoSlot for a column
    std::vector<std::uint8_t> required;  ///< per slot: a file without it does not fit
    std::size_t time = kNoSlot, event = kNoSlot, user = kNoSlot, item = kNoSlot, session = kNoSlot;
    std::size_t order = kNoSlot, price = kNoSlot, quantity = kNoSlot, revenue = kNoSlot;
    events::KindSet order_totals =
        0;  ///< kinds whose revenue is that of the whole order, on each of its lines
    std::vector<std::size_t> numbers_checked;  ///< slots whose values must be numbers or missing
    std::vector<Column> texts, numbers;
    std::vector<std::string> beside;  ///< columns of tables beside the log, for messages
    std::vector<Ignore> ignores;
    std::vector<Rule> rules;
    std::optional<EventMeaning> constant;
    bool hash_rows = false;
    std::optional<std::int64_t> as_of;      ///< rows from here on are not known
    std::shared_ptr<const RowShape> shape;  ///< none: each row is an event as it is

    /// The meaning of a name in the event column.
    [[nodiscard]] EventMeaning meaning(std::string_view event_name) const;
    [[nodiscard]] bool ignored(const RowBatch& batch, std::size_t row) const;
};

/// Throws Error(schema) for a schema without time, user or event.
[[nodiscard]] LogPlan make_plan(Schema schema, const ReadOptions& options);

/// Where the slots of the plan lie in a file. Throws Error(schema) naming a column that is missing or twice.
[[nodiscard]] FileFormat locate_columns(const LogPlan& plan, const std::string& name,
                                        const std::vector<std::string>& first);

/// The schema `auto` means for this header. Throws Error(schema) naming the columns looked for and found.
[[nodiscard]] Schema choose_schema(const std::string& name, const std::vector<std::string>& header);

/// The same for the first lines of a file of JSON lines, which a line end and kPadding readable bytes follow.
[[nodiscard]] std::optional<Schema> detect_json_schema(std::string_view lines);
[[nodiscard]] Schema choose_json_schema(const std::string& name, std::string_view lines,
                                        std::uint64_t lines_before);

/// Where the slots of the plan lie in a file of JSON lines: they are its columns. Throws Error(schema) if the
/// schema is one of CSV only, or none of the first lines has the time, the user or the event.
[[nodiscard]] FileFormat locate_paths(const LogPlan& plan, const std::string& name, std::string_view lines);

/// Throws Error(schema) if a name occurs twice.
void expect_distinct(const std::string& name, const std::vector<std::string>& header);

}  // namespace funnel::ingest::detail
