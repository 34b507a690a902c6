// SPDX-License-Identifier: MIT
// FunnelRules: what may be asked of a way through the funnel beyond order and window (docs/metrics.md,
// "Other funnels").
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "funnel/events/event.hpp"
#include "funnel/events/funnel_stages.hpp"

namespace funnel::metrics {

enum class StepOrder : std::uint8_t {
    in_order,
    strict,  ///< nothing else between the first and the last event of a chain
    any      ///< the most different steps inside some window
};

/// What all events of a chain must share.
enum class Hold : std::uint8_t { nothing, item, category };

/// No limit of a step's own.
inline constexpr std::int64_t kNoStepWindow = -1;

struct FunnelRules {
    StepOrder order = StepOrder::in_order;
    Hold hold = Hold::nothing;
    bool strict_increase = false;     ///< each step later than the one before, not at the same time
    bool first_entry = false;         ///< only the first entry of an entity may start a chain
    bool open = false;                ///< a chain may start at any stage
    bool count_entries = false;       ///< tries that do not overlap, not entities
    std::vector<bool> optional = {};  ///< per stage: may be skipped; empty: none
    std::vector<std::int64_t> step_windows = {};  ///< per stage: since the step before; empty: none
    events::KindSet excluded = 0;                 ///< kinds that end a chain

    [[nodiscard]] bool is_optional(std::size_t stage) const noexcept {
        return stage < optional.size() && optional[stage];
    }
    [[nodiscard]] std::int64_t step_window(std::size_t stage) const noexcept {
        return stage < step_windows.size() ? step_windows[stage] : kNoStepWindow;
    }
    /// Whether the default search answers.
    [[nodiscard]] bool plain() const noexcept {
        return order == StepOrder::in_order && hold == Hold::nothing && !strict_increase && !first_entry &&
               !open && !count_entries && excluded == 0 &&
               std::ranges::none_of(optional, [](bool may) { return may; }) &&
               std::ranges::all_of(step_windows, [](std::int64_t w) { return w == kNoStepWindow; });
    }
};

/// What is wrong with rules for a funnel: a text, empty if nothing is.
[[nodiscard]] inline std::string_view complaint(const FunnelRules& rules, const events::Funnel& funnel) {
    const bool windows = std::ranges::any_of(rules.step_windows, [](std::int64_t w) { return w >= 0; });
    const auto skipped = std::ranges::count(rules.optional, true);
    if (rules.is_optional(0)) return "a first stage that is not optional";
    if (skipped > 6) return "at most 6 optional stages";
    if (rules.optional.size() > funnel.stages.size() || rules.step_windows.size() > funnel.stages.size())
        return "rules for the stages of the funnel";
    if ((rules.excluded & funnel.kinds()) != 0) return "excluded events that are no stage";
    if (rules.order == StepOrder::any && (rules.strict_increase || rules.open || skipped > 0 || windows))
        return "any order without strict increase, open entry, optional stages and step windows";
    if (rules.open && rules.count_entries) return "entries counted in a funnel that is not open";
    return {};
}

}  // namespace funnel::metrics
