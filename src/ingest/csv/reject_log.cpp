// SPDX-License-Identifier: MIT
#include "ingest/csv/reject_log.hpp"

#include <array>
#include <charconv>
#include <vector>

#include "funnel/base/count_words.hpp"
#include "funnel/base/csv.hpp"
#include "funnel/base/error.hpp"
#include "ingest/source/text_source.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

/// "1%" of 0.01.
std::string percent(double share) {
    std::array<char, 32> text;
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), share * 100, std::chars_format::general, 6);
    return std::string(text.data(), end.ptr) + '%';
}

}  // namespace

RejectLog::RejectLog(const RowPolicy& policy, ReadReport& report, Mode mode)
    : policy_(policy), report_(report), warned_(report.rejected > 0) {
    if (policy.bad_rows == BadRows::fail || policy.rejects_path.empty()) return;
    if (mode == Mode::fresh && !policy.append_rejects) {
        file_.emplace(policy.rejects_path);
        file_->append("file,line,column,reason,text\n");
        return;
    }
    TextSource before(policy.rejects_path);
    file_.emplace(policy.rejects_path);
    std::vector<char> piece(1u << 16);
    for (std::size_t got = piece.size(); got == piece.size();) {
        got = before.read(piece);
        file_->append({piece.data(), got});
    }
}

void RejectLog::add(const std::string& file, const std::string& column, const BadRow& bad) {
    if (policy_.bad_rows == BadRows::fail) throw Error(ErrorCode::parse, message(file, column, bad));
    if (first_.empty()) first_ = message(file, column, bad);
    count(bad.reason, 1);
    write(file, column, bad);
}

void RejectLog::write(const std::string& file, const std::string& column, const BadRow& bad) {
    if (!file_) return;
    std::string row;
    base::append_csv_field(row, file);
    row += ',' + std::to_string(bad.line) + ',';
    if (bad.column != kNoColumn) base::append_csv_field(row, column);
    row += ',';
    row += reason_name(bad.reason);
    row += ',';
    base::append_csv_field(row, bad.text);
    file_->append(row += '\n');
}

void RejectLog::add(const FileFormat& format, BlockOutcome& outcome, std::uint64_t lines_before) {
    std::array<std::uint64_t, kReasons> told{};
    for (BadRow& bad : outcome.bad()) {
        bad.line += lines_before + 1;
        add(format.name, format.column_name(bad.column), bad);
        ++told[static_cast<std::size_t>(bad.reason)];
    }
    for (std::size_t i = 0; i < kReasons; ++i) {
        const auto reason = static_cast<Reason>(i);
        count(reason, outcome.count(reason) - told[i]);
    }
}

void RejectLog::count(Reason reason, std::uint64_t rows) {
    if (rows == 0) return;
    report_.rejected += rows;
    report_.rejected_by_reason[std::string(reason_name(reason))] += rows;
}

std::string RejectLog::counts() const {
    std::string text =
        base::format_count(report_.rejected) + " of " + base::format_count(report_.rows) + " (";
    for (const auto& [reason, rows] : report_.rejected_by_reason)
        text += (text.back() == '(' ? "" : ", ") + reason + ' ' + base::format_count(rows);
    return text + "); the first is " + first_;
}

void RejectLog::commit() {
    if (file_) file_->commit();
    file_.reset();
}

void RejectLog::finish() {
    commit();
    if (report_.rejected > 0 && !warned_)
        report_.warnings.push_back({"rejected_rows", "first rejected row: " + first_});
    const std::string files = report_.files.size() == 1 ? escaped(report_.files.front())
                                                        : std::to_string(report_.files.size()) + " files";
    const BadRowLimit& limit = policy_.max_bad;
    const bool too_many = limit.count >= 0 ? report_.rejected > static_cast<std::uint64_t>(limit.count)
                                           : static_cast<double>(report_.rejected) >
                                                 limit.share * static_cast<double>(report_.rows);
    if (report_.rejected > 0 && report_.accepted == 0) {
        throw Error(ErrorCode::parse,
                    files + ": expected at least one usable row, got only bad ones: " + counts());
    }
    if (report_.rejected > 0 && too_many) {
        const std::string most = limit.count >= 0 ? base::format_count(limit.count) : percent(limit.share);
        throw Error(ErrorCode::parse,
                    files + ": expected at most " + most + " bad rows (--max-bad), got " + counts());
    }
    if (report_.rows > 0 && report_.accepted == 0) {
        throw Error(ErrorCode::parse, files + ": expected at least one usable row, got " +
                                          base::counted(report_.rows, "row") +
                                          " that the schema ignores; check its ignore_rows");
    }
}

}  // namespace funnel::ingest::detail
