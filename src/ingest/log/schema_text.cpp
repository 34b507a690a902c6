// SPDX-License-Identifier: MIT
// Schemas as JSON text, as parse_schema reads it.
#include <nlohmann/json.hpp>

#include "funnel/ingest/schema.hpp"

namespace funnel::ingest {
namespace {

using Json = nlohmann::json;

/// Writes columns: names, or numbers if there is no header.
class ColumnWriter {
 public:
    explicit ColumnWriter(bool header) : header_(header) {}
    [[nodiscard]] Json column(const std::string& name) const {
        return header_ ? Json(name) : Json(std::stoull(name));
    }
    [[nodiscard]] Json columns(const std::vector<std::string>& names) const {
        Json all = Json::array();
        for (const std::string& name : names)
            all.push_back(column(name));
        return all.size() == 1 ? all.front() : all;
    }

 private:
    bool header_;
};

Json condition(const Condition& when, const ColumnWriter& writer) {
    Json json = {{"column", writer.column(when.column)}};
    switch (when.test) {
        case Condition::Test::equals:
            json["equals"] = when.text;
            break;
        case Condition::Test::prefix:
            json["prefix"] = when.text;
            break;
        case Condition::Test::above:
            json["above"] = when.number;
            break;
        case Condition::Test::below:
            json["below"] = when.number;
            break;
        case Condition::Test::filled:
            json["filled"] = when.filled;
    }
    return json;
}

Json row_event(const RowEvent& row, const ColumnWriter& writer) {
    Json json = Json::object();
    if (!row.event.empty()) json["event"] = row.event;
    for (const Condition& when : row.when)
        json["when"].push_back(condition(when, writer));
    if (row.once) json["once"] = true;
    for (const auto& [role, columns] : row.columns)
        json[role] = writer.columns(columns);
    return json;
}

void write_text(const Schema& schema, Json& json) {
    json["delimiter"] = schema.delimiter_given ? std::string(1, schema.delimiter) : "auto";
    const auto write = [&](const char* key, char c, char usual) {
        if (c != usual) json[key] = c == 0 ? std::string() : std::string(1, c);
    };
    write("quote", schema.quote, '"');
    write("escape", schema.escape, 0);
    write("comment", schema.comment, 0);
    if (schema.skip_lines > 0) json["skip_lines"] = schema.skip_lines;
    if (!schema.numbers.decimal.empty()) json["decimal"] = schema.numbers.decimal;
    if (!schema.numbers.thousands.empty()) json["thousands"] = schema.numbers.thousands;
    if (!schema.missing.empty()) json["missing"] = schema.missing;
}

}  // namespace

std::string to_json(const Schema& schema) {
    const ColumnWriter writer(schema.header);
    Json json;
    json["name"] = schema.name;
    json["header"] = schema.header;
    write_text(schema, json);
    json["columns"] = Json::object();  // also without any
    for (const auto& [role, name] : schema.columns) {
        std::vector<std::string> names = {name};
        const auto more = schema.more_columns.find(role);
        if (more != schema.more_columns.end())
            names.insert(names.end(), more->second.begin(), more->second.end());
        json["columns"][role] = writer.columns(names);
    }
    if (schema.fill) {
        json["fill"]["by"] = writer.column(schema.fill->by);
        for (const std::string& name : schema.fill->columns)
            json["fill"]["columns"].push_back(writer.column(name));
    }
    if (!schema.explode.empty()) json["explode"] = schema.explode;
    for (const RowEvent& row : schema.rows)
        json["rows"].push_back(row_event(row, writer));
    constexpr const char* kUnits[] = {"auto", "s", "ms", "us", "ns", "iso"};
    json["time"]["unit"] = kUnits[static_cast<std::size_t>(schema.time_unit)];
    if (!schema.time_format.empty()) json["time"]["format"] = schema.time_format;
    if (!schema.time_zone.empty()) json["time"]["zone"] = schema.time_zone;
    if (!schema.event_constant.empty()) json["event"]["constant"] = schema.event_constant;
    for (const EventRule& rule : schema.event_rules) {
        json["event"]["rules"].push_back(
            {{"column", writer.column(rule.column)}, {"prefix", rule.prefix}, {"type", rule.type}});
    }
    if (!schema.events.empty()) json["events"] = schema.events;
    for (const IgnoreRule& rule : schema.ignore_rows)
        json["ignore_rows"].push_back({{"column", writer.column(rule.column)}, {"equals", rule.equals}});
    if (!schema.funnel.empty()) json[schema.funnel_is_default ? "default_funnel" : "funnel"] = schema.funnel;
    for (const std::string& name : schema.numeric)
        json["numeric"].push_back(writer.column(name));
    for (const std::string& name : schema.categorical)
        json["categorical"].push_back(writer.column(name));
    if (!schema.required.empty()) json["required"] = schema.required;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace funnel::ingest
