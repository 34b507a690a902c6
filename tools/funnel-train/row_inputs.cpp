// SPDX-License-Identifier: MIT
#include "row_inputs.hpp"

#include <algorithm>
#include <cmath>

#include "funnel/base/time.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/encoding/table_dataset.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "table_model.hpp"

namespace funnel::tool {
namespace {

ingest::Table read_small_table(const std::string& path, std::vector<std::string> verbatim,
                               const LogOptions& log, Run& run) {
    ingest::TableOptions reading;
    reading.verbatim = std::move(verbatim);
    reading.rows = log.next_reading(run);
    reading.threads = run.threads();
    return ingest::read_table(std::vector<std::string>{path}, reading);
}

const ingest::TableTextColumn& need_column(const ingest::Table& table, const std::string& path,
                                           std::string_view name) {
    if (const auto* column = table.column(name)) return *column;
    std::string known;
    for (const auto& column : table.columns)
        known += (known.empty() ? "" : ", ") + column.name;
    throw Error(ErrorCode::schema, path + ": expected a column \"" + std::string(name) + "\", got " + known +
                                       "; check the header");
}

std::string_view text_of(const ingest::TableTextColumn& column, std::size_t row) {
    const std::uint32_t code = column.code[row];
    return code == base::kNone ? std::string_view{} : column.values.text(code);
}

/// Applies the row policy to cells that only the caller can judge; what is left is clean.
template <typename Check>
void reject_bad_cells(ingest::Table& table, const LogOptions& log, Check&& check) {
    std::vector<ingest::BadValue> bad;
    for (std::size_t row = 0; row < table.rows(); ++row)
        check(row, bad);
    if (!bad.empty()) ingest::reject_rows(table, std::move(bad), log.row_policy());
}

std::optional<double> score_of(std::string_view text) {
    return base::parse_number(text);
}

}  // namespace

FinishedScores read_scores(const std::string& path, const LogOptions& log, Run& run) {
    ingest::Table table = read_small_table(path, {}, log, run);
    for (const std::string_view name : {"score", "label"})
        (void)need_column(table, path, name);
    const bool weighted = table.column("weight") != nullptr;
    reject_bad_cells(table, log, [&](std::size_t row, std::vector<ingest::BadValue>& bad) {
        if (!score_of(text_of(*table.column("score"), row))) {
            bad.push_back({row, "score", "a number"});
        } else if (!base::parse_label(text_of(*table.column("label"), row))) {
            bad.push_back({row, "label", std::string(base::kExpectedLabel)});
        } else if (weighted && !(score_of(text_of(*table.column("weight"), row)).value_or(-1) >= 0)) {
            bad.push_back({row, "weight", "a weight of 0 or more"});
        }
    });
    tell_about_reading(table.report, log, run);
    if (table.rows() == 0) no_rows(table.files);
    FinishedScores scored;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        scored.scores.push_back(*score_of(text_of(*table.column("score"), row)));
        scored.labels.push_back(*base::parse_label(text_of(*table.column("label"), row)));
        if (weighted) {
            scored.weights.push_back(static_cast<float>(*score_of(text_of(*table.column("weight"), row))));
        }
    }
    return scored;
}

Candidates read_candidates(const std::string& path, const LogOptions& log, const history::History& history,
                           const EventLog& events, Run& run) {
    Candidates candidates{read_small_table(path, {"user_id", "item_id", "event_time", "list"}, log, run), {}};
    ingest::Table& table = candidates.table;
    for (const std::string_view name : {"user_id", "item_id"})
        (void)need_column(table, path, name);
    const bool has_time = table.column("event_time") != nullptr, has_list = table.column("list") != nullptr,
               has_position = table.column("position") != nullptr;
    const auto time_of = [&](std::size_t row) {
        return ingest::parse_iso_time(text_of(*table.column("event_time"), row));
    };
    reject_bad_cells(table, log, [&](std::size_t row, std::vector<ingest::BadValue>& bad) {
        if (text_of(*table.column("user_id"), row).empty()) {
            bad.push_back({row, "user_id", "a user"});
        } else if (has_time && !text_of(*table.column("event_time"), row).empty() && !time_of(row)) {
            bad.push_back({row, "event_time", "a time in ISO 8601"});
        } else if (has_position && !text_of(*table.column("position"), row).empty() &&
                   !base::parse_number(text_of(*table.column("position"), row))) {
            bad.push_back({row, "position", "a number"});
        }
    });
    tell_about_reading(table.report, log, run);
    const std::int64_t now =
        std::max(history.watermark(), events.empty() ? history.watermark() : events.last_time()) + 1;
    for (std::size_t row = 0; has_time && row < table.rows(); ++row) {
        const auto time = time_of(row);
        if (!time || *time > history.watermark()) continue;
        throw Error(ErrorCode::schema, base::escaped(path) + ":" + std::to_string(table.origin[row].line) +
                                           ": column event_time: expected a time after " +
                                           base::format_time(history.watermark()) +
                                           ", the last that the history knows, got \"" +
                                           base::escaped(text_of(*table.column("event_time"), row)) +
                                           "\"; give a later time or none, or an older state");
    }
    for (std::size_t row = 0; row < table.rows(); ++row) {
        Event event{.time = now, .kind = EventKind::impression};
        event.user = text_of(*table.column("user_id"), row);
        event.item = text_of(*table.column("item_id"), row);
        if (has_time && !text_of(*table.column("event_time"), row).empty()) event.time = *time_of(row);
        if (has_list) event.list = text_of(*table.column("list"), row);
        if (has_position) {
            event.position =
                base::parse_number(text_of(*table.column("position"), row)).value_or(events::kMissing);
        }
        candidates.events.push_back(event);
    }
    return candidates;
}

}  // namespace funnel::tool
