// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <memory>
#include <ostream>
#include <string_view>
#include <utility>

#include "commands.hpp"
#include "counting.hpp"
#include "funnel/files/output.hpp"
#include "funnel/metrics/count_products.hpp"
#include "funnel/report/products_report.hpp"
#include "metrics_compare.hpp"
#include "outputs.hpp"
#include "side_tables.hpp"

namespace funnel::tool {
namespace {

/// Columns of an item table that say what an item is called, in order of preference.
constexpr std::array<std::string_view, 4> kNameColumns = {"name", "title", "product_name", "description"};
constexpr std::size_t kTopOfAPage = 20;

struct ProductsCommand {
    GeneralOptions general;
    LogOptions log;
    SideOptions side;
    std::string by = "item", window = "7d", dedup = "none", sort, compare, output;
    std::size_t top = 0;
    bool csv = false;
};

void check(const ProductsCommand& command) {
    std::vector<std::string> inputs = command.log.inputs();
    for (std::string& path : command.side.paths())
        inputs.push_back(std::move(path));
    claim_outputs({command.output, command.log.rejects, command.general.manifest}, inputs);
    if (command.general.json && command.csv) usage_error("--json and --csv exclude each other; give one");
    (void)duration_option("--window", command.window);
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

ingest::ReadResult read(const ProductsCommand& command, std::string& names, Console& console) {
    ingest::ReadOptions reading = command.log.read_options(command.general, console);
    auto& columns = reading.columns;
    std::vector<std::string> beside;
    if (!command.side.empty()) beside = command.side.column_names(command.log, command.general);
    if (command.by != "item") {
        const bool is_beside = std::ranges::find(beside, command.by) != beside.end();
        (is_beside ? columns.text_if_there : columns.text).push_back(command.by);
    }
    columns.position_if_mapped = true;
    columns.text_if_mapped = !command.side.empty();
    set_dedup(command.dedup, reading);
    ingest::ReadResult result = ingest::read_log(command.log.paths, reading);
    tell_about_reading(result.report, command.log, command.general, console);
    drop_copies(command.dedup, result.log, console);
    if (!command.side.empty()) {
        names = command.by == "item" ? name_column(beside) : std::string{};
        std::vector<std::string> wanted = {command.by};
        if (!names.empty()) wanted.push_back(names);
        command.side.add_columns(result.log, result.schema, wanted, command.log, command.general, console);
    }
    return result;
}

metrics::MetricsOptions counting_options(const ProductsCommand& command, const metrics::LogFacts& facts) {
    metrics::MetricsOptions options;
    options.window = duration_option("--window", command.window);
    const events::Period asked = command.log.asked(facts.last_time);
    options.from = asked.from;
    options.to = asked.to;
    if (!command.side.empty())
        options.item_columns = command.side.column_names(events::SideKey::item, command.log, command.general);
    options.order_copies_dropped = command.dedup == "orders";
    options.threads = command.general.thread_count();
    return options;
}

void write(const ProductsCommand& command, const report::ProductsView& view, Session& session) {
    const std::string text = command.general.json                     ? report::to_json(view)
                             : command.csv || !command.output.empty() ? report::to_csv(view)
                                                                      : report::to_text(view);
    if (command.output.empty()) {
        session.out << text;
        return;
    }
    files::Output file(command.output);
    file.append(text);
    file.commit();
    command.general.record->add_output(command.output);
}

void run_products(const ProductsCommand& command, Session& session) {
    command.general.apply(session);
    check(command);
    std::string name_column;
    const ingest::ReadResult read_log = read(command, name_column, session.console);
    const EventLog& log = read_log.log;
    const metrics::LogFacts facts = metrics::facts_of(log);
    metrics::MetricsOptions options = counting_options(command, facts);
    report::ProductsView view{.products = metrics::count_products(log, options, facts, command.by)};
    for (const base::Warning& warning : view.products.warnings)
        session.console.warn(warning);
    if (!command.compare.empty()) {
        CompareOptions with;
        with.other = command.compare;
        const events::Period before = with.period(options, facts, command.log.tz);
        options.from = before.from;
        options.to = before.to;
        view.before = metrics::count_products(log, options, facts, command.by);
        report::add_keys_of_before(view);
    }
    if (view.products.rows.empty() && !log.empty())
        session.console.warn("empty_period", "no row in the period, or none with a key of --by");
    view.names = names_of_items(log, name_column);
    view.sort = command.sort;
    const bool page = !command.general.json && !command.csv && command.output.empty();
    view.top = command.top > 0 ? command.top : page ? kTopOfAPage : 0;
    report::sort_products(view);
    command.general.record->add_times(log);
    command.general.record->add_count("products", view.products.rows.size());
    view.warnings = session.console.warnings();
    write(command, view, session);
}

}  // namespace

void add_products(CLI::App& app, Session& session) {
    auto command = std::make_shared<ProductsCommand>();
    CLI::App* sub = app.add_subcommand("products", "What became of each item, category or brand");
    command->general.add_to(*sub);
    command->log.add_to(*sub);
    command->side.add_keys_to(*sub);
    sub->add_option("--by", command->by, "item, category, brand or another column (default: item)");
    sub->add_option("--window", command->window, "How long after a cart a purchase still counts for it");
    add_dedup(*sub, command->dedup);
    sub->get_option("--funnel")->group("");  // nothing here is counted by stage
    sub->add_option("--sort", command->sort, "Column, largest first (default: revenue, if there is any)")
        ->check(CLI::IsMember(report::product_columns()));
    sub->add_option("--top", command->top, "Most rows (default: 20 as text, else all)")
        ->check(whole_number());
    sub->add_option("--compare", command->compare, "Beside it the period before: previous or year-ago")
        ->check(CLI::IsMember({"previous", "year-ago"}));
    sub->add_flag("--csv", command->csv, "All columns, for spreadsheets");
    sub->add_option("-o,--output", command->output, "CSV (or, with --json, JSON) file (.gz by name)");
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_products(*command, session); }; });
}

}  // namespace funnel::tool
