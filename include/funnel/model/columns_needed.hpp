// SPDX-License-Identifier: MIT
// columns_needed: the columns that a model needs in a log, so that rows mean what they meant in training.
//
//     const auto reading = ingest::reading_for(model::columns_needed(bundle));
//     const auto read = ingest::read_log(paths, reading);  // Error(schema) if a file lacks one of them
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/needed_columns.hpp"
#include "funnel/model/bundle.hpp"

namespace funnel::model {

namespace detail {

/// The column had values in training. A model without a reference was trained in one pass: nobody knows.
[[nodiscard]] inline bool learned(const Reference& reference, const std::vector<ReferenceColumn>& columns,
                                  std::string_view name) {
    if (reference.empty()) return false;
    const auto at = std::ranges::find(columns, name, &ReferenceColumn::name);
    return at != columns.end() && std::any_of(at->counts.begin(), at->counts.end() - 1,
                                              [](std::uint64_t count) { return count > 0; });
}

[[nodiscard]] inline bool is_feature(const encoding::Encoder& encoder, std::string_view name) {
    const auto& numbers = encoder.numeric_features();
    return std::ranges::find(encoder.categorical_features(), name) != encoder.categorical_features().end() ||
           std::ranges::find(numbers, name, &base::NumericFeature::name) != numbers.end();
}

}  // namespace detail

/// Of the columns that features are made from, those that the model learned from, and its further inputs.
/// What its side tables say (category, brand, price) needs no column. Nothing for a model of a table.
[[nodiscard]] inline events::NeededColumns columns_needed(const Bundle& bundle) {
    if (!bundle.log) return {};
    const LogTask& task = *bundle.log;
    events::NeededColumns needed{.text = task.text_inputs,
                                 .numbers = task.number_inputs,
                                 .custom_kinds = task.funnel.custom_types,
                                 .schema = task.schema};
    const auto add = [&](std::vector<std::string>& to, const std::vector<ReferenceColumn>& columns,
                         const std::string& name, std::string_view feature) {
        const bool completed = std::ranges::any_of(task.side_inputs, [&](const events::SideInput& input) {
            return input.completes_events() && input.column == name;
        });
        if (completed || !detail::is_feature(bundle.encoder, feature) ||
            !detail::learned(bundle.reference, columns, feature))
            return;
        if (std::ranges::find(to, name) == to.end()) to.push_back(name);
    };
    for (const char* name : {"category", "brand", "list"})
        add(needed.text, bundle.reference.categorical, name, name);
    add(needed.numbers, bundle.reference.numeric, "position", "position");
    add(needed.numbers, bundle.reference.numeric, "price", "item_log_price");
    return needed;
}

}  // namespace funnel::model
