// SPDX-License-Identifier: MIT
// MetricGate: a limit that a metric must not be beyond, judged by its 95 % interval: "conversion_session<4%",
// "ctr -10% vs previous".
//
//     const auto gate = metrics::parse_gate("conversion_session<4%");
//     const auto verdict = metrics::judge(gate, metrics::measure(log, {}));  // by its interval
//     if (!verdict.met()) show("conversion is below 4 %");
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/number.hpp"
#include "funnel/metrics/metric_difference.hpp"
#include "funnel/metrics/metrics_result.hpp"

namespace funnel::metrics {

struct MetricGate {
    std::string text;    ///< as given
    std::string metric;  ///< a name of metrics, or funnel_STAGE for the share of the entries that reach it
    bool above = false;  ///< beyond is above the limit, else below it
    double limit = 0;    ///< of the value; of the change ours / theirs - 1 if `against` is given
    std::string against = {};            ///< what it is compared with: previous, year-ago or a file
    std::string_view option = "--gate";  ///< for messages
};

enum class GateState : std::uint8_t {
    passed,    ///< the whole interval is on the right side
    beyond,    ///< the whole interval is beyond the limit
    too_few,   ///< the limit is inside the interval, or there is none: too few to say
    undefined  ///< there is no value: see reason
};

/// "passed", "beyond", "too_few" or "undefined".
[[nodiscard]] constexpr std::string_view state_name(GateState state) noexcept {
    constexpr std::string_view kNames[] = {"passed", "beyond", "too_few", "undefined"};
    return kNames[static_cast<std::size_t>(state)];
}

struct GateResult {
    MetricGate gate;
    Unit unit = Unit::share;  ///< of the value; a change is a share
    GateState state = GateState::undefined;
    std::optional<double> value = {}, low = {}, high = {};  ///< of the metric or of its change
    std::string_view reason = {};                           ///< why there is no value or no interval

