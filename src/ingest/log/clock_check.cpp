// SPDX-License-Identifier: MIT
#include "ingest/log/clock_check.hpp"

#include <filesystem>
#include <optional>
#include <utility>

#include "funnel/base/count_words.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/time.hpp"
#include "ingest/csv/names.hpp"
#include "ingest/csv/reject_log.hpp"
#include "ingest/log/log_sink.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

/// "18 h", "27423 d".
std::string rough(std::uint64_t micros) {
    constexpr auto kHour = static_cast<std::uint64_t>(base::kHour),
                   kDay = static_cast<std::uint64_t>(base::kDay);
    return micros < 3 * kDay ? std::to_string(micros / kHour) + " h"
                             : base::format_count(micros / kDay) + " d";
}

std::string rows_of(std::uint64_t rows) {
    return base::counted(rows, "row");
}

/// A gap with many rows on both sides: a wrong clock, or a shop that was closed.
void tell_of_gap(const events::ClockGap& gap, ReadReport& report) {
    const std::string where = "no row lies between " + base::format_time(gap.before) + " and " +
                              base::format_time(gap.after) + " (" + rough(gap.length()) + "), " +
                              rows_of(gap.rows_before) + " before and " + base::format_count(gap.rows_after) +
                              " after";
    if (gap.length() > events::kImpossibleGap) {
        throw Error(ErrorCode::parse, "times: expected those of one log, got a gap: " + where +
                                          "; if the clocks after it were wrong, --as-of " +
                                          base::format_time(gap.after) +
                                          " leaves their rows out; if all are right, give --clock keep");
    }
    report.warnings.push_back({"clock_gap", where + ": was a clock wrong? If so, --as-of " +
                                                base::format_time(gap.after) +
                                                " leaves out what is after it"});
}

/// Collects the rows outside a cut.
class ClockRows final : public LogSink {
 public:
    struct Found {
        std::string file, column;
        BadRow row;
    };

    explicit ClockRows(const events::ClockCut& cut) : cut_(cut) {}

    void absorb(LogBlock&) override {}
    void add(const LogPlan&, LogBlock& block) override {
        const FileFormat& format = *block.block.format;
        if (block.block.first_of_file) lines_ = format.lines_before;
        for (BadRow& row : block.clock_rows) {
            row.line += lines_ + 1;
            found.push_back({format.name, format.column_name(row.column), std::move(row)});
        }
        lines_ += block.outcome.lines;
    }
    void finish(const LogPlan&, const std::vector<std::uint8_t>&) override {}
    [[nodiscard]] const events::ClockCut* cut() const noexcept override { return &cut_; }

    std::vector<Found> found;  // in file order

 private:
    const events::ClockCut& cut_;
    std::uint64_t lines_ = 0;  // of this file so far
};

std::string describe(const ReadReport& report, Reason reason, const std::vector<ClockRows::Found>& found) {
    const bool ahead = reason == Reason::ahead;
    const std::uint64_t rows = ahead ? report.ahead : report.behind;
    std::string text = rows_of(rows) + (rows == 1 ? " is " : " are ") + (ahead ? "ahead of" : "behind") +
                       (rows == 1 ? " its clock" : " their clocks") + " by " +
                       rough(ahead ? report.ahead_gap : report.behind_gap) + " or more";
    for (const ClockRows::Found& one : found) {
        if (one.row.reason != reason) continue;
        text += (rows == 1 ? ": " : ", the first: ") + escaped(one.file) + ":" +
                std::to_string(one.row.line) + " (" + one.row.got + ")";
        break;
    }
    return text + "; left out of everything, --clock keep takes " +
           (rows == 1 ? "it as it is" : "them as they are");
}

}  // namespace

void ClockCheck::finish() {
    if (!drop_) return;
    for (std::size_t worker = 1; worker < spans_.size(); ++worker)
        spans_[0] += std::exchange(spans_[worker], {});
    sorted_ = spans_[0].sorted();
    spans_.clear();
    gaps_ = events::find_clock_gaps(sorted_, known_gap_);
}

void ClockCheck::judge(const events::ClockCut& cut, ReadReport& report) {
    cut_ = cut;
    for (const events::TimeSpan& span : sorted_) {
        report.ahead += span.first > cut.last ? span.rows : 0;
        report.behind += span.last < cut.first ? span.rows : 0;
    }
    for (const events::ClockGap& gap : gaps_.ahead) {
        if (gap.before == cut.last) report.ahead_gap = gap.length();
    }
    for (const events::ClockGap& gap : gaps_.behind) {
        if (gap.after == cut.first) report.behind_gap = gap.length();
    }
    report.longest_gap = events::longest_gap(sorted_, cut);
    // Of gaps that both sides explain as little, one message is enough: the longest comes last.
    const events::ClockGap* told = nullptr;
    for (const events::ClockGap& gap : gaps_.wide) {
        const bool worth_it =
            gap.length() > static_cast<std::uint64_t>(base::kDay) && gap.rows_after < gap.rows_before;
        if (worth_it || gap.length() > events::kImpossibleGap) told = &gap;
    }
    if (told != nullptr) tell_of_gap(*told, report);
}

void keep_rows(EventLog& log, const events::ClockCut& cut) {
    if (cut.all()) return;
    std::vector<bool> keep(log.size());
    for (std::size_t row = 0; row < log.size(); ++row)
        keep[row] = cut.keeps(log.time[row]);
    log.keep_rows(keep);
}

void name_clock_rows(std::span<const std::string> paths, const ReadOptions& options,
                     const events::ClockCut& cut, ReadReport& report) {
    if (cut.all()) return;
    std::vector<std::string> again;
    for (const std::string& path : paths) {
        std::error_code error;
        if (std::filesystem::is_regular_file(path, error)) again.push_back(path);
    }
    ClockRows rows(cut);
    if (!again.empty()) {
        ReadOptions quiet = options;
        quiet.rows.bad_rows = BadRows::skip;
        quiet.rows.rejects_path.clear();
        quiet.rows.digests = false;
        quiet.progress = nullptr;
        ReadReport unused;
        Schema schema;
        read_blocks(again, quiet, Tuning{}, 0, rows, unused, schema);
    }
    for (const Reason reason : {Reason::ahead, Reason::behind}) {
        const std::uint64_t some = reason == Reason::ahead ? report.ahead : report.behind;
        if (some > 0) report.warnings.push_back({"wrong_clock", describe(report, reason, rows.found)});
    }
    RejectLog rejects(options.rows, report, RejectLog::Mode::append);
    for (const ClockRows::Found& one : rows.found)
        rejects.write(one.file, one.column, one.row);
    rejects.commit();
}

}  // namespace funnel::ingest::detail
