// SPDX-License-Identifier: MIT
// The model: what it predicted against what happened, how well it ranks, and how it was trained.
#include <algorithm>
#include <array>

#include "funnel/base/time.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/report/text_table.hpp"
#include "markup.hpp"
#include "model_charts.hpp"
#include "rows.hpp"
#include "sections.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

constexpr std::size_t kTargets = 6;

struct FigureTerm {
    std::string_view name, title, meaning;
};
constexpr auto kFigures = std::to_array<FigureTerm>({
    {"base_rate", "Observed rate", "Share of the examples that the target followed."},
    {"mean_prediction", "Mean prediction", "The mean of the predicted probabilities."},
    {"roc_auc", "ROC AUC", "Chance that a positive example is ranked above a negative one; 0.5 is guessing."},
    {"average_precision", "Average precision",
     "Area under precision against recall; guessing gives the observed rate."},
    {"log_loss", "Log loss",
     "Mean of minus the log of the probability given to what happened; lower is better."},
    {"normalized_entropy", "Normalized entropy",
     "Log loss divided by that of always saying the observed rate; below 1 is better than that."},
    {"brier", "Brier score", "Mean squared difference of probability and outcome."},
    {"ece", "Calibration error", "Mean gap between prediction and rate over ten groups of equal size."},
    {"lift_at_10pct", "Lift of the top tenth",
     "Rate among the tenth with the highest predictions, over the observed rate."},
    {"grouped_auc", "AUC within visits", "ROC AUC inside each visit, averaged by its examples."},
});

std::string count(std::uint64_t n) {
    return format_count(static_cast<std::int64_t>(n));
}

std::string figure_text(const eval::TargetReport& report, std::string_view wanted) {
    std::string text;
    eval::for_each_figure(report, [&](std::string_view name, const eval::Figure& figure) {
        if (name != wanted) return;
        const bool share = name == "base_rate" || name == "mean_prediction";
        text = share ? percent(figure.value) : format_number(figure.value, name == "lift_at_10pct" ? 2 : 4);
        if (!figure.value) text += " (" + spaced(figure.reason) + ")";
    });
    return text;
}

std::string horizon_text(const model::Head& head) {
    return head.horizon == events::kVisitHorizon ? "in the same visit"
                                                 : "within " + duration_in_words(head.horizon);
}

std::string day_of(std::int64_t time) {
    return long_date(base::format_day(base::floor_div(time, base::kDay)));
}

/// Each target's mean prediction over its observed rate.
std::string against_observed(const ModelNumbers& model, std::size_t targets) {
    std::vector<BarRow> rows;
    std::string label = "Predicted over observed";
    HtmlTable table("Predicted against observed", {{"Step", true},
                                                   {"Examples"},
                                                   {"Observed"},
                                                   {"Predicted"},
                                                   {"Observed rate"},
                                                   {"95 % interval"},
                                                   {"Mean prediction"},
                                                   {"Predicted / observed"}});
    for (std::size_t k = 0; k < targets; ++k) {
        const eval::TargetReport& report = model.evaluation.all.targets[k];
        const auto n = static_cast<double>(report.examples), seen = static_cast<double>(report.positives);
        const auto predicted = report.mean_prediction.value;
        const auto range = eval::wilson(seen, n);
        BarRow row{.label = model.evaluation.targets[k] + " " + horizon_text(model.bundle->heads[k])};
        if (predicted && seen > 0) {
            row.bar = {*predicted * n / seen, *predicted / range->high, *predicted / range->low, {}};
        }
        row.bar.text = decimal(row.bar.value);
        const std::string expected = predicted ? format_number(*predicted * n, 0) : "n/a";
        row.note = expected + " predicted, " + count(report.positives) + " observed";
        label += ", " + row.label + " " + row.bar.text;
        table.add_row({datum(row.label, 80), count(report.examples), count(report.positives), expected,
                       figure_text(report, "base_rate"),
                       range ? percent(range->low) + " to " + percent(range->high) : "",
                       figure_text(report, "mean_prediction"), row.bar.text});
        rows.push_back(std::move(row));
    }
    return figure(
        "predicted-observed", "Predicted against observed, step by step",
        "How many of the examples were predicted to come to each step, divided by how many did. The stroke "
        "is the 95 % interval of the observed rate, as if examples were independent.",
        dot_rows(label, rows, ratio_axis(rows), 1.0), table);
}

