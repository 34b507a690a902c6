// SPDX-License-Identifier: MIT
// The first page of evaluate: is the model better than guessing, how much, on whom, and what to do.
#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "funnel/base/time.hpp"
#include "funnel/report/evaluation_report.hpp"
#include "funnel/report/text_table.hpp"
#include "plain_words.hpp"

namespace funnel::report {
namespace {

constexpr std::string_view kTooFew = "too few";

std::string count(std::uint64_t n) {
    return format_count(static_cast<std::int64_t>(n));
}

// Of log loss saved against the base rate: 1 - normalized entropy.
struct Saved {
    std::optional<double> value;
    eval::FigureInterval range;
};

Saved saved(const score::EvaluatedRows& rows, std::size_t target) {
    Saved out;
    const eval::Figure& entropy = rows.targets[target].normalized_entropy;
    if (entropy.value) out.value = 1 - *entropy.value;
    const eval::ClusteredFigures& figures = rows.clustered[target];
    out.range = eval::interval_of(figures, figures.normalized_entropy, eval::Scale::log);
    if (out.range.interval)
        out.range.interval = eval::Interval{1 - out.range.interval->high, 1 - out.range.interval->low};
    return out;
}

std::string verdict(const Saved& saved) {
    if (!saved.value) return "n/a";
    if (!saved.range.interval)
        return saved.range.reason == eval::kFewUsersReason ? std::string(kTooFew) : "unclear";
    if (saved.range.interval->low > 0) return "yes";
    return saved.range.interval->high < 0 ? "no, worse" : "unclear";
}

std::string better_text(const score::Evaluation& evaluation) {
    TextTable table({{"", Align::left},
                     {"", Align::left},
                     {"log loss saved", Align::right},
                     {"95 % interval", Align::left}});
    for (std::size_t k = 0; k < evaluation.targets.size(); ++k) {
        const Saved of = saved(evaluation.all, k);
        std::string range = short_interval(of.range.interval, 1, 4);
        if (of.range.reason == eval::kFewUsersReason) range = "fewer than 20 users with one";
        table.add_row({printable(evaluation.targets[k], 24), verdict(of), short_share(of.value), range});
    }
    return "Better than guessing the average?\n" + table.text(2);
}

std::vector<TableColumn> target_columns(const score::Evaluation& evaluation, std::string first) {
    std::vector<TableColumn> columns{{std::move(first), Align::left}};
    for (const std::string& target : evaluation.targets)
        columns.push_back({printable(target, 18)});
    return columns;
}

std::string range_text(const eval::FigureInterval& range) {
    if (range.interval)
        return short_fraction(range.interval->low, 3) + "-" + short_fraction(range.interval->high, 3);
    return range.reason == eval::kFewUsersReason ? std::string(kTooFew) : "n/a";
}

// Of all that happened, how much the tenth of the rows with the highest scores holds.
std::string best_tenth(const eval::TargetReport& report) {
    if (!report.lift_at_10pct.value || report.examples == 0) return "n/a";
    const double rows =
        std::ceil(static_cast<double>(report.examples) / 10) / static_cast<double>(report.examples);
    return format_number(*report.lift_at_10pct.value * rows * 100, 0) + " %";
}

std::string figures_text(const score::Evaluation& evaluation) {
    TextTable table(target_columns(evaluation, ""));
    const auto add = [&](std::string name, auto&& cell) {
        std::vector<std::string> cells{std::move(name)};
        for (std::size_t k = 0; k < evaluation.targets.size(); ++k)
            cells.push_back(cell(evaluation.all.targets[k], evaluation.all.clustered[k]));
        table.add_row(std::move(cells));
    };
    using Report = eval::TargetReport;
    using Clustered = eval::ClusteredFigures;
    const bool pending =
        std::ranges::any_of(evaluation.all.targets, [](const Report& r) { return r.masked > 0; });
    add("happened",
        [](const Report& r, const Clustered&) { return count(r.positives) + " of " + count(r.examples); });
    add("rate", [](const Report& r, const Clustered&) { return format_share(r.base_rate.value); });
    add("predicted", [](const Report& r, const Clustered&) { return format_share(r.mean_prediction.value); });
    if (pending) add("outcome pending", [](const Report& r, const Clustered&) { return count(r.masked); });
    add("ROC AUC", [](const Report& r, const Clustered&) { return short_fraction(r.roc_auc.value, 3); });
    add("  95 %", [](const Report&, const Clustered& c) {
        return range_text(eval::interval_of(c, c.roc_auc, eval::Scale::logit));
    });
    add("best tenth holds", [](const Report& r, const Clustered&) { return best_tenth(r); });
    add("calibration error",
        [](const Report& r, const Clustered&) { return short_fraction(r.ece.value, 4); });
    return table.text();
}

std::string segments_text(const score::Evaluation& evaluation) {
    TextTable table(target_columns(evaluation, "Log loss saved"));
    std::size_t rows = 0;
    for (const score::EvaluatedRows& segment : evaluation.segments) {
        const bool empty =
            std::ranges::all_of(segment.targets, [](const auto& t) { return t.examples == 0; });
        const bool everything =
            std::ranges::equal(segment.targets, evaluation.all.targets, {}, &eval::TargetReport::examples,
                               &eval::TargetReport::examples) &&
            segment.name != "place_hidden";
        if (empty || everything) continue;
        std::string name = "  " + segment.name;
        std::ranges::replace(name, '_', ' ');
        std::vector<std::string> cells{std::move(name)};
        for (std::size_t k = 0; k < evaluation.targets.size(); ++k) {
            const bool few = segment.clustered[k].few_users();
            cells.push_back(few ? std::string(kTooFew) : short_share(saved(segment, k).value));
        }
        table.add_row(std::move(cells));
        ++rows;
    }
    return rows == 0 ? std::string() : "\n" + table.text();
}

// The keys of one --by, the worst first.
std::string keys_text(const score::Evaluation& evaluation) {
    constexpr std::size_t kShown = 12;
    std::string out;
    for (std::size_t begin = 0, end = 0; begin < evaluation.by.size(); begin = end) {
        const std::string& by = evaluation.by[begin].by;
        std::vector<TableColumn> columns =
            target_columns(evaluation, "Log loss saved by " + printable(by, 24) + ", worst first");
        columns.insert(columns.begin() + 1, TableColumn{"examples"});
        TextTable table(std::move(columns));
        for (; end < evaluation.by.size() && evaluation.by[end].by == by; ++end) {
            if (end - begin >= kShown) continue;
            const score::EvaluatedKey& of = evaluation.by[end];
            std::vector<std::string> cells{"  " + key_words(of.values, 30), count(of.examples)};
            for (std::size_t k = 0; k < evaluation.targets.size(); ++k) {
                const bool few = of.rows.clustered[k].few_users();
                cells.push_back(few ? std::string(kTooFew) : short_share(saved(of.rows, k).value));
            }
            table.add_row(std::move(cells));
        }
        out += "\n" + table.text();
        if (end - begin > kShown)
            out += "  " + count(end - begin - kShown) + " more keys: --json or --csv shows all\n";
    }
    return out;
}

// Where what came is far from what was predicted in all: beyond four standard errors of a sum of coins and 5
// %.
std::string calibration_lines(const score::Evaluation& evaluation) {
    std::string out;
    for (std::size_t k = 0; k < evaluation.targets.size(); ++k) {
        const eval::TargetReport& report = evaluation.all.targets[k];
        if (!report.base_rate.value || !report.mean_prediction.value || *report.mean_prediction.value <= 0)
            continue;
        const double ratio = *report.base_rate.value / *report.mean_prediction.value - 1;
        const double expected = *report.mean_prediction.value * static_cast<double>(report.examples);
        if (report.positives < 100 || std::abs(ratio) < 0.05 || std::abs(ratio) * std::sqrt(expected) < 2)
            continue;
        out += warning_lines(printable(evaluation.targets[k], 24) + " came " +
                             format_number(std::abs(ratio) * 100, 0) + (ratio > 0 ? " % above" : " % below") +
                             " the prediction.");
    }
    return out;
}

std::string head(const score::Evaluation& evaluation) {
    std::string out = count(evaluation.rows) + " unseen examples";
    if (!evaluation.days.empty()) {
        out += ", " + days_words(base::floor_div(evaluation.days.front().start, base::kDay),
                                 base::floor_div(evaluation.days.back().start, base::kDay));
    }
    out += "\n";
    if (evaluation.already_observed > 0)
        out += count(evaluation.already_observed) + " rows it already knew were skipped\n";
    return out;
}

}  // namespace

std::string to_page(const score::Evaluation& evaluation, std::string_view name) {
    std::string out = (name.empty() ? "" : printable(name, 40) + " on ") + head(evaluation);
    const bool judged =
        std::ranges::any_of(evaluation.all.targets, [](const auto& t) { return t.examples > 0; });
    if (!judged) return out + "\nno example has a known outcome yet\n";
    out += "\n" + better_text(evaluation) + "\n" + figures_text(evaluation) + segments_text(evaluation) +
           keys_text(evaluation);
    const std::string calibration = calibration_lines(evaluation);
    if (!calibration.empty()) out += "\n" + calibration;
    return out + (calibration.empty() ? "\n" : "") + "More: --all  --json" +
           (calibration.empty() || evaluation.days.empty() ? "" : "    Mend: funnel-train calibrate") + "\n";
}

}  // namespace funnel::report
