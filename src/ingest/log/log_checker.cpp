// SPDX-License-Identifier: MIT
#include "ingest/log/log_checker.hpp"

#include <algorithm>

#include "ingest/csv/field_value.hpp"

namespace funnel::ingest::detail {

void LogChecker::check(const FileFormat& format, const RowBatch& batch) {
    all_usable_ = true;
    times_.resize(batch.size());
    reason_.assign(batch.size(), Reason::none);
    slot_.resize(batch.size());
    ignored_.assign(batch.size(), 0);
    if (!plan_.ignores.empty()) check_ignored(batch);
    check_times(format, batch);
    check_present(batch, plan_.user, Reason::empty_user);
    if (plan_.event != kNoSlot) check_present(batch, plan_.event, Reason::empty_event);
    for (const std::size_t slot : plan_.numbers_checked) {
        if (format.column_of[slot] != kNoColumn || plan_.made_of[slot] != kNoSlot) check_numbers(batch, slot);
    }
    for (std::size_t row = 0; row < batch.size() && !batch.no_number.empty(); ++row) {
        if (batch.no_number[row] != kNoColumn) reject(row, Reason::number, batch.no_number[row]);
    }
    if (plan_.as_of) check_known();
}

/// After all else: whether a row is bad does not depend on what is known.
void LogChecker::check_known() {
    for (std::size_t row = 0; row < times_.size(); ++row) {
        if (!usable(row) || times_[row] < *plan_.as_of) continue;
        ignored_[row] = kAfter;
        all_usable_ = false;
    }
}

void LogChecker::reject(std::size_t row, Reason reason, std::size_t slot) noexcept {
    all_usable_ = false;
    if (!usable(row)) return;
    reason_[row] = reason;
    slot_[row] = static_cast<std::uint32_t>(slot);
}

void LogChecker::check_ignored(const RowBatch& batch) {
    for (std::size_t row = 0; row < batch.size(); ++row) {
        if (!plan_.ignored(batch, row)) continue;
        ignored_[row] = 1;
        all_usable_ = false;
    }
}

void LogChecker::check_times(const FileFormat& format, const RowBatch& batch) {
    if (!parser_ || unit_ != format.unit || unit_detected_ != format.unit_detected) {
        unit_ = format.unit;
        unit_detected_ = format.unit_detected;
        const Schema& schema = plan_.schema;
        if (schema.time_format.empty())
            parser_.emplace(unit_, unit_detected_, schema.time_zone, schema.name);
        else
            parser_.emplace(schema.time_format, schema.time_zone, schema.name);
    }
    batch.with_column(plan_.time, [&](const auto& column) {
        for (std::size_t row = 0; row < batch.size(); ++row) {
            if (!parser_->parse(column(row), times_[row])) reject(row, Reason::time, plan_.time);
        }
    });
}

void LogChecker::check_present(const RowBatch& batch, std::size_t slot, Reason reason) {
    batch.with_column(slot, [&](const auto& column) {
        bool all = true;
        for (std::size_t row = 0; row < batch.size(); ++row)
            all &= !column(row).empty();
        for (std::size_t row = 0; !all && row < batch.size(); ++row) {
            if (column(row).empty()) reject(row, reason, slot);
        }
    });
}

void LogChecker::check_numbers(const RowBatch& batch, std::size_t slot) {
    batch.with_column(slot, [&](const auto& column) {
        for (std::size_t row = 0; row < batch.size(); ++row) {
            if (!is_number_or_missing(column(row))) reject(row, Reason::number, slot);
        }
    });
}

namespace {

/// An amount that another way of writing reads is most often one of a whole file of them.
void advise_format(std::string_view got, BadRow& bad) {
    for (const base::NumberFormat& format : base::usual_formats()) {
        if (!base::parse_number(got, format)) continue;
        bad.advice = "say in a schema file how amounts are written, here \"decimal\": \"" + format.decimal +
                     "\"" +
                     (format.thousands.empty() ? "" : ", \"thousands\": \"" + format.thousands + "\"") +
                     ", or skip such rows with --bad-rows skip";
        return;
    }
}

}  // namespace

BadRow LogChecker::bad_row(const FileFormat& format, const RowBatch& batch, std::size_t row) const {
    const std::size_t slot = slot_[row];
    std::string_view got = batch.field(slot, row);
    std::string expected;
    switch (reason_[row]) {
        case Reason::time:
            expected = plan_.schema.time_format.empty()
                           ? expected_time(format.unit, format.unit_detected) + time_range(got, format.unit)
                           : "a time in the form " + plan_.schema.time_format;
            break;
        case Reason::empty_user:
            expected = "a user";
            break;
        case Reason::empty_event:
            expected = "an event name";
            break;
        default:
            expected = "a number such as 12.5, or nothing";
            if (!plan_.schema.numbers.plain()) {
                expected = "an amount with the decimal mark \"" +
                           std::string(1, plan_.schema.numbers.decimal_mark()) + "\", or nothing";
                if (got.ends_with(kNoNumber)) got.remove_suffix(1);
            }
    }
    BadRow bad = bad_value(reason_[row], format.column_of[slot], std::move(expected), got, batch.text(row));
    if (reason_[row] == Reason::number && plan_.schema.numbers.plain()) advise_format(got, bad);
    return bad;
}

}  // namespace funnel::ingest::detail
