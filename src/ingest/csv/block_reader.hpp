// SPDX-License-Identifier: MIT
// BlockReader: the texts of several files, cut into blocks at record borders. The only serial look at the
// text; it is exact, so that blocks can be parsed independently.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/csv/file_format.hpp"
#include "ingest/csv/record.hpp"
#include "ingest/log/row_shape.hpp"
#include "ingest/source/text_source.hpp"
#include "ingest/source/tuning.hpp"

namespace funnel::ingest::detail {

/// The verdict on a record whose first physical line has an odd number of quotes: whether it goes on behind
/// the line end cannot be seen from a block alone.
struct Verdict {
    std::size_t offset = 0;     ///< of the record in the block
    std::optional<BadRow> bad;  ///< empty: well-formed, and its values can be used
};

/// Whole records of one file. Reused, since it keeps its buffers.
struct Block {
    std::shared_ptr<const FileFormat> format;
    std::vector<char> text;  ///< [0, size) and at least kPadding bytes behind
    std::size_t size = 0;    ///< the last byte is a line end, added if the file has none
    bool first_of_file = false;
    bool quoted = false;  ///< there are quotes in it
    std::vector<Verdict> verdicts;
    FillState fill;  ///< what its first row may take from the row before

    [[nodiscard]] std::string_view view() const noexcept { return {text.data(), size}; }
};

/// One thread at a time.
class BlockReader {
 public:
    BlockReader(std::span<const std::string> paths, RowRules& rules, std::size_t max_line,
                const Tuning& tuning, const std::atomic<bool>& stop);

    /// Fills `digests` as the files end. Borrows it.
    void keep_digests(std::vector<files::FileDigest>& digests) noexcept { digests_ = &digests; }

    /// The next block, or false at the end of the last file. Throws Error(io), Error(parse), Error(schema).
    bool next(Block& block);

    /// Bytes of text so far, unpacked.
    [[nodiscard]] std::uint64_t text_bytes() const noexcept { return text_bytes_; }
    /// Bytes read from the files so far.
    [[nodiscard]] std::uint64_t file_bytes() const noexcept {
        return closed_bytes_ + (source_ ? source_->consumed() : 0);
    }

 private:
    bool open_next();
    void close();
    void fill(Block& block, std::size_t target);
    void extend(Block& block);
    void discard_line();
    std::size_t skip_preamble(Block& block);
    bool read_header(Block& block);
    bool open_json(Block& block);
    /// The rows of the file at hand begin behind the first `taken` bytes of the block.
    void begin_rows(Block& block, FileFormat format, std::size_t taken);
    std::size_t cut_json(Block& block);
    std::size_t cut(Block& block);
    std::size_t cut_at_last_line_end(Block& block);
    std::size_t cut_quoted(Block& block);
    std::size_t cut_by_records(Block& block);
    [[nodiscard]] std::size_t skipped_line(const Block& block, std::size_t at) const;
    RecordStatus judge(Block& block, std::size_t begin, std::size_t& next);
    void detect_unit(const Block& block, std::size_t begin, std::size_t end);
    bool detect_unit(const std::vector<std::string_view>& fields);
    void set_unit(TimeUnit unit);
    void finish(Block& block, std::size_t end);

    std::span<const std::string> paths_;
    RowRules& rules_;
    std::size_t max_line_;
    Tuning tuning_;
    const std::atomic<bool>& stop_;
    RecordParser parser_;

    std::vector<files::FileDigest>* digests_ = nullptr;
    std::size_t next_path_ = 0;
    std::optional<TextSource> source_;
    std::shared_ptr<const FileFormat> format_;  // none until the header is read
    std::vector<char> carry_;                   // text behind the last cut
    bool ended_ = false;                        // all text of the file is in carry_
    bool discarding_ = false;                   // inside a line that was too long
    bool first_block_ = true;
    std::uint64_t lines_before_ = 0;
    std::uint64_t text_bytes_ = 0, closed_bytes_ = 0;
};

}  // namespace funnel::ingest::detail
