// SPDX-License-Identifier: MIT
#include "ingest/log/log_rules.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/hash.hpp"
#include "ingest/csv/record.hpp"
#include "ingest/log/time_parser.hpp"
#include "ingest/source/utf8_scan.hpp"

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
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
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

/// The names in a header that the schema gives no meaning, each once.
std::vector<std::string> unmapped(const Schema& schema, const std::vector<std::string>& header) {
    std::set<std::string> seen = {""};
    for (const auto& [ours, column] : schema.columns)
        seen.insert(column);
    for (const auto& [ours, columns] : schema.more_columns)
        seen.insert(columns.begin(), columns.end());
    for (const RowEvent& event : schema.rows) {
        for (const auto& [ours, columns] : event.columns)
            seen.insert(columns.begin(), columns.end());
    }
    std::vector<std::string> names;
    std::ranges::copy_if(header, std::back_inserter(names),
                         [&](const std::string& name) { return seen.insert(name).second; });
    return names;
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

Dialect LogRules::dialect() const {
    Dialect dialect;
    if (schema_) {
        dialect = {.delimiter = schema_->delimiter,
                   .quote = schema_->quote,
                   .escape = schema_->escape,
                   .comment = schema_->comment,
                   .skip_lines = schema_->skip_lines};
    }
    if (delimiter_) dialect.delimiter = *delimiter_;
    return dialect;
}

/// Whether a header has what the schema, or some preset, needs.
bool LogRules::fits(const std::vector<std::string>& header) const {
    if (!schema_) return detect_schema(header).has_value();
    if (!schema_->header) return true;
    return std::ranges::all_of(schema_->required, [&](const std::string& column) {
        return std::ranges::find(header, column) != header.end();
    });
}

/// Finds the delimiter in the header of the first file, if nobody has given it.
void LogRules::look_at(std::string_view text) {
    if (delimiter_ || (schema_ && (schema_->delimiter_given || !schema_->header))) return;
    Dialect trial = dialect();
    const char usual = trial.delimiter;
    delimiter_ = usual;
    // Nothing is scanned beyond the header; a header that goes on behind the block is left to the usual one.
    for (const char delimiter : {usual, ',', ';', '\t', '|'}) {
        trial.delimiter = delimiter;
        RecordParser parser(trial, options_.rows.max_line);
        if (parser.parse(text, true) != RecordStatus::complete) continue;
        if (!fits({parser.fields().begin(), parser.fields().end()})) continue;
        if (delimiter != usual) {
            notes_.push_back(std::string("the fields are separated by ") +
                             (delimiter == '\t' ? "tabs" : std::string{'"', delimiter, '"'}) +
                             ", as the header shows");
        }
        delimiter_ = delimiter;
        return;
    }
}

void LogRules::warn_of_uneven_files(base::Warnings& warnings) const {
    for (std::size_t slot = 0; slot < with_without_.size(); ++slot) {
        const auto& [with, without] = with_without_[slot];
        if (plan_->made_of[slot] != kNoSlot || with.empty() || without.empty()) continue;
        warnings.push_back({"column_in_some_files", "column " + escaped(plan_->slots[slot]) + ": " +
                                                        escaped(with) + " has it, " + escaped(without) +
                                                        " has not; there it counts as missing"});
    }
}

FileFormat LogRules::open_file(std::uint32_t file, const std::string& name,
                               const std::vector<std::string>& first) {
    if (schema_ && !schema_->explode.empty()) {
        throw Error(ErrorCode::schema, escaped(name) + ": expected JSON lines, since schema " +
                                           escaped(schema_->name) +
                                           " explodes a list, got CSV; use a schema without explode");
    }
    if (!schema_) {
        schema_ = choose_schema(name, first);
        schema_->delimiter = dialect().delimiter;
        plan_ = std::make_shared<const LogPlan>(make_plan(*schema_, options_));
    }
    if (options_.columns.text_unmapped && found_.empty() && schema_->header) {
        ReadOptions more = options_;
        for (std::string& column : unmapped(*schema_, first))
            more.columns.text_if_there.push_back(std::move(column));
        plan_ = std::make_shared<const LogPlan>(make_plan(*schema_, more));
    }
    FileFormat format = locate_columns(*plan_, name, first);
    format.file = file;
    found_.resize(plan_->slots.size());
    with_without_.resize(plan_->slots.size());
    for (std::size_t slot = 0; slot < found_.size(); ++slot) {
        const bool has = format.column_of[slot] != kNoColumn;
        found_[slot] |= has;
        std::string& example = with_without_[slot][has ? 0 : 1];
        if (example.empty()) example = name;
    }
    if (first_header_.empty()) first_header_ = format.header;
    if (format.header != first_header_) {
        format.hash_order = order_like(first_header_, format.header);
        format.hash_seed = hash_of_names(format.header) ^ hash_of_names(first_header_);
    }
    return format;
}

/// What comes of one row.
RowBatch& LogRules::take_events(const FileFormat& format, const std::vector<std::string_view>& fields,
                                std::string_view line) {
    batch_.set_listed(format, 1);
    const std::size_t row = batch_.add_row(0, line);
    for (std::size_t slot = 0; slot < format.column_of.size(); ++slot) {
        const std::size_t column = format.column_of[slot];
        batch_.set_field(slot, row, column == kNoColumn ? std::string_view() : fields[column]);
    }
    if (!plan_->shape) return batch_;
    if (!shaper_) shaper_.emplace(*plan_->shape);
    shaper_->start({});
    return shaper_->shape(format, batch_);
}

std::optional<TimeUnit> LogRules::detect_unit(const FileFormat& format,
                                              const std::vector<std::string_view>& fields) {
    const RowBatch& events = take_events(format, fields, {});
    if (events.size() == 0 || plan_->ignored(events, 0)) return std::nullopt;
    const std::string_view time = events.field(plan_->time, 0);
    const std::optional<TimeUnit> unit = time_unit_of(time);
    if (unit) refuse_doubtful(format, time, *unit);
    return unit;
}

void LogRules::refuse_doubtful(const FileFormat& format, std::string_view time, TimeUnit unit) const {
    const std::string doubt = doubt_about(time, unit);
    if (doubt.empty()) return;
    throw Error(ErrorCode::schema, escaped(format.name) + ": column " +
                                       escaped(format.column_name(format.column_of[plan_->time])) +
                                       ": expected a time from 1990 to 2100, got \"" + escaped(time) +
                                       "\": " + doubt);
}

std::optional<BadRow> LogRules::judge(const FileFormat& format, const std::vector<std::string_view>& fields,
                                      std::string_view line) {
    // What a row lacks may stand in the row before: its values are judged when those are known.
    if (plan_->shape && plan_->shape->fill_by) return std::nullopt;
    const RowBatch& events = take_events(format, fields, line);
    if (!checker_) checker_.emplace(*plan_);
    checker_->check(format, events);
    for (std::size_t event = 0; event < events.size(); ++event) {
        if (checker_->ignored(event)) return std::nullopt;
        if (checker_->usable(event)) continue;
        BadRow bad = checker_->bad_row(format, events, event);
        if (shaper_) bad.column = format.column_of[shaper_->source_of(checker_->slot(event), event)];
        return bad;
    }
    return std::nullopt;
}

void LogRules::follow(Block& block) {
    if (!plan_->shape || !plan_->shape->fill_by) return;
    struct Sink final : BatchSink {
        explicit Sink(RowShaper& shaper) : shaper_(shaper) {}
        void consume(const Block& of, RowBatch& batch, BlockOutcome&) override {
            shaper_.follow(*of.format, batch);
        }
        RowShaper& shaper_;
    };
    if (!follower_) {
        follower_.emplace(BlockParserOptions{.dialect = dialect(), .max_line = options_.rows.max_line});
        follow_shaper_.emplace(*plan_->shape);
    }
    if (block.first_of_file) follow_shaper_->start({});
    block.fill = follow_shaper_->fill();
    BlockOutcome outcome;
    Sink sink(*follow_shaper_);
    follower_->parse(block, sink, outcome);
}

}  // namespace funnel::ingest::detail