std::string target_figure(const ModelNumbers& model, std::size_t k) {
    const eval::TargetReport& report = model.evaluation.all.targets[k];
    const std::string name = printable(model.evaluation.targets[k], 40);
    HtmlTable table(
        "Tenths of the predictions of " + name,
        {{"Tenth", true}, {"Examples"}, {"Mean prediction"}, {"Observed rate"}, {"95 % interval"}, {"Lift"}});
    for (const auto& tenth : tenths_of(model.curves[k].bins, report.base_rate.value)) {
        table.add_row(
            {tenth.name, format_number(tenth.weight, 0), percent(tenth.mean_prediction), percent(tenth.rate),
             tenth.interval ? percent(tenth.interval->low) + " to " + percent(tenth.interval->high) : "",
             decimal(tenth.lift)});
    }
    const std::string note =
        count(report.examples) + " examples, " + count(report.positives) + " of them positive" +
        (report.masked > 0 ? "; of " + count(report.masked) + " more the outcome is not known yet" : "") +
        ".";
    const std::string charts =
        roc_chart(model.curves[k], report) + precision_recall_chart(model.curves[k], report) +
        calibration_chart(model.curves[k], report) + lift_chart(model.curves[k], report);
    return figure("target-" + std::to_string(k + 1), name + " " + horizon_text(model.bundle->heads[k]), note,
                  element("div", "class=\"charts four\"", charts), table);
}

std::string figures_table(const ModelNumbers& model, std::size_t targets) {
    std::vector<Column> columns{{"Figure", true}};
    for (std::size_t k = 0; k < targets; ++k)
        columns.push_back({printable(model.evaluation.targets[k], 40)});
    columns.push_back({"Meaning", true});
    HtmlTable table("Figures of the model", std::move(columns));
    for (const FigureTerm& term : kFigures) {
        std::vector<std::string> cells{escape(term.title)};
        for (std::size_t k = 0; k < targets; ++k)
            cells.push_back(escape(figure_text(model.evaluation.all.targets[k], term.name)));
        cells.push_back(escape(term.meaning));
        table.add_row(cells);
    }
    for (const auto& segment : model.evaluation.segments) {
        std::vector<std::string> cells{"ROC AUC, " + escape(spaced(segment.name))};
        for (std::size_t k = 0; k < targets; ++k)
            cells.push_back(escape(figure_text(segment.targets[k], "roc_auc")));
        cells.push_back(count(segment.targets.front().examples) + " examples of the first target");
        table.add_row(cells);
    }
    return element("h3", "All figures") + table.markup();
}

std::string introduction(const ModelNumbers& model) {
    const model::TrainingSummary& summary = model.bundle->summary;
    const model::TimeRange& range = summary.refit.examples > 0 ? summary.refit : summary.train;
    std::string out =
        "Learned from " + count(range.examples) + " examples from " + day_of(range.from) + " to " +
        day_of(range.to) + ", judged on " + count(model.evaluation.rows) +
        " later ones that it did not see. An example is the meeting of a user and an item; the model "
        "says how probable each later step is, knowing only what came before.";
    if (model.evaluation.already_observed > 0)
        out += " " + count(model.evaluation.already_observed) +
               " rows of the log were already known to the model and are not judged.";
    return element("p", out);
}

}  // namespace

std::string model_section(const Page& page) {
    if (page.model == nullptr || page.model->evaluation.targets.empty()) return {};
    const ModelNumbers& model = *page.model;
    const std::size_t all = model.evaluation.targets.size(), targets = std::min(all, kTargets);
    std::string out = introduction(model) + against_observed(model, targets);
    for (std::size_t k = 0; k < targets; ++k)
        out += target_figure(model, k);
    out += figures_table(model, targets) + left_out(all, targets, "targets") + training_figure(*model.bundle);
    return section("model", "The model", out);
}

}  // namespace funnel::report::html
