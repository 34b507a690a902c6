// SPDX-License-Identifier: MIT
// TextSource: the unpacked text of a path, whatever it is packed with; names what is neither CSV nor JSON
// lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ingest/source/byte_source.hpp"

namespace funnel::ingest::detail {

/// Unpacks a stream. One thread at a time.
class Decoder {
 public:
    virtual ~Decoder() = default;
    /// Fills `out` as far as there is text; fewer bytes only at the end. Throws Error(io), Error(parse).
    virtual std::size_t read(std::span<char> out) = 0;
};

/// RFC 1952: any number of members; checksum and length of each are verified, and every byte belongs to one.
[[nodiscard]] std::unique_ptr<Decoder> make_gzip_decoder(ByteSource& source, std::size_t input_bytes);
/// RFC 8878: any number of frames.
[[nodiscard]] std::unique_ptr<Decoder> make_zstd_decoder(ByteSource& source, std::size_t input_bytes);

/// One thread at a time. Throws Error(io) or Error(parse) naming the path, also for text that looks like
/// UTF-16, zip, xlsx, Parquet, HTML and so on.
class TextSource {
 public:
    explicit TextSource(const std::string& path, std::size_t input_bytes = 1u << 18, bool with_digest = false,
                        bool json_too = false);

    /// The text, without a UTF-8 byte order mark. Fewer bytes than asked for only at the end.
    std::size_t read(std::span<char> out);

    /// The text begins as a JSON object; only if `json_too` was said.
    [[nodiscard]] bool is_json() const noexcept { return is_json_; }
    [[nodiscard]] const std::string& name() const noexcept { return source_.name(); }
    [[nodiscard]] files::FileDigest digest() const { return source_.digest(); }
    /// Packed bytes so far, for progress.
    [[nodiscard]] std::uint64_t consumed() const noexcept { return source_.consumed(); }

 private:
    std::size_t read_unpacked(std::span<char> out);

    ByteSource source_;
    std::unique_ptr<Decoder> decoder_;  // none: plain
    std::string head_;                  // text that was looked at already
    std::size_t head_at_ = 0;
    bool ended_ = false, is_json_ = false;
    char last_ = '\n';
};

}  // namespace funnel::ingest::detail
