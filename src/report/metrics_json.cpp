// SPDX-License-Identifier: MIT
#include "funnel/report/metrics_json.hpp"
#include "causes_report.hpp"
#include "cohorts_report.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "funnel/base/time.hpp"
#include "funnel/report/result_json.hpp"
#include "funnel_text.hpp"
#include "period_json.hpp"

namespace funnel::report {

namespace {

using Json = nlohmann::ordered_json;

// Whole numbers without ".0": counts stay counts.
Json number(double value) {
    if (value == std::trunc(value) && std::abs(value) < 0x1p53) return static_cast<std::int64_t>(value);
    return value;
}

Json number(const std::optional<double>& value) {
    return value ? number(*value) : Json(nullptr);
}

Json text_or_null(std::string_view text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json metrics_json(const std::vector<metrics::Metric>& metrics) {
    Json object = Json::object();
    for (const metrics::Metric& metric : metrics) {
        Json& entry = object[std::string(metric.name)];
        entry["value"] = number(metric.value);
        if (metric.denominator) {
            entry["numerator"] = number(metric.numerator);
            entry["denominator"] = number(metric.denominator);
        }
        if (metric.denominator || metric.low) {
            entry["low"] = number(metric.low);
            entry["high"] = number(metric.high);
            if (metric.low) entry["method"] = metric.method;
            if (!metric.low) entry["interval_reason"] = text_or_null(metric.interval_reason);
        }
        entry["reason"] = text_or_null(metric.reason);
    }
    return object;
}

Json quantiles_json(const metrics::Quantiles& of) {
    return {{"q25", number(of.q25)},
            {"median", number(of.median)},
            {"q75", number(of.q75)},
            {"p90", number(of.p90)}};
}

void add_interval(Json& entry, const std::string& prefix, const std::optional<eval::Interval>& interval) {
    entry[prefix + "low"] = interval ? number(interval->low) : Json(nullptr);
    entry[prefix + "high"] = interval ? number(interval->high) : Json(nullptr);
}

Json step_json(const metrics::FunnelStep& step) {
    Json entry = {{"name", step.name},
                  {"reached", step.reached},
                  {"step_rate", number(step.step_rate)},
                  {"overall_rate", number(step.overall_rate)},
                  {"lost", step.lost}};
    add_interval(entry, "step_", step.step_interval);
    add_interval(entry, "overall_", step.overall_interval);
    if (step.optional) entry["optional"] = true;
    if (!step.value) return entry;
    entry["seconds_from_step_before"] = quantiles_json(step.from_step_before);
    entry["seconds_from_entry"] = quantiles_json(step.from_entry);
    entry["value"] = number(step.value);
    entry["value_per_entity"] =
        step.reached > 0 ? number(*step.value / static_cast<double>(step.reached)) : Json(nullptr);
    return entry;
}

Json first_entry_json(const metrics::FirstEntryRate& rate) {
    Json entry;
    entry["value"] = number(rate.value);
    add_interval(entry, "", rate.interval);
    entry["method"] = text_or_null(rate.method);
    entry["reason"] = text_or_null(rate.reason);
    return entry;
}

Json censoring_json(const std::optional<metrics::Censoring>& censoring) {
    if (!censoring) return nullptr;
    return {{"entries", censoring->entries},
            {"mature_entries", censoring->mature_entries},
            {"mature_share", number(censoring->mature_share)},
            {"naive_first", first_entry_json(censoring->naive_first)},
            {"mature", first_entry_json(censoring->mature)},
            {"km", first_entry_json(censoring->km)}};
}

Json gains_json(const std::vector<metrics::StepGain>& gains) {
    Json array = Json::array();
    for (const metrics::StepGain& gain : gains) {
        Json entry = {{"step", gain.name}, {"arrivals", number(gain.arrivals)}};
        add_interval(entry, "arrivals_", gain.arrivals_interval);
        entry["revenue"] = number(gain.revenue);
        add_interval(entry, "revenue_", gain.revenue_interval);
        array.push_back(std::move(entry));
    }
    return array;
}

Json steps_json(const std::vector<metrics::FunnelStep>& steps) {
    Json array = Json::array();
    for (const metrics::FunnelStep& step : steps) {
        array.push_back(step_json(step));
    }
    return array;
}

Json time_json(const std::optional<std::int64_t>& time) {
    return time ? Json(base::format_time(*time)) : Json(nullptr);
}

Json log_json(const LogSummary& log) {
    return {{"files", log.files},
            {"schema", log.schema},
            {"rows", log.rows},
            {"accepted", log.accepted},
            {"rejected", log.rejected},
            {"rejected_by_reason", log.rejected_by_reason},
            {"ignored", log.ignored},
            {"events", log.events},
            {"after", log.after},
            {"ahead", log.ahead},
            {"behind", log.behind},
            {"outside", log.outside},
            {"period", period_json(log.period)},
            {"where", text_or_null(log.where)},
            {"fitting", log.where.empty() ? Json(nullptr) : Json(log.fitting)},
            {"duplicates", log.duplicates ? Json(*log.duplicates) : Json(nullptr)},
            {"users", log.users},
            {"items", log.items},
            {"sessions", log.sessions},
            {"from", time_json(log.from)},
            {"to", time_json(log.to)},
            {"by_event", log.by_event}};
}

Json differences_json(const std::vector<metrics::MetricDifference>& differences) {
    Json object = Json::object();
    for (const metrics::MetricDifference& of : differences) {
        Json& entry = object[of.name];
        entry["value"] = number(of.ours);
        entry["other"] = number(of.theirs);
        entry["difference"] = number(of.difference);
        add_interval(entry, "", of.interval);
        entry["lift"] = number(of.lift);
        add_interval(entry, "lift_", of.lift_interval);
        entry["method"] = text_or_null(of.method);
        entry["reason"] = text_or_null(of.reason);
    }
    return object;
}

Json comparison_json(const ComparedLog& comparison) {
    return {{"files", comparison.files},
            {"rows", comparison.rows},
            {"metrics", metrics_json(comparison.metrics)},
            {"steps", steps_json(comparison.steps)},
            {"differences", differences_json(comparison.differences)}};
}

Json experiment_json(const metrics::ExperimentResult& experiment) {
    Json arms = Json::array();
    for (const metrics::ExperimentArm& arm : experiment.arms) {
        arms.push_back({{"key", arm.key},
                        {"metrics", metrics_json(arm.result.metrics)},
                        {"steps", steps_json(arm.result.steps)},
                        {"differences", differences_json(arm.against_control)}});
    }
    return {{"control", experiment.control},
            {"users_in_several", experiment.users_in_several},
            {"users_in_none", experiment.users_in_none},
            {"sample_ratio_p", number(experiment.sample_ratio_p)},
            {"arms", arms}};
}

Json disagreements_json(const std::vector<metrics::FunnelDisagreement>& users) {
    Json array = Json::array();
    for (const auto& user : users)
        array.push_back(
            {{"user", user.user}, {"ours", user.ours}, {"clickhouse", user.theirs}, {"rule", user.rule}});
    return array;
}

Json gates_json(const std::vector<metrics::GateResult>& gates) {
    Json array = Json::array();
    for (const metrics::GateResult& of : gates) {
        array.push_back({{"gate", of.gate.text},
                         {"state", metrics::state_name(of.state)},
                         {"limit", of.gate.limit},
                         {"value", number(of.value)},
                         {"low", number(of.low)},
                         {"high", number(of.high)},
                         {"reason", text_or_null(of.reason)}});
    }
    return array;
}

Json breakdown_json(const std::vector<metrics::SegmentResult>& breakdown) {
    Json array = Json::array();
    for (const metrics::SegmentResult& segment : breakdown) {
        Json entry;
        entry["by"] = segment.by;
        if (segment.values.size() > 1) {
            entry["key"] = Json::array();
            for (const auto& value : segment.values)
                entry["key"].push_back(value ? Json(*value) : Json(nullptr));
        } else {
            entry["key"] = segment.key ? Json(*segment.key) : Json(nullptr);
        }
        entry["metrics"] = metrics_json(segment.metrics);
        entry["funnel"]["steps"] = steps_json(segment.steps);
        if (!segment.differences.empty()) entry["differences"] = differences_json(segment.differences);
        array.push_back(std::move(entry));
    }
    return array;
}

}  // namespace

std::string to_json(const metrics::MetricsResult& result, const LogSummary& log, const Comparisons& beside) {
    Json json;
    json["schema_version"] = kSchemaVersion;
    json["log"] = log_json(log);
    json["metrics"] = metrics_json(result.metrics);
    json["funnel"] = {{"entity", metrics::entity_name(result.entity)},
                      {"window_seconds", number(static_cast<double>(result.window) / 1e6)},
                      {"left_out", result.left_out},
                      {"steps", steps_json(result.steps)},
                      {"censoring", censoring_json(result.censoring)},
                      {"one_point_more", gains_json(result.gains)}};
    if (!result.rules.plain()) json["funnel"]["rules"] = describe(result.rules, result.steps);
    if (result.without_bots) {
        json["without_bots"] = {{"users", result.without_bots->users},
                                {"metrics", metrics_json(result.without_bots->metrics)},
                                {"steps", steps_json(result.without_bots->steps)}};
    }
    if (!result.touched.empty())
        json["touch"] = {{"rule", metrics::touch_text(result.touch)}, {"purchase_rows", result.touched}};
    json["breakdown"] = breakdown_json(result.breakdown);
    if (beside.other) json["compare"] = comparison_json(*beside.other);
    if (beside.why) json["why"] = causes_json(*beside.why);
    if (beside.experiment) json["experiment"] = experiment_json(*beside.experiment);
    if (beside.disagreements) json["explain_difference"] = disagreements_json(*beside.disagreements);
    if (beside.cohorts) json["cohorts"] = cohorts_json(*beside.cohorts);
    if (!beside.gates.empty()) json["gates"] = gates_json(beside.gates);
    base::Warnings warnings = log.warnings;
    base::add_new(warnings, result.warnings);
    json["warnings"] = warnings_json<Json>(warnings);
    json["notes"] = warnings_json<Json>(result.notes);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace funnel::report
