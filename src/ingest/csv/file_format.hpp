// SPDX-License-Identifier: MIT
// FileFormat: what is known of one file once its first record is read; RowRules: what logs and tables decide
// differently about rows.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/ingest/schema.hpp"
#include "ingest/csv/bad_row.hpp"
#include "ingest/csv/dialect.hpp"

namespace funnel::ingest::detail {

/// Which slots had a key somewhere: of JSON lines nobody knows before. Any thread.
class FoundSlots {
 public:
    explicit FoundSlots(std::size_t slots) : found_(slots) {}
    void add(const std::vector<std::uint8_t>& found) noexcept {
        for (std::size_t slot = 0; slot < found_.size(); ++slot) {
            if (found[slot] != 0 && !has(slot)) found_[slot].store(1, std::memory_order_relaxed);
        }
    }
    [[nodiscard]] bool has(std::size_t slot) const noexcept {
        return found_[slot].load(std::memory_order_relaxed) != 0;
    }

 private:
    std::vector<std::atomic<std::uint8_t>> found_;
};

/// Fixed for all rows of a file. A slot is a column that is wanted, the same in every file.
struct FileFormat {
    std::uint32_t file = 0;               ///< index of its path
    std::string name;                     ///< the path as given
    std::vector<std::string> header;      ///< names of the columns; "1", "2", ... without a header
    std::vector<std::size_t> column_of;   ///< per slot: the column, or kNoColumn if this file lacks it
    std::vector<std::size_t> hash_order;  ///< columns in the order of the first file; empty: as they are
    std::uint64_t hash_seed = 0;          ///< differs between files with different sets of columns
    TimeUnit unit =
        TimeUnit::automatic;  ///< of the time column; automatic: not decided yet, or no such column
    bool unit_detected = false;
    std::shared_ptr<FoundSlots> found;  ///< of JSON lines, whose columns are the slots; none: CSV
    std::uint64_t lines_before = 0;     ///< physical lines before the first row

    [[nodiscard]] bool json() const noexcept { return found != nullptr; }
    [[nodiscard]] std::size_t columns() const noexcept { return header.size(); }
    [[nodiscard]] std::string column_name(std::size_t column) const {
        return column < header.size() ? header[column] : std::string();
    }
};

struct Block;

/// One thread at a time: called only while blocks are cut, in file order.
class RowRules {
 public:
    virtual ~RowRules() = default;
    [[nodiscard]] virtual Dialect dialect() const = 0;
    /// The text from the first record of a file on, before it is parsed: its delimiter may be found from it.
    virtual void look_at(std::string_view text) { static_cast<void>(text); }
    [[nodiscard]] virtual bool has_header() const = 0;
    /// `first`: the first record, a header or a row. Throws Error(schema).
    virtual FileFormat open_file(std::uint32_t file, const std::string& name,
                                 const std::vector<std::string>& first) = 0;
    /// Whether files of JSON lines can be read.
    [[nodiscard]] virtual bool reads_json() const { return false; }
    /// A file of JSON lines; `lines`: the first of them, without the last line end; empty: the first is too
    /// long. A line end and kPadding readable bytes follow. Throws Error(schema).
    /// `lines_before`: how many lines the file has before them. Throws Error(parse) if none of them is good.
    virtual FileFormat open_json(std::uint32_t file, const std::string& name, std::string_view lines,
                                 std::uint64_t lines_before) {
        static_cast<void>(file), static_cast<void>(name), static_cast<void>(lines);
        static_cast<void>(lines_before);
        return {};
    }
    /// The unit of the times in these lines, as detect_unit.
    virtual std::optional<TimeUnit> detect_json_unit(const FileFormat& format, std::string_view lines) {
        static_cast<void>(format), static_cast<void>(lines);
        return std::nullopt;
    }
    /// A block that is cut: what its first row may take from the rows before is put into it.
    virtual void follow(Block& block) { static_cast<void>(block); }
    /// The unit of the time in this row, if the file's is open and this row can tell.
    virtual std::optional<TimeUnit> detect_unit(const FileFormat& format,
                                                const std::vector<std::string_view>& fields) = 0;
    /// What is wrong with the values of a well-formed record, if anything. `line`: its first physical line.
    virtual std::optional<BadRow> judge(const FileFormat& format, const std::vector<std::string_view>& fields,
                                        std::string_view line) = 0;
};

}  // namespace funnel::ingest::detail
