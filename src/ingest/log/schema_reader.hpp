// SPDX-License-Identifier: MIT
// Reader: one place in a schema file, with its name for messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/events/event.hpp"
#include "ingest/csv/names.hpp"

namespace funnel::ingest::detail {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

/// One place in a schema file, for messages.
class SchemaReader {
 public:
    SchemaReader(const Json& value, std::string where) : value_(value), where_(std::move(where)) {}

    [[noreturn]] void fail(const std::string& expected, const std::string& advice) const {
        throw Error(ErrorCode::schema,
                    where_ + ": expected " + expected + ", got " +
                        escaped(value_.dump(-1, ' ', true, Json::error_handler_t::replace)) + "; " + advice);
    }

    /// An object with no keys but these.
    void expect_keys(const Names& known) const {
        if (!value_.is_object()) fail("an object", "put its members in braces");
        for (const auto& [key, ignored] : value_.items()) {
            if (std::ranges::find(known, key) == known.end()) unknown(key, known);
        }
    }
    [[nodiscard]] bool has(const std::string& key) const { return value_.contains(key); }
    [[nodiscard]] SchemaReader at(const std::string& key) const {
        if (!value_.contains(key)) fail("the key \"" + key + "\"", "add it");
        return {value_.at(key), where_ + '.' + escaped(key)};
    }

    [[nodiscard]] std::string text() const {
        if (!value_.is_string()) fail("a text", "put it in quotes");
        auto text = value_.get<std::string>();
        if (text.find('\0') != std::string::npos) fail("a text without NUL", "remove it");
        return text;
    }
    /// A column: its name, or its number if there is no header.
    [[nodiscard]] std::string column(bool header) const {
        if (header) return text();
        if (!value_.is_number_unsigned() || value_.get<std::uint64_t>() == 0 ||
            value_.get<std::uint64_t>() > 10'000) {
            fail("the number of a column from 1 to 10000", "a log without a header has no column names");
        }
        return std::to_string(value_.get<std::uint64_t>());
    }
    /// A column, or a list of them.
    [[nodiscard]] Names columns(bool header) const {
        if (!value_.is_array()) return {column(header)};
        Names all;
        for (const SchemaReader& item : items())
            all.push_back(item.column(header));
        if (all.empty()) fail("a column or a list of columns", "name one");
        return all;
    }
    [[nodiscard]] bool is_null() const { return value_.is_null(); }
    [[nodiscard]] bool is_list() const { return value_.is_array(); }
    [[nodiscard]] bool is_text() const { return value_.is_string(); }
    [[nodiscard]] const std::string& where() const noexcept { return where_; }
    [[nodiscard]] double number() const {
        if (!value_.is_number()) fail("a number", "write it without quotes");
        return value_.get<double>();
    }
    [[nodiscard]] std::uint64_t count(std::uint64_t most) const {
        if (!value_.is_number_unsigned() || value_.get<std::uint64_t>() > most)
            fail("a whole number up to " + std::to_string(most), "write it without quotes");
        return value_.get<std::uint64_t>();
    }
    /// One ASCII character, or 0 for an empty text if that is allowed.
    [[nodiscard]] char character(bool may_be_empty) const {
        const std::string given = text();
        if (given.empty() && may_be_empty) return 0;
        if (given.size() != 1 || given[0] <= 0 || given[0] == '\n' || given[0] == '\r')
            fail("one ASCII character other than a line end", "use another one");
        return given[0];
    }
    [[nodiscard]] bool boolean() const {
        if (!value_.is_boolean()) fail("true or false", "write it without quotes");
        return value_.get<bool>();
    }
    /// One of our event types.
    [[nodiscard]] std::string event_type() const {
        std::string type = text();
        if (!events::parse_kind(type)) {
            const Names known(events::kKindNames.begin(), events::kKindNames.end());
            unknown(type, known);
        }
        return type;
    }
    [[nodiscard]] std::vector<SchemaReader> items() const {
        if (!value_.is_array()) fail("a list", "put it in square brackets");
        std::vector<SchemaReader> all;
        for (std::size_t i = 0; i < value_.size(); ++i)
            all.emplace_back(value_.at(i), where_ + '[' + std::to_string(i) + ']');
        return all;
    }
    [[nodiscard]] std::vector<std::pair<std::string, SchemaReader>> members() const {
        if (!value_.is_object()) fail("an object", "put its members in braces");
        std::vector<std::pair<std::string, SchemaReader>> all;
        for (const auto& [key, member] : value_.items())
            all.emplace_back(key, SchemaReader(member, where_ + '.' + escaped(key)));
        return all;
    }
    [[nodiscard]] Names texts() const {
        Names all;
        for (const SchemaReader& item : items())
            all.push_back(item.text());
        return all;
    }

 private:
    [[noreturn]] void unknown(const std::string& name, const Names& known) const {
        const std::string near = nearest(name, known);
        throw Error(ErrorCode::schema, where_ + ": expected one of " + list(known) + ", got \"" +
                                           escaped(name) + "\"; " +
                                           (near.empty() ? "remove it" : "did you mean \"" + near + "\"?"));
    }

    const Json& value_;
    std::string where_;
};

}  // namespace funnel::ingest::detail
