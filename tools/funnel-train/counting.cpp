// SPDX-License-Identifier: MIT
#include "counting.hpp"

#include <algorithm>
#include <utility>

#include "funnel/base/count_words.hpp"
#include "funnel/events/order_duplicates.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/metrics/measure.hpp"

namespace funnel::tool {
namespace {

/// Throws Error(invalid_argument) that names the option.
std::optional<events::RowCondition> parse_where(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    try {
        return events::RowCondition::parse(*text);
    } catch (const Error& error) {
        throw Error(error.code(), std::string("--where: ") + error.what());
    }
}

}  // namespace

void add_dedup(CLI::App& command, std::string& dedup) {
    command
        .add_option("--dedup", dedup, "exact: of equal rows the first; orders: of an order's line the first")
        ->check(CLI::IsMember({"none", "exact", "orders"}));
}

void set_dedup(const std::string& dedup, ingest::ReadOptions& reading) {
    reading.columns.row_hash = true;
    reading.drop_duplicates = dedup == "exact";
}

void drop_copies(const std::string& dedup, EventLog& log, Run& run) {
    if (dedup == "orders") {
        const events::DroppedOrderRows dropped = events::drop_order_copies(log);
        run.console.note("--dedup orders dropped " + base::format_count(dropped.rows) +
                         (dropped.rows == 1 ? " copy of a line of an order, worth "
                                            : " copies of lines of orders, worth ") +
                         dropped.money.text());
    }
}

void CountingOptions::add_to(CLI::App& command) {
    command.add_option("--window", window, "How long a way through the funnel may take");
    command.add_option("--per", per, "Whose way is counted")
        ->check(CLI::IsMember({"user", "session", "user-item", "exposure"}));
    command
        .add_option("--by", by,
                    "Break down by day, week, month, hour or a column, or by A,B together; may repeat")
        ->allow_extra_args(false);
    add_choice_to(command);
    rules.add_to(command);
    more.add_to(command);
}

void CountingOptions::add_choice_to(CLI::App& command) {
    command.add_option("--where", where,
                       "What begins with a row that fits, e.g. 'device=mobile & price>50' (= != < <= > >= ~ "
                       "in (..), & | and parentheses)");
    command.add_option("--touch", touch,
                       "Where a purchase says nothing of a column: event, visit (default), first, last or "
                       "last:30d: none, the first of its visit or user, the last before");
    command.get_option("--funnel")->transform([this](const std::string& funnel) {
        auto [stages, marked] = without_marks(funnel);
        optional = std::move(marked);
        return stages;
    });
    add_dedup(command, dedup);
}

void CountingOptions::check() const {
    (void)duration_option("--window", window);
    (void)columns();
    if (touch && !metrics::parse_touch(*touch))
        usage_error("--touch: expected event, visit, first, last or last:30d, got \"" + *touch + "\"");
    metrics::MetricsOptions unused;
    more.apply(unused);
}

void CountingOptions::check_touch() const {
    if (touch && by.empty() && !where)
        usage_error("--touch: expected --by or --where with a column that it speaks of, got none of them");
}

std::vector<std::string> CountingOptions::columns() const {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    };
    for (const std::string& key : by) {
        for (const std::string& name : metrics::columns_of_by(key)) {
            if (!metrics::is_time_key(name) && name != "item") add(name);
        }
    }
    if (const auto condition = parse_where(where)) {
        for (const std::string& name : condition->columns()) {
            if (name != "item" && name != "user" && name != "event") add(name);
        }
    }
    return names;
}

void CountingOptions::set_reading(ingest::ReadOptions& reading, const SideColumns& beside) const {
    auto& text = reading.columns.text;
    const auto add = [&](const std::string& column) {
        if (std::ranges::find(text, column) == text.end()) text.push_back(column);
    };
    reading.columns.beside = beside.plain;
    for (const std::string& name : columns()) {
        // The log's own column of a name comes first; the table says what it leaves out.
        if (beside.contains(name))
            reading.columns.text_if_there.push_back(name);
        else
            add(name);
    }
    if (rules.hold == "category") add("category");
    metrics::MetricsOptions asked;
    more.apply(asked);
    if (!asked.bot_column.empty()) add(asked.bot_column);
    reading.columns.text_if_mapped |= more.all || !beside.all.empty();
    set_dedup(dedup, reading);
}

void CountingOptions::clean(EventLog& log, Run& run) const {
    more.apply_aliases(log, run);
    drop_copies(dedup, log, run);
}

metrics::MetricsOptions CountingOptions::metrics_options(ChosenFunnel chosen, const metrics::LogFacts& facts,
                                                         const SideColumns& beside, const LogOptions& log,
                                                         const Run& run) const {
    metrics::MetricsOptions options;
    options.funnel = std::move(chosen.funnel);
    options.left_out = std::move(chosen.left_out);
    options.window = duration_option("--window", window);
    options.entity = metrics::parse_entity(per).value_or(metrics::Entity::user);
    const events::Period asked = log.asked(facts.last_time);
    options.from = asked.from;
    options.to = asked.to;
    options.by = by;
    options.order_copies_dropped = dedup == "orders";
    options.where = parse_where(where);
    if (touch) options.touch = *metrics::parse_touch(*touch);
    options.item_columns = beside.of_items;
    options.rules = rules.rules(options.funnel, optional);
    options.timing = rules.timing;
    more.apply(options);
    options.zone = log.offsets(facts.first_time, facts.last_time);
    options.threads = run.threads();
    return options;
}

}  // namespace funnel::tool
