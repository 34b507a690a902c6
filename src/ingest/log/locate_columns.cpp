// SPDX-License-Identifier: MIT
// Where the slots of a plan lie in a file, and which schema fits its header.
#include <algorithm>
#include <charconv>
#include <string>

#include "funnel/base/error.hpp"
#include "ingest/csv/names.hpp"
#include "ingest/log/log_plan.hpp"

namespace funnel::ingest::detail {
namespace {

[[noreturn]] void fail_double(const std::string& name, const std::string& column) {
    throw Error(ErrorCode::schema, escaped(name) + ": column " + (column.empty() ? "\"\"" : escaped(column)) +
                                       ": expected it once in the header, got it twice; rename or drop one");
}

[[noreturn]] void fail_missing(const LogPlan& plan, const std::string& name, const std::string& column,
                               const std::vector<std::string>& header) {
    std::string role;
    for (const auto& [ours, source] : plan.schema.columns) {
        if (source == column) role = " (" + ours + ')';
    }
    const std::string what =
        escaped(name) + ": column " + escaped(column) + role + ": expected it in the header";
    if (role.empty() && !plan.beside.empty()) {
        std::vector<std::string> all = header;
        all.insert(all.end(), plan.beside.begin(), plan.beside.end());
        const std::string near = nearest(column, all);
        throw Error(ErrorCode::schema, what + " or in a table beside the log, got \"" + list(header) +
                                           "\" and \"" + list(plan.beside) + "\"; " +
                                           (near.empty() ? "" : "is \"" + escaped(near) + "\" meant? ") +
                                           "check the name");
    }
    const std::string near = nearest(column, header);
    throw Error(ErrorCode::schema,
                what + ", got \"" + list(header) + "\"; " +
                    (near.empty() ? "" : "did the log mean \"" + escaped(near) + "\"? ") +
                    (role.empty() ? "check the name; a column of a table beside the log "
                                    "needs that table (--items, --users or --sessions)"
                                  : "rename the column, or map it with --schema FILE.json"));
}

/// The number of a column in a log without a header, from 0.
std::size_t numbered_column(const LogPlan& plan, const std::string& name, const std::string& column) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(column.data(), column.data() + column.size(), number);
    if (error != std::errc{} || end != column.data() + column.size() || number == 0 || number > 10'000) {
        throw Error(ErrorCode::schema, escaped(name) + ": schema " + escaped(plan.schema.name) +
                                           ": expected the number of a column, from 1, got \"" +
                                           escaped(column) + "\"; the log has no header");
    }
    return number - 1;
}

void locate_numbered(const LogPlan& plan, FileFormat& format, const std::vector<std::string>& first) {
    std::size_t most = 0;
    for (std::size_t slot = 0; slot < plan.slots.size(); ++slot) {
        const std::size_t made_of = plan.made_of[slot];
        format.column_of.push_back(made_of == kNoSlot ? numbered_column(plan, format.name, plan.slots[slot])
                                                      : format.column_of[made_of]);
        most = std::max(most, format.column_of.back() + 1);
    }
    // A preset says how many columns there are; otherwise the first row does, unless it is too short itself.
    const std::size_t columns = plan.schema.required.empty() ? std::max(most, first.size())
                                                             : std::max(most, plan.schema.required.size());
    for (std::size_t i = 1; i <= columns; ++i)
        format.header.push_back(std::to_string(i));
}

}  // namespace

void expect_distinct(const std::string& name, const std::vector<std::string>& header) {
    std::vector<std::string> sorted = header;
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice != sorted.end()) fail_double(name, *twice);
}

FileFormat locate_columns(const LogPlan& plan, const std::string& name,
                          const std::vector<std::string>& first) {
    FileFormat format;
    format.name = name;
    // Nothing is to be found out of a time whose format is known.
    format.unit = plan.schema.time_format.empty() ? plan.schema.time_unit : TimeUnit::iso;
    if (!plan.schema.header) {
        locate_numbered(plan, format, first);
        return format;
    }
    format.header = first;
    for (std::size_t slot = 0; slot < plan.slots.size(); ++slot) {
        if (plan.made_of[slot] != kNoSlot) {
            format.column_of.push_back(format.column_of[plan.made_of[slot]]);
            continue;
        }
        const auto at = std::ranges::find(first, plan.slots[slot]);
        if (at == first.end() && plan.required[slot] != 0) fail_missing(plan, name, plan.slots[slot], first);
        if (at != first.end() && std::find(at + 1, first.end(), *at) != first.end()) fail_double(name, *at);
        format.column_of.push_back(at == first.end() ? kNoColumn
                                                     : static_cast<std::size_t>(at - first.begin()));
    }
    return format;
}

Schema choose_schema(const std::string& name, const std::vector<std::string>& header) {
    if (auto schema = detect_schema(header)) return *std::move(schema);
    std::string wanted, near;
    for (const std::string& preset_name : preset_names()) {
        const auto schema = preset(preset_name);
        if (!schema->header || !schema->explode.empty()) continue;
        wanted += (wanted.empty() ? "" : "; ") + preset_name + ": ";
        for (const std::string& column : schema->required) {
            wanted += (column == schema->required.front() ? "" : ",") + column;
            const auto same = [&](const std::string& found) {
                return found != column && folded(found) == folded(column);
            };
            const auto found = std::ranges::find_if(header, same);
            if (found != header.end() && near.empty()) {
                near = "is \"" + escaped(*found) + "\" meant to be " + column + "? ";
            }
        }
    }
    for (const char delimiter : {';', '\t', '|'}) {
        if (header.size() != 1 || header[0].find(delimiter) == std::string::npos) continue;
        near = std::string("the fields seem to be separated by ") +
               (delimiter == '\t' ? "tabs" : std::string{'"', delimiter, '"'}) +
               ", but no known schema has these columns; ";
    }
    throw Error(ErrorCode::schema,
                escaped(name) + ": expected a header with the columns of a known schema (" + wanted +
                    "), got \"" + list(header) + "\"; " + near +
                    "map the columns with --schema FILE.json (a log without a header, such as "
                    "Taobao's, needs --schema as well)");
}

}  // namespace funnel::ingest::detail
