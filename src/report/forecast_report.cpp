// SPDX-License-Identifier: MIT
#include "funnel/report/forecast_report.hpp"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/csv.hpp"
#include "funnel/base/time.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"

namespace funnel::report {
namespace {

using forecast::Expected;
using forecast::FigureForecast;
using forecast::Method;
using forecast::SalesForecast;
using forecast::SalesForecastRow;
using ForecastJson = nlohmann::ordered_json;

struct NamedFigure {
    const char* name;
    const char* title;
    const FigureForecast* figure;  ///< null: not known
};

std::array<NamedFigure, 3> figures_of(const SalesForecastRow& row) {
    return {{{"orders", "Orders", &row.orders},
             {"units", "Units", &row.units},
             {"revenue", "Revenue", row.revenue ? &*row.revenue : nullptr}}};
}

/// Three digits or all before the point.
std::string expected_number(double value) {
    return format_number(value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string range_words(const Expected& expected) {
    if (!expected.range) return "n/a";
    return expected_number(expected.range->low) + " to " + expected_number(expected.range->high);
}

std::string method_words(Method method) {
    switch (method) {
        case Method::weekdays:
            return "weekdays and level";
        case Method::sparse:
            return "share of days and size";
        case Method::last_week:
            break;
    }
    return "last week again";
}

std::string percent(double level) {
    return format_number(level * 100, 0) + " %";
}

std::string days_ahead(const SalesForecast& sales) {
    return sales.days == 1 ? "day" : std::to_string(sales.days) + " days";
}

std::string day_text(const SalesForecast& sales, std::size_t ahead) {
    return base::format_day(sales.first_day + static_cast<std::int64_t>(ahead));
}

std::string forecast_head(const ForecastView& view) {
    const SalesForecast& sales = view.sales;
    return "Expected in the next " + days_ahead(sales) + ", " + day_text(sales, 0) +
           (sales.days > 1 ? " to " + day_text(sales, sales.days - 1) : "") + " (" + view.zone + "), from " +
           format_count(static_cast<std::int64_t>(sales.past_days)) + " whole days, " +
           base::format_day(sales.past_first_day) + " to " + base::format_day(sales.first_day - 1) + "\n\n";
}

std::string table_of_totals(const SalesForecast& sales) {
    TextTable table({{"", Align::left},
                     {"expected"},
                     {percent(sales.level) + " range"},
                     {"last " + days_ahead(sales)},
                     {"method", Align::left}});
    for (const NamedFigure& named : figures_of(sales.all)) {
        if (named.figure == nullptr) continue;
        const forecast::Forecast& coming = named.figure->coming;
        table.add_row({named.title, expected_number(coming.total.expected), range_words(coming.total),
                       expected_number(named.figure->last), method_words(coming.method)});
    }
    return table.text();
}

std::string table_of_days(const SalesForecast& sales) {
    constexpr std::array kWeekdays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    std::vector<TableColumn> columns = {{"", Align::left}, {"", Align::left}};
    for (const NamedFigure& named : figures_of(sales.all)) {
        if (named.figure == nullptr) continue;
        columns.push_back({named.name});
        columns.push_back({"range"});
    }
    TextTable table(columns);
    for (std::size_t h = 0; h < sales.days; ++h) {
        const std::int64_t day = sales.first_day + static_cast<std::int64_t>(h);
        // 1 January 1970 was a Thursday.
        std::vector<std::string> cells = {base::format_day(day),
                                          kWeekdays[static_cast<std::size_t>(base::floor_mod(day + 3, 7))]};
        for (const NamedFigure& named : figures_of(sales.all)) {
            if (named.figure == nullptr) continue;
            const Expected& expected = named.figure->coming.days[h];
            cells.push_back(expected_number(expected.expected));
            cells.push_back(range_words(expected));
        }
        table.add_row(std::move(cells));
    }
    return table.text();
}

std::string name_of_row(const ForecastView& view, const SalesForecastRow& row) {
    if (!row.key) return "(missing)";
    const auto name = view.names.find(*row.key);
    return printable(name == view.names.end() ? *row.key : name->second, 40);
}

std::string table_of_keys(const ForecastView& view) {
    const SalesForecast& sales = view.sales;
    const bool revenue = sales.has_amounts && !sales.order_totals;
    std::vector<TableColumn> columns = {{sales.by, Align::left},
                                        {"orders"},
                                        {percent(sales.level) + " range"},
                                        {"last " + days_ahead(sales)},
                                        {"units"}};
    if (revenue) columns.push_back({"revenue"});
    columns.push_back({"method", Align::left});
    TextTable table(columns);
    for (const SalesForecastRow& row : sales.rows) {
        const Expected& orders = row.orders.coming.total;
        std::vector<std::string> cells = {name_of_row(view, row), expected_number(orders.expected),
                                          range_words(orders), expected_number(row.orders.last),
                                          expected_number(row.units.coming.total.expected)};
        if (revenue)
            cells.push_back(row.revenue ? expected_number(row.revenue->coming.total.expected) : "n/a");
        cells.push_back(method_words(row.orders.coming.method));
        table.add_row(std::move(cells));
    }
    return table.text();
}

/// How far the figure may be trusted, from the days it was tried on.
std::string trial_sentence(const NamedFigure& named) {
    const forecast::Forecast& coming = named.figure->coming;
    const std::string days = format_count(static_cast<std::int64_t>(coming.origins)) + " past days";
    if (!coming.scaled_error || !(*coming.naive_error > 0))
        return std::string(named.title) + ": every week was like the one before.\n";
    const double ratio = *coming.scaled_error / *coming.naive_error;
    if (coming.method == Method::last_week)
        return std::string(named.title) + ": tried from " + days +
               ", nothing missed by less than last week again, which is given.\n";
    return std::string(named.title) + ": tried from " + days + ", a day was missed by " +
           format_number((1 - ratio) * 100, 0) + " % less than by last week again.\n";
}

ForecastJson figure_json(const FigureForecast& figure) {
    const forecast::Forecast& coming = figure.coming;
    const auto expected_json = [](const Expected& expected) {
        ForecastJson json = {{"value", expected.expected}};
        json["low"] = expected.range ? ForecastJson(expected.range->low) : ForecastJson(nullptr);
        json["high"] = expected.range ? ForecastJson(expected.range->high) : ForecastJson(nullptr);
        return json;
    };
    const auto number = [](const std::optional<double>& value) {
        return value ? ForecastJson(*value) : ForecastJson(nullptr);
    };
    ForecastJson json = {{"total", expected_json(coming.total)}};
    json["last"] = figure.last;
    json["method"] = forecast::method_name(coming.method);
    json["origins"] = coming.origins;
    json["scaled_error"] = number(coming.scaled_error);
    json["naive_error"] = number(coming.naive_error);
    json["range_reason"] = coming.total.range ? ForecastJson(nullptr) : ForecastJson("too_few_past_days");
    json["days"] = ForecastJson::array();
    for (const Expected& day : coming.days)
        json["days"].push_back(expected_json(day));
    return json;
}

ForecastJson forecast_row_json(const SalesForecastRow& row, const char* reason) {
    ForecastJson json = ForecastJson::object();
    for (const NamedFigure& named : figures_of(row))
        json[named.name] = named.figure != nullptr ? figure_json(*named.figure) : ForecastJson(nullptr);
    json["revenue_reason"] = row.revenue ? ForecastJson(nullptr) : ForecastJson(reason);
    return json;
}

void append_csv_row(std::string& out, const SalesForecastRow& row, const SalesForecast& sales,
                    std::optional<std::size_t> day) {
    if (!sales.by.empty()) {
        base::append_csv_field(out, row.key.value_or(""));
        out += ',';
    }
    out += day ? day_text(sales, *day) : "total";
    for (const NamedFigure& named : figures_of(row)) {
        const Expected* expected = named.figure == nullptr ? nullptr
                                   : day                   ? &named.figure->coming.days[*day]
                                                           : &named.figure->coming.total;
        out += ',';
        if (expected != nullptr) base::append_csv_number(out, expected->expected);
        out += ',';
        if (expected != nullptr && expected->range) base::append_csv_number(out, expected->range->low);
        out += ',';
        if (expected != nullptr && expected->range) base::append_csv_number(out, expected->range->high);
    }
    out += '\n';
}

}  // namespace

std::string to_text(const ForecastView& view) {
    const SalesForecast& sales = view.sales;
    std::string out = forecast_head(view) + table_of_totals(sales) + '\n';
    if (sales.by.empty()) {
        out += table_of_days(sales) + '\n';
    } else if (!sales.rows.empty()) {
        out += table_of_keys(view) + '\n';
        if (sales.rows.size() < sales.keys)
            out += "The " + format_count(static_cast<std::int64_t>(sales.rows.size())) + " of " +
                   format_count(static_cast<std::int64_t>(sales.keys)) +
                   " with the most orders of late (--top N, --csv).\n";
    }
    for (const NamedFigure& named : figures_of(sales.all)) {
        if (named.figure != nullptr) out += trial_sentence(named);
    }
    if (!sales.all.orders.coming.total.range)
        out += "n/a: too few past days to say how far off " + days_ahead(sales) + " together may be.\n";
    out +=
        "It goes on as before: what has not happened in these days, such as a holiday or a campaign, is "
        "not foreseen.\n";
    return out;
}

std::string to_csv(const ForecastView& view) {
    const SalesForecast& sales = view.sales;
    std::string out;
    if (!sales.by.empty()) {
        base::append_csv_field(out, sales.by);
        out += ',';
    }
    out += "day,orders,orders_low,orders_high,units,units_low,units_high,revenue,revenue_low,revenue_high\n";
    const auto append = [&](const SalesForecastRow& row) {
        for (std::size_t day = 0; day < sales.days; ++day)
            append_csv_row(out, row, sales, day);
        append_csv_row(out, row, sales, std::nullopt);
    };
    if (sales.by.empty()) append(sales.all);
    for (const SalesForecastRow& row : sales.rows)
        append(row);
    return out;
}

std::string to_json(const ForecastView& view) {
    const SalesForecast& sales = view.sales;
    ForecastJson json = {{"schema_version", kSchemaVersion},
                         {"days", sales.days},
                         {"from", day_text(sales, 0)},
                         {"to", day_text(sales, sales.days - 1)},
                         {"level", sales.level}};
    json["past"] = {{"days", sales.past_days},
                    {"from", base::format_day(sales.past_first_day)},
                    {"to", base::format_day(sales.first_day - 1)}};
    const char* none = "no_amounts";
    json["all"] = forecast_row_json(sales.all, none);
    json["by"] = sales.by.empty() ? ForecastJson(nullptr) : ForecastJson(sales.by);
    json["keys"] = sales.keys;
    json["rows"] = ForecastJson::array();
    for (const SalesForecastRow& row : sales.rows) {
        ForecastJson entry = {{"key", row.key ? ForecastJson(*row.key) : ForecastJson(nullptr)}};
        if (!view.names.empty())
            entry["name"] = row.key ? ForecastJson(name_of_row(view, row)) : ForecastJson(nullptr);
        entry.update(forecast_row_json(row, sales.order_totals ? "order_total_only" : none));
        json["rows"].push_back(std::move(entry));
    }
    json["warnings"] = warnings_json<ForecastJson>(view.warnings);
    return json.dump(2, ' ', false, ForecastJson::error_handler_t::replace) + "\n";
}

}  // namespace funnel::report
