// SPDX-License-Identifier: MIT
#include "metrics_log.hpp"

#include <atomic>
#include <utility>

#include "funnel/metrics/count_parts.hpp"

namespace funnel::tool {
namespace {

metrics::LogFacts facts_of(const ingest::LogOutline& outline) {
    return {.first_time = outline.first_time,
            .last_time = outline.last_time,
            .kinds = outline.kinds,
            .has_sessions = outline.has_sessions,
            .has_revenue = outline.has_revenue,
            .has_quantity = outline.has_quantity,
            .has_price = outline.has_price,
            .order_totals = outline.order_totals,
            .said_by_purchases = outline.said_by_purchases};
}

}  // namespace

MetricsLog MetricsLog::in_parts(const std::vector<std::string>& paths, const ingest::ReadOptions& reading,
                                Run& run) {
    MetricsLog log;
    log.parts_ = ingest::read_log_parts(paths, reading, run.parts());
    log.drops_duplicates_ = reading.drop_duplicates;
    log.facts_ = facts_of(log.parts_->outline());
    log.report_ = log.parts_->report();
    return log;
}

MetricsLog MetricsLog::whole(ingest::ReadResult read) {
    MetricsLog log;
    log.facts_ = metrics::facts_of(read.log);
    log.report_ = read.report;
    log.whole_ = std::move(read);
    return log;
}

metrics::MetricsState MetricsLog::count(const metrics::MetricsOptions& options) {
    if (whole_) return metrics::count(whole_->log, options, facts_);
    std::atomic<std::uint64_t> duplicates{0};
    metrics::MetricsState state = metrics::count_parts(
        parts_->size(), [&](std::size_t i, EventLog& part) { duplicates += parts_->load(i, part); }, options,
        facts_, static_cast<std::int64_t>(parts_->outline().shared_order_ids));
    if (!counted_) ingest::add_duplicates(report_, duplicates, drops_duplicates_);
    counted_ = true;
    return state;
}

metrics::Cohorts MetricsLog::cohorts(const metrics::MetricsOptions& options, metrics::CohortStart start) {
    const auto load = [&](std::size_t i, EventLog& part) { (void)parts_->load(i, part); };
    const metrics::CohortCounts counts =
        whole_ ? metrics::count_cohorts(whole_->log, options, facts_, start)
               : metrics::count_cohort_parts(parts_->size(), load, options, facts_, start);
    return metrics::finish_cohorts(counts, options, facts_);
}

report::LogSummary MetricsLog::summary(const metrics::MetricsResult& result) const {
    if (whole_) return report::summarize(whole_->log, result, report_);
    return report::summarize(parts_->outline(), result, report_);
}

}  // namespace funnel::tool
