// SPDX-License-Identifier: MIT
#include "counting.hpp"

#include <algorithm>
#include <utility>

#include "funnel/ingest/time_zone.hpp"

namespace funnel::tool {
namespace {

/// Made from time or from the item, not read.
bool needs_no_column(const std::string& by) {
    return by == "day" || by == "week" || by == "month" || by == "hour" || by == "item";
}

}  // namespace

void CountingOptions::add_to(CLI::App& command) {
    command.add_option("--window", window, "How long a way through the funnel may take");
    command.add_option("--per", per, "Whose way is counted")
        ->check(CLI::IsMember({"user", "session", "user-item", "exposure"}));
    command.add_option("--by", by, "Break down by day, week, month, hour or a column; may repeat")
        ->allow_extra_args(false);
    command.add_option("--dedup", dedup, "Drop rows equal in every field but the first")
        ->check(CLI::IsMember({"none", "exact"}));
    command.add_option("--tz", tz, "IANA time zone that cuts days");
}

void CountingOptions::check() const {
    (void)duration_option("--window", window);
    (void)ingest::zone_offsets(tz, 0, 0);
}

void CountingOptions::set_reading(ingest::ReadOptions& reading) const {
    reading.columns.row_hash = true;
    for (const std::string& column : by) {
        auto& text = reading.columns.text;
        if (!needs_no_column(column) && std::ranges::find(text, column) == text.end()) text.push_back(column);
    }
    reading.drop_duplicates = dedup == "exact";
}

metrics::MetricsOptions CountingOptions::metrics_options(ChosenFunnel chosen, const LogOptions& log,
                                                         const GeneralOptions& general,
                                                         const metrics::LogFacts& facts) const {
    metrics::MetricsOptions options;
    options.funnel = std::move(chosen.funnel);
    options.left_out = std::move(chosen.left_out);
    options.window = duration_option("--window", window);
    options.entity = metrics::parse_entity(per).value_or(metrics::Entity::user);
    options.from = log.from_time();
    options.to = log.to_time();
    options.by = by;
    if (facts.first_time <= facts.last_time) {
        for (const auto& [from, offset] : ingest::zone_offsets(tz, facts.first_time, facts.last_time))
            options.zone.push_back({from, offset});
    }
    options.threads = general.thread_count();
    return options;
}

}  // namespace funnel::tool
