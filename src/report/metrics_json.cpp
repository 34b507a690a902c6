// SPDX-License-Identifier: MIT
#include "funnel/report/metrics_json.hpp"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "funnel/base/time.hpp"

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

Json steps_json(const std::vector<metrics::FunnelStep>& steps) {
    Json array = Json::array();
    for (const metrics::FunnelStep& step : steps) {
        array.push_back({{"name", step.name},
                         {"reached", step.reached},
                         {"step_rate", number(step.step_rate)},
                         {"overall_rate", number(step.overall_rate)},
                         {"lost", step.lost}});
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
            {"outside", log.outside},
            {"duplicates", log.duplicates ? Json(*log.duplicates) : Json(nullptr)},
            {"users", log.users},
            {"items", log.items},
            {"sessions", log.sessions},
            {"from", time_json(log.from)},
            {"to", time_json(log.to)},
            {"by_event", log.by_event}};
}

Json breakdown_json(const std::vector<metrics::SegmentResult>& breakdown) {
    Json array = Json::array();
    for (const metrics::SegmentResult& segment : breakdown) {
        Json entry;
        entry["by"] = segment.by;
        entry["key"] = segment.key ? Json(*segment.key) : Json(nullptr);
        entry["metrics"] = metrics_json(segment.metrics);
        entry["funnel"]["steps"] = steps_json(segment.steps);
        array.push_back(std::move(entry));
    }
    return array;
}

void append_number(std::string& out, const std::optional<double>& value) {
    if (!value) return;
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, *value).ptr);
}

// RFC 4180: quoted only where needed.
void append_field(std::string& out, std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text)
        out.append(c == '"' ? 2 : 1, c);
    out += '"';
}

void append_csv(std::string& out, const std::string& head, const std::vector<metrics::Metric>& metrics,
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
        append_field(out, "funnel_" + step.name);
        out += ',' + std::to_string(step.reached) + ",,,,,\n";
    }
}

}  // namespace

std::string to_json(const metrics::MetricsResult& result, const LogSummary& log) {
    Json json;
    json["schema_version"] = 1;
    json["log"] = log_json(log);
    json["metrics"] = metrics_json(result.metrics);
    json["funnel"] = {{"entity", metrics::entity_name(result.entity)},
                      {"window_seconds", number(static_cast<double>(result.window) / 1e6)},
                      {"left_out", result.left_out},
                      {"steps", steps_json(result.steps)},
                      {"censoring", nullptr}};
    json["breakdown"] = breakdown_json(result.breakdown);
    json["warnings"] = log.warnings;
    for (const std::string& warning : result.warnings)
        json["warnings"].push_back(warning);
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_csv(const metrics::MetricsResult& result) {
    std::string out = "by,key,metric,value,numerator,denominator,low,high,reason\n";
    append_csv(out, ",,", result.metrics, result.steps);
    for (const metrics::SegmentResult& segment : result.breakdown) {
        std::string head;
        append_field(head, segment.by);
        head += ',';
        if (segment.key) append_field(head, *segment.key);
        append_csv(out, head + ',', segment.metrics, segment.steps);
    }
    return out;
}

}  // namespace funnel::report
