// SPDX-License-Identifier: MIT
#include "ingest/log/log_plan.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "ingest/csv/names.hpp"
#include "ingest/log/time_format.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

using events::EventKind;

bool is_number(const std::string& role) {
    return role == "price" || role == "quantity" || role == "revenue" || role == "position";
}

/// Collects slots: a column of the log is looked at once, however many wishes it serves.
class SlotMaker {
 public:
    SlotMaker(LogPlan& plan, RowShape* shape) : plan_(plan), shape_(shape) {}

    /// The slot of one of the log's columns.
    std::size_t of_column(const std::string& column, bool required) {
        std::size_t slot = 0;
        while (slot < plan_.slots.size() && !(plan_.made_of[slot] == kNoSlot && plan_.slots[slot] == column))
            ++slot;
        if (slot == plan_.slots.size()) {
            add_slot(column, kNoSlot);
            if (shape_ != nullptr) shape_->columns.push_back(slot);
        }
        if (required) plan_.required[slot] = 1;
        return slot;
    }

    /// The slot of our name, kNoSlot if the schema does not map it.
    std::size_t of_role(const std::string& role) {
        if (shape_ != nullptr) return of_made_role(role);
        const std::vector<std::string> columns = columns_of(role, nullptr);
        return columns.empty() ? kNoSlot : of_column(columns.front(), is_required(columns.front()));
    }

    /// A column that the caller asks for by our name or the log's.
    LogPlan::Column wish(const std::string& name, bool required) {
        for (const auto& [ours, source] : plan_.schema.columns) {
            if (ours != name && source != name) continue;
            const std::size_t slot = of_role(ours);
            if (required) plan_.required[slot] = 1;
            return {slot, ours, source, !required};
        }
        return {of_column(name, required), name, name, !required};
    }

    /// A mapped column that is loaded if a file has it.
    void wish_if_mapped(const std::string& role, std::vector<LogPlan::Column>& columns) {
        const auto mapped = plan_.schema.columns.find(role);
        if (mapped == plan_.schema.columns.end()) return;
        const auto same = [&](const LogPlan::Column& column) { return column.name == role; };
        if (std::ranges::any_of(columns, same)) return;
        columns.push_back({of_role(role), role, mapped->second, true});
    }

    /// The slot of the event type where rows of several events say it, else kNoSlot.
    std::size_t of_event() {
        if (plan_.schema.rows.empty() || shape_ == nullptr) return of_role("event");
        return of_made_role("event");
    }

 private:
    std::size_t add_slot(const std::string& name, std::size_t made_of) {
        plan_.slots.push_back(name);
        plan_.required.push_back(0);
        plan_.made_of.push_back(made_of);
        return plan_.slots.size() - 1;
    }
    [[nodiscard]] bool is_required(const std::string& column) const {
        return std::ranges::find(plan_.schema.required, column) != plan_.schema.required.end();
    }

    /// The columns of our name in an event of a row, in the order in which they are looked at.
    [[nodiscard]] std::vector<std::string> columns_of(const std::string& role, const RowEvent* event) const {
        std::vector<std::string> names = {role};
        if (role == "revenue") names.emplace_back("order_revenue");
        for (const std::string& name : names) {
            if (event != nullptr && event->columns.contains(name)) return event->columns.at(name);
        }
        for (const std::string& name : names) {
            const auto mapped = plan_.schema.columns.find(name);
            if (mapped == plan_.schema.columns.end()) continue;
            std::vector<std::string> columns = {mapped->second};
            const auto more = plan_.schema.more_columns.find(name);
            if (more != plan_.schema.more_columns.end())
                columns.insert(columns.end(), more->second.begin(), more->second.end());
            return columns;
        }
        return {};
    }

