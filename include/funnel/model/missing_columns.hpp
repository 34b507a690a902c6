// SPDX-License-Identifier: MIT
// missing_columns: what a model learned from and a log has not. Its scores do without, and look as good as
// ever.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/model/reference.hpp"

namespace funnel::model {

/// Those of category, brand, list, position and price that had values in training and are no column of the
/// log, in this order.
[[nodiscard]] inline std::vector<std::string> missing_columns(const Reference& reference,
                                                              const EventLog& log) {
    std::vector<std::string> names;
    const auto learned = [](const std::vector<ReferenceColumn>& columns, std::string_view name) {
        const auto at = std::ranges::find(columns, name, &ReferenceColumn::name);
        return at != columns.end() && std::ranges::any_of(at->counts.begin(), at->counts.end() - 1,
                                                          [](std::uint64_t count) { return count > 0; });
    };
    for (const char* name : {"category", "brand", "list"}) {
        if (learned(reference.categorical, name) && log.text_column(name) == nullptr)
            names.emplace_back(name);
    }
    if (learned(reference.numeric, "position") && log.number_column("position") == nullptr)
        names.emplace_back("position");
    if (learned(reference.numeric, "item_log_price") && log.number_column("price") == nullptr)
        names.emplace_back("price");
    return names;
}

}  // namespace funnel::model
