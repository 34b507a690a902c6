// SPDX-License-Identifier: MIT
// What a bot rule found, in words: the same in the text and on the page.
#pragma once

#include <cstdint>
#include <string>

#include "funnel/metrics/metrics_result.hpp"
#include "funnel/report/text_table.hpp"

namespace funnel::report {

struct BotsInWords {
    std::string text;          ///< how many users of how many; a sentence or two
    bool has_figures = false;  ///< else the figures without them are the same, or of nobody
};

/// result: with without_bots.
[[nodiscard]] inline BotsInWords bots_in_words(const metrics::MetricsResult& result) {
    const std::int64_t bots = result.without_bots->users;
    const auto users = static_cast<std::int64_t>(result.metric("uv").value.value_or(0));
    const std::string all = format_count(users) + " users";
    if (bots == 0)
        return {"The bot rule names none of the " + all + ": without bots all figures are the same."};
    if (bots == users) return {"The bot rule names all of the " + all + ": without bots nothing is left."};
    return {"The bot rule names " + format_count(bots) + " of " + all +
                ". They count in all other figures; here they are left out.",
            true};
}

}  // namespace funnel::report
