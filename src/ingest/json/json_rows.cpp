// SPDX-License-Identifier: MIT
#include "ingest/json/json_rows.hpp"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ingest/csv/record.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t kBatchRows = 256;
constexpr std::uint64_t kNextElement = 0xD6E8FEB86659FD93ull;

/// All columns that the schema names: their keys must not occur twice, whoever looks at them.
std::vector<std::string> named_columns(const Schema& schema) {
    std::vector<std::string> named;
    const auto add = [&](const std::vector<std::string>& columns) {
        named.insert(named.end(), columns.begin(), columns.end());
    };
    for (const auto& [role, column] : schema.columns)
        named.push_back(column);
    for (const auto& [role, columns] : schema.more_columns)
        add(columns);
    for (const RowEvent& event : schema.rows) {
        for (const auto& [role, columns] : event.columns)
            add(columns);
    }
    add(schema.required);
    return named;
}

/// Ids and what rows hang on: a list there is a mistake in the schema, or in the log.
std::vector<std::uint8_t> plain_slots(const LogPlan& plan) {
    std::vector<std::uint8_t> plain(plan.slots.size());
    for (const std::size_t slot : {plan.time, plan.user, plan.event, plan.item, plan.session, plan.order}) {
        if (slot == kNoSlot) continue;
        plain[slot] = 1;
        if (!plan.shape) continue;
        for (const RowShape::Event& event : plan.shape->events) {
            for (const RowShape::Value& value : event.values) {
                for (std::size_t i = 0; value.slot == slot && i < value.sources.size(); ++i)
                    plain[value.sources[i].slot] = 1;
            }
        }
    }
    return plain;
}

}  // namespace

JsonPaths paths_of(const LogPlan& plan) {
    return JsonPaths({.paths = plan.slots,
                      .plain = plain_slots(plan),
                      .named = named_columns(plan.schema),
                      .explode = plan.schema.explode,
                      .numbers = plan.schema.numbers,
                      .missing = plan.schema.missing});
}

JsonRows::JsonRows(const LogPlan& plan, const BlockParserOptions& options)
    : options_(options), paths_(paths_of(plan)), line_(paths_, arena_) {}

void JsonRows::parse(const Block& block, BatchSink& sink, BlockOutcome& outcome) {
    const std::string_view text = block.view();
    room_ = 0;
    batch_.set_listed(*block.format, 0);
    for (std::size_t at = 0; at < text.size() && !(options_.stop_at_bad && outcome.any_bad());) {
        const std::size_t end = text.find('\n', at);
        add_line(block, without_line_end(text.substr(at, end + 1 - at)), sink, outcome);
        ++outcome.lines;
        at = end + 1;
    }
    flush(block, sink, outcome);
    block.format->found->add(line_.found());
}

void JsonRows::add_line(const Block& block, std::string_view line, BatchSink& sink, BlockOutcome& outcome) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    ++outcome.rows;
    if (line.size() > options_.max_line) {
        outcome.reject(outcome.lines, bad_record(Reason::too_long, kNoColumn, line, options_.max_line));
        return;
    }
    if (batch_.size() == 0) arena_.clear();
    if (auto bad = line_.read(line)) {
        outcome.reject(outcome.lines, *bad);
        return;
    }
    if (batch_.size() + line_.rows() > room_) {
        flush(block, sink, outcome);
        room_ = std::max(kBatchRows, line_.rows());
        batch_.set_listed(*block.format, room_);
        batch_.hash.resize(options_.hash_rows ? room_ : 0);
    }
    add_rows(line, outcome.lines);
}

void JsonRows::add_rows(std::string_view line, std::uint64_t number) {
    std::uint64_t hash = options_.hash_rows ? XXH3_64bits(line.data(), line.size()) : 0;
    for (std::size_t i = 0; i < line_.rows(); ++i) {
        const std::size_t row = batch_.add_row(number, line);
        for (std::size_t slot = 0; slot < paths_.slots(); ++slot)
            batch_.set_field(slot, row, line_.value(slot, i));
        if (!options_.hash_rows) continue;
        batch_.hash[row] = hash;
        hash += kNextElement;  // elements of one list are no copies of each other
    }
}

void JsonRows::flush(const Block& block, BatchSink& sink, BlockOutcome& outcome) {
    if (batch_.size() > 0) sink.consume(block, batch_, outcome);
    batch_.set_listed(*block.format, 0);
    room_ = 0;
}

}  // namespace funnel::ingest::detail