    std::size_t of_made_role(const std::string& role) {
        if (const auto made = made_.find(role); made != made_.end()) return made->second;
        std::vector<RowShape::Value> values;
        std::size_t first = kNoSlot;
        for (std::size_t i = 0; i < shape_->events.size(); ++i) {
            values.push_back(value_of(role, plan_.schema.rows.empty() ? nullptr : &plan_.schema.rows[i]));
            if (first == kNoSlot && !values.back().sources.empty())
                first = values.back().sources.front().slot;
        }
        const bool given = std::ranges::any_of(
            values, [](const RowShape::Value& value) { return value.constant || !value.sources.empty(); });
        // A constant is made of nothing; the first slot is always a column.
        const std::size_t slot = given ? add_slot("", first == kNoSlot ? 0 : first) : kNoSlot;
        for (std::size_t i = 0; given && i < values.size(); ++i) {
            values[i].slot = slot;
            shape_->events[i].values.push_back(std::move(values[i]));
        }
        return made_[role] = slot;
    }

    RowShape::Value value_of(const std::string& role, const RowEvent* event) {
        RowShape::Value value{kNoSlot, {}, role == "time", is_number(role), {}};
        if (role == "event" && event != nullptr && !event->event.empty()) {
            value.constant = event->event;
            return value;
        }
        if (role == "event" && event != nullptr && !plan_.schema.event_constant.empty()) {
            value.constant = plan_.schema.event_constant;
            return value;
        }
        for (const std::string& column : columns_of(role, event)) {
            if (event != nullptr && event->once && column.starts_with(plan_.schema.explode + '.')) continue;
            const bool tagged = role == "user" && !value.sources.empty();
            value.sources.push_back({of_column(column, is_required(column)), tagged ? column + ':' : ""});
        }
        // Where only some of the events have an amount of their own, the others are worth price x quantity.
        if (role == "revenue" && event != nullptr && value.sources.empty()) value.factors = amount_of(*event);
        return value;
    }

    /// The columns whose product is the amount of an event without one; none without a price.
    std::vector<std::size_t> amount_of(const RowEvent& event) {
        std::vector<std::size_t> factors;
        for (const char* role : {"price", "quantity"}) {
            const std::vector<std::string> columns = columns_of(role, &event);
            if (!columns.empty()) factors.push_back(of_column(columns.front(), is_required(columns.front())));
            if (factors.empty()) break;
        }
        return factors;
    }

    LogPlan& plan_;
    RowShape* shape_;  // null: slots are columns as they are
    std::map<std::string, std::size_t> made_;
};

