// SPDX-License-Identifier: MIT
// RowBatch: the wanted fields of some rows, column by column; BlockOutcome: what became of a block's rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/bad_row.hpp"

namespace funnel::ingest::detail {

/// Rows that are well-formed; valid while the block's text is.
struct RowBatch {
    std::vector<std::vector<std::string_view>>
        fields;                          ///< [slot][row], without quotes, kPadding bytes behind
    std::vector<std::uint32_t> line;     ///< physical line in the block, from 0
    std::vector<std::string_view> text;  ///< the first physical line of the record
    std::vector<std::uint64_t> hash;     ///< of all fields, if wanted
    std::size_t size = 0;

    void resize(std::size_t slots, std::size_t rows) {
        fields.resize(slots);
        for (auto& column : fields) {
            if (column.size() < rows) column.resize(rows);
        }
        if (line.size() < rows) {
            line.resize(rows);
            text.resize(rows);
            hash.resize(rows);
        }
        size = 0;
    }
};

/// Counts and bad rows of one block. `all`: every bad row is kept, else only the first in file order.
class BlockOutcome {
 public:
    void reset(bool all) {
        all_ = all;
        bad_.clear();
        counts_ = {};
        rows = lines = ignored = 0;
    }

    /// make() builds the BadRow, without its line; it is called only if the row is kept.
    template <typename Make>
    void reject(std::uint64_t line, Reason reason, Make&& make) {
        ++counts_[static_cast<std::size_t>(reason)];
        if (!all_ && !bad_.empty() && bad_.front().line <= line) return;
        if (!all_) bad_.clear();
        bad_.push_back(std::forward<Make>(make)());
        bad_.back().line = line;
    }
    void reject(std::uint64_t line, const BadRow& bad) {
        reject(line, bad.reason, [&] { return bad; });
    }

    [[nodiscard]] bool any_bad() const noexcept { return !bad_.empty(); }
    /// Sorts the bad rows by line.
    std::vector<BadRow>& bad();
    [[nodiscard]] std::uint64_t count(Reason reason) const noexcept {
        return counts_[static_cast<std::size_t>(reason)];
    }

    std::uint64_t rows = 0;     ///< accepted + rejected + ignored
    std::uint64_t lines = 0;    ///< physical lines
    std::uint64_t ignored = 0;  ///< by the schema

 private:
    bool all_ = false;
    std::vector<BadRow> bad_;
    std::array<std::uint64_t, kReasons> counts_{};
};

}  // namespace funnel::ingest::detail
