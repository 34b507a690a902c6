// SPDX-License-Identifier: MIT
#include "ingest/log/report_builder.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "funnel/base/count_words.hpp"

namespace funnel::ingest {

void add_duplicates(ReadReport& report, std::uint64_t duplicates, bool dropped) {
    report.duplicates = duplicates;
    if (duplicates * 1000 <= report.events || dropped) return;
    report.warnings.push_back(
        {"duplicate_rows", base::format_count(duplicates) + " of " + base::counted(report.events, "row") +
                               (duplicates == 1 ? " is" : " are") +
                               " equal to an earlier row in every field; --dedup exact drops them"});
}

namespace detail {
namespace {

constexpr std::size_t kMostEventNames = 10'000;

std::string in_small(std::string_view name) {
    std::string small(name);
    std::ranges::transform(small, small.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return small;
}

/// Event names that are known but for upper and lower case count as the log's own, and their stages as empty.
void warn_of_names(const LogPlan& plan, ReadReport& report) {
    std::set<std::string, std::less<>> known;
    for (const auto& [name, kind] : plan.schema.events)
        known.insert(in_small(name));
    std::string alike;
    for (const auto& [name, rows] : report.by_event) {
        const std::string small = in_small(name);
        const bool ours = name != small && events::parse_kind(small).has_value();
        const bool of_schema = known.contains(small) && !plan.schema.events.contains(name) &&
                               plan.meaning(name).kind == events::EventKind::other;
        if (ours || of_schema)
            alike += (alike.empty() ? "" : ", ") + name + " (" + base::counted(rows, "row") + ")";
    }
    if (alike.empty()) return;
    report.warnings.push_back(
        {"types_written_otherwise",
         "the event types " + alike + " differ from those of schema " + plan.schema.name +
             " in upper and lower case: they count as types of the log's own; map them in a schema"});
}

}  // namespace

void ReportBuilder::add(LogBlock& block) {
    const FileFormat& format = *block.block.format;
    if (block.block.first_of_file) line_ = format.lines_before;
    rejects_.add(format, block.outcome, line_);
    line_ += block.outcome.lines;
    add_counts(block);
}

void ReportBuilder::add_counts(const LogBlock& block) {
    report_.rows += block.outcome.rows;
    report_.ignored += block.outcome.ignored;
    report_.accepted += block.accepted + block.outcome.after;
    report_.after += block.outcome.after;
    report_.events += block.time.size();
    for (const auto& event : block.events) {
        auto at = report_.by_event.find(event.label);
        if (at == report_.by_event.end()) {
            const bool too_many = event.own && own_names_ >= kMostEventNames;
            if (event.own && !too_many) ++own_names_;
            at = report_.by_event.try_emplace(too_many ? "other" : event.label, 0).first;
        }
        at->second += event.rows;
    }
}

void ReportBuilder::finish(const LogPlan& plan) {
    report_.schema = plan.schema.name;
    for (const std::string& name : plan.custom_kinds) {
        const EventMeaning meaning = plan.meaning(name);
        if (meaning.kind >= events::EventKind::custom_first) continue;
        if (name == "cart" && meaning.kind == events::EventKind::cart_add) continue;  // the printed name
        report_.warnings.push_back({"stage_has_another_name", "event " + name + " is " + meaning.label +
                                                                  " in schema " + plan.schema.name +
                                                                  "; use that name for the stage"});
    }
    warn_of_names(plan, report_);
    rejects_.finish();
}

}  // namespace detail
}  // namespace funnel::ingest
