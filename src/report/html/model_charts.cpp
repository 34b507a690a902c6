// SPDX-License-Identifier: MIT
#include "model_charts.hpp"

#include <algorithm>

#include "funnel/report/text_table.hpp"
#include "markup.hpp"
#include "plot.hpp"
#include "svg_figure.hpp"
#include "words.hpp"

namespace funnel::report::html {
namespace {

constexpr double kHeight = 250;

Axis shares() {
    return Axis::of(Scale::linear(0, 1, 5), short_percent);
}

std::vector<PlotPoint> points_of(const std::vector<eval::CurvePoint>& curve) {
    std::vector<PlotPoint> points;
    for (const eval::CurvePoint& point : curve)
        points.push_back({.x = point.x, .y = point.y});
    return points;
}

std::string undefined_chart(std::string_view title) {
    return element(
        "div", "class=\"chart\"",
        element("h4", escape(title)) +
            element("p", "class=\"sub\"", "Not defined: it needs examples with and without the outcome."));
}

}  // namespace

std::vector<Tenth> tenths_of(std::span<const eval::CalibrationBin> bins,
                             const std::optional<double>& base_rate) {
    std::vector<Tenth> tenths;
    for (auto bin = bins.rbegin(); bin != bins.rend(); ++bin) {
        Tenth tenth{.name = std::to_string(tenths.size() + 1),
                    .weight = bin->weight,
                    .mean_prediction = bin->mean_prediction,
                    .rate = bin->rate};
        if (tenths.empty()) tenth.name += " (highest)";
        tenth.interval = eval::wilson(bin->rate * bin->weight, bin->weight);
        if (base_rate && *base_rate > 0) tenth.lift = bin->rate / *base_rate;
        tenths.push_back(std::move(tenth));
    }
    return tenths;
}

std::string roc_chart(const TargetCurves& curves, const eval::TargetReport& report) {
    const std::string title = "Ranking: ROC";
    if (curves.roc.empty()) return undefined_chart(title);
    Plot plot(shares(), shares(), kHeight);
    plot.diagonal();
    plot.line(points_of(curves.roc));
    const std::string auc = format_number(report.roc_auc.value, 4);
    return chart(title, "Area " + auc + "; 0.5 is guessing, the dashed line",
                 plot.svg("ROC curve, area " + auc),
                 "Up: share of positives found. Across: share of negatives taken for positive.");
}

std::string precision_recall_chart(const TargetCurves& curves, const eval::TargetReport& report) {
    const std::string title = "Ranking: precision and recall";
    if (curves.precision_recall.empty() || !report.base_rate.value) return undefined_chart(title);
    double most = *report.base_rate.value;
    for (const eval::CurvePoint& point : curves.precision_recall)
        most = std::max(most, point.y);
    Plot plot(shares(), Axis::of(Scale::linear(0, most), short_percent), kHeight);
    plot.level(*report.base_rate.value, "");
    plot.line(points_of(curves.precision_recall));
    const std::string area = format_number(report.average_precision.value, 4);
    return chart(
        title,
        "Average precision " + area + "; guessing gives the dashed line, " + percent(report.base_rate.value),
        plot.svg("Precision against recall, average precision " + area),
        "Up: share of the chosen that are positive. Across: share of positives found, where it is enough to "
        "judge.");
}

std::string calibration_chart(const TargetCurves& curves, const eval::TargetReport& report) {
    const std::string title = "Calibration";
    double low = 1, high = 0;
    for (const eval::CalibrationBin& bin : curves.bins) {
        for (const double value : {bin.mean_prediction, bin.rate}) {
            if (value > 0) low = std::min(low, value);
            high = std::max(high, value);
        }
    }
    if (!(high > 0) || !report.ece.value) return undefined_chart(title);
    const Scale scale = Scale::logarithmic(std::max(low, 1e-7), high);
    std::vector<PlotPoint> points;
    for (const Tenth& tenth : tenths_of(curves.bins, report.base_rate.value)) {
        points.push_back({.x = tenth.mean_prediction,
                          .y = tenth.rate,
                          .low = tenth.interval->low,
                          .high = tenth.interval->high});
        points.back().hint =
            "predicted " + percent(tenth.mean_prediction) + ", observed " + percent(tenth.rate);
    }
    Plot plot(Axis::of(scale, short_percent), Axis::of(scale, short_percent), kHeight);
    plot.diagonal();
    plot.dots(points);
    const std::string ece = format_number(report.ece.value, 4);
    return chart(
        title, "Mean gap " + ece + "; on the dashed line predictions come true",
        plot.svg("Observed rate against mean prediction of ten groups, mean gap " + ece),
        "Up: observed rate with its 95 % interval. Across: mean prediction. Ten groups, logarithmic axes.");
}

std::string lift_chart(const TargetCurves& curves, const eval::TargetReport& report) {
    const std::string title = "Lift";
    const std::vector<Tenth> tenths = tenths_of(curves.bins, report.base_rate.value);
    if (tenths.empty() || !tenths.front().lift) return undefined_chart(title);
    std::vector<PlotPoint> points;
    double most = 1;
    for (std::size_t i = 0; i < tenths.size(); ++i) {
        points.push_back({.x = static_cast<double>(i + 1), .y = tenths[i].lift});
        points.back().hint =
            "tenth " + tenths[i].name + ": " + decimal(tenths[i].lift) + " times the observed rate";
        most = std::max(most, *tenths[i].lift);
    }
    const auto count = static_cast<double>(tenths.size());
    Axis x{Scale::exact(0.5, count + 0.5), {}};
    x.ticks = {{x.scale.at(1), "highest"}, {x.scale.at(count), "lowest"}};
    Plot plot(std::move(x), Axis::of(Scale::linear(0, most), short_number), kHeight);
    plot.columns(points, 0.7);
    plot.level(1, "no lift");
    const std::string top = format_number(report.lift_at_10pct.value, 2);
    return chart(title, "The top tenth has " + top + " times the observed rate",
                 plot.svg("Lift of each tenth of the predictions, highest first; the top tenth " + top),
                 "Up: rate of a tenth over the observed rate. Across: tenths by prediction.");
}

namespace {

/// A line over the epochs; `value` of each.
template <typename Value>
std::string epoch_chart(std::string_view title, std::string_view subtitle,
                        const model::TrainingSummary& summary, Value&& value) {
    std::vector<PlotPoint> points;
    double low = 1e300, high = -1e300;
    for (const model::EpochSummary& epoch : summary.epochs) {
        PlotPoint point{.x = static_cast<double>(epoch.epoch), .y = value(epoch)};
        if (point.y) {
            low = std::min(low, *point.y);
            high = std::max(high, *point.y);
            point.hint = "epoch " + std::to_string(epoch.epoch) + ": " + format_number(point.y, 5);
        }
        points.push_back(std::move(point));
    }
    if (low > high) return {};
    Axis x{Scale::exact(points.front().x, points.back().x), {}};
    x.ticks = {{0, std::to_string(summary.epochs.front().epoch)}};
    if (points.size() > 1) x.ticks.push_back({1, std::to_string(summary.epochs.back().epoch)});
    Plot plot(std::move(x), Axis::of(Scale::linear(low, high, 3), short_number));
    plot.line(points);
    if (points.size() <= 40) plot.dots(points);
    return chart(title, subtitle, plot.svg(std::string(title) + " by epoch"),
                 "Across: epochs. The axis does not begin at 0.");
}

HtmlTable epoch_table(const Bundle& bundle, std::size_t targets) {
    std::vector<Column> columns{{"Epoch", true}, {"Training loss"}, {"Validation loss"}};
    for (std::size_t k = 0; k < targets; ++k)
        columns.push_back({"AUC " + printable(bundle.heads[k].name, 40)});
    HtmlTable table("Training by epoch", std::move(columns), 60);
    for (const model::EpochSummary& epoch : bundle.summary.epochs) {
        const bool best = epoch.epoch == bundle.summary.best_epoch;
        std::vector<std::string> cells{std::to_string(epoch.epoch) + (best ? " (chosen)" : ""),
                                       format_number(epoch.train_loss, 5),
                                       format_number(epoch.valid_loss, 5)};
        for (std::size_t k = 0; k < targets; ++k)
            cells.push_back(k < epoch.valid_roc_auc.size() ? format_number(epoch.valid_roc_auc[k], 4)
                                                           : "n/a");
        table.add_row(cells);
    }
    return table;
}

}  // namespace

std::string training_figure(const Bundle& bundle) {
    constexpr std::size_t kEpochs = 200, kTargets = 4;
    model::TrainingSummary summary = bundle.summary;
    if (summary.epochs.empty()) return {};
    if (summary.epochs.size() > kEpochs) summary.epochs.resize(kEpochs);
    const std::size_t targets = std::min(bundle.heads.size(), kTargets);
    std::string charts = epoch_chart("Training loss", "As minimised", summary,
                                     [](const auto& epoch) { return std::optional(epoch.train_loss); });
    charts += epoch_chart("Validation loss", "On later rows, by which the epoch is chosen", summary,
                          [](const auto& epoch) { return epoch.valid_loss; });
    for (std::size_t k = 0; k < targets; ++k) {
        charts += epoch_chart("Validation AUC, " + printable(bundle.heads[k].name, 40), "Higher is better",
                              summary, [k](const auto& epoch) {
                                  return k < epoch.valid_roc_auc.size() ? epoch.valid_roc_auc[k]
                                                                        : std::optional<double>();
                              });
    }
    const std::string note =
        "Epoch " + std::to_string(summary.best_epoch) + " was chosen, training ended by " +
        plain(summary.stop_reason) +
        "; then the model was trained once more on everything if it was not told otherwise. " +
        format_count(static_cast<std::int64_t>(summary.parameters)) + " parameters, " +
        format_count(static_cast<std::int64_t>(summary.features)) + " inputs.";
    return figure("training", "How it was trained", note, element("div", "class=\"charts\"", charts),
                  epoch_table(bundle, targets));
}

}  // namespace funnel::report::html
