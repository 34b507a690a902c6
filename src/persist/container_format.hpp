// SPDX-License-Identifier: MIT
// The layout of a container (docs/binary_format.md) as its writer and its two readers share it.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"

namespace funnel::persist::detail {

inline constexpr std::array<char, 8> kMagic = {'F', 'U', 'N', 'N', 'E', 'L', 'M', '\0'};
inline constexpr std::size_t kNameBytes = 16;
inline constexpr std::size_t kHeaderBytes = kMagic.size() + 4 + 4 + 8;
inline constexpr std::size_t kEntryBytes = kNameBytes + 8 + 8;
inline constexpr std::size_t kChecksumBytes = 16;
inline constexpr std::size_t kMostSections = 1024;  // far above need; keeps a hostile table from costing time
inline constexpr std::size_t kSmallestFile = kHeaderBytes + kChecksumBytes;

using Checksum = XXH128_canonical_t;
static_assert(sizeof(Checksum) == kChecksumBytes);

/// Of bytes that come piece by piece.
class ChecksumState {
 public:
    ChecksumState() : state_(XXH3_createState(), XXH3_freeState) {
        if (!state_) throw Error(ErrorCode::memory, "no memory for a checksum");
        XXH3_128bits_reset(state_.get());
    }
    void add(std::span<const char> bytes) { XXH3_128bits_update(state_.get(), bytes.data(), bytes.size()); }
    [[nodiscard]] Checksum result() const {
        Checksum sum;
        XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(state_.get()));
        return sum;
    }

 private:
    std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state_;
};

[[noreturn]] void damaged(const std::string& what);
[[noreturn]] void not_a_model(const std::string& what);

struct Header {
    std::uint32_t sections = 0;
    std::uint64_t file_size = 0;
};

/// What can be said from the first kHeaderBytes (or all there are, if fewer).
[[nodiscard]] Header read_header(std::span<const char> bytes);
/// Throws unless a file of `size` bytes is as large as it says and its table fits into it.
void check_size(const Header& header, std::uint64_t size);

struct Entry {
    std::string name;
    std::uint64_t size = 0;
};

/// The table of sections, which lie one after the other and fill the file up to its checksum.
[[nodiscard]] std::vector<Entry> read_entries(std::span<const char> bytes, const Header& header);

/// Throws unless `last`, the last bytes of a container, are the sum of those before them.
void check_sum(std::span<const char> last, const Checksum& sum);

}  // namespace funnel::persist::detail
