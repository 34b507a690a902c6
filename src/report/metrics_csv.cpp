// SPDX-License-Identifier: MIT
#include <charconv>
#include <nlohmann/json.hpp>

#include "cohorts_report.hpp"
#include "funnel/base/csv.hpp"
#include "funnel/report/metrics_json.hpp"
#include "funnel/report/result_json.hpp"

namespace funnel::report {
namespace {

void append_number(std::string& out, const std::optional<double>& value) {
    if (!value) return;
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, *value).ptr);
}

/// The first two columns: what the lines below are about.
std::string head_of(std::string_view by, std::string_view key) {
    std::string head;
    base::append_csv_field(head, by);
    head += ',';
    base::append_csv_field(head, key);
    return head += ',';
}

void append_metrics(std::string& out, const std::string& head, const std::vector<metrics::Metric>& metrics,
                    const std::vector<metrics::FunnelStep>& steps) {
    for (const metrics::Metric& metric : metrics) {
        out += head;
        out += metric.name;
        for (const auto* value :
             {&metric.value, &metric.numerator, &metric.denominator, &metric.low, &metric.high}) {
            out += ',';
            append_number(out, *value);
        }
        out += ',';
        out += metric.reason;
        out += '\n';
    }
    for (const metrics::FunnelStep& step : steps) {
        out += head;
        base::append_csv_field(out, "funnel_" + step.name);
        out += ',' + std::to_string(step.reached) + ",,,,,\n";
    }
}

void append_interval(std::string& out, const std::optional<eval::Interval>& interval) {
    out += ",,,";
    if (interval) append_number(out, interval->low);
    out += ',';
    if (interval) append_number(out, interval->high);
    out += ',';
}

void append_differences(std::string& out, const std::string& by, std::string_view key,
                        const std::vector<metrics::MetricDifference>& differences) {
    const auto append = [&](const char* what, auto&& line) {
        const std::string head = head_of(by + what, key);
        for (const metrics::MetricDifference& of : differences) {
            out += head;
            base::append_csv_field(out, of.name);
            out += ',';
            line(of);
            out += '\n';
        }
    };
    append(" difference", [&](const metrics::MetricDifference& of) {
        append_number(out, of.difference);
        append_interval(out, of.interval);
        out += of.reason;
    });
    append(" lift", [&](const metrics::MetricDifference& of) {
        append_number(out, of.lift);
        append_interval(out, of.lift_interval);
    });
}

}  // namespace

std::string to_csv(const metrics::MetricsResult& result, const Comparisons& beside) {
    std::string out = "by,key,metric,value,numerator,denominator,low,high,reason\n";
    append_metrics(out, ",,", result.metrics, result.steps);
    if (const auto& without = result.without_bots) {
        const std::string head = head_of("without_bots", "");
        out += head + "bots," + std::to_string(without->users) + ",,,,,\n";
        append_metrics(out, head, without->metrics, without->steps);
    }
    for (const metrics::SegmentResult& segment : result.breakdown) {
        const std::string key =
            segment.values.size() > 1 ? key_array<nlohmann::json>(segment.values) : segment.key.value_or("");
        append_metrics(out, head_of(segment.by, key), segment.metrics, segment.steps);
        append_differences(out, segment.by, key, segment.differences);
    }
    if (beside.other) {
        append_metrics(out, head_of("compare", beside.other->files.front()), beside.other->metrics,
                       beside.other->steps);
        append_differences(out, "compare", beside.other->files.front(), beside.other->differences);
    }
    if (beside.experiment) {
        for (const metrics::ExperimentArm& arm : beside.experiment->arms) {
            append_metrics(out, head_of("experiment", arm.key), arm.result.metrics, arm.result.steps);
            append_differences(out, "experiment", arm.key, arm.against_control);
        }
    }
    if (beside.cohorts) out += cohorts_csv(*beside.cohorts);
    return out;
}

}  // namespace funnel::report
