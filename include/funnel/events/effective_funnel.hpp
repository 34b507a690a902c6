// SPDX-License-Identifier: MIT
// effective_funnel: a default funnel without the stages that do not occur in a log.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "funnel/events/funnel_stages.hpp"

namespace funnel::events {

struct EffectiveFunnel {
    Funnel funnel;
    std::vector<std::string> left_out;  ///< names of the stages without any event
};

/// stages: event types per stage, as in a schema's default funnel. kinds: those that occur in the whole log.
/// A stage of several types keeps the types that occur: click+view without clicks is the stage view.
/// If no stage has an event, the funnel stays as it is and nothing is left out.
[[nodiscard]] inline EffectiveFunnel effective_funnel(const std::vector<std::vector<std::string>>& stages,
                                                      events::KindSet kinds) {
    const Funnel whole = Funnel::make(stages);
    std::vector<std::vector<std::string>> kept;
    EffectiveFunnel result;
    for (const events::Stage& stage : whole.stages) {
        if ((stage.kinds & kinds) == 0) {
            result.left_out.push_back(stage.name);
        } else {
            kept.push_back(stage.types);
        }
    }
    if (kept.empty()) return {whole, {}};
    // A click that never happens is taken out of its stage, which is then named by what is left of it.
    for (auto& types : kept) {
        if ((kinds & events::kind_bit(events::EventKind::click)) == 0 && types.size() > 1)
            std::erase(types, "click");
    }
    result.funnel = Funnel::make(kept);
    return result;
}

}  // namespace funnel::events
