// SPDX-License-Identifier: MIT
#include "ingest/log/log_plan.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "funnel/base/error.hpp"
#include "ingest/csv/names.hpp"

namespace funnel::ingest::detail {
namespace {

using events::EventKind;

/// Collects slots: a column of the log is looked at once, however many wishes it serves.
class SlotMaker {
 public:
    explicit SlotMaker(LogPlan& plan) : plan_(plan) {}

    /// The slot of one of the log's columns.
    std::size_t of_column(const std::string& column, bool required) {
        const auto at = std::ranges::find(plan_.slots, column);
        const auto slot = static_cast<std::size_t>(at - plan_.slots.begin());
        if (at == plan_.slots.end()) {
            plan_.slots.push_back(column);
            plan_.required.push_back(0);
        }
        if (required) plan_.required[slot] = 1;
        return slot;
    }

    /// The slot of our name, kNoSlot if the schema does not map it.
    std::size_t of_role(const std::string& role) {
        const auto mapped = plan_.schema.columns.find(role);
        if (mapped == plan_.schema.columns.end()) return kNoSlot;
        const bool required =
            std::ranges::find(plan_.schema.required, mapped->second) != plan_.schema.required.end();
        return of_column(mapped->second, required);
    }

    /// A column that the caller asks for by our name or the log's.
    LogPlan::Column wish(const std::string& name) {
        for (const auto& [ours, source] : plan_.schema.columns) {
            if (ours == name || source == name) return {of_column(source, true), ours, source, false};
        }
        return {of_column(name, true), name, name, false};
    }

    /// A mapped column that is loaded if a file has it.
    void wish_if_mapped(const std::string& role, std::vector<LogPlan::Column>& columns) {
        const auto mapped = plan_.schema.columns.find(role);
        if (mapped == plan_.schema.columns.end()) return;
        const auto same = [&](const LogPlan::Column& column) { return column.name == role; };
        if (std::ranges::any_of(columns, same)) return;
        columns.push_back({of_column(mapped->second, false), role, mapped->second, true});
    }

