// SPDX-License-Identifier: MIT
#include "funnel/report/report_numbers.hpp"

#include <algorithm>

#include "funnel/metrics/count_cohorts.hpp"
#include "funnel/metrics/count_paths.hpp"
#include "funnel/metrics/find_causes.hpp"
#include "funnel/metrics/measure.hpp"

namespace funnel::report {
namespace {

/// [from, to) of the rows that count, in UTC microseconds.
struct Period {
    std::int64_t from = 0, to = 0;

    [[nodiscard]] std::uint64_t length() const noexcept { return events::elapsed(from, to); }
};

Period period_of(const metrics::MetricsOptions& options, const metrics::LogFacts& facts) {
    Period period{facts.first_time, facts.last_time};
    if (options.from) period.from = std::max(period.from, *options.from);
    if (options.to) period.to = std::min(period.to, *options.to - 1);
    return period;
}

/// A precision over fewer positives is noise.
constexpr double kFewPositives = 10;
/// Of a path: more do not fit in a line.
constexpr std::size_t kStepsOfAPage = 3;

/// At most 400 marks in a row.
std::string trend_of(const Period& period) {
    constexpr auto kDay = static_cast<std::uint64_t>(base::kDay);
    if (period.length() < 399 * kDay) return "day";
    return period.length() < 399 * 7 * kDay ? "week" : "month";
}

metrics::MetricsResult measure_part(const EventLog& log, metrics::MetricsOptions options,
                                    const metrics::LogFacts& facts, Period part) {
    options.from = part.from;
    options.to = part.to;
    options.by.clear();
    return metrics::finish(metrics::count(log, options, facts), options, facts);
}

/// The time that a clock on the wall shows `length` earlier.
std::int64_t earlier(const std::vector<metrics::OffsetChange>& zone, std::int64_t time, std::int64_t length) {
    metrics::LocalTime local(zone);
    const std::int64_t before = time - length;
    return before + (local.local(time) - time) - (local.local(before) - before);
}

PeriodChange change_between(const EventLog& log, metrics::MetricsOptions options,
                            const metrics::LogFacts& facts, Period before, Period after) {
    PeriodChange change{.before = measure_part(log, options, facts, before),
                        .after = measure_part(log, options, facts, after)};
    if (options.entity != metrics::Entity::user) return change;
    metrics::CauseOptions causes{.before = {before.from, before.to}};
    for (const events::TextColumn& column : log.text_columns) {
        const auto& of_items = options.item_columns;
        if (std::ranges::find(of_items, column.name) == of_items.end()) causes.columns.push_back(column.name);
    }
    if (causes.columns.empty()) return change;
    options.from = after.from;
    options.to = after.to;
    change.why = metrics::find_causes(log, options, facts, causes);
    return change;
}

/// A period that was asked for, beside the one before it. The first day of a log may begin some hours late.
std::optional<PeriodChange> change_of_asked(const EventLog& log, const metrics::MetricsOptions& options,
                                            const metrics::LogFacts& facts) {
    const std::int64_t from = *options.from, to = options.to ? *options.to : facts.last_time + 1;
    metrics::LocalTime local(options.zone);
    const std::int64_t length = local.local(to) - local.local(from);
    const std::int64_t days = (length + base::kDay / 2) / base::kDay;
    if (days < 1 || from - facts.first_time < length - base::kDay / 2) return std::nullopt;
    const std::int64_t begin = earlier(options.zone, from, length);
    PeriodChange change = change_between(log, options, facts, {begin, from}, {from, to});
    change.days = days;
    change.asked = true;
    return change;
}

std::optional<PeriodChange> change_of(const EventLog& log, const metrics::MetricsOptions& options,
                                      const metrics::LogFacts& facts, const Period& period) {
    if (options.from) {
        // A long period holds both halves of the usual comparison; a short one looks back.
        if (auto change = change_of_asked(log, options, facts)) return change;
    }
    constexpr auto kWeek = static_cast<std::uint64_t>(7 * base::kDay);
    // A first day that begins some hours late is still a day: what is short of two weeks by less counts.
    const std::uint64_t half = (period.length() + static_cast<std::uint64_t>(base::kDay) / 2) / kWeek / 2;
    if (half == 0) return std::nullopt;
    const auto length = static_cast<std::int64_t>(half * kWeek);
    const std::int64_t end = period.to + 1, middle = end - length, begin = middle - length;
    PeriodChange change = change_between(log, options, facts, {begin, middle}, {middle, end});
    change.days = static_cast<std::int64_t>(half) * 7;
    return change;
}

}  // namespace

ReportNumbers measure_report(const EventLog& log, const metrics::MetricsOptions& options,
                             const metrics::LogFacts& facts) {
    ReportNumbers numbers;
    metrics::MetricsOptions with_trend = options;
    const Period period = period_of(options, facts);
    const bool empty = log.empty() || period.from > period.to;
    numbers.trend = empty ? "day" : trend_of(period);
    std::erase(with_trend.by, numbers.trend);
    with_trend.timing = options.entity != metrics::Entity::exposure;
    with_trend.by.insert(with_trend.by.begin(), numbers.trend);
    numbers.whole = metrics::finish(metrics::count(log, with_trend, facts), with_trend, facts);
    // The page says so beside every breakdown, and it always has one.
    std::erase_if(numbers.whole.notes,
                  [](const base::Warning& note) { return note.code == "user_in_several_keys"; });
    if (empty) return numbers;
    metrics::LocalTime zone(options.zone);
    numbers.from = zone.local(period.from);
    numbers.to = zone.local(period.to);
    numbers.change = change_of(log, options, facts, period);
    numbers.paths = metrics::count_paths(log, options, facts, {.length = kStepsOfAPage});
    numbers.cohorts = metrics::finish_cohorts(
        metrics::count_cohorts(log, options, facts, metrics::CohortStart::event), options, facts);
    return numbers;
}

std::vector<std::string> usual_breakdowns(const EventLog& log) {
    std::vector<std::string> by;
    for (const char* name : {"list", "category", "brand"}) {
        const events::TextColumn* column = log.text_column(name);
        if (column == nullptr) continue;
        if (column->values.size() >= 2 && column->values.size() < metrics::kMaxSegments)
            by.emplace_back(name);
    }
    by.emplace_back("hour");
    return by;
}

ModelNumbers judge_model(const Bundle& bundle, const score::ScoredExamples& examples,
                         std::uint64_t already_observed) {
    ModelNumbers numbers{.bundle = &bundle, .evaluation = score::evaluate(examples, true), .curves = {}};
    numbers.evaluation.already_observed = already_observed;
    for (std::size_t k = 0; k < examples.targets.size(); ++k) {
        const eval::RankedLabels ranked(examples.scores[k], examples.labels[k],
                                        {.weights = examples.weights});
        const double support = std::max(0.01, kFewPositives / std::max(1.0, ranked.positive()));
        numbers.curves.push_back({eval::roc_curve(ranked), eval::precision_recall_curve(ranked, 100, support),
                                  eval::bins_of_equal_weight(ranked)});
    }
    return numbers;
}

}  // namespace funnel::report
