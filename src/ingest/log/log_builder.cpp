// SPDX-License-Identifier: MIT
#include "ingest/log/log_builder.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "funnel/base/error.hpp"

namespace funnel::ingest::detail {
namespace {

void append_mapped(std::vector<std::uint32_t>& into, const std::vector<std::uint32_t>& codes,
                   const std::vector<std::uint32_t>& map) {
    const std::size_t before = into.size();
    into.resize(before + codes.size());
    std::ranges::transform(codes, into.begin() + static_cast<std::ptrdiff_t>(before),
                           [&](std::uint32_t code) { return mapped(map, code); });
}

template <typename T>
void append(std::vector<T>& into, const std::vector<T>& values) {
    into.insert(into.end(), values.begin(), values.end());
}

}  // namespace

LogBuilder::LogBuilder(const ReadOptions& options, ReadResult& result, unsigned workers,
                       std::uint64_t file_bytes)
    : options_(options),
      result_(result),
      report_(options, result.report),
      ids_(result.log, workers),
      clocks_(options, workers),
      file_bytes_(file_bytes) {}

void LogBuilder::add(const LogPlan& plan, LogBlock& block) {
    report_.add(block);
    ids_.add(plan, block);
    reserve(block);
    add_rows(plan, block);
}

/// Makes room for all rows at once, by the share of the files that is read: growing step by step would hold
/// every column twice for a moment.
void LogBuilder::reserve(const LogBlock& block) {
    events::EventLog& log = result_.log;
    const std::size_t needed = log.size() + block.time.size();
    if (needed <= log.time.capacity()) return;
    std::size_t rows = std::max(needed, log.size() + log.size() / 2);
    if (file_bytes_ > 0 && block.file_bytes > 0) {
        const double share = static_cast<double>(file_bytes_) / static_cast<double>(block.file_bytes);
        rows = std::max(needed,
                        static_cast<std::size_t>(static_cast<double>(needed) * std::max(share, 1.0) * 1.02));
    }
    check_memory(rows);
    const auto grow = [&](auto& values) {
        values.reserve(rows);
        base::advise_huge_pages(values.data(), values.capacity() * sizeof values[0]);
    };
    grow(log.time);
    grow(log.kind);
    grow(log.user);
    grow(log.item);
    grow(log.session);
    if (!block.row_hash.empty()) {
        grow(log.row_hash);
        duplicates_.reserve(rows);
    }
    for (auto& column : log.text_columns)
        grow(column.code);
    for (auto& column : log.number_columns)
        grow(column.value);
}

void LogBuilder::check_memory(std::uint64_t rows) const {
    const events::EventLog& log = result_.log;
    constexpr std::uint64_t kRow = 25, kHash = 12, kColumn = 4;  // as reserve() asks for them
    const std::uint64_t row = kRow + (options_.columns.row_hash ? kHash : 0) +
                              kColumn * (log.text_columns.size() + log.number_columns.size());
    const std::uint64_t needed = rows * row + ids_.bytes();
    if (options_.memory == 0 || needed <= options_.memory) return;
    throw Error(ErrorCode::memory, "memory: expected a log that needs at most " +
                                       std::to_string(options_.memory) + " bytes, got one of about " +
                                       std::to_string(rows) + " rows that needs " + std::to_string(needed) +
                                       "; raise --memory or give fewer rows");
}

void LogBuilder::add_rows(const LogPlan& plan, const LogBlock& block) {
    events::EventLog& log = result_.log;
    const LogIds::CodeMaps& maps = ids_.maps(block.worker);
    const std::uint64_t before = log.size();
    append(log.time, block.time);
    append(log.kind, block.kind);
    append(log.session, block.session);
    append(log.row_hash, block.row_hash);
    if (!block.row_hash.empty()) duplicates_.add(block.marks);
    append_mapped(log.user, block.user, maps.users);
    append_mapped(log.item, block.item, maps.items);
    for (std::size_t i = 0; i < block.texts.size(); ++i)
        append_mapped(log.text_columns[i].code, block.texts[i], maps.texts[i]);
    for (std::size_t i = 0; i < block.numbers.size(); ++i)
        append(log.number_columns[i].value, block.numbers[i]);
    for (events::OrderLine line : block.order_lines) {
        line.row += before;
        line.order = mapped(maps.orders, line.order);
        log.order_lines.push_back(line);
        if (log.kind[line.row] == events::EventKind::purchase) amounts_.add(plan, line.order, line.revenue);
    }
}

void LogBuilder::finish(const LogPlan& plan, const std::vector<std::uint8_t>& found) {
    ids_.finish(plan, found);
    result_.log.custom_kinds = plan.custom_kinds;
    if (plan.hash_rows) count_duplicates();
    amounts_.tell(plan, result_.report.notes, result_.report.warnings);
    report_.finish(plan);
    check_clocks();
    if (plan.order_totals != 0) count_totals_once(result_.log, plan.order_totals);
}

void LogBuilder::check_clocks() {
    clocks_.finish();
    events::ClockCut cut;
    if (clocks_.gaps().any()) {
        const EventLog& log = result_.log;
        constexpr events::ClockCut kNever;
        std::vector<std::int64_t> first(log.users.size(), kNever.last), last(log.users.size(), kNever.first);
        for (std::size_t row = 0; row < log.size(); ++row) {
            first[log.user[row]] = std::min(first[log.user[row]], log.time[row]);
            last[log.user[row]] = std::max(last[log.user[row]], log.time[row]);
        }
        events::UsersBehind users(clocks_.gaps());
        for (std::size_t user = 0; user < first.size(); ++user) {
            if (first[user] <= last[user]) users.add_user(first[user], last[user]);
        }
        cut = users.cut();
    }
    clocks_.judge(cut, result_.report);
    keep_rows(result_.log, cut);
}

void LogBuilder::count_duplicates() {
    const std::vector<std::uint64_t> duplicates = duplicates_.find(result_.log, options_.threads);
    add_duplicates(result_.report, duplicates.size(), options_.drop_duplicates);
    if (options_.drop_duplicates) drop_rows(result_.log, duplicates);
}

}  // namespace funnel::ingest::detail
