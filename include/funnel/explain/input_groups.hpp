// SPDX-License-Identifier: MIT
// InputGroup: the inputs of a model that say something of the same thing and are judged together.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/feature_spec.hpp"
#include "funnel/model/bundle.hpp"

namespace funnel::explain {

struct InputGroup {
    std::string name;
    std::vector<std::uint32_t> inputs;  ///< of the encoder: i for a number, d + i for a category
};

/// Of a log: the groups of features that `train --without` names, as far as the model has them, then each
/// further column alone. Of a table: each column alone. Inputs that never varied in training are in none.
[[nodiscard]] std::vector<InputGroup> input_groups(const Bundle& bundle);

inline std::vector<InputGroup> input_groups(const Bundle& bundle) {
    const auto& numeric = bundle.encoder.numeric_features();
    const auto& categorical = bundle.encoder.categorical_features();
    std::vector<InputGroup> groups;
    for (const std::string_view name : events::kGroupNames)
        groups.push_back({.name = std::string(name), .inputs = {}});
    std::vector<InputGroup> alone;
    std::vector<char> used(numeric.size() + categorical.size(), 0);
    for (const auto& seen : {bundle.encoder.inputs_of_dense(), bundle.encoder.inputs_of_embeddings()}) {
        for (const std::uint32_t input : seen)
            used[input] = 1;
    }
    const auto place = [&](const std::string& name, std::size_t input, const auto& known, std::size_t i) {
        if (used[input] == 0) return;
        InputGroup& group = i < known.size() ? groups[static_cast<std::size_t>(known[i])]
                                             : alone.emplace_back(InputGroup{.name = name, .inputs = {}});
        group.inputs.push_back(static_cast<std::uint32_t>(input));
    };
    const events::FeatureSpec none;
    const events::FeatureSpec& spec = bundle.history ? bundle.history->spec() : none;
    for (std::size_t i = 0; i < numeric.size(); ++i)
        place(numeric[i].name, i, spec.numeric_groups, i);
    for (std::size_t i = 0; i < categorical.size(); ++i)
        place(categorical[i], numeric.size() + i, spec.categorical_groups, i);
    std::erase_if(groups, [](const InputGroup& group) { return group.inputs.empty(); });
    groups.insert(groups.end(), alone.begin(), alone.end());
    return groups;
}

}  // namespace funnel::explain
