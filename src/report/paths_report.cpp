// SPDX-License-Identifier: MIT
#include "funnel/report/paths_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "funnel/base/csv.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"
#include "period_json.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;

using metrics::VisitPath;
constexpr std::size_t kTerminal = 80, kLeastPath = 16;

/// Calls visit(rows of one key, those of them that are shown).
template <typename Visit>
void for_each_path_key(const PathsView& view, Visit&& visit) {
    const std::span<const VisitPath> all = view.paths.rows;
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
        while (end < all.size() && all[end].values == all[begin].values)
            ++end;
        const auto rows = all.subspan(begin, end - begin);
        visit(rows, view.top == 0 ? rows : rows.first(std::min(view.top, rows.size())));
    }
}

std::optional<double> path_revenue(const VisitPath& path, const metrics::Paths& paths) {
    return paths.has_amounts && path.counts.priced() ? std::optional(path.counts.revenue.value())
                                                     : std::nullopt;
}

std::string joined_steps(const std::vector<std::string>& steps) {
    std::string out;
    for (const std::string& step : steps)
        out += (out.empty() ? "" : " > ") + step;
    return out;
}

/// "12.3", two places below 10 %.
std::string path_percent(double share) {
    return format_number(share * 100, share < 0.1 ? 2 : 1);
}

/// The path in lines of at most `width` columns.
std::vector<std::string> lines_of_path(const VisitPath& path, std::size_t width) {
    std::vector<std::string> steps = path.steps;
    if (path.counts.longer > 0) steps.emplace_back("...");
    if (steps.empty()) return {"(none)"};
    constexpr std::size_t kArrow = 4, kCut = 3;  // " > " and a blank before it; "..." of a name that is cut
    std::vector<std::string> lines = {printable(steps.front(), width - kCut)};
    for (std::size_t i = 1; i < steps.size(); ++i) {
        const std::string more = " > " + printable(steps[i], width - kArrow - kCut);
        if (display_width(lines.back()) + display_width(more) <= width)
            lines.back() += more;
        else
            lines.push_back(" " + more);
    }
    return lines;
}

std::vector<std::string> numbers_of_path(const VisitPath& path, const metrics::Paths& paths) {
    const eval::Interval& range = path.conversion_interval;
    std::vector<std::string> cells = {format_count(path.counts.visits), path_percent(path.share) + " %",
                                      path_percent(path.conversion) + " %",
                                      path_percent(range.low) + "-" + path_percent(range.high)};
    const auto revenue = path_revenue(path, paths);
    if (paths.has_amounts)
        cells.push_back(!revenue ? "n/a" : path.counts.orders == 0 ? "" : format_number(revenue, 2));
    return cells;
}

std::string table_of_paths(std::span<const VisitPath> rows, const metrics::Paths& paths) {
    std::vector<TableColumn> columns = {{"visits"}, {"share"}, {"bought"}, {"95 %"}};
    if (paths.has_amounts) columns.push_back({"revenue"});
    std::vector<std::vector<std::string>> numbers;
    std::vector<std::size_t> widths;
    for (const TableColumn& column : columns)
        widths.push_back(column.title.size() + 2);
    for (const VisitPath& path : rows) {
        numbers.push_back(numbers_of_path(path, paths));
        for (std::size_t c = 0; c < widths.size(); ++c)
            widths[c] = std::max(widths[c], numbers.back()[c].size() + 2);
    }
    const std::size_t taken = std::accumulate(widths.begin(), widths.end(), std::size_t{0});
    const std::size_t width = std::max(kLeastPath, kTerminal - std::min(taken, kTerminal));
    columns.push_back({"path", Align::left});
    TextTable table(columns);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        for (std::string& line : lines_of_path(rows[i], width)) {
            std::vector<std::string> cells = std::exchange(numbers[i], {});
            cells.resize(columns.size() - 1);
            cells.push_back(std::move(line));
            table.add_row(std::move(cells));
        }
    }
    return table.text();
}

std::string text_of_key(const metrics::Paths& paths, const VisitPath& path) {
    std::string out;
    for (std::size_t i = 0; i < path.values.size(); ++i) {
        out += (i > 0 ? ", " : "") + paths.columns[i] + ": " +
               (path.values[i] ? printable(*path.values[i], 40) : "(missing)");
    }
    return out;
}

}  // namespace

std::string path_text(const VisitPath& path) {
    std::string out = joined_steps(path.steps);
    if (path.counts.longer > 0) out += " > ...";
    return out.empty() ? "(none)" : out;
}

