// SPDX-License-Identifier: MIT
// LogIds: everything of an EventLog but its rows: ids, columns, flags; and what the codes of the workers
// mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "funnel/events/event_log.hpp"
#include "ingest/log/log_block.hpp"
#include "ingest/log/log_plan.hpp"

namespace funnel::ingest::detail {

/// One thread at a time, blocks in file order.
class LogIds {
 public:
    using Codes = std::vector<std::uint32_t>;
    /// Codes of one worker to those of the log.
    struct CodeMaps {
        Codes users, items, orders;
        std::vector<Codes> texts;
    };

    LogIds(events::EventLog& log, unsigned workers) : log_(log), maps_(workers) {}

    /// Gives the new ids of the block their codes.
    void add(const LogPlan& plan, const LogBlock& block);

    /// After the last block: columns that no file has go. `found`: per slot of the plan, whether some file
    /// has the column.
    void finish(const LogPlan& plan, const std::vector<std::uint8_t>& found);

    /// From here on the users of that worker map to place[code].
    void renumber_users(unsigned worker, const Codes& place) {
        for (std::uint32_t& code : maps_[worker].users)
            code = place[code];
    }

    [[nodiscard]] const CodeMaps& maps(unsigned worker) const noexcept { return maps_[worker]; }
    /// After finish: per column of the log, its place among those of the plan.
    [[nodiscard]] const std::vector<std::size_t>& texts() const noexcept { return texts_; }
    [[nodiscard]] const std::vector<std::size_t>& numbers() const noexcept { return numbers_; }
    /// Bytes of the tables here and, about, of those of the workers.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
    void make_columns(const LogPlan& plan);
    void merge(Codes& map, const NewIds& fresh, base::StringTable& table);

    events::EventLog& log_;
    std::vector<CodeMaps> maps_;
    std::vector<std::size_t> texts_, numbers_;
    std::uint64_t bytes_ = 0;
};

/// The code in the log of a code of the worker.
[[nodiscard]] inline std::uint32_t mapped(const LogIds::Codes& map, std::uint32_t code) noexcept {
    return code == kNone ? kNone : map[code];
}

}  // namespace funnel::ingest::detail
