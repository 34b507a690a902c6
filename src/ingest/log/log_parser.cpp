// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "ingest/csv/field_value.hpp"
#include "ingest/log/log_block.hpp"

namespace funnel::ingest::detail {
namespace {

using events::EventKind;

// A log may have millions of event names by mistake; those of past blocks are forgotten then.
constexpr std::size_t kMostKeptNames = 20'000;

double number(const RowBatch& batch, std::size_t slot, std::size_t row) {
    double value = events::kMissing;
    if (slot != kNoSlot) static_cast<void>(parse_number(batch.field(slot, row), value));
    return value;
}

}  // namespace

void LogBlock::reset(const LogPlan& plan, bool keep_all_bad) {
    outcome.reset(keep_all_bad);
    accepted = 0;
    time.clear();
    kind.clear();
    user.clear();
    item.clear();
    session.clear();
    row_hash.clear();
    order_lines.clear();
    texts.resize(plan.texts.size());
    numbers.resize(plan.numbers.size());
    new_texts.resize(plan.texts.size());
    for (auto& codes : texts)
        codes.clear();
    for (auto& values : numbers)
        values.clear();
    for (auto& fresh : new_texts)
        fresh.clear();
    clock_rows.clear();
    new_users.clear();
    new_items.clear();
    new_orders.clear();
    events.clear();
}

LogParser::LogParser(std::shared_ptr<const LogPlan> plan, const BlockParserOptions& options,
                     const events::ClockCut* cut)
    : plan_(std::move(plan)),
      cut_(cut),
      options_(options),
      block_parser_(options),
      checker_(*plan_),
      texts_(plan_->texts.size()) {
    forget_event_names();
    if (plan_->shape) shaper_.emplace(*plan_->shape);
}

void LogParser::forget_event_names() {
    names_.clear();
    names_.push_back({plan_->constant.value_or(EventMeaning{})});
    for (const auto& rule : plan_->rules)
        names_.push_back({rule.meaning});
    event_names_ = IdTable();
}

void LogParser::parse(LogBlock& out, bool keep_all_bad) {
    struct Sink final : BatchSink {
        Sink(LogParser& parser, LogBlock& block) : parser_(parser), out_(block) {}
        void consume(const Block& block, RowBatch& batch, BlockOutcome&) override {
            parser_.consume(block, batch, out_);
        }
        LogParser& parser_;
        LogBlock& out_;
    };
    out.reset(*plan_, keep_all_bad);
    if (names_.size() > kMostKeptNames) forget_event_names();
    Sink sink(*this, out);
    if (shaper_) shaper_->start(out.block.fill);
    if (out.block.format->json()) {
        if (!json_rows_) json_rows_.emplace(*plan_, options_);
        json_rows_->parse(out.block, sink, out.outcome);
    } else {
        block_parser_.parse(out.block, sink, out.outcome);
    }
    for (const std::uint32_t name : names_in_block_) {
        const EventMeaning& meaning = names_[name].meaning;
        const bool own = meaning.kind == EventKind::other && meaning.label != "other";
        out.events.push_back({meaning.label, own, std::exchange(names_[name].rows, 0)});
    }
    names_in_block_.clear();
}

void LogParser::consume(const Block& block, RowBatch& rows, LogBlock& out) {
    if (cut_ != nullptr) {
        const RowBatch& events = shaper_ ? shaper_->shape(*block.format, rows) : rows;
        checker_.check(*block.format, events);
        return find_clock_rows(block, events, out);
    }
    const std::size_t first_row = out.time.size();
    // Rows of the file and events are not one for one, then.
    const bool reshapes = shaper_ || (block.format->json() && !plan_->schema.explode.empty());
    RowBatch& batch = reshapes ? reshape(block, rows, out) : rows;
    if (!reshapes) checker_.check(*block.format, batch);
    if (reshapes) {
        // Only usable events are left, with their times.
    } else if (checker_.all_usable()) {
        out.accepted += batch.size();
        out.time.insert(out.time.end(), checker_.times().begin(), checker_.times().end());
    } else {
        for (std::size_t row = 0; row < batch.size(); ++row) {
            if (checker_.usable(row)) out.time.push_back(checker_.times()[row]);
        }
        drop_unusable(block, batch, out);
        out.accepted += batch.size();
    }
    if (batch.size() == 0) return;
    add_events(batch, out);
    add_codes(users_, batch, plan_->user, out.user, out.new_users);
    add_codes(items_, batch, plan_->item, out.item, out.new_items);
    add_columns(batch, out);
    add_order_lines(batch, first_row, out);
}

void LogParser::find_clock_rows(const Block& block, const RowBatch& batch, LogBlock& out) const {
    for (std::size_t row = 0; row < batch.size(); ++row) {
        const std::int64_t time = checker_.times()[row];
        if (!checker_.usable(row) || cut_->keeps(time)) continue;
        const Reason reason = time > cut_->last ? Reason::ahead : Reason::behind;
        out.clock_rows.push_back(bad_value(reason, block.format->column_of[plan_->time], {},
                                           batch.field(plan_->time, row), batch.text(row)));
        out.clock_rows.back().line = batch.line(row);
    }
}

/// The usable events of the rows, whose times are appended. A row is bad if one of its events is; a row of
/// which no event comes is ignored.
RowBatch& LogParser::reshape(const Block& block, RowBatch& rows, LogBlock& out) {
    std::uint64_t lines = 0;
    for (std::size_t row = 0; row < rows.size(); ++row)
        lines += row == 0 || rows.line(row) != rows.line(row - 1) ? 1 : 0;
    RowBatch& batch = shaper_ ? shaper_->shape(*block.format, rows) : rows;
    checker_.check(*block.format, batch);
    keep_.assign(batch.size(), 0);
    std::uint64_t after = 0;
    for (std::size_t begin = 0, end = 0; begin < batch.size(); begin = end, ++after) {
        std::size_t bad = batch.size(), later = 0, ignored = 0;
        for (end = begin; end < batch.size() && batch.line(end) == batch.line(begin); ++end) {
            ignored += checker_.ignored(end) && !checker_.after(end) ? 1 : 0;
            later += checker_.after(end) ? 1 : 0;
            const bool wrong = !checker_.usable(end) && !checker_.ignored(end);
            if (bad == batch.size() && wrong) bad = end;
        }
        if (later == end - begin) {
            ++out.outcome.after;
        } else if (later + ignored == end - begin) {
            ++out.outcome.ignored;
        } else if (bad < batch.size()) {
            out.outcome.reject(batch.line(bad), checker_.reason(bad), [&] {
                BadRow found = checker_.bad_row(*block.format, batch, bad);
                found.column = column_of(*block.format, bad);
                return found;
            });
        } else {
            ++out.accepted;
            for (std::size_t event = begin; event < end; ++event)
                keep_[event] = checker_.usable(event);
        }
    }
    out.outcome.ignored += lines - after;
    for (std::size_t row = 0; row < batch.size(); ++row) {
        if (keep_[row] != 0) out.time.push_back(checker_.times()[row]);
    }
    batch.filter([&](std::size_t row) { return keep_[row] != 0; });
    return batch;
}

/// The column of the file that is to blame for a bad event.
std::size_t LogParser::column_of(const FileFormat& format, std::size_t event) const {
    const std::size_t slot = checker_.slot(event);
    return format.column_of[shaper_ ? shaper_->source_of(slot, event) : slot];
}

void LogParser::drop_unusable(const Block& block, RowBatch& batch, LogBlock& out) {
    for (std::size_t row = 0; row < batch.size(); ++row) {
        if (checker_.after(row)) {
            ++out.outcome.after;
        } else if (checker_.ignored(row)) {
            ++out.outcome.ignored;
        } else if (!checker_.usable(row)) {
            out.outcome.reject(batch.line(row), checker_.reason(row),
                               [&] { return checker_.bad_row(*block.format, batch, row); });
        }
    }
    batch.filter([&](std::size_t row) { return checker_.usable(row); });
}

void LogParser::add_events(const RowBatch& batch, LogBlock& out) {
    const std::size_t n = batch.size();
    row_names_.resize(n);
    if (plan_->constant) {
        std::ranges::fill(row_names_, 0u);
    } else {
        scratch_ids_.clear();
        batch.with_column(plan_->event, [&](const auto& column) {
            event_names_.intern(n, column, row_names_.data(), scratch_ids_);
        });
        for (std::size_t i = 0; i < scratch_ids_.size(); ++i)
            names_.push_back({plan_->meaning(scratch_ids_.text(i))});
        const auto first = static_cast<std::uint32_t>(1 + plan_->rules.size());
        for (std::uint32_t& name : row_names_)
            name += first;
    }
    if (!plan_->rules.empty()) apply_rules(batch);
    const std::size_t before = out.kind.size();
    out.kind.resize(before + n);
    for (std::size_t row = 0; row < n; ++row) {
        EventName& name = names_[row_names_[row]];
        if (name.rows++ == 0) names_in_block_.push_back(row_names_[row]);
        out.kind[before + row] = name.meaning.kind;
    }
}

void LogParser::apply_rules(const RowBatch& batch) {
    for (std::size_t row = 0; row < batch.size(); ++row) {
        for (std::size_t i = 0; i < plan_->rules.size(); ++i) {
            const auto& rule = plan_->rules[i];
            if (!batch.field(rule.slot, row).starts_with(rule.prefix)) continue;
            row_names_[row] = static_cast<std::uint32_t>(1 + i);
            break;
        }
    }
}

void LogParser::add_codes(IdTable& table, const RowBatch& batch, std::size_t slot,
                          std::vector<std::uint32_t>& into, NewIds& fresh) {
    const std::size_t before = into.size();
    into.resize(before + batch.size(), kNone);
    if (slot == kNoSlot) return;
    batch.with_column(
        slot, [&](const auto& column) { table.intern(batch.size(), column, into.data() + before, fresh); });
}

void LogParser::add_columns(const RowBatch& batch, LogBlock& out) {
    const std::size_t n = batch.size();
    const std::size_t before = out.session.size();
    out.session.resize(before + n, 0);
    if (plan_->session != kNoSlot) {
        batch.with_column(plan_->session, [&](const auto& column) {
            for (std::size_t row = 0; row < n; ++row)
                out.session[before + row] = session_key(column(row));
        });
    }
    if (plan_->hash_rows) {
        const auto first = batch.hash.begin();
        out.row_hash.insert(out.row_hash.end(), first, first + static_cast<std::ptrdiff_t>(n));
    }
    for (std::size_t i = 0; i < texts_.size(); ++i)
        add_codes(texts_[i], batch, plan_->texts[i].slot, out.texts[i], out.new_texts[i]);
    for (std::size_t i = 0; i < plan_->numbers.size(); ++i) {
        batch.with_column(plan_->numbers[i].slot, [&](const auto& column) {
            double value = 0;
            for (std::size_t row = 0; row < n; ++row) {
                static_cast<void>(parse_number(column(row), value));
                out.numbers[i].push_back(to_float(value));
            }
        });
    }
}

/// Money is needed of few rows: they are read again as doubles.
void LogParser::add_order_lines(const RowBatch& batch, std::size_t first_row, LogBlock& out) {
    for (std::size_t row = 0; row < batch.size(); ++row) {
        const EventKind kind = out.kind[first_row + row];
        if (kind != EventKind::purchase && kind != EventKind::refund) continue;
        events::OrderLine line;
        line.row = first_row + row;
        if (plan_->order != kNoSlot)
            line.order = orders_.intern(batch.field(plan_->order, row), out.new_orders);
        line.price = number(batch, plan_->price, row);
        line.quantity = number(batch, plan_->quantity, row);
        line.revenue = number(batch, plan_->revenue, row);
        out.order_lines.push_back(line);
    }
}

}  // namespace funnel::ingest::detail
