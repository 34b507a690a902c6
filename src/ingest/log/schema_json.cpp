// SPDX-License-Identifier: MIT
// Schema files: JSON to Schema.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/ingest/schema.hpp"
#include "ingest/csv/names.hpp"
#include "ingest/log/schema_reader.hpp"
#include "ingest/log/time_format.hpp"

namespace funnel::ingest {
namespace {

using detail::Json;
using detail::Names;
using Reader = detail::SchemaReader;

const Names kRoles = {"time",     "event",    "user",    "item",          "session",
                      "order",    "event_id", "revenue", "order_revenue", "price",
                      "quantity", "category", "brand",   "list",          "position"};
const Names kKeys = {"name",        "preset",  "columns",        "header",  "delimiter",   "quote",
                     "escape",      "comment", "skip_lines",     "time",    "decimal",     "thousands",
                     "missing",     "fill",    "explode",        "rows",    "event",       "events",
                     "ignore_rows", "funnel",  "default_funnel", "numeric", "categorical", "required"};

void parse_text(const Reader& json, Schema& schema) {
    if (json.has("delimiter")) {
        const Reader value = json.at("delimiter");
        schema.delimiter_given = value.text() != "auto";
        if (schema.delimiter_given) schema.delimiter = value.character(false);
    }
    if (json.has("quote")) schema.quote = json.at("quote").character(true);
    if (json.has("escape")) schema.escape = json.at("escape").character(true);
    if (json.has("comment")) schema.comment = json.at("comment").character(true);
    if (json.has("skip_lines")) schema.skip_lines = json.at("skip_lines").count(1'000'000);
    if (json.has("missing")) schema.missing = json.at("missing").texts();
    for (const char* key : {"delimiter", "quote", "escape", "comment"}) {
        if (!json.has(key)) continue;
        const int same = (schema.delimiter == schema.quote) + (schema.delimiter == schema.escape) +
                         (schema.comment != 0 && schema.comment == schema.quote);
        if (same > 0)
            json.at(key).fail("different characters for delimiter, quote, escape and comment", "change one");
    }
}

void parse_numbers(const Reader& json, Schema& schema) {
    if (json.has("decimal")) schema.numbers.decimal = json.at("decimal").text();
    if (json.has("thousands")) schema.numbers.thousands = json.at("thousands").text();
    try {
        schema.numbers.check();
    } catch (const Error& error) {
        json.at(json.has("thousands") ? "thousands" : "decimal")
            .fail("a mark that amounts are written with", error.what());
    }
}

void set_column(const std::string& role, Names columns, Schema& schema) {
    schema.columns[role] = columns.front();
    schema.more_columns.erase(role);
    columns.erase(columns.begin());
    if (!columns.empty()) schema.more_columns[role] = std::move(columns);
}

void parse_columns(const Reader& columns, Schema& schema) {
    columns.expect_keys(kRoles);
    for (const auto& [role, column] : columns.members()) {
        if (column.is_null()) {  // a column that a preset maps
            schema.columns.erase(role);
            schema.more_columns.erase(role);
        } else {
            set_column(role, column.columns(schema.header), schema);
        }
    }
    if (schema.columns.contains("revenue") && schema.columns.contains("order_revenue"))
        columns.fail("revenue of each line, or order_revenue of the whole order", "remove one of them");
}

void parse_time(const Reader& time, Schema& schema) {
    time.expect_keys({"unit", "format", "zone"});
    if (time.has("unit")) {
        const auto unit = parse_time_unit(time.at("unit").text());
        if (!unit) time.at("unit").fail("auto, s, ms, us, ns or iso", "use one of these");
        schema.time_unit = *unit;
    }
    if (time.has("format")) {
        schema.time_format = time.at("format").text();
        detail::check_time_format(schema.time_format, time.at("format").where());
    }
    if (time.has("zone")) schema.time_zone = time.at("zone").text();
}

void parse_event(const Reader& event, Schema& schema) {
    event.expect_keys({"constant", "rules"});
    if (event.has("constant")) schema.event_constant = event.at("constant").event_type();
    if (!event.has("rules")) return;
    schema.event_rules.clear();
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

Condition parse_condition(const Reader& when, const Schema& schema) {
    const Names tests = {"equals", "prefix", "above", "below", "filled"};
    when.expect_keys({"column", "equals", "prefix", "above", "below", "filled"});
    Condition condition;
    condition.column = when.at("column").column(schema.header);
    if (std::ranges::count_if(tests, [&](const std::string& test) { return when.has(test); }) != 1)
        when.fail("exactly one of equals, prefix, above, below and filled", "say when the event happened");
    const auto text = [&](const char* key, Condition::Test test) {
        if (!when.has(key)) return;
        condition.test = test;
        condition.text = when.at(key).text();
    };
    const auto number = [&](const char* key, Condition::Test test) {
        if (!when.has(key)) return;
        condition.test = test;
        condition.number = when.at(key).number();
    };
    text("equals", Condition::Test::equals);
    text("prefix", Condition::Test::prefix);
    number("above", Condition::Test::above);
    number("below", Condition::Test::below);
    if (when.has("filled")) condition.filled = when.at("filled").boolean();
    return condition;
}

/// One of our types, or a stage of the log's own in the schema's funnel.
std::string row_event_type(const Reader& event, const Schema& schema) {
    const std::string type = event.text();
    for (const auto& stage : schema.funnel) {
        if (std::ranges::find(stage, type) != stage.end()) return type;
    }
    return event.event_type();
}

void parse_rows(const Reader& rows, Schema& schema) {
    Names keys = {"event", "when", "once"};
    for (const std::string& role : kRoles) {
        if (role != "event") keys.push_back(role);
    }
    schema.rows.clear();
    for (const Reader& row : rows.items()) {
        row.expect_keys(keys);
        RowEvent event;
        for (const auto& [key, value] : row.members()) {
            if (key == "event") {
                event.event = row_event_type(value, schema);
            } else if (key == "when" && value.is_list()) {
                for (const Reader& when : value.items())
                    event.when.push_back(parse_condition(when, schema));
            } else if (key == "when") {
                event.when.push_back(parse_condition(value, schema));
            } else if (key == "once") {
                event.once = value.boolean();
            } else {
                event.columns[key] = value.columns(schema.header);
            }
        }
        schema.rows.push_back(std::move(event));
    }
    if (schema.rows.empty()) rows.fail("a list of events that a row becomes", "name one at least");
    if (!schema.event_rules.empty())
        rows.fail("rows without event rules beside them", "say them as \"when\" of the rows");
}

void parse_fill(const Reader& fill, Schema& schema) {
    fill.expect_keys({"by", "columns"});
    Fill parsed;
    // One of our names, or a column itself.
    const auto mapped =
        fill.at("by").is_text() ? schema.columns.find(fill.at("by").text()) : schema.columns.end();
    parsed.by = mapped == schema.columns.end() ? fill.at("by").column(schema.header) : mapped->second;
    for (const Reader& column : fill.at("columns").items())
        parsed.columns.push_back(column.column(schema.header));
    schema.fill = std::move(parsed);
}

/// Every column that the file names must be in the log.
void collect_required(Schema& schema) {
    const auto add = [&](const std::string& column) {
        if (std::ranges::find(schema.required, column) == schema.required.end())
            schema.required.push_back(column);
    };
    const auto add_all = [&](const Names& columns) { std::ranges::for_each(columns, add); };
    for (const auto& [role, column] : schema.columns)
        add(column);
    for (const auto& [role, columns] : schema.more_columns)
        add_all(columns);
    for (const RowEvent& row : schema.rows) {
        for (const auto& [role, columns] : row.columns)
            add_all(columns);
        for (const Condition& when : row.when)
            add(when.column);
    }
    if (schema.fill) {
        add(schema.fill->by);
        add_all(schema.fill->columns);
    }
    for (const EventRule& rule : schema.event_rules)
        add(rule.column);
    for (const IgnoreRule& rule : schema.ignore_rows)
        add(rule.column);
    add_all(schema.numeric);
    add_all(schema.categorical);
}

/// Of a schema file on a preset: what the preset needs and still maps, and what the file names.
void require_beyond_preset(const Schema& base, Schema& schema) {
    Schema named = schema;
    named.required.clear();
    for (const auto& [role, column] : base.columns) {
        const auto same = schema.columns.find(role);
        const bool kept = same != schema.columns.end() && same->second == column;
        const bool needed = std::ranges::find(base.required, column) != base.required.end();
        if (kept && !needed) named.columns.erase(role);
    }
    collect_required(named);
    schema.required = std::move(named.required);
}

void parse_lists(const Reader& json, Schema& schema) {
    const auto columns = [&](const char* key, Names& into) {
        if (!json.has(key)) return;
        into.clear();
        for (const Reader& column : json.at(key).items())
            into.push_back(column.column(schema.header));
    };
    if (json.has("ignore_rows")) {
        schema.ignore_rows.clear();
        for (const Reader& rule : json.at("ignore_rows").items()) {
            rule.expect_keys({"column", "equals"});
            schema.ignore_rows.push_back({rule.at("column").column(schema.header), rule.at("equals").text()});
        }
    }
    columns("numeric", schema.numeric);
    columns("categorical", schema.categorical);
}

Schema base_of(const Reader& json) {
    Schema schema;
    schema.funnel = events::parse_stages(events::kDefaultFunnel);
    if (!json.has("preset")) return schema;
    auto base = preset(json.at("preset").text());
    if (!base) json.at("preset").fail("one of " + detail::list(preset_names()), "use one of these");
    return *std::move(base);
}

Schema read_schema(const Reader& json, const std::string& name) {
    json.expect_keys(kKeys);
    const Schema base = base_of(json);
    Schema schema = base;
    schema.name = json.has("name") ? json.at("name").text() : name;
    if (json.has("header")) schema.header = json.at("header").boolean();
    parse_text(json, schema);
    parse_numbers(json, schema);
    if (!json.has("preset") || json.has("columns")) parse_columns(json.at("columns"), schema);
    if (json.has("time")) parse_time(json.at("time"), schema);
    if (json.has("event")) parse_event(json.at("event"), schema);
    if (json.has("events")) {
        for (const auto& [event, type] : json.at("events").members())
            schema.events[event] = type.event_type();
    }
    if (json.has("default_funnel")) parse_funnel(json.at("default_funnel"), schema);
    if (json.has("funnel")) {
        parse_funnel(json.at("funnel"), schema);
        schema.funnel_is_default = false;
    }
    if (json.has("fill")) parse_fill(json.at("fill"), schema);
    if (json.has("explode")) schema.explode = json.at("explode").text();
    if (json.has("rows")) parse_rows(json.at("rows"), schema);
    parse_lists(json, schema);
    if (json.has("required")) {
        schema.required = json.at("required").texts();
    } else if (json.has("preset")) {
        require_beyond_preset(base, schema);
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

}  // namespace funnel::ingest
