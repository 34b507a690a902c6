// SPDX-License-Identifier: MIT
#include "ingest/log/log_rules.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "funnel/base/hash.hpp"

namespace funnel::ingest::detail {
namespace {

/// Columns in the order of the first file, those that it lacks by name behind them.
std::vector<std::size_t> order_like(const std::vector<std::string>& first,
                                    const std::vector<std::string>& header) {
    std::vector<std::size_t> order(header.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto rank = [&](std::size_t column) {
        return std::ranges::find(first, header[column]) - first.begin();
    };
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return rank(a) != rank(b) ? rank(a) < rank(b) : header[a] < header[b];
    });
    return order;
}

std::uint64_t hash_of_names(std::vector<std::string> names) {
    std::ranges::sort(names);
    std::uint64_t hash = 0;
    for (const std::string& name : names)
        hash = base::hash_bytes(name, hash);
    return hash;
}

}  // namespace

LogRules::LogRules(const ReadOptions& options) : options_(options) {
    if (options.explicit_schema) {
        schema_ = options.explicit_schema;
    } else if (options.schema != "auto") {
        schema_ = load_schema(options.schema);
    }
    if (schema_) plan_ = std::make_shared<const LogPlan>(make_plan(*schema_, options_));
}

FileFormat LogRules::open_file(std::uint32_t file, const std::string& name,
                               const std::vector<std::string>& first) {
    if (!schema_) {
        expect_distinct(name, first);
        schema_ = choose_schema(name, first);
        plan_ = std::make_shared<const LogPlan>(make_plan(*schema_, options_));
    }
    FileFormat format = locate_columns(*plan_, name, first);
    format.file = file;
    found_.resize(plan_->slots.size());
    for (std::size_t slot = 0; slot < found_.size(); ++slot)
        found_[slot] |= format.column_of[slot] != kNoColumn;
    if (first_header_.empty()) first_header_ = format.header;
    if (format.header != first_header_) {
        format.hash_order = order_like(first_header_, format.header);
        format.hash_seed = hash_of_names(format.header) ^ hash_of_names(first_header_);
    }
    return format;
}

void LogRules::take_slots(const FileFormat& format, const std::vector<std::string_view>& fields,
                          std::string_view line) {
    batch_.set_listed(format, 1);
    const std::size_t row = batch_.add_row(0, line);
    for (std::size_t slot = 0; slot < format.column_of.size(); ++slot) {
        const std::size_t column = format.column_of[slot];
        batch_.set_field(slot, row, column == kNoColumn ? std::string_view() : fields[column]);
    }
}

std::optional<TimeUnit> LogRules::detect_unit(const FileFormat& format,
                                              const std::vector<std::string_view>& fields) {
    take_slots(format, fields, {});
    if (plan_->ignored(batch_, 0)) return std::nullopt;
    return time_unit_of(batch_.field(plan_->time, 0));
}

std::optional<BadRow> LogRules::judge(const FileFormat& format, const std::vector<std::string_view>& fields,
                                      std::string_view line) {
    take_slots(format, fields, line);
    if (!checker_) checker_.emplace(*plan_);
    checker_->check(format, batch_);
    if (checker_->usable(0) || checker_->ignored(0)) return std::nullopt;
    return checker_->bad_row(format, batch_, 0);
}

}  // namespace funnel::ingest::detail
