// SPDX-License-Identifier: MIT
#include "funnel/report/asked_period.hpp"

#include "funnel/base/count_words.hpp"
#include "funnel/base/time.hpp"
#include "funnel/metrics/segments.hpp"
#include "period_json.hpp"
#include "plain_words.hpp"

namespace funnel::report {

std::string to_text(const AskedPeriod& asked) {
    const events::Period& period = asked.period;
    if (period.whole()) return {};
    metrics::LocalTime local(asked.offsets);
    const std::int64_t from = local.local(period.from.value_or(asked.first_time));
    const std::int64_t to = local.local(period.to ? *period.to : asked.last_time + 1);
    const std::int64_t first = base::floor_div(from, base::kDay), last = base::floor_div(to - 1, base::kDay);
    const bool days =
        (!period.from || first * base::kDay == from) && (!period.to || (last + 1) * base::kDay == to);
    const auto clock = [](std::int64_t time) { return base::format_time(time).substr(0, 16); };
    return "Figures of " + (days ? days_words(first, last) + ", " +
                                       (first == last ? "1 day" : base::counted(last - first + 1, "day"))
                                 : clock(from) + " to " + clock(to));
}

nlohmann::ordered_json period_json(const events::Period& period) {
    if (period.whole()) return nullptr;
    const auto time = [](const std::optional<std::int64_t>& at) {
        return at ? nlohmann::ordered_json(base::format_time(*at)) : nlohmann::ordered_json(nullptr);
    };
    return {{"from", time(period.from)}, {"to", time(period.to)}};
}

}  // namespace funnel::report
