// SPDX-License-Identifier: MIT
// Schema files: JSON to Schema and back.
#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/ingest/schema.hpp"
#include "ingest/csv/names.hpp"

namespace funnel::ingest {
namespace {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

const Names kRoles = {"time",    "event", "user",     "item",     "session", "order", "event_id",
                      "revenue", "price", "quantity", "category", "brand",   "list",  "position"};

/// One place in a schema file, for messages.
class Reader {
 public:
    Reader(const Json& value, std::string where) : value_(value), where_(std::move(where)) {}

    [[noreturn]] void fail(const std::string& expected, const std::string& advice) const {
        throw Error(ErrorCode::schema,
                    where_ + ": expected " + expected + ", got " +
                        detail::escaped(value_.dump(-1, ' ', true, Json::error_handler_t::replace)) + "; " +
                        advice);
    }

    /// An object with no keys but these.
    void expect_keys(const Names& known) const {
        if (!value_.is_object()) fail("an object", "put its members in braces");
        for (const auto& [key, ignored] : value_.items()) {
            if (std::ranges::find(known, key) == known.end()) unknown(key, known);
        }
    }
    [[nodiscard]] bool has(const std::string& key) const { return value_.contains(key); }
    [[nodiscard]] Reader at(const std::string& key) const {
        if (!value_.contains(key)) fail("the key \"" + key + "\"", "add it");
        return {value_.at(key), where_ + '.' + detail::escaped(key)};
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
    [[nodiscard]] std::vector<Reader> items() const {
        if (!value_.is_array()) fail("a list", "put it in square brackets");
        std::vector<Reader> all;
        for (std::size_t i = 0; i < value_.size(); ++i)
            all.emplace_back(value_.at(i), where_ + '[' + std::to_string(i) + ']');
        return all;
    }
    [[nodiscard]] std::vector<std::pair<std::string, Reader>> members() const {
        if (!value_.is_object()) fail("an object", "put its members in braces");
        std::vector<std::pair<std::string, Reader>> all;
        for (const auto& [key, member] : value_.items())
            all.emplace_back(key, Reader(member, where_ + '.' + detail::escaped(key)));
        return all;
    }
    [[nodiscard]] Names texts() const {
        Names all;
        for (const Reader& item : items())
            all.push_back(item.text());
        return all;
    }

 private:
    [[noreturn]] void unknown(const std::string& name, const Names& known) const {
        const std::string near = detail::nearest(name, known);
        throw Error(ErrorCode::schema, where_ + ": expected one of " + detail::list(known) + ", got \"" +
                                           detail::escaped(name) + "\"; " +
                                           (near.empty() ? "remove it" : "did you mean \"" + near + "\"?"));
    }

    const Json& value_;
    std::string where_;
};

char parse_delimiter(const Reader& value) {
    const std::string text = value.text();
    const bool usable =
        text.size() == 1 && text[0] != '"' && text[0] != '\n' && text[0] != '\r' && text[0] > 0;
    if (!usable)
        value.fail("one ASCII character other than a quote or a line end", "use \",\", \";\" or \"\\t\"");
    return text[0];
}

void parse_columns(const Reader& columns, Schema& schema) {
    columns.expect_keys(kRoles);
    for (const auto& [role, column] : columns.members())
        schema.columns[role] = column.column(schema.header);
}

void parse_time(const Reader& time, Schema& schema) {
    time.expect_keys({"unit", "zone"});
    if (time.has("unit")) {
        const auto unit = parse_time_unit(time.at("unit").text());
        if (!unit) time.at("unit").fail("auto, s, ms, us, ns or iso", "use one of these");
        schema.time_unit = *unit;
    }
    if (time.has("zone")) schema.time_zone = time.at("zone").text();
}

void parse_event(const Reader& event, Schema& schema) {
    event.expect_keys({"constant", "rules"});
    if (event.has("constant")) schema.event_constant = event.at("constant").event_type();
    if (!event.has("rules")) return;
    for (const Reader& rule : event.at("rules").items()) {
        rule.expect_keys({"column", "prefix", "type"});
        schema.event_rules.push_back({rule.at("column").column(schema.header), rule.at("prefix").text(),
                                      rule.at("type").event_type()});
    }
}

void parse_funnel(const Reader& stages, Schema& schema) {
    schema.funnel.clear();
    for (const Reader& stage : stages.items())
        schema.funnel.push_back(stage.texts());
    try {
        static_cast<void>(events::Funnel::make(schema.funnel));
    } catch (const Error& error) {
        stages.fail("a list of stages, each a list of event types", error.what());
    }
}

/// Every column that the file names must be in the log.
void collect_required(Schema& schema) {
    const auto add = [&](const std::string& column) {
        if (std::ranges::find(schema.required, column) == schema.required.end())
            schema.required.push_back(column);
    };
    for (const auto& [role, column] : schema.columns)
        add(column);
    for (const EventRule& rule : schema.event_rules)
        add(rule.column);
    for (const IgnoreRule& rule : schema.ignore_rows)
        add(rule.column);
    for (const auto& names : {schema.numeric, schema.categorical}) {
        for (const std::string& name : names)
            add(name);
    }
}

Schema read_schema(const Reader& json, const std::string& name) {
    json.expect_keys({"name", "columns", "header", "delimiter", "time", "event", "events", "ignore_rows",
                      "funnel", "default_funnel", "numeric", "categorical", "required"});
    Schema schema;
    schema.name = json.has("name") ? json.at("name").text() : name;
    if (json.has("header")) schema.header = json.at("header").boolean();
    if (json.has("delimiter")) schema.delimiter = parse_delimiter(json.at("delimiter"));
    parse_columns(json.at("columns"), schema);
    if (json.has("time")) parse_time(json.at("time"), schema);
    if (json.has("event")) parse_event(json.at("event"), schema);
    if (json.has("events")) {
        for (const auto& [event, type] : json.at("events").members())
            schema.events[event] = type.event_type();
    }
    if (json.has("ignore_rows")) {
        for (const Reader& rule : json.at("ignore_rows").items()) {
            rule.expect_keys({"column", "equals"});
            schema.ignore_rows.push_back({rule.at("column").column(schema.header), rule.at("equals").text()});
        }
    }
    schema.funnel = {{"impression"}, {"click", "view"}, {"cart_add"}, {"purchase"}};
    if (json.has("default_funnel")) parse_funnel(json.at("default_funnel"), schema);
    if (json.has("funnel")) {
        parse_funnel(json.at("funnel"), schema);
        schema.funnel_is_default = false;
    }
    if (json.has("numeric")) {
        for (const Reader& column : json.at("numeric").items())
            schema.numeric.push_back(column.column(schema.header));
    }
    if (json.has("categorical")) {
        for (const Reader& column : json.at("categorical").items())
            schema.categorical.push_back(column.column(schema.header));
    }
    if (json.has("required")) {
        schema.required = json.at("required").texts();
    } else if (schema.header) {
        collect_required(schema);
    }
    return schema;
}

}  // namespace

Schema parse_schema(std::string_view json, const std::string& where) {
    Json parsed;
    try {
        // Nesting is limited, so that no file can exhaust the stack.
        constexpr int kDeepest = 16;
        const auto limit = [&](int depth, Json::parse_event_t, Json&) {
            if (depth > kDeepest)
                throw Error(ErrorCode::schema, detail::escaped(where) + ": nested too deeply");
            return true;
        };
        parsed = Json::parse(json.begin(), json.end(), limit);
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::schema, detail::escaped(where) +
                                           ": expected a schema as JSON, got an error: " +
                                           detail::escaped(error.what()) + "; correct the file");
    }
    return read_schema(Reader(parsed, detail::escaped(where)), where);
}

std::string to_json(const Schema& schema) {
    const auto column = [&](const std::string& name) {
        return schema.header ? Json(name) : Json(std::stoull(name));
    };
    Json json;
    json["name"] = schema.name;
    json["header"] = schema.header;
    json["delimiter"] = std::string(1, schema.delimiter);
    json["columns"] = Json::object();  // also without any
    for (const auto& [role, name] : schema.columns)
        json["columns"][role] = column(name);
    constexpr const char* kUnits[] = {"auto", "s", "ms", "us", "ns", "iso"};
    json["time"]["unit"] = kUnits[static_cast<std::size_t>(schema.time_unit)];
    if (!schema.time_zone.empty()) json["time"]["zone"] = schema.time_zone;
    if (!schema.event_constant.empty()) json["event"]["constant"] = schema.event_constant;
    for (const EventRule& rule : schema.event_rules) {
        json["event"]["rules"].push_back(
            {{"column", column(rule.column)}, {"prefix", rule.prefix}, {"type", rule.type}});
    }
    if (!schema.events.empty()) json["events"] = schema.events;
    for (const IgnoreRule& rule : schema.ignore_rows)
        json["ignore_rows"].push_back({{"column", column(rule.column)}, {"equals", rule.equals}});
    if (!schema.funnel.empty()) json[schema.funnel_is_default ? "default_funnel" : "funnel"] = schema.funnel;
    for (const std::string& name : schema.numeric)
        json["numeric"].push_back(column(name));
    for (const std::string& name : schema.categorical)
        json["categorical"].push_back(column(name));
    if (!schema.required.empty()) json["required"] = schema.required;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace funnel::ingest
