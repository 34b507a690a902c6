// SPDX-License-Identifier: MIT
// RowShape: what becomes of the rows of a log whose schema says more than which column is which.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "funnel/base/number_format.hpp"
#include "funnel/ingest/schema.hpp"

namespace funnel::ingest::detail {

/// Immutable once made. Slots are those of LogPlan.
struct RowShape {
    /// A column of the log that gives a value; `tag` stands before the value, to keep ids apart.
    struct Source {
        std::size_t slot;
        std::string tag;
    };
    /// One of our names: the first source that is filled, or all of them joined by a blank.
    struct Value {
        std::size_t slot;
        std::vector<Source> sources;
        bool joined = false, number = false;
        std::optional<std::string> constant;
        std::vector<std::size_t> factors = {};  ///< without a source: the product of these, or nothing
    };
    struct Test {
        std::size_t slot;
        Condition condition;
    };
    struct Event {
        std::vector<Test> when;
        std::vector<Value> values;
        bool once = false;  ///< only for the first of rows that share a line
    };

    struct Ignore {
        std::size_t slot;
        std::string equals;
    };

    std::vector<Event> events;                ///< at least one
    std::vector<Ignore> ignores;              ///< rows that hold no event of their line
    std::vector<std::size_t> columns;         ///< slots of the log's own columns
    std::vector<std::size_t> number_columns;  ///< those of them that are read as numbers
    base::NumberFormat numbers;
    std::vector<std::string> missing;
    std::optional<std::size_t> fill_by;  ///< slot
    std::vector<std::size_t> filled;     ///< slots
};

/// Stands behind a text that is no amount of the log's kind, so that nothing takes it for another kind.
inline constexpr char kNoNumber = ' ';

/// What an empty field of the next row may take: of the row before. A plain value.
struct FillState {
    std::string by;
    std::vector<std::string> values;  ///< per RowShape::filled; none before the first row
};

}  // namespace funnel::ingest::detail