    [[nodiscard]] bool met() const noexcept {
        return state == GateState::passed || state == GateState::too_few;
    }
};

/// Throws Error(invalid_argument) for a text that is no gate.
[[nodiscard]] MetricGate parse_gate(std::string_view text);

/// "conversion_user=2%": a figure that is wanted. As a gate: beyond it is worse, which is above it for what
/// should be small (abandoned carts, refunds), else below. Throws Error(invalid_argument).
[[nodiscard]] MetricGate parse_target(std::string_view text);

/// differences: to what gates with `against` compare with. A count has no interval: it is exact. Without a
/// row in the period, or one that fits the condition, there is nothing to judge: undefined, "no_rows". Throws
/// Error(invalid_argument) for a name that is no metric of the result.
[[nodiscard]] GateResult judge(const MetricGate& gate, const MetricsResult& result,
                               std::span<const MetricDifference> differences = {});

namespace detail {

[[noreturn]] inline void refuse_gate(std::string_view text) {
    throw Error(ErrorCode::invalid_argument,
                "--gate: expected METRIC<NUMBER or METRIC>NUMBER such as conversion_session<4%, or METRIC "
                "-10% vs previous, got \"" +
                    std::string(text) + "\"");
}

[[nodiscard]] inline std::string_view without_blanks(std::string_view text) noexcept {
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

/// "4%" or "0.04"
[[nodiscard]] inline std::optional<double> gate_number(std::string_view text) {
    text = without_blanks(text);
    const bool percent = text.ends_with('%');
    if (percent) text = without_blanks(text.substr(0, text.size() - 1));
    const auto number = base::parse_number(text);
    return number && percent ? std::optional(*number / 100) : number;
}

/// The state of an interval, or of an exact value.
inline void judge_interval(GateResult& out, bool exact) {
    const double limit = out.gate.limit;
    if (!out.value) {
        out.state = GateState::undefined;
    } else if (exact) {
        const bool beyond = out.gate.above ? *out.value > limit : *out.value < limit;
        out.state = beyond ? GateState::beyond : GateState::passed;
    } else if (!out.low || !out.high) {
        out.state = GateState::too_few;
    } else if (out.gate.above ? *out.low > limit : *out.high < limit) {
        out.state = GateState::beyond;
    } else {
        const bool passed = out.gate.above ? *out.high <= limit : *out.low >= limit;
        out.state = passed ? GateState::passed : GateState::too_few;
    }
}

/// Whether any row of the log counts. Of none the counts are 0, which a limit above them would take for good.
[[nodiscard]] inline bool has_rows(const MetricsResult& result) noexcept {
    return result.rows > result.outside && (result.where.empty() || result.fitting > 0);
}

[[nodiscard]] inline GateResult judge_change(const MetricGate& gate,
                                             std::span<const MetricDifference> differences) {
    GateResult out{.gate = gate};
    const auto at = std::ranges::find(differences, gate.metric, &MetricDifference::name);
    if (at == differences.end()) {
        out.reason = "not_compared";
        return out;
    }
    out.value = at->lift;
    out.reason = at->lift || !at->reason.empty() ? at->reason : "zero_before";
    if (at->lift_interval) {
        out.low = at->lift_interval->low;
        out.high = at->lift_interval->high;
    } else if (out.reason.empty()) {
        out.reason = "fewer_than_20_users";
    }
    judge_interval(out, false);
    return out;
}

}  // namespace detail

inline MetricGate parse_gate(std::string_view text) {
    MetricGate gate{.text = std::string(text), .metric = {}};
    constexpr std::string_view kAgainst = " vs ";
    if (const std::size_t vs = text.rfind(kAgainst); vs != text.npos) {
        const std::string_view left = detail::without_blanks(text.substr(0, vs));
        const std::size_t sign = left.find_last_of("+-");
        if (sign == left.npos || !left.ends_with('%')) detail::refuse_gate(text);
        const auto size = detail::gate_number(left.substr(sign + 1));
        gate.metric = detail::without_blanks(left.substr(0, sign));
        gate.against = detail::without_blanks(text.substr(vs + kAgainst.size()));
        if (!size || *size < 0 || gate.metric.empty() || gate.against.empty()) detail::refuse_gate(text);
        gate.above = left[sign] == '+';
        gate.limit = gate.above ? *size : -*size;
        return gate;
    }
    const std::size_t sign = text.find_first_of("<>");
    if (sign == text.npos) detail::refuse_gate(text);
    const auto limit = detail::gate_number(text.substr(sign + 1));
    gate.metric = detail::without_blanks(text.substr(0, sign));
    if (!limit || gate.metric.empty()) detail::refuse_gate(text);
    gate.above = text[sign] == '>';
    gate.limit = *limit;
    return gate;
}

inline MetricGate parse_target(std::string_view text) {
    MetricGate target{.text = std::string(text), .metric = {}};
    const std::size_t sign = text.find('=');
    const auto value = sign == text.npos ? std::nullopt : detail::gate_number(text.substr(sign + 1));
    target.metric = detail::without_blanks(text.substr(0, std::min(sign, text.size())));
    if (!value || target.metric.empty()) {
        throw Error(
            ErrorCode::invalid_argument,
            "--target: expected METRIC=NUMBER such as conversion_user=2%, got \"" + target.text + "\"");
    }
    target.limit = *value;
    target.option = "--target";
    for (const std::string_view small :
         {"cart_abandon", "carts_emptied", "refund", "late_order", "clicks_unattributed"})
        target.above |= target.metric.starts_with(small);
    return target;
}

inline GateResult judge(const MetricGate& gate, const MetricsResult& result,
                        std::span<const MetricDifference> differences) {
    const Metric* metric = find(result.metrics, gate.metric);
    const auto step = std::ranges::find_if(
        result.steps, [&](const FunnelStep& of) { return gate.metric == "funnel_" + of.name; });
    if (metric == nullptr && step == result.steps.end()) {
        std::string known;
        for (const Metric& of : result.metrics)
            known += of.name + ", ";
        throw Error(ErrorCode::invalid_argument, std::string(gate.option) + ": expected one of " + known +
                                                     "funnel_STAGE, got \"" + gate.metric +
                                                     "\"; name a metric of this log");
    }
    if (!gate.against.empty()) {
        const bool compared = metric == nullptr ? step != result.steps.begin() : metric->unit != Unit::count;
        if (!compared)
            throw Error(ErrorCode::invalid_argument,
                        "--gate: expected a rate or an amount of money to compare, got \"" + gate.metric +
                            "\"; counts have no interval");
    }
    if (gate.against.empty() && std::abs(gate.limit) > 1 &&
        (metric == nullptr || metric->unit == Unit::share)) {
        throw Error(ErrorCode::invalid_argument, std::string(gate.option) +
                                                     ": expected a share of at most 100% for " + gate.metric +
                                                     ", got \"" + gate.text + "\"; write 80% or 0.8");
    }
    if (!detail::has_rows(result)) return {.gate = gate, .reason = "no_rows"};
    if (!gate.against.empty()) return detail::judge_change(gate, differences);
    GateResult out{.gate = gate};
    if (metric != nullptr) {
        out.unit = metric->unit;
        out.value = metric->value;
        out.low = metric->low;
        out.high = metric->high;
        out.reason = metric->value ? metric->interval_reason : metric->reason;
        if (metric->unit == Unit::count) out.reason = {};
    } else {
        out.value = step->overall_rate;
        if (step->overall_interval) {
            out.low = step->overall_interval->low;
            out.high = step->overall_interval->high;
        }
        if (!out.value) out.reason = "no_entries";
    }
    detail::judge_interval(out, out.unit == Unit::count);
    return out;
}

}  // namespace funnel::metrics