 private:
    LogPlan& plan_;
};

void plan_wishes(LogPlan& plan, SlotMaker& slots, const LogColumns& columns) {
    const auto add = [&](std::vector<LogPlan::Column>& into, const std::string& name) {
        LogPlan::Column column = slots.wish(name);
        const auto same = [&](const LogPlan::Column& other) { return other.slot == column.slot; };
        if (std::ranges::none_of(into, same)) into.push_back(std::move(column));
    };
    for (const std::string& name : columns.text)
        add(plan.texts, name);
    for (const std::string& name : columns.numbers)
        add(plan.numbers, name);
    if (columns.price) slots.wish_if_mapped("price", plan.numbers);
    if (columns.position_if_mapped) slots.wish_if_mapped("position", plan.numbers);
    if (columns.text_if_mapped) {
        for (const char* role : {"category", "brand", "list"})
            slots.wish_if_mapped(role, plan.texts);
    }
}

void plan_numbers_checked(LogPlan& plan, SlotMaker& slots) {
    // Every mapped number, asked for or not: whether a row is bad does not depend on the command.
    for (const char* role : {"price", "quantity", "revenue", "position"}) {
        const std::size_t slot = slots.of_role(role);
        if (slot != kNoSlot) plan.numbers_checked.push_back(slot);
    }
    for (const auto& column : plan.numbers) {
        if (std::ranges::find(plan.numbers_checked, column.slot) == plan.numbers_checked.end()) {
            plan.numbers_checked.push_back(column.slot);
        }
    }
}

[[noreturn]] void fail_missing(const LogPlan& plan, const std::string& name, const std::string& column,
                               const std::vector<std::string>& header) {
    std::string role;
    for (const auto& [ours, source] : plan.schema.columns) {
        if (source == column) role = " (" + ours + ')';
    }
    const std::string near = nearest(column, header);
    throw Error(ErrorCode::schema, escaped(name) + ": column " + escaped(column) + role +
                                       ": expected it in the header, got \"" + list(header) + "\"; " +
                                       (near.empty() ? "" : "did the log mean \"" + escaped(near) + "\"? ") +
                                       "rename the column, or map it with --schema FILE.json");
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
    for (const std::string& slot : plan.slots) {
        format.column_of.push_back(numbered_column(plan, format.name, slot));
        most = std::max(most, format.column_of.back() + 1);
    }
    // A preset says how many columns there are; otherwise the first row does, unless it is too short itself.
    const std::size_t columns = plan.schema.required.empty() ? std::max(most, first.size())
                                                             : std::max(most, plan.schema.required.size());
    for (std::size_t i = 1; i <= columns; ++i)
        format.header.push_back(std::to_string(i));
}

}  // namespace

EventMeaning LogPlan::meaning(std::string_view event_name) const {
    const std::string name(event_name);
    const auto mapped = schema.events.find(name);
    const auto kind = events::parse_kind(mapped == schema.events.end() ? event_name : mapped->second);
    if (kind) return {*kind, std::string(events::kKindNames[static_cast<std::size_t>(*kind)])};
    const auto custom = std::ranges::find(custom_kinds, name);
    if (custom == custom_kinds.end()) return {EventKind::other, name};
    const auto index = static_cast<std::size_t>(custom - custom_kinds.begin());
    return {static_cast<EventKind>(static_cast<std::size_t>(EventKind::custom_first) + index), name};
}

bool LogPlan::ignored(const RowBatch& batch, std::size_t row) const {
    return std::ranges::any_of(
        ignores, [&](const Ignore& ignore) { return batch.field(ignore.slot, row) == ignore.equals; });
}

LogPlan make_plan(Schema schema, const ReadOptions& options) {
    LogPlan plan;
    plan.schema = std::move(schema);
    plan.custom_kinds = options.custom_kinds;
    plan.as_of = options.timeline.as_of;
    plan.hash_rows = options.columns.row_hash || options.drop_duplicates;
    if (!options.time_unit.empty()) {
        const auto unit = parse_time_unit(options.time_unit);
        if (!unit) {
            throw Error(ErrorCode::invalid_argument,
                        "time unit: expected auto, s, ms, us, ns or iso, got \"" +
                            escaped(options.time_unit) + "\"; use one of these");
        }
        plan.schema.time_unit = *unit;
    }
    if (plan.custom_kinds.size() > 32) {
        throw Error(ErrorCode::invalid_argument,
                    "expected at most 32 event names of the log's own as stages, got " +
                        std::to_string(plan.custom_kinds.size()));
    }
    SlotMaker slots(plan);
    plan.time = slots.of_role("time");
    plan.user = slots.of_role("user");
    plan.event = slots.of_role("event");
    const std::string where = "schema " + escaped(plan.schema.name) + ": ";
    if (plan.time == kNoSlot) throw Error(ErrorCode::schema, where + "expected \"time\" among its columns");
    if (plan.user == kNoSlot) throw Error(ErrorCode::schema, where + "expected \"user\" among its columns");
    if (!plan.schema.event_constant.empty()) {
        plan.constant = plan.meaning(plan.schema.event_constant);
        plan.event = kNoSlot;
    } else if (plan.event == kNoSlot) {
        throw Error(ErrorCode::schema, where + "expected \"event\" among its columns, or an event constant");
    }
    for (const std::size_t slot : {plan.time, plan.user, plan.event}) {
        if (slot != kNoSlot) plan.required[slot] = 1;
    }
    plan.item = slots.of_role("item");
    plan.session = slots.of_role("session");
    plan.order = slots.of_role("order");
    plan.price = slots.of_role("price");
    plan.quantity = slots.of_role("quantity");
    plan.revenue = slots.of_role("revenue");
    for (const IgnoreRule& rule : plan.schema.ignore_rows)
        plan.ignores.push_back({slots.of_column(rule.column, true), rule.equals});
    for (const EventRule& rule : plan.schema.event_rules)
        plan.rules.push_back({slots.of_column(rule.column, true), rule.prefix, plan.meaning(rule.type)});
    plan_wishes(plan, slots, options.columns);
    plan_numbers_checked(plan, slots);
    return plan;
}

void expect_distinct(const std::string& name, const std::vector<std::string>& header) {
    std::vector<std::string> sorted = header;
    std::ranges::sort(sorted);
    const auto twice = std::ranges::adjacent_find(sorted);
    if (twice == sorted.end()) return;
    throw Error(ErrorCode::schema, escaped(name) + ": column " + escaped(*twice) +
                                       ": expected it once in the header, got it twice; rename or drop one");
}

FileFormat locate_columns(const LogPlan& plan, const std::string& name,
                          const std::vector<std::string>& first) {
    FileFormat format;
    format.name = name;
    format.unit = plan.schema.time_unit;
    if (!plan.schema.header) {
        locate_numbered(plan, format, first);
        return format;
    }
    expect_distinct(name, first);
    format.header = first;
    for (std::size_t slot = 0; slot < plan.slots.size(); ++slot) {
        const auto at = std::ranges::find(first, plan.slots[slot]);
        if (at == first.end() && plan.required[slot] != 0) fail_missing(plan, name, plan.slots[slot], first);
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
        if (!schema->header) continue;
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
    throw Error(ErrorCode::schema,
                escaped(name) + ": expected a header with the columns of a known schema (" + wanted +
                    "), got \"" + list(header) + "\"; " + near +
                    "map the columns with --schema FILE.json (a log without a header, such as "
                    "Taobao's, needs --schema as well)");
}

}  // namespace funnel::ingest::detail
