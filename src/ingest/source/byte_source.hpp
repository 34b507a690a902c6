// SPDX-License-Identifier: MIT
// ByteSource: the bytes of a path or of standard input, read with read(), and a watch on their change.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/files/digest.hpp"

namespace funnel::ingest::detail {

/// One thread at a time. Move-free: lives where it was made.
class ByteSource {
 public:
    /// "-" is standard input. Throws Error(io): missing, no right, a directory.
    explicit ByteSource(const std::string& path, bool with_digest = false);
    ~ByteSource();
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;

    /// Fills `out` as far as there are bytes; fewer only at the end. Of a regular file no more is read than
    /// it had when it was opened. Throws Error(io).
    std::size_t read(std::span<char> out);

    /// The first bytes, up to `n`, without consuming them.
    std::string_view peek(std::size_t n);

    /// Call at the end: throws Error(io) "changed while reading" if the file was cut or rewritten, or if it
    /// grew and its text as far as read does not end with a line end (then the last row may be half a row).
    void expect_unchanged(bool text_ends_a_line) const;

    /// Of what was read from the file so far; only with_digest.
    [[nodiscard]] files::FileDigest digest() const { return digest_.value().result(path_); }

    [[nodiscard]] std::uint64_t consumed() const noexcept { return consumed_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
    std::size_t read_raw(std::span<char> out);

    std::string path_;
    std::string name_;  // for messages
    std::optional<files::Digest> digest_;
    int fd_ = -1;
    bool limited_ = false;    // a regular file: size_ counts
    std::uint64_t size_ = 0;  // bytes from where we began to the end when it was opened
    struct stat opened_ {};
    std::uint64_t fetched_ = 0;   // from the descriptor
    std::uint64_t consumed_ = 0;  // by the caller
    std::vector<char> peeked_;
    std::size_t peeked_at_ = 0;
};

/// Size of a regular file, else 0 (unknown). Throws Error(io) if `path` cannot be an input at all, so that
/// a missing last file is found before the first is read.
[[nodiscard]] std::uint64_t check_input(const std::string& path);

}  // namespace funnel::ingest::detail
