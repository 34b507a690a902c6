// SPDX-License-Identifier: MIT
#include "funnel/report/evaluation_report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "funnel/base/csv.hpp"
#include "funnel/base/time.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel/report/text_table.hpp"
#include "importance_json.hpp"
#include "interval_json.hpp"
#include "lists_json.hpp"
#include "plain_words.hpp"

namespace funnel::report {
namespace {

using Json = nlohmann::ordered_json;

/// 95 % intervals beside the figures, whose keys stay plain numbers.
Json intervals_json(const eval::ClusteredFigures& figures) {
    Json json = Json::object();
    eval::for_each_clustered(figures, [&](std::string_view name, const auto& replicates, eval::Scale scale) {
        json[std::string(name)] = interval_json(eval::interval_of(figures, replicates, scale));
    });
    return json;
}

Json target_json(const eval::TargetReport& report, const eval::ClusteredFigures& figures) {
    Json json;
    json["examples"] = report.examples;
    json["masked"] = report.masked;
    json["positives"] = report.positives;
    Json reasons = Json::object();
    eval::for_each_figure(report, [&](std::string_view name, const eval::Figure& figure) {
        const std::string key(name);
        json[key] = figure.value ? Json(*figure.value) : Json(nullptr);
        if (!figure.value) reasons[key] = figure.reason;
    });
    json["groups_used"] = report.groups_used;
    json["reasons"] = reasons;
    json["intervals"] = intervals_json(figures);
    return json;
}

Json targets_json(const score::Evaluation& evaluation, const score::EvaluatedRows& rows) {
    Json json = Json::object();
    for (std::size_t k = 0; k < evaluation.targets.size(); ++k) {
        json[evaluation.targets[k]] = target_json(rows.targets[k], rows.clustered[k]);
    }
    return json;
}

/// The index-th figure of for_each_figure as people read it.
std::string figure_text(const eval::TargetReport& report, std::size_t index) {
    std::string text;
    std::size_t at = 0;
    eval::for_each_figure(report, [&](std::string_view name, const eval::Figure& figure) {
        if (at++ != index) return;
        const bool share = name == "base_rate" || name == "mean_prediction" || name == "accuracy";
        text =
            share ? format_share(figure.value) : format_number(figure.value, name == "lift_at_10pct" ? 2 : 5);
    });
    return text;
}

/// The interval of the figure of that name, if that is one of those that have intervals.
std::optional<eval::FigureInterval> interval_named(const eval::ClusteredFigures& figures,
                                                   std::string_view wanted) {
    std::optional<eval::FigureInterval> found;
    eval::for_each_clustered(figures, [&](std::string_view name, const auto& replicates, eval::Scale scale) {
        if (name == wanted) found = eval::interval_of(figures, replicates, scale);
    });
    return found;
}

/// "0.7351 to 0.7432", or why there is none.
std::string interval_text(const eval::FigureInterval& range) {
    if (!range.interval) return std::string(range.reason);
    return format_number(range.interval->low, 5) + " to " + format_number(range.interval->high, 5);
}

/// One row per figure and one for its interval, one column per target.
std::string figures_table(const score::Evaluation& evaluation, const score::EvaluatedRows& rows,
                          bool markdown) {
    const auto is_empty = [](const eval::TargetReport& report) {
        return report.examples == 0 && report.masked == 0;
    };
    if (!rows.targets.empty() && std::ranges::all_of(rows.targets, is_empty)) return "  no examples\n";
    std::vector<TableColumn> columns{{"", Align::left}};
    for (const std::string& target : evaluation.targets)
        columns.push_back({printable(target)});
    TextTable table(std::move(columns));
    const auto add_intervals = [&](std::string_view name) {
        std::vector<std::string> cells{"  95 %"};
        bool any = false;
        for (const eval::ClusteredFigures& figures : rows.clustered) {
            const auto range = interval_named(figures, name);
            if (!range) return;
            cells.push_back(interval_text(*range));
            any |= range->interval.has_value();
        }
        if (any) table.add_row(std::move(cells));
    };
    const auto add = [&](std::string name, auto&& cell) {
        std::vector<std::string> cells{std::move(name)};
        for (const eval::TargetReport& report : rows.targets)
            cells.push_back(cell(report));
        table.add_row(std::move(cells));
    };
    const auto count = [](std::uint64_t n) { return format_count(static_cast<std::int64_t>(n)); };
    add("examples", [&](const auto& report) { return count(report.examples); });
    add("masked", [&](const auto& report) { return count(report.masked); });
    add("positives", [&](const auto& report) { return count(report.positives); });
    const auto text = [&] { return markdown ? table.markdown() : table.text(2); };
    if (rows.targets.empty()) return text();
    std::size_t index = 0;
    eval::for_each_figure(rows.targets.front(), [&](std::string_view name, const eval::Figure&) {
        add(std::string(name), [&](const eval::TargetReport& report) { return figure_text(report, index); });
        add_intervals(name);
        ++index;
    });
    return text();
}

/// "low,high" of the figure of that name.
std::string interval_csv(const eval::ClusteredFigures& figures, std::string_view wanted) {
    const auto range = interval_named(figures, wanted);
    if (!range || !range->interval) return ",";
    return Json(range->interval->low).dump() + "," + Json(range->interval->high).dump();
}

void append_csv(std::string& csv, const score::Evaluation& evaluation, const score::EvaluatedRows& rows) {
    for (std::size_t k = 0; k < evaluation.targets.size(); ++k) {
        eval::for_each_figure(rows.targets[k], [&](std::string_view name, const eval::Figure& figure) {
            base::append_csv_field(csv, rows.name);
            csv += ',';
            base::append_csv_field(csv, evaluation.targets[k]);
            csv += "," + std::string(name) + ",";
            if (figure.value) csv += Json(*figure.value).dump();
            csv += "," + std::string(figure.reason) + "," + interval_csv(rows.clustered[k], name) + "\n";
        });
    }
}

/// Examples, what came and what was expected of each target.
Json observed_json(const std::vector<std::string>& targets, const std::vector<score::Observed>& counts) {
    Json json = Json::object();
    for (std::size_t k = 0; k < targets.size(); ++k) {
        json[targets[k]] = {{"examples", counts[k].examples},
                            {"positives", counts[k].positives},
                            {"expected", counts[k].expected}};
    }
    return json;
}

Json keys_json(const score::Evaluation& evaluation) {
    Json json = Json::array();
    for (const score::EvaluatedKey& of : evaluation.by) {
        Json key = Json::array();
        for (const auto& value : of.values)
            key.push_back(value ? Json(*value) : Json(nullptr));
        json.push_back({{"by", of.by},
                        {"key", of.values.size() == 1 ? Json(key[0]) : key},
                        {"examples", of.examples},
                        {"targets", targets_json(evaluation, of.rows)}});
    }
    return json;
}

Json days_json(const score::Evaluation& evaluation) {
    Json json = Json::array();
    for (const score::EvaluatedDay& day : evaluation.days) {
        json.push_back({{"day", base::format_time(day.start).substr(0, 10)},
                        {"targets", observed_json(evaluation.targets, day.targets)}});
    }
    return json;
}

/// Observed and expected per step and day.
std::string observed_text(const score::Evaluation& evaluation, bool markdown) {
    std::vector<TableColumn> columns{{"observed / expected", Align::left}};
    for (const std::string& target : evaluation.targets)
        columns.push_back({printable(target)});
    TextTable table(std::move(columns));
    const auto add = [&](std::string name, const std::vector<score::Observed>& counts) {
        std::vector<std::string> cells{std::move(name)};
        for (const score::Observed& count : counts) {
            cells.push_back(count.examples == 0 ? std::string()
                                                : format_count(static_cast<std::int64_t>(count.positives)) +
                                                      " / " + format_number(count.expected, 1));
        }
        table.add_row(std::move(cells));
    };
    add("ripe exposures", evaluation.steps);
    for (const score::EvaluatedDay& day : evaluation.days)
        add(base::format_time(day.start).substr(0, 10), day.targets);
    return markdown ? table.markdown() : table.text(2);
}

}  // namespace

std::string to_json(const score::Evaluation& evaluation, const base::Warnings& warnings,
                    const explain::Importance* importance, const score::ListEvaluation* lists) {
    Json json;
    json["schema_version"] = kSchemaVersion;
    json["rows"] = evaluation.rows;
    json["already_observed"] = evaluation.already_observed;
    json["late"] = evaluation.late;
    json["late_or_observed"] = evaluation.late_or_observed;
    json["targets"] = targets_json(evaluation, evaluation.all);
    json["segments"] = Json::object();
    for (const auto& segment : evaluation.segments) {
        json["segments"][segment.name] = targets_json(evaluation, segment);
    }
    if (!evaluation.by.empty()) json["by"] = keys_json(evaluation);
    if (!evaluation.days.empty()) {
        json["steps"] = observed_json(evaluation.targets, evaluation.steps);
        json["days"] = days_json(evaluation);
    }
    if (lists != nullptr) json["lists"] = lists_json(*lists);
    if (importance != nullptr) json["importance"] = importance_json(*importance);
    json["warnings"] = warnings_json<Json>(warnings);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const score::Evaluation& evaluation, bool markdown) {
    std::string text = std::string(markdown ? "## " : "") + "Evaluation of " +
                       format_count(static_cast<std::int64_t>(evaluation.rows)) + " examples";
    if (const auto known = evaluation.already_observed + evaluation.late_or_observed; known > 0) {
        text += " (" + format_count(static_cast<std::int64_t>(known)) +
                " rows of the log were already observed and are not scored)";
    }
    text += "\n\n" + figures_table(evaluation, evaluation.all, markdown);
    for (const auto& segment : evaluation.segments) {
        text += (markdown ? "\n### " + segment.name + "\n\n" : "\n" + segment.name + "\n") +
                figures_table(evaluation, segment, markdown);
    }
    for (const auto& of : evaluation.by) {
        const std::string name = printable(of.by, 40) + ": " + key_words(of.values, 60);
        text += (markdown ? "\n### " + name + "\n\n" : "\n" + name + "\n") +
                figures_table(evaluation, of.rows, markdown);
    }
    if (!evaluation.days.empty()) text += "\n" + observed_text(evaluation, markdown);
    return text;
}

std::string to_csv(const score::Evaluation& evaluation) {
    std::string csv = "segment,target,figure,value,reason,low,high\n";
    append_csv(csv, evaluation, evaluation.all);
    for (const auto& segment : evaluation.segments)
        append_csv(csv, evaluation, segment);
    for (const auto& of : evaluation.by) {
        score::EvaluatedRows named = of.rows;
        const bool single = of.values.size() == 1;
        named.name = of.by + "=" + (single ? of.values.front().value_or("") : key_array<Json>(of.values));
        append_csv(csv, evaluation, named);
    }
    return csv;
}

}  // namespace funnel::report
