// SPDX-License-Identifier: MIT
// ByteWriter and ByteReader: little-endian values in a byte buffer, for the parts of a model file.
// Every type that travels in a file has `void write(ByteWriter&) const` and `static T read(ByteReader&)`.
#pragma once

#include <algorithm>
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

/// Where a ByteReader gets bytes that are not in memory.
class ByteSource {
 public:
    virtual ~ByteSource() = default;
    /// Puts the next `n` bytes into `to`, or throws.
    virtual void read(char* to, std::size_t n) = 0;

 protected:
    ByteSource() = default;
    ByteSource(const ByteSource&) = default;
    ByteSource& operator=(const ByteSource&) = default;
};

/// Reads what ByteWriter wrote, from a buffer or from a source, which it borrows. Throws Error(format) before
/// it would read or allocate past the end, so a damaged length never costs more memory than there are bytes.
/// Arrays of a source go straight to where they stay.
class ByteReader {
 public:
    explicit ByteReader(std::span<const char> bytes) noexcept : rest_(bytes) {}
    /// The next `size` bytes of the source.
    ByteReader(ByteSource& source, std::uint64_t size) noexcept : source_(&source), behind_(size) {}
    ByteReader(const ByteReader&) = delete;
    ByteReader& operator=(const ByteReader&) = delete;

    template <typename T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
    [[nodiscard]] T value() {
        T v;
        take(&v, sizeof v);
        return v;
    }

    [[nodiscard]] std::string text() {
        std::string text(length(1), '\0');
        take(text.data(), text.size());
        return text;
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
        values.reserve(n);
        // In pieces, so that what resize() clears is still in the caches when it is overwritten.
        constexpr std::size_t kPiece = (std::size_t{1} << 18) / sizeof(T) + 1;
        while (values.size() < n) {
            const std::size_t before = values.size();
            values.resize(std::min(n, before + kPiece));
            this->values(std::span(values).subspan(before));
        }
    }
    /// As many values as there is room for, without a count before them.
    template <typename T>
    requires std::is_trivially_copyable_v<T>
    void values(std::span<T> out) { take(out.data(), out.size_bytes()); }

    /// A 64-bit count of things that take at least `least_bytes` each; checked against what is left.
    [[nodiscard]] std::size_t length(std::size_t least_bytes) {
        const auto n = value<std::uint64_t>();
        if (n > remaining() / least_bytes) {
            throw Error(ErrorCode::format, "damaged: a length of " + std::to_string(n) + " with " +
                                               std::to_string(remaining()) + " bytes left");
        }
        return static_cast<std::size_t>(n);
    }

    /// What read(*this) gives for each of a counted list of things that take at least `least_bytes` each.
    /// Grows with what was read: things in memory may be much larger than the bytes that a count claims.
    template <typename Read>
    [[nodiscard]] auto list(std::size_t least_bytes, Read read) {
        std::vector<decltype(read(*this))> things;
        for (std::size_t n = length(least_bytes); n > 0; --n)
            things.push_back(read(*this));
        return things;
    }

    [[nodiscard]] std::uint64_t remaining() const noexcept { return rest_.size() + behind_; }
    /// Of these, the bytes that the source has yet to give.
    [[nodiscard]] std::uint64_t behind() const noexcept { return behind_; }

    /// Call at the end of a part: what is left over means damage.
    void expect_end() const {
        if (remaining() > 0) {
            throw Error(ErrorCode::format, "damaged: " + std::to_string(remaining()) + " bytes left over");
        }
    }

 private:
    static constexpr std::size_t kAhead = std::size_t{1} << 16;

    void take(void* to, std::size_t n) {
        if (n > rest_.size()) return take_from_source(static_cast<char*>(to), n);
        if (n == 0) return;  // `to` may be null
        std::memcpy(to, rest_.data(), n);
        rest_ = rest_.subspan(n);
    }

    void take_from_source(char* to, std::size_t n) {
        if (n > remaining()) throw Error(ErrorCode::format, "damaged: it ends too early");
        const std::size_t known = rest_.size();
        take(to, known);
        to += known;
        n -= known;
        if (n < kAhead) {
            ahead_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kAhead, behind_)));
            source_->read(ahead_.data(), ahead_.size());
            behind_ -= ahead_.size();
            rest_ = ahead_;
            return take(to, n);
        }
        source_->read(to, n);
        behind_ -= n;
    }

    std::span<const char> rest_;    // in memory
    ByteSource* source_ = nullptr;  // of what comes after it
    std::uint64_t behind_ = 0;      // bytes that the source has yet to give
    std::vector<char> ahead_;       // read from the source at once, for small values
};

}  // namespace funnel::base