void plan_wishes(LogPlan& plan, SlotMaker& slots, const LogColumns& columns) {
    const auto add = [&](std::vector<LogPlan::Column>& into, const std::string& name, bool required = true) {
        LogPlan::Column column = slots.wish(name, required);
        const auto same = [&](const LogPlan::Column& other) { return other.slot == column.slot; };
        if (std::ranges::none_of(into, same)) into.push_back(std::move(column));
    };
    for (const std::string& name : columns.text)
        add(plan.texts, name);
    for (const std::string& name : columns.text_if_there)
        add(plan.texts, name, false);
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

/// The event names of the log's own among the stages of the schema's funnel.
std::vector<std::string> own_stages(const Schema& schema) {
    if (schema.funnel.empty()) return {};
    return events::Funnel::make(schema.funnel).custom_types;
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

namespace {

/// Empty if each row is an event as it is.
std::shared_ptr<RowShape> make_shape(const Schema& schema) {
    const bool plain = schema.more_columns.empty() && schema.rows.empty() && schema.missing.empty() &&
                       !schema.fill && schema.numbers.plain();
    if (plain) return nullptr;
    auto shape = std::make_shared<RowShape>();
    shape->events.resize(std::max<std::size_t>(schema.rows.size(), 1));
    shape->numbers = schema.numbers;
    shape->missing = schema.missing;
    return shape;
}

/// The kinds whose revenue is the total of an order.
events::KindSet order_totals(const LogPlan& plan) {
    const events::KindSet money = events::kind_bit(EventKind::purchase) | events::kind_bit(EventKind::refund);
    const bool mapped = plan.schema.columns.contains("order_revenue");
    if (plan.schema.rows.empty()) return mapped ? money : 0;
    events::KindSet kinds = 0;
    for (const RowEvent& event : plan.schema.rows) {
        const bool total =
            event.columns.contains("order_revenue") || (mapped && !event.columns.contains("revenue"));
        if (total)
            kinds |= event.event.empty() ? money : events::kind_bit(plan.meaning(event.event).kind) & money;
    }
    return kinds;
}

void plan_roles(LogPlan& plan, SlotMaker& slots, const std::string& where) {
    plan.time = slots.of_role("time");
    plan.user = slots.of_role("user");
    plan.event = slots.of_event();
    if (plan.time == kNoSlot) throw Error(ErrorCode::schema, where + "expected \"time\" among its columns");
    if (plan.user == kNoSlot) throw Error(ErrorCode::schema, where + "expected \"user\" among its columns");
    if (!plan.schema.event_constant.empty() && plan.schema.rows.empty()) {
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
    plan.order_totals = order_totals(plan);
    for (const IgnoreRule& rule : plan.schema.ignore_rows)
        plan.ignores.push_back({slots.of_column(rule.column, true), rule.equals});
    for (const EventRule& rule : plan.schema.event_rules)
        plan.rules.push_back({slots.of_column(rule.column, true), rule.prefix, plan.meaning(rule.type)});
}

void plan_conditions(const LogPlan& plan, SlotMaker& slots, RowShape& shape) {
    for (std::size_t i = 0; i < plan.schema.rows.size(); ++i) {
        shape.events[i].once = plan.schema.rows[i].once;
        for (const Condition& condition : plan.schema.rows[i].when)
            shape.events[i].when.push_back({slots.of_column(condition.column, true), condition});
    }
    for (const LogPlan::Ignore& ignore : plan.ignores)
        shape.ignores.push_back({ignore.slot, ignore.equals});
    if (!plan.schema.fill) return;
    shape.fill_by = slots.of_column(plan.schema.fill->by, true);
    for (const std::string& column : plan.schema.fill->columns)
        shape.filled.push_back(slots.of_column(column, true));
}

}  // namespace

LogPlan make_plan(Schema schema, const ReadOptions& options) {
    LogPlan plan;
    plan.schema = std::move(schema);
    plan.custom_kinds = options.custom_kinds ? *options.custom_kinds : own_stages(plan.schema);
    plan.as_of = options.timeline.as_of;
    plan.beside = options.columns.beside;
    plan.hash_rows = options.columns.row_hash || options.drop_duplicates;
    if (!options.time_unit.empty()) {
        const auto unit = parse_time_unit(options.time_unit);
        if (!unit) {
            throw Error(ErrorCode::invalid_argument,
                        "time unit: expected auto, s, ms, us, ns or iso, got \"" +
                            escaped(options.time_unit) + "\"; use one of these");
        }
        if (*unit != TimeUnit::automatic) plan.schema.time_format.clear();
        plan.schema.time_unit = *unit;
    }
    const std::string where = "schema " + escaped(plan.schema.name) + ": ";
    if (!plan.schema.time_format.empty()) check_time_format(plan.schema.time_format, where + "time");
    if (plan.custom_kinds.size() > events::kMaxCustomTypes) {
        throw Error(ErrorCode::invalid_argument,
                    "expected at most 32 event names of the log's own as stages, got " +
                        std::to_string(plan.custom_kinds.size()));
    }
    std::shared_ptr<RowShape> shape = make_shape(plan.schema);
    SlotMaker slots(plan, shape.get());
    plan_roles(plan, slots, where);
    if (shape) plan_conditions(plan, slots, *shape);
    plan_wishes(plan, slots, options.columns);
    plan_numbers_checked(plan, slots);
    for (const std::size_t slot : plan.numbers_checked) {
        if (shape && plan.made_of[slot] == kNoSlot && plan.slots[slot] != "")
            shape->number_columns.push_back(slot);
    }
    plan.shape = std::move(shape);
    return plan;
}

}  // namespace funnel::ingest::detail
