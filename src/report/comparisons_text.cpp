// SPDX-License-Identifier: MIT
#include "comparisons_text.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "causes_report.hpp"
#include "cohorts_report.hpp"
#include "funnel/base/number.hpp"

namespace funnel::report {

namespace {

std::string value_text(const std::optional<double>& value, metrics::Unit unit) {
    if (unit == metrics::Unit::share) return format_share(value);
    return format_number(value, unit == metrics::Unit::money ? 2 : 3);
}

std::string sign(const std::optional<double>& value) {
    return value && *value > 0 ? "+" : "";
}

// Differences of shares are percentage points.
std::string points(const std::optional<double>& value, metrics::Unit unit) {
    if (!value) return "n/a";
    if (unit != metrics::Unit::share) return sign(value) + value_text(value, unit);
    return sign(value) + format_number(*value * 100, 2) + " pt";
}

std::string lift_text(const std::optional<double>& lift) {
    return lift ? sign(lift) + format_number(*lift * 100, 1) + " %" : "n/a";
}

template <typename Text>
std::string range(const std::optional<eval::Interval>& interval, Text&& text) {
    return interval ? text(interval->low) + " to " + text(interval->high) : "";
}

std::vector<std::string> cells(const metrics::MetricDifference& of) {
    const auto point = [&](double value) { return points(value, of.unit); };
    const bool clear = of.interval && (of.interval->low > 0 || of.interval->high < 0);
    return {of.name,
            value_text(of.ours, of.unit),
            value_text(of.theirs, of.unit),
            points(of.difference, of.unit),
            range(of.interval, point),
            lift_text(of.lift),
            range(of.lift_interval, [](double value) { return lift_text(value); }),
            clear ? "*" : ""};
}

TextTable difference_table(const std::string& ours, const std::string& theirs) {
    return TextTable({{"", Align::left},
                      {ours, Align::right},
                      {theirs, Align::right},
                      {"difference", Align::right},
                      {"95 % interval", Align::right},
                      {"relative", Align::right},
                      {"95 % interval", Align::right},
                      {"", Align::left}});
}

std::string differences_text(const std::vector<metrics::MetricDifference>& differences,
                             const std::string& ours, const std::string& theirs, const Paint& paint) {
    TextTable table = difference_table(ours, theirs);
    for (const metrics::MetricDifference& of : differences)
        table.add_row(cells(of));
    return paint.table(table) +
           paint.line("* beyond its interval; of twenty equal figures one is, by chance");
}

std::string experiment_text(const metrics::ExperimentResult& experiment, const Paint& paint) {
    std::string out = paint.title("Experiment, against " + printable(experiment.control, 40));
    TextTable users({{"variant", Align::left}, {"users", Align::right}});
    for (const auto& arm : experiment.arms)
        users.add_row(
            {printable(arm.key, 40), format_number(metrics::find(arm.result.metrics, "uv")->value, 0)});
    out += paint.table(users);
    out += paint.line(counted(experiment.users_in_several, "users in several variants and ") +
                      counted(experiment.users_in_none, "in none are left out"));
    if (experiment.sample_ratio_p)
        out += paint.line("numbers of users against the planned split: p = " +
                          base::format_p_value(*experiment.sample_ratio_p));
    for (const auto& arm : experiment.arms) {
        if (!arm.against_control.empty())
            out += differences_text(arm.against_control, printable(arm.key, 20),
                                    printable(experiment.control, 20), paint);
    }
    return out;
}

std::string disagreements_text(const std::vector<metrics::FunnelDisagreement>& users, const Paint& paint) {
    std::string out = paint.title("ClickHouse counts otherwise");
    if (users.empty()) return out + paint.line("windowFunnel gives the same stage for every user");
    TextTable table({{"user", Align::left},
                     {"ours", Align::right},
                     {"ClickHouse", Align::right},
                     {"because", Align::left}});
    constexpr std::size_t kShown = 20;
    for (const auto& user : std::span(users).first(std::min(users.size(), kShown)))
        table.add_row({printable(user.user, 40), std::to_string(user.ours), std::to_string(user.theirs),
                       std::string(user.rule)});
    out += paint.line(counted(static_cast<std::int64_t>(users.size()), "users reach another stage there"));
    return out + paint.table(table);
}

std::string gates_text(const std::vector<metrics::GateResult>& gates, const Paint& paint) {
    TextTable table({{"Gate", Align::left}, {"", Align::left}, {"", Align::left}});
    for (const metrics::GateResult& of : gates) {
        const char* const words = of.state == metrics::GateState::passed    ? "passed"
                                  : of.state == metrics::GateState::beyond  ? "not met"
                                  : of.state == metrics::GateState::too_few ? "too few to say"
                                                                            : "not met, no value";
        table.add_row({printable(of.gate.text, 60), words, gate_figure(of)});
    }
    return paint.table(table);
}

}  // namespace

std::string gate_figure(const metrics::GateResult& result) {
    if (!result.value) return "none (" + std::string(result.reason) + ")";
    const bool change = !result.gate.against.empty();
    const auto text = [&](const std::optional<double>& value) {
        if (result.unit == metrics::Unit::count) return format_number(value, 0);
        return change ? lift_text(value) : value_text(value, result.unit);
    };
    std::string out = text(result.value);
    if (result.low && result.high) out += " (" + text(result.low) + " to " + text(result.high) + ")";
    return out;
}

std::string comparisons_text(const Comparisons& beside, const Paint& paint) {
    std::string out;
    if (beside.why) out += "\n" + causes_text(*beside.why, paint);
    if (beside.other) {
        out += "\n" + paint.title("Compared with " + joined(beside.other->files));
        out += differences_text(beside.other->differences, "this log", "the other", paint);
    }
    if (beside.experiment) out += "\n" + experiment_text(*beside.experiment, paint);
    if (beside.disagreements) out += "\n" + disagreements_text(*beside.disagreements, paint);
    if (beside.cohorts) out += "\n" + cohorts_text(*beside.cohorts, paint);
    if (!beside.gates.empty()) out += "\n" + gates_text(beside.gates, paint);
    return out;
}

std::string segment_differences_text(std::span<const metrics::SegmentResult> segments, const Paint& paint) {
    TextTable table({{segments.front().by, Align::left},
                     {"", Align::left},
                     {"here", Align::right},
                     {"whole log", Align::right},
                     {"difference", Align::right},
                     {"95 % interval", Align::right}});
    for (const metrics::SegmentResult& segment : segments) {
        for (const metrics::MetricDifference& of : segment.differences) {
            // A sum of money is always smaller in a part.
            const bool sum = of.name == "revenue" || of.name == "net_revenue";
            std::vector<std::string> row = cells(of);
            if (row.back().empty() || sum) continue;
            row.resize(5);
            row.insert(row.begin(), segment.key ? printable(*segment.key, 40) : "(missing)");
            table.add_row(std::move(row));
        }
    }
    return paint.title("Differences by " + printable(segments.front().by) +
                       " that are beyond their interval") +
           paint.table(table);
}

}  // namespace funnel::report
