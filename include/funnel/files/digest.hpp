// SPDX-License-Identifier: MIT
// Digest: identifies the bytes of a file. XXH3-128, as `xxhsum -H2 FILE` prints it: it tells files apart and
// finds damage, but is no protection against somebody who wants two files to look the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace funnel::files {

struct FileDigest {
    std::string path;
    std::uint64_t bytes = 0;
    std::string xxh128;  ///< 32 hexadecimal digits

    bool operator==(const FileDigest&) const = default;
};

/// Bytes in any pieces to a digest. One thread at a time.
class Digest {
 public:
    Digest();
    ~Digest();
    Digest(Digest&&) noexcept;
    Digest& operator=(Digest&&) noexcept;

    void add(std::string_view bytes) noexcept;
    [[nodiscard]] FileDigest result(std::string path) const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Reads the whole file. Throws Error(io).
[[nodiscard]] FileDigest digest_of_file(const std::string& path);

}  // namespace funnel::files
