// SPDX-License-Identifier: MIT
// ProtoWriter: the few forms of protocol buffers that an ONNX file is made of.
// Source: protobuf.dev, "Encoding"; onnx.proto of ONNX 1.12 has the numbers of the fields.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace funnel::onnx::detail {

/// A message as its bytes. One thread at a time.
class ProtoWriter {
 public:
    void integer(std::uint32_t field, std::int64_t value) {
        tag(field, 0);
        varint(static_cast<std::uint64_t>(value));
    }
    void text(std::uint32_t field, std::string_view bytes) {
        tag(field, 2);
        varint(bytes.size());
        bytes_ += bytes;
    }
    void message(std::uint32_t field, const ProtoWriter& inner) { text(field, inner.bytes_); }
    /// Numbers as one field of little-endian bytes.
    template <typename T>
    void array(std::uint32_t field, std::span<const T> values) {
        tag(field, 2);
        varint(values.size_bytes());
        raw(values);
    }

    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
    static_assert(std::endian::native == std::endian::little);

    void tag(std::uint32_t field, std::uint32_t form) { varint(field << 3 | form); }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7)
            bytes_ += static_cast<char>(value | 0x80);
        bytes_ += static_cast<char>(value);
    }
    template <typename T>
    void raw(std::span<const T> values) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + values.size_bytes());
        std::memcpy(bytes_.data() + at, values.data(), values.size_bytes());
    }

    std::string bytes_;
};

}  // namespace funnel::onnx::detail
