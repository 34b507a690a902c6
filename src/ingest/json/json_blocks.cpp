// SPDX-License-Identifier: MIT
// BlockReader for files of JSON lines: no header, and a line end is always the end of a record.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ingest/csv/block_reader.hpp"

namespace funnel::ingest::detail {

/// As read_header. What is found out of the first lines does not depend on the size of a block.
bool BlockReader::open_json(Block& block) {
    constexpr std::size_t kJsonLookAt = std::size_t{1} << 18;
    const std::size_t at = skip_preamble(block);
    if (at == block.size) {
        carry_.clear();
        return false;
    }
    const auto is_enough = [&] {
        const std::size_t size = block.size - at;
        return size >= max_line_ + 2 ||
               (size >= kJsonLookAt && block.view().find('\n', at) != std::string_view::npos);
    };
    while (!ended_ && !is_enough())
        extend(block);
    std::string_view lines = block.view().substr(at);
    if (!ended_ || lines.size() > kJsonLookAt) {
        const std::size_t last = lines.rfind('\n', kJsonLookAt);
        lines = lines.substr(0, last == std::string_view::npos ? lines.find('\n') : last);
    }
    begin_rows(
        block,
        rules_.open_json(static_cast<std::uint32_t>(next_path_), paths_[next_path_], lines, lines_before_),
        at);
    return true;
}

std::size_t BlockReader::cut_json(Block& block) {
    block.quoted = false;
    const std::size_t end = cut_at_last_line_end(block);
    if (format_->unit == TimeUnit::automatic) {
        if (const auto unit = rules_.detect_json_unit(*format_, block.view().substr(0, end))) set_unit(*unit);
    }
    return end;
}

}  // namespace funnel::ingest::detail
