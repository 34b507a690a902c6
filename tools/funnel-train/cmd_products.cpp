// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "commands.hpp"
#include "counting.hpp"
#include "funnel/metrics/count_products.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/metrics/segments.hpp"
#include "funnel/report/products_report.hpp"
#include "metrics_compare.hpp"
#include "side_tables.hpp"
#include "written_view.hpp"

namespace funnel::tool {
namespace {

/// Columns of an item table that say what an item is called, in order of preference.
constexpr std::array<std::string_view, 4> kNameColumns = {"name", "title", "product_name", "description"};
constexpr std::size_t kTopOfAPage = 20;

struct ProductsCommand {
    LogOptions log;
    SideOptions side;
    std::string by = "item", window = "7d", dedup = "none", sort, compare;
    std::size_t top = 0;
    ViewOptions to;
};

void check(const ProductsCommand& command, const Run& run) {
    command.to.check(command.log, command.side.paths(), run);
    (void)duration_option("--window", command.window);
    if (metrics::columns_of_by(command.by).size() > 1 || metrics::is_time_key(command.by))
        usage_error("--by: expected item or one column, got \"" + command.by +
                    "\"; products has no breakdown by time or by several columns: metrics --by has both");
    if (command.log.funnel)
        usage_error("products: expected no --funnel, since nothing is counted by stage; leave it out");
}

/// The column of the item tables with names for people, or empty.
std::string name_column(const std::vector<std::string>& columns) {
    for (const std::string_view name : kNameColumns) {
        if (std::ranges::find(columns, name) != columns.end()) return std::string(name);
    }
    return {};
}

std::map<std::string, std::string> names_of_items(const EventLog& log, const std::string& column_name) {
    std::map<std::string, std::string> names;
    const events::TextColumn* column = log.text_column(column_name);
    if (column == nullptr) return names;
    std::vector<bool> named(log.items.size());
    for (std::size_t row = 0; row < log.size(); ++row) {
        const std::uint32_t item = log.item[row], code = column->code[row];
        if (item == base::kNone || code == base::kNone || named[item]) continue;
        named[item] = true;
        names.emplace(log.items.text(item), column->values.text(code));
    }
    return names;
}

struct ProductsLog {
    ingest::ReadResult read;
    SideColumns beside;
    std::string name_column;  ///< of the items, or empty
};

ProductsLog read(const ProductsCommand& command, Run& run) {
    ingest::ReadOptions reading = command.log.read_options(run);
    auto& columns = reading.columns;
    ProductsLog log;
    log.beside = command.side.columns(command.log, run);
    if (command.by != "item")
        (log.beside.contains(command.by) ? columns.text_if_there : columns.text).push_back(command.by);
    columns.beside = log.beside.plain;
    columns.position_if_mapped = true;
    columns.text_if_mapped = !command.side.empty();
    set_dedup(command.dedup, reading);
    log.read = ingest::read_log(command.log.paths, reading);
    tell_about_reading(log.read.report, command.log, run);
    drop_copies(command.dedup, log.read.log, run);
    if (!command.side.empty()) {
        if (command.by == "item") log.name_column = name_column(log.beside.all);
        std::vector<std::string> wanted = {command.by};
        if (!log.name_column.empty()) wanted.push_back(log.name_column);
        command.side.add_columns(log.read.log, log.read.schema, wanted, command.log, run);
    }
    return log;
}

metrics::MetricsOptions counting_options(const ProductsCommand& command, const metrics::LogFacts& facts,
                                         const SideColumns& beside, const Run& run) {
    metrics::MetricsOptions options;
    options.window = duration_option("--window", command.window);
    const events::Period asked = command.log.asked(facts.last_time);
    options.from = asked.from;
    options.to = asked.to;
    options.item_columns = beside.of_items;
    options.order_copies_dropped = command.dedup == "orders";
    options.threads = run.threads();
    return options;
}

void run_products(const ProductsCommand& command, Run& run) {
    check(command, run);
    const ProductsLog products = read(command, run);
    const EventLog& log = products.read.log;
    const metrics::LogFacts facts = metrics::facts_of(log);
    metrics::MetricsOptions options = counting_options(command, facts, products.beside, run);
    report::ProductsView view{.products = metrics::count_products(log, options, facts, command.by)};
    if (!log.empty())
        view.asked = {{options.from, options.to},
                      facts.first_time,
                      facts.last_time,
                      command.log.offsets(facts.first_time, facts.last_time)};
    for (const base::Warning& warning : view.products.warnings)
        run.console.warn(warning);
    if (!command.compare.empty()) {
        const ComparedTo other{command.compare};
        const events::Period before = other.period(options, facts, command.log.tz);
        options.from = before.from;
        options.to = before.to;
        view.before = metrics::count_products(log, options, facts, command.by);
        other.warn_of(before, view.before->rows.empty(), view.before->warnings, run);
        report::add_keys_of_before(view);
    }
    if (view.products.rows.empty() && !log.empty())
        run.console.warn("empty_period", "no row in the period, or none with a key of --by");
    view.names = names_of_items(log, products.name_column);
    view.sort = command.sort;
    view.top = command.top > 0 ? command.top : command.to.as_text(run) ? kTopOfAPage : 0;
    report::sort_products(view);
    run.record.add_times(log);
    run.record.add_count("products", view.products.rows.size());
    view.warnings = run.console.warnings();
    command.to.write(view, run);
}

}  // namespace

void add_products(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "products", "What became of each item, category or brand", run_products);
    command->log.add_to(*sub);
    command->side.add_keys_to(*sub);
    sub->add_option("--by", command->by, "item, category, brand or another column (default: item)");
    sub->add_option("--window", command->window, "How long after a cart a purchase still counts for it");
    add_dedup(*sub, command->dedup);
    sub->get_option("--funnel")->group("");  // nothing here is counted by stage
    sub->add_option("--sort", command->sort, "Column, largest first (default: revenue, if there is any)")
        ->check(CLI::IsMember(report::product_columns()));
    sub->add_option("--top", command->top, "Most rows (default: 20 as text, else all)")
        ->check(whole_number(1));
    sub->add_option("--compare", command->compare, "Beside it the period before: previous or year-ago")
        ->check(CLI::IsMember({"previous", "year-ago"}));
    command->to.add_to(*sub, "All columns, for spreadsheets");
}

}  // namespace funnel::tool