std::string to_text(const PathsView& view) {
    const metrics::Paths& paths = view.paths;
    const std::string period = to_text(view.asked);
    std::string out;
    bool some_hidden = false, some_longer = false, some_none = false;
    for_each_path_key(view, [&](std::span<const VisitPath> all, std::span<const VisitPath> shown) {
        if (!out.empty()) out += '\n';
        if (!paths.by.empty()) out += text_of_key(paths, all.front()) + '\n';
        out += table_of_paths(shown, paths);
        some_hidden |= shown.size() < all.size();
        for (const VisitPath& path : shown) {
            some_longer |= path.counts.longer > 0;
            some_none |= path.steps.empty();
        }
    });
    if (!out.empty()) out += '\n';
    out += format_count(paths.visits) + " visits; " +
           format_count(static_cast<std::int64_t>(paths.rows.size())) + " paths of at most " +
           std::to_string(paths.length) +
           (paths.steps == metrics::PathSteps::stages ? " stages" : " types of events") +
           ", repeats as one.\n";
    if (some_hidden) out += "The most frequent are shown (--top N, --csv).\n";
    if (some_longer) out += "...: some of these visits go on (--length N).\n";
    if (some_none) out += "(none): visits without any stage of the funnel.\n";
    return period.empty() ? out : period + "\n\n" + out;
}

std::string to_csv(const PathsView& view) {
    const metrics::Paths& paths = view.paths;
    std::string out;
    for (const std::string& column : paths.columns) {
        base::append_csv_field(out, column);
        out += ',';
    }
    out +=
        "path,steps,visits,share,longer,bought,conversion,conversion_low,conversion_high,users,orders,"
        "revenue\n";
    for_each_path_key(view, [&](std::span<const VisitPath>, std::span<const VisitPath> shown) {
        for (const VisitPath& path : shown) {
            for (const auto& value : path.values) {
                base::append_csv_field(out, value.value_or(""));
                out += ',';
            }
            base::append_csv_field(out, joined_steps(path.steps));
            const metrics::PathCounts& counts = path.counts;
            out += ',' + std::to_string(path.steps.size()) + ',' + std::to_string(counts.visits) + ',';
            base::append_csv_number(out, path.share);
            out += ',' + std::to_string(counts.longer) + ',' + std::to_string(counts.bought);
            for (const double value :
                 {path.conversion, path.conversion_interval.low, path.conversion_interval.high}) {
                out += ',';
                base::append_csv_number(out, value);
            }
            out += ',' + std::to_string(counts.users) + ',' + std::to_string(counts.orders) + ',';
            if (path_revenue(path, paths)) out += counts.revenue.text();
            out += '\n';
        }
    });
    return out;
}

std::string to_json(const PathsView& view) {
    const metrics::Paths& paths = view.paths;
    Json json = {{"schema_version", kSchemaVersion},
                 {"period", period_json(view.asked.period)},
                 {"steps", paths.steps == metrics::PathSteps::stages ? "stages" : "types"},
                 {"length", paths.length},
                 {"by", paths.by.empty() ? Json(nullptr) : Json(paths.by)},
                 {"visits", paths.visits},
                 {"rows", paths.rows.size()},
                 {"revenue_reason", paths.has_amounts ? Json(nullptr) : Json("no_amounts")}};
    json["paths"] = Json::array();
    for_each_path_key(view, [&](std::span<const VisitPath>, std::span<const VisitPath> shown) {
        for (const VisitPath& path : shown) {
            Json row = Json::object();
            const auto value_json = [](const std::optional<std::string>& value) {
                return value ? Json(*value) : Json(nullptr);
            };
            if (path.values.size() == 1) row["key"] = value_json(path.values.front());
            if (path.values.size() > 1) {
                row["key"] = Json::array();
                for (const auto& value : path.values)
                    row["key"].push_back(value_json(value));
            }
            const metrics::PathCounts& counts = path.counts;
            row["steps"] = path.steps;
            row.update({{"visits", counts.visits},
                        {"share", path.share},
                        {"longer", counts.longer},
                        {"bought", counts.bought},
                        {"conversion", path.conversion},
                        {"low", path.conversion_interval.low},
                        {"high", path.conversion_interval.high},
                        {"users", counts.users},
                        {"orders", counts.orders}});
            const auto revenue = path_revenue(path, paths);
            row["revenue"] = revenue ? Json(*revenue) : Json(nullptr);
            row["revenue_reason"] = revenue ? Json(nullptr) : Json("no_amounts");
            json["paths"].push_back(std::move(row));
        }
    });
    json["warnings"] = warnings_json<Json>(view.warnings);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace funnel::report
