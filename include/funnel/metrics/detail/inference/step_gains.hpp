// SPDX-License-Identifier: MIT
// step_gains: what one percentage point more at a step would bring if all later steps kept their rates. This
// is arithmetic, not a forecast: who is brought over a step need not be like those who went by themselves.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/metrics/detail/tally/tally.hpp"
#include "funnel/metrics/metric_difference.hpp"
#include "funnel/metrics/metrics_options.hpp"

namespace funnel::metrics {

struct StepGain {
    std::string name;
    std::optional<double> arrivals = {};  ///< more entities at the last stage
    std::optional<eval::Interval> arrivals_interval = {};
    std::optional<double> revenue = {};  ///< arrivals x revenue per entity at the last stage
    std::optional<eval::Interval> revenue_interval = {};
};

/// For every stage after the first: N_last x 0.01 / step_rate. groups: kUserGroups tallies.
[[nodiscard]] inline std::vector<StepGain> step_gains(std::span<const Tally> groups,
                                                      const MetricsOptions& options, bool priced) {
    std::vector<StepGain> gains;
    const std::size_t stages = options.funnel.stages.size();
    for (std::size_t k = 1; k < stages; ++k) {
        StepGain gain{.name = options.funnel.stages[k].name};
        // The gain of the whole log and without each group, a sum blown up to the size of the whole.
        double before = 0, at = 0, last = 0, revenue = 0;
        for (const Tally& group : groups) {
            before += static_cast<double>(group.reached[k - 1]);
            at += static_cast<double>(group.reached[k]);
            last += static_cast<double>(group.reached[stages - 1]);
            revenue += group.revenue.value();
        }
        constexpr double kPoint = 0.01, kBlowUp = static_cast<double>(kUserGroups) / (kUserGroups - 1);
        if (last > 0) {
            gain.arrivals = kPoint * last * before / at;
            if (priced) gain.revenue = kPoint * revenue * before / at;
            std::array<double, kUserGroups> arrivals{}, money{};
            for (std::size_t g = 0; g < kUserGroups; ++g) {
                const double rate = (at - static_cast<double>(groups[g].reached[k])) /
                                    (before - static_cast<double>(groups[g].reached[k - 1]));
                arrivals[g] =
                    kBlowUp * kPoint * (last - static_cast<double>(groups[g].reached[stages - 1])) / rate;
                money[g] = kBlowUp * kPoint * (revenue - groups[g].revenue.value()) / rate;
            }
            if (last >= kFewUsers) {
                gain.arrivals_interval = detail::jackknife(*gain.arrivals, arrivals, detail::Scale::log);
                if (priced)
                    gain.revenue_interval = detail::jackknife(*gain.revenue, money, detail::Scale::log);
            }
        }
        gains.push_back(std::move(gain));
    }
    return gains;
}

}  // namespace funnel::metrics
