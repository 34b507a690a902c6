// SPDX-License-Identifier: MIT
#include "funnel/ingest/log_parts.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/parallel.hpp"
#include "ingest/log/part_rows.hpp"
#include "ingest/log/tuned_read.hpp"
#include "ingest/log/user_duplicates.hpp"

namespace funnel::ingest {
namespace {

using detail::kUserParts;

// Of a loaded row: columns, mark, what was read back of it, and as much again for who counts it.
constexpr std::uint64_t kLoadedRowBytes = 2 * (detail::kMostRowBytes + 32);

/// Sizes that keep to the limit: chunks that are not full yet take an eighth of it, loaded parts half.
detail::Tuning within_limit(detail::Tuning tuning, std::uint64_t memory, unsigned threads) {
    if (memory == 0) return tuning;
    constexpr std::uint64_t kFewestRows = 16, kUsualRowBytes = 24;
    const std::uint64_t chunk = memory / 8 / (kUserParts * threads * kUsualRowBytes);
    const std::uint64_t loaded = memory / 2 / (kLoadedRowBytes * threads);
    tuning.chunk_rows =
        std::min<std::size_t>(tuning.chunk_rows, std::bit_floor(std::max(chunk, kFewestRows)));
    tuning.loaded_rows = std::min<std::size_t>(tuning.loaded_rows, std::max(loaded, kFewestRows));
    return tuning;
}

std::string kibibytes(std::uint64_t bytes) {
    return std::to_string((bytes >> 10) + 1) + " KiB";
}

}  // namespace

LogParts::Rows::Rows(const ReadOptions& options, const PartsOptions& parts, const detail::Tuning& tuning)
    : hashed_(options.columns.row_hash || options.drop_duplicates),
      drop_duplicates_(options.drop_duplicates),
      threads_(std::max(options.threads, 1u)),
      memory_(parts.memory),
      temp_(parts.temp),
      tuning_(within_limit(tuning, memory_, threads_)),
      report_builder_(options, report),
      ids_(ids_log_, threads_),
      clocks_(options, threads_) {}

void LogParts::Rows::absorb(detail::LogBlock& block) {
    std::call_once(store_made_, [&] {
        store_.emplace(threads_, block.texts.size() + block.numbers.size(), tuning_.chunk_rows, temp_);
        if (memory_ > 0) store_->allow(memory_ / 2);
    });
    store_->add(block);
    clocks_.absorb(block);
}

void LogParts::Rows::add(const detail::LogPlan& plan, detail::LogBlock& block) {
    report_builder_.add(block);
    ids_.add(plan, block);
    note_orders(plan, block);
    if (memory_ > 0) check_ids();
}

void LogParts::Rows::note_orders(const detail::LogPlan& plan, const detail::LogBlock& block) {
    const detail::LogIds::CodeMaps& maps = ids_.maps(block.worker);
    user_of_order_.resize(ids_log_.orders.size(), base::kNone);
    shared_orders_.resize(ids_log_.orders.size());
    said_.resize(block.texts.size());
    for (const events::OrderLine& line : block.order_lines) {
        if (block.kind[line.row] != EventKind::purchase) continue;
        for (std::size_t t = 0; t < block.texts.size(); ++t)
            if (block.texts[t][line.row] != base::kNone) said_[t] = true;
        if (line.order == base::kNone) continue;
        const std::uint32_t order = maps.orders[line.order], buyer = maps.users[block.user[line.row]];
        std::uint32_t& user = user_of_order_[order];
        if (user != base::kNone && user != buyer) shared_orders_[order] = true;
        user = buyer;
        amounts_.add(plan, order, line.revenue);
    }
}

void LogParts::Rows::check_ids() const {
    if (ids_.bytes() <= memory_ / 2) return;
    throw Error(ErrorCode::memory, "memory: expected ids that need at most " + kibibytes(memory_ / 2) +
                                       ", got " + std::to_string(ids_log_.users.size()) + " users and " +
                                       std::to_string(ids_log_.items.size()) + " items that need " +
                                       kibibytes(ids_.bytes()) + "; raise --memory");
}

void LogParts::Rows::finish(const detail::LogPlan& plan, const std::vector<std::uint8_t>& found) {
    ids_.finish(plan, found);
    ids_log_.custom_kinds = plan.custom_kinds;
    order_totals_ = plan.order_totals;
    amounts_.tell(plan, report.notes, report.warnings);
    report_builder_.finish(plan);
    if (!store_) store_.emplace(threads_, 0, tuning_.chunk_rows, temp_);
    store_->seal();
    const detail::RowStore::Facts facts = store_->facts();
    outline_ = {.rows = facts.rows,
                .first_time = facts.first_time,
                .last_time = facts.last_time,
                .kinds = facts.kinds,
                .has_sessions = facts.has_sessions,
                .has_revenue = ids_log_.has_revenue,
                .has_quantity = ids_log_.has_quantity,
                .has_price = ids_log_.has_price,
                .order_totals = ids_log_.order_totals,
                .hashed = hashed_,
                .items = ids_log_.items.size(),
                .shared_order_ids = static_cast<std::uint64_t>(std::ranges::count(shared_orders_, true)),
                .spilled_bytes = store_->spilled_bytes()};
    for (std::size_t t = 0; t < said_.size(); ++t) {
        if (said_[t]) outline_.said_by_purchases.push_back(plan.texts[t].name);
    }
    std::ranges::sort(outline_.said_by_purchases);
    user_of_order_ = {};
    shared_orders_ = {};
    number_users();
    make_groups();
    check_clocks();
}

/// use(worker, log): part after part, on all threads.
template <typename Use>
void LogParts::Rows::for_each_part(const Use& use) const {
    std::atomic<std::size_t> next{0};
    base::for_each_task(threads_, threads_, [&](std::size_t worker) {
        EventLog log;
        for (std::size_t i; (i = next.fetch_add(1)) < size();) {
            load(i, log);
            use(worker, log);
        }
    });
}

/// Reads the rows once more, if there is a suspicious gap: whose they are decides.
void LogParts::Rows::check_clocks() {
    clocks_.finish();
    events::ClockCut cut;
    if (clocks_.gaps().any()) {
        std::vector<events::UsersBehind> users(threads_, events::UsersBehind(clocks_.gaps()));
        for_each_part([&](std::size_t worker, const EventLog& log) {
            for (std::size_t row = 0, end = 0; row < log.size(); row = end) {
                std::int64_t first = log.time[row], last = first;
                for (; end < log.size() && log.user[end] == log.user[row]; ++end) {
                    first = std::min(first, log.time[end]);
                    last = std::max(last, log.time[end]);
                }
                users[worker].add_user(first, last);
            }
        });
        for (unsigned worker = 1; worker < threads_; ++worker)
            users[0] += users[worker];
        cut = users[0].cut();
    }
    clocks_.judge(cut, report);
    if (!cut.all()) outline_without_clock_rows();
}

void LogParts::Rows::outline_without_clock_rows() {
    std::vector<LogOutline> outlines(threads_);
    for_each_part([&](std::size_t worker, const EventLog& log) {
        LogOutline& of = outlines[worker];
        of.rows += log.size();
        for (std::size_t row = 0; row < log.size(); ++row) {
            of.first_time = std::min(of.first_time, log.time[row]);
            of.last_time = std::max(of.last_time, log.time[row]);
            of.kinds |= events::kind_bit(log.kind[row]);
            of.has_sessions |= log.session[row] != 0;
        }
    });
    LogOutline all;
    for (const LogOutline& of : outlines) {
        all.rows += of.rows;
        all.first_time = std::min(all.first_time, of.first_time);
        all.last_time = std::max(all.last_time, of.last_time);
        all.kinds |= of.kinds;
        all.has_sessions |= of.has_sessions;
    }
    outline_.rows = all.rows;
    outline_.first_time = all.first_time;
    outline_.last_time = all.last_time;
    outline_.kinds = all.kinds;
    outline_.has_sessions = all.has_sessions;
}

/// Users count from 0 in each part, in order of their codes.
void LogParts::Rows::number_users() {
    const std::uint32_t count = ids_log_.users.size();
    std::vector<std::uint32_t> place(count);
    for (std::uint32_t user = 0; user < count; ++user) {
        auto& mine = users_[detail::part_of(base::hash_bytes(ids_log_.users.text(user)))];
        place[user] = static_cast<std::uint32_t>(mine.size());
        mine.push_back(user);
    }
    for (unsigned worker = 0; worker < threads_; ++worker)
        ids_.renumber_users(worker, place);
}

void LogParts::Rows::make_groups() {
    for (std::size_t part = 0; part < kUserParts; ++part) {
        const std::uint64_t rows = store_->rows_of_part(part);
        if (groups_.empty() || groups_.back().rows + rows > tuning_.loaded_rows)
            groups_.push_back({part, part, 0});
        groups_.back().last = part + 1;
        groups_.back().rows += rows;
    }
    const std::uint64_t most = std::ranges::max(groups_, {}, &Group::rows).rows;
    const std::uint64_t needed = most * kLoadedRowBytes * threads_;
    if (most >= base::kNone || (memory_ > 0 && most > tuning_.loaded_rows && needed > memory_ / 2)) {
        throw Error(ErrorCode::memory, "memory: expected at most " + kibibytes(memory_ / 2) +
                                           " for the rows of one part of the users, got " +
                                           std::to_string(most) + " rows that need " + kibibytes(needed) +
                                           "; raise --memory or take fewer --threads");
    }
}

/// A log without rows, with all ids.
void LogParts::Rows::start_log(const Group& group, EventLog& log) const {
    const bool same_tables = log.items.size() == ids_log_.items.size() &&
                             log.text_columns.size() == ids_log_.text_columns.size() &&
                             log.number_columns.size() == ids_log_.number_columns.size();
    if (!same_tables || group.first == 0) {
        log.items = ids_log_.items;
        log.text_columns = ids_log_.text_columns;
        log.number_columns = ids_log_.number_columns;
        log.custom_kinds = ids_log_.custom_kinds;
        log.has_price = ids_log_.has_price;
        log.has_quantity = ids_log_.has_quantity;
        log.has_revenue = ids_log_.has_revenue;
        log.order_totals = ids_log_.order_totals;
    }
    log.users = {};
    log.orders = {};
    log.row_hash.resize(hashed_ ? group.rows : 0);  // the marks of the rows, while it is loaded
    log.order_lines.clear();
    log.time.resize(group.rows);
    log.user.resize(group.rows);
    log.item.resize(group.rows);
    log.kind.resize(group.rows);
    log.session.resize(group.rows);
    for (auto& column : log.text_columns)
        column.code.resize(group.rows);
    for (auto& column : log.number_columns)
        column.value.resize(group.rows);
}

std::uint64_t LogParts::Rows::load(std::size_t number, EventLog& log) const {
    const Group& group = groups_[number];
    start_log(group, log);
    std::vector<std::uint32_t> ends;  // of each user's rows
    std::size_t users = 0;
    for (std::size_t part = group.first; part < group.last; ++part)
        users += users_[part].size();
    log.users.reserve(static_cast<std::uint32_t>(users));
    for (std::size_t part = group.first; part < group.last; ++part)
        load_part(part, ends, log);
    std::ranges::sort(log.order_lines, {}, &events::OrderLine::row);
    const std::uint64_t duplicates = hashed_ ? take_duplicates(ends, log) : 0;
    detail::keep_rows(log, clocks_.cut());
    if (order_totals_ != 0) detail::count_totals_once(log, order_totals_);
    return duplicates;
}

std::uint64_t LogParts::Rows::take_duplicates(const std::vector<std::uint32_t>& ends, EventLog& log) const {
    const auto same = [&](std::uint32_t a, std::uint32_t b) {
        return log.time[a] == log.time[b] && log.item[a] == log.item[b] && log.session[a] == log.session[b];
    };
    detail::UserDuplicates finder;
    std::vector<std::uint64_t> found;
    for (std::size_t user = 0; user < ends.size(); ++user)
        finder.find(log.row_hash, user == 0 ? 0 : ends[user - 1], ends[user], same, found);
    if (drop_duplicates_) detail::drop_rows(log, found);
    log.row_hash.clear();
    return found.size();
}

/// Puts the rows of a part behind the rows that are there, user by user.
void LogParts::Rows::load_part(std::size_t part, std::vector<std::uint32_t>& ends, EventLog& log) const {
    const std::size_t first_user = ends.size();
    std::uint32_t next = ends.empty() ? 0 : ends.back();
    const std::vector<std::uint32_t>& mine = users_[part];
    for (std::size_t i = 0; i < mine.size(); ++i) {
        constexpr std::size_t kAhead = 16;  // texts of users that lie far apart
        if (i + 2 * kAhead < mine.size())
            ids_log_.users.prefetch_text(mine[i + kAhead], mine[i + 2 * kAhead]);
        log.users.intern(ids_log_.users.text(mine[i]));
    }
    ends.resize(first_user + mine.size());
    std::uint32_t* const places = ends.data() + first_user;
    std::vector<std::vector<std::uint32_t>> users(threads_);  // of each worker: to those of the part
    for (unsigned worker = 0; worker < threads_; ++worker) {
        for (const detail::StoredUser& user : store_->users(worker, part)) {
            users[worker].push_back(ids_.maps(worker).users[user.code]);
            places[users[worker].back()] += user.rows;
        }
    }
    for (std::size_t user = first_user; user < ends.size(); ++user)
        next += std::exchange(ends[user], next);
    // ends holds the begins until each has moved on by its rows.
    const detail::RowStore::Part rows(*store_, part);
    rows.for_each_row([&](unsigned worker, const detail::StoredRow& row, const std::uint32_t* words,
                          const events::OrderLine* line) {
        const detail::LogIds::CodeMaps& maps = ids_.maps(worker);
        const std::uint32_t user = users[worker][row.user], to = places[user]++;
        log.time[to] = row.time;
        log.session[to] = row.session;
        log.user[to] = static_cast<std::uint32_t>(first_user) + user;
        log.item[to] = detail::mapped(maps.items, row.item);
        log.kind[to] = row.kind;
        if (hashed_) log.row_hash[to] = row.mark;
        load_columns(maps, words, to, log);
        if (line != nullptr) {
            log.order_lines.push_back(*line);
            log.order_lines.back().row = to;
            if (line->order != base::kNone)
                log.order_lines.back().order =
                    log.orders.intern(ids_log_.orders.text(maps.orders[line->order]));
        }
    });
}

void LogParts::Rows::load_columns(const detail::LogIds::CodeMaps& maps, const std::uint32_t* words,
                                  std::uint32_t row, EventLog& log) const {
    for (std::size_t i = 0; i < log.text_columns.size(); ++i) {
        const std::size_t place = ids_.texts()[i];
        log.text_columns[i].code[row] = detail::mapped(maps.texts[place], words[place]);
    }
    for (std::size_t i = 0; i < log.number_columns.size(); ++i)
        log.number_columns[i].value[row] = std::bit_cast<float>(words[maps.texts.size() + ids_.numbers()[i]]);
}

const ReadReport& LogParts::report() const noexcept {
    return rows_->report;
}

const Schema& LogParts::schema() const noexcept {
    return rows_->schema;
}

const LogOutline& LogParts::outline() const noexcept {
    return rows_->outline();
}

std::size_t LogParts::size() const noexcept {
    return rows_->size();
}

std::uint64_t LogParts::load(std::size_t i, EventLog& log) const {
    return rows_->load(i, log);
}

struct PartsAccess {
    static LogParts make(std::shared_ptr<const LogParts::Rows> rows) { return LogParts(std::move(rows)); }
};

namespace detail {

LogParts read_log_parts(std::span<const std::string> paths, const ReadOptions& options,
                        const PartsOptions& parts, const Tuning& tuning) {
    const auto rows = std::make_shared<LogParts::Rows>(options, parts, tuning);
    const std::uint64_t bytes = check_inputs(paths, options.rows, rows->report);
    read_blocks(paths, options, tuning, bytes, *rows, rows->report, rows->schema);
    name_clock_rows(paths, options, rows->clock_cut(), rows->report);
    return PartsAccess::make(rows);
}

}  // namespace detail

LogParts read_log_parts(std::span<const std::string> paths, const ReadOptions& options,
                        const PartsOptions& parts) {
    return detail::read_log_parts(paths, options, parts, detail::Tuning{});
}

}  // namespace funnel::ingest
