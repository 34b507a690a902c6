// SPDX-License-Identifier: MIT
#include "ingest/log_builder.hpp"

#include <algorithm>
#include <utility>

#include "ingest/huge_pages.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t kMostEventNames = 10'000;

/// Gives the new ids of a block their codes in the log.
void merge(std::vector<std::uint32_t>& map, const NewIds& fresh, base::StringTable& table) {
    for (std::size_t i = 0; i < fresh.size(); ++i)
        map.push_back(table.intern(fresh.text(i), fresh.hashes[i]));
}

void append_mapped(std::vector<std::uint32_t>& into, const std::vector<std::uint32_t>& codes,
                   const std::vector<std::uint32_t>& map) {
    const std::size_t before = into.size();
    into.resize(before + codes.size());
    std::ranges::transform(codes, into.begin() + static_cast<std::ptrdiff_t>(before),
                           [&](std::uint32_t code) { return code == kNone ? kNone : map[code]; });
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
      rejects_(options.rows, result.report),
      maps_(workers),
      file_bytes_(file_bytes) {
    result_.log.custom_kinds = options.custom_kinds;
}

void LogBuilder::add(const LogPlan& plan, LogBlock& block) {
    const FileFormat& format = *block.block.format;
    if (block.block.first_of_file) line_ = format.lines_before;
    make_columns(plan);
    rejects_.add(format, block.outcome, line_);
    line_ += block.outcome.lines;
    add_counts(block);
    reserve(block);
    add_rows(block, maps_[block.worker]);
}

void LogBuilder::make_columns(const LogPlan& plan) {
    events::EventLog& log = result_.log;
    if (!log.text_columns.empty() || !log.number_columns.empty()) return;
    for (const auto& column : plan.texts)
        log.text_columns.push_back({column.name, column.source, {}, {}});
    for (const auto& column : plan.numbers)
        log.number_columns.push_back({column.name, column.source, {}});
}

void LogBuilder::add_counts(const LogBlock& block) {
    ReadReport& report = result_.report;
    report.rows += block.outcome.rows;
    report.ignored += block.outcome.ignored;
    report.accepted += block.time.size();
    for (const auto& event : block.events) {
        auto at = report.by_event.find(event.label);
        if (at == report.by_event.end()) {
            const bool too_many = event.own && own_names_ >= kMostEventNames;
            if (event.own && !too_many) ++own_names_;
            at = report.by_event.try_emplace(too_many ? "other" : event.label, 0).first;
        }
        at->second += event.rows;
    }
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
    const auto grow = [&](auto& values) {
        values.reserve(rows);
        advise_huge_pages(values.data(), values.capacity() * sizeof values[0]);
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

void LogBuilder::add_rows(const LogBlock& block, CodeMaps& maps) {
    events::EventLog& log = result_.log;
    const std::uint64_t before = log.size();
    merge(maps.users, block.new_users, log.users);
    merge(maps.items, block.new_items, log.items);
    merge(maps.orders, block.new_orders, log.orders);
    append(log.time, block.time);
    append(log.kind, block.kind);
    append(log.session, block.session);
    append(log.row_hash, block.row_hash);
    if (!block.row_hash.empty()) duplicates_.add(block.marks);
    append_mapped(log.user, block.user, maps.users);
    append_mapped(log.item, block.item, maps.items);
    maps.texts.resize(block.texts.size());
    for (std::size_t i = 0; i < block.texts.size(); ++i) {
        merge(maps.texts[i], block.new_texts[i], log.text_columns[i].values);
        append_mapped(log.text_columns[i].code, block.texts[i], maps.texts[i]);
    }
    for (std::size_t i = 0; i < block.numbers.size(); ++i)
        append(log.number_columns[i].value, block.numbers[i]);
    for (events::OrderLine line : block.order_lines) {
        line.row += before;
        if (line.order != kNone) line.order = maps.orders[line.order];
        log.order_lines.push_back(line);
    }
}

void LogBuilder::finish(const LogPlan& plan, const std::vector<std::uint8_t>& found) {
    make_columns(plan);
    events::EventLog& log = result_.log;
    const auto has = [&](std::size_t slot) {
        return slot != kNoSlot && slot < found.size() && found[slot] != 0;
    };
    log.has_price = has(plan.price);
    log.has_quantity = has(plan.quantity);
    log.has_revenue = has(plan.revenue);
    const auto drop_missing = [&](const std::vector<LogPlan::Column>& wanted, auto& columns) {
        for (std::size_t i = wanted.size(); i-- > 0;) {
            if (wanted[i].optional && !has(wanted[i].slot))
                columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(i));
        }
    };
    drop_missing(plan.texts, log.text_columns);
    drop_missing(plan.numbers, log.number_columns);
    if (plan.hash_rows) count_duplicates();
    for (const std::string& name : options_.custom_kinds) {
        const EventMeaning meaning = plan.meaning(name);
        if (meaning.kind >= events::EventKind::custom_first) continue;
        result_.report.warnings.push_back("event " + name + " is " + meaning.label + " in schema " +
                                          plan.schema.name + "; use that name for the stage");
    }
    rejects_.finish();
}

void LogBuilder::count_duplicates() {
    ReadReport& report = result_.report;
    const std::vector<std::uint64_t> duplicates = duplicates_.find(result_.log, options_.threads);
    report.duplicates = duplicates.size();
    if (report.duplicates * 1000 > report.accepted && !options_.drop_duplicates) {
        report.warnings.push_back(
            std::to_string(report.duplicates) + " of " + std::to_string(report.accepted) +
            " rows are equal to an earlier row in every field; --dedup exact drops them");
    }
    if (options_.drop_duplicates) drop_rows(result_.log, duplicates);
}

}  // namespace funnel::ingest::detail
