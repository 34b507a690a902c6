// SPDX-License-Identifier: MIT
// ByteWriter and ByteReader: little-endian values in a byte buffer, for the parts of a model file.
// Every type that travels in a file has `void write(ByteWriter&) const` and `static T read(ByteReader&)`.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"

namespace funnel::base {

static_assert(std::endian::native == std::endian::little,
              "the byte formats are little-endian and values are copied as they lie in memory");

/// Appends values to a growing buffer. One thread at a time.
class ByteWriter {
 public:
    template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
    void value(T v) {
        const auto* p = reinterpret_cast<const char*>(&v);
        bytes_.insert(bytes_.end(), p, p + sizeof v);
    }

    /// A 64-bit length, then the bytes.
    void text(std::string_view s) {
        value<std::uint64_t>(s.size());
        bytes_.insert(bytes_.end(), s.begin(), s.end());
    }

    /// A 64-bit count, then the values.
    template <typename T>
    requires std::is_trivially_copyable_v<T>
    void array(std::span<const T> values) {
        value<std::uint64_t>(values.size());
        const auto* p = reinterpret_cast<const char*>(values.data());
        bytes_.insert(bytes_.end(), p, p + values.size_bytes());
    }
    template <typename T, typename Allocator>
    void array(const std::vector<T, Allocator>& values) {
        array(std::span<const T>(values));
    }

    [[nodiscard]] const std::vector<char>& bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::vector<char> take() noexcept { return std::move(bytes_); }

 private:
    std::vector<char> bytes_;
};

/// Reads what ByteWriter wrote. Throws Error(format) before it would read or allocate past the end,
/// so a damaged length never costs more memory than the file has bytes. Borrows the buffer.
class ByteReader {
 public:
    explicit ByteReader(std::span<const char> bytes) noexcept : rest_(bytes) {}

    template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
    [[nodiscard]] T value() {
        T v;
        std::memcpy(&v, take(sizeof v).data(), sizeof v);
        return v;
    }

    [[nodiscard]] std::string text() {
        const auto bytes = take(length(1));
        return {bytes.data(), bytes.size()};
    }

    template <typename T>
    requires std::is_trivially_copyable_v<T>
    [[nodiscard]] std::vector<T> array() {
        std::vector<T> values;
        array(values);
        return values;
    }
    template <typename T, typename Allocator>
    void array(std::vector<T, Allocator>& values) {
        static_assert(std::is_trivially_copyable_v<T>);
        const std::size_t n = length(sizeof(T));
        values.clear();
        values.resize(n);
        if (n > 0) std::memcpy(values.data(), take(n * sizeof(T)).data(), n * sizeof(T));
    }

    /// A 64-bit count of things that take at least `least_bytes` each; checked against what is left.
    [[nodiscard]] std::size_t length(std::size_t least_bytes) {
        const auto n = value<std::uint64_t>();
        if (n > rest_.size() / least_bytes) {
            throw Error(ErrorCode::format, "damaged: a length of " + std::to_string(n) + " with " +
                                               std::to_string(rest_.size()) + " bytes left");
        }
        return static_cast<std::size_t>(n);
    }

    [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }

    /// Call at the end of a part: what is left over means damage.
    void expect_end() const {
        if (!rest_.empty()) {
            throw Error(ErrorCode::format, "damaged: " + std::to_string(rest_.size()) + " bytes left over");
        }
    }

 private:
    std::span<const char> take(std::size_t n) {
        if (n > rest_.size()) throw Error(ErrorCode::format, "damaged: it ends too early");
        const auto head = rest_.first(n);
        rest_ = rest_.subspan(n);
        return head;
    }

    std::span<const char> rest_;
};

}  // namespace funnel::base
