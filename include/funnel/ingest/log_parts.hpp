// SPDX-License-Identifier: MIT
// read_log_parts: like read_log, but the log comes in parts that share no user, one at a time. For results
// that add up over users, such as metrics::count_parts; the log may be larger than memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "funnel/ingest/read_log.hpp"

namespace funnel::ingest {

struct PartsOptions {
    std::uint64_t memory = 0;  ///< bytes for all of it; 0: no limit, nothing goes to disk
    std::string temp;          ///< folder of the temporary file; empty: TMPDIR, or /tmp without one
};

/// What only the whole log can say.
struct LogOutline {
    std::uint64_t rows = 0;
    std::int64_t first_time = std::numeric_limits<std::int64_t>::max();
    std::int64_t last_time = std::numeric_limits<std::int64_t>::min();
    events::KindSet kinds = 0;  ///< kinds that occur
    bool has_sessions = false;
    bool has_revenue = false, has_quantity = false, has_price = false;
    bool order_totals = false;                        ///< see EventLog
    std::vector<std::string> said_by_purchases = {};  ///< loaded text columns of which a purchase has a value
    bool hashed = false;                              ///< the rows are hashed: load finds duplicates
    std::uint64_t items = 0;                          ///< distinct
    std::uint64_t shared_order_ids = 0;               ///< order ids that occur with several users
    std::uint64_t spilled_bytes = 0;                  ///< in the temporary file, which is gone when this is
};

/// Const calls may run concurrently. Copies share the rows.
/// Memory: 16 bytes per row, 4 more with hashes, 8 more where the times of a block of rows lie further apart
/// than 71 minutes and are not whole seconds, 8 more where the session of a user changes, 4 per column of
/// text or numbers; and the ids, each about 60 bytes and its text, 40 more per thread, 64 of a user. With a
/// limit: half of it for rows, the other half for ids and loaded parts.
class LogParts {
 public:
    class Rows;

    [[nodiscard]] const ReadReport& report() const noexcept;
    [[nodiscard]] const Schema& schema() const noexcept;
    [[nodiscard]] const LogOutline& outline() const noexcept;

    /// How many parts there are: one for a small log, about one per 32,000 rows, at most 256.
    [[nodiscard]] std::size_t size() const noexcept;

    /// Makes `log` part `i`: rows user by user, in file order within each, the same at any number of threads
    /// and under any limit. Ids of users, orders and columns are those of the part; items are those of the
    /// whole log. `log` is new or was filled by this LogParts before: give each thread one of its own.
    /// Returns how many rows equal an earlier one in every field, if the rows were hashed; under
    /// drop_duplicates these are left out. Throws Error(io) if the temporary file cannot be read.
    std::uint64_t load(std::size_t i, EventLog& log) const;

 private:
    friend struct PartsAccess;
    explicit LogParts(std::shared_ptr<const Rows> rows) : rows_(std::move(rows)) {}

    std::shared_ptr<const Rows> rows_;
};

/// Throws as read_log; Error(memory) if the ids or the rows of one part exceed their share of the limit;
/// Error(io) if the temporary file cannot be written. report().duplicates is left at 0: the parts find them,
/// see add_duplicates.
[[nodiscard]] LogParts read_log_parts(std::span<const std::string> paths, const ReadOptions& options,
                                      const PartsOptions& parts = {});

}  // namespace funnel::ingest
