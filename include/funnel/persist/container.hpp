// SPDX-License-Identifier: MIT
// The container of a model file: named sections under one checksum. docs/binary_format.md is normative.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/files/digest.hpp"

namespace funnel::persist {

/// The version that is written; older ones stay readable.
inline constexpr std::uint32_t kFormatVersion = 2;

/// A larger file is not read unless the caller says so.
inline constexpr std::uint64_t kDefaultSizeLimit = std::uint64_t{1} << 30;

/// A part of a file. name: 1 to 16 of a-z, 0-9, '_', '-', '.'; no two sections of a file share one.
struct Section {
    std::string name;
    std::vector<char> bytes;

    bool operator==(const Section&) const = default;
};

/// A section of a file that is in memory.
struct SectionView {
    std::string name;
    std::span<const char> bytes;
};

/// The whole file in memory. The same sections give the same bytes, always.
/// Throws Error(invalid_argument) for a bad or repeated name, or more than 1024 sections.
[[nodiscard]] std::vector<char> encode_container(std::span<const Section> sections);

/// The sections of a file in memory, in their order, as views of `bytes`. Every bit is under the checksum,
/// and no length is believed before it is held against the number of bytes that are there. Throws
/// Error(format): not a funnel model, or damaged; Error(unsupported): written by a newer version.
[[nodiscard]] std::vector<SectionView> decode_container(std::span<const char> bytes);

/// encode_container into a file that appears whole or not at all (files::AtomicFile).
/// Throws as encode_container, and Error(io) naming `path`.
void save_container(const std::string& path, std::span<const Section> sections);

/// What a section becomes: `in` holds its bytes, and what is left of them is passed over.
using TakeSection = std::function<void(const std::string& name, base::ByteReader& in)>;

/// Reads a file or a pipe and gives its sections to `take`, in their order. A file is not kept in memory:
/// `take` sees bytes whose checksum is not known yet, and what it makes of them counts only if this
/// returns. Throws as decode_container, with the path in front, and what `take` throws, unless the checksum
/// is wrong: then that is the reason. Error(io) if it cannot be opened or read, Error(memory) if it is larger
/// than `size_limit` bytes. `digest`: of the bytes that were read, if wanted.
void read_container(const std::string& path, const TakeSection& take,
                    std::uint64_t size_limit = kDefaultSizeLimit, files::FileDigest* digest = nullptr);

}  // namespace funnel::persist
