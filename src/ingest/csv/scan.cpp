// SPDX-License-Identifier: MIT
#include "ingest/csv/scan.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "funnel/kernel/cpu_level.hpp"

// x86 with nothing, SSE4, AVX2 or AVX-512: what lies between them is not worth its size.
#define HWY_COMPILE_ALL_ATTAINABLE
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ingest/csv/scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace funnel::ingest::detail::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// One bit per byte of 64 bytes of text.
struct Bits {
    std::uint64_t separators, line_ends, quotes;
};

/// 64 bytes against the characters that matter.
class Classifier {
 public:
    explicit Classifier(char delimiter)
        : delimiter_(hn::Set(d_, static_cast<std::uint8_t>(delimiter))),
          line_end_(hn::Set(d_, std::uint8_t{'\n'})),
          quote_(hn::Set(d_, std::uint8_t{'"'})) {}

    template <bool kQuoted>
    Bits classify(const char* text) const {
        Bits bits{};
        for (std::size_t i = 0; i < 64; i += hn::Lanes(d_)) {
            const auto bytes = hn::LoadU(d_, reinterpret_cast<const std::uint8_t*>(text) + i);
            const auto at_line_end = hn::Eq(bytes, line_end_);
            bits.line_ends |= to_bits(at_line_end) << i;
            bits.separators |= to_bits(hn::Or(at_line_end, hn::Eq(bytes, delimiter_))) << i;
            if constexpr (kQuoted) bits.quotes |= to_bits(hn::Eq(bytes, quote_)) << i;
        }
        return bits;
    }

 private:
    // At most 64 lanes, so that one mask fits a word on every target.
    using D = hn::CappedTag<std::uint8_t, 64>;
    template <class Mask>
    std::uint64_t to_bits(Mask mask) const {
        std::uint8_t bytes[8] = {};
        hn::StoreMaskBits(d_, mask, bytes);
        std::uint64_t bits;
        std::memcpy(&bits, bytes, 8);
        return bits;
    }

    const D d_;
    const hn::Vec<D> delimiter_, line_end_, quote_;
};

/// Bit i of the result: the number of bits set in [0, i] is odd.
inline std::uint64_t prefix_xor(std::uint64_t bits) {
    for (int shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/// All bits if text[i] is inside quotes at the end of the block, to be carried into the next one.
inline std::uint64_t quote_carry(std::uint64_t inside) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(inside) >> 63);
}

/// Writes the offsets of the bits set and returns the place behind the last. Eight stores without a look at
/// the count are cheaper than a branch per separator; up to 8 places behind the last one are overwritten.
inline std::uint32_t* write_offsets(std::uint64_t bits, std::uint32_t base, std::uint32_t* out) {
    std::uint32_t* const end = out + std::popcount(bits);
    do {
        for (int i = 0; i < 8; ++i) {
            out[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
            bits &= bits - 1;
        }
        out += 8;
    } while (out < end);
    return end;
}

/// The last 1 to 63 bytes of a text, and nothing of what follows.
inline Bits only_first(Bits bits, std::size_t count) {
    const std::uint64_t valid = (std::uint64_t{1} << count) - 1;
    return {bits.separators & valid, bits.line_ends & valid, bits.quotes & valid};
}

std::size_t scan_plain(const char* text, std::size_t size, char delimiter, std::uint32_t* separators,
                       std::size_t& line_ends) {
    const Classifier classifier(delimiter);
    std::uint32_t* out = separators;
    std::size_t ends = 0, base = 0;
    for (; base + 64 <= size; base += 64) {
        const Bits bits = classifier.classify<false>(text + base);
        ends += static_cast<std::size_t>(std::popcount(bits.line_ends));
        out = write_offsets(bits.separators, static_cast<std::uint32_t>(base), out);
    }
    if (base < size) {
        const Bits bits = only_first(classifier.classify<false>(text + base), size - base);
        ends += static_cast<std::size_t>(std::popcount(bits.line_ends));
        out = write_offsets(bits.separators, static_cast<std::uint32_t>(base), out);
    }
    line_ends = ends;
    return static_cast<std::size_t>(out - separators);
}

void scan_quoted(const char* text, std::size_t size, char delimiter, RowIndex& index) {
    const Classifier classifier(delimiter);
    std::uint32_t* const separators = index.buffer.data() + 1;
    std::uint32_t* out = separators;
    std::uint32_t rows = 0, quotes = 0;
    std::uint64_t carry = 0;
    for (std::size_t base = 0; base < size; base += 64) {
        Bits bits = classifier.classify<true>(text + base);
        if (base + 64 > size) bits = only_first(bits, size - base);
        const std::uint64_t inside = prefix_xor(bits.quotes) ^ carry;
        carry = quote_carry(inside);
        bits.separators &= ~inside;
        for (std::uint64_t ends = bits.line_ends & ~inside; ends != 0; ends &= ends - 1) {
            const std::uint64_t before = (ends & (0 - ends)) - 1;
            index.row_ends[rows] = static_cast<std::uint32_t>(out - separators) +
                                   static_cast<std::uint32_t>(std::popcount(bits.separators & before));
            index.quotes[rows++] = quotes + static_cast<std::uint32_t>(std::popcount(bits.quotes & before));
        }
        quotes += static_cast<std::uint32_t>(std::popcount(bits.quotes));
        out = write_offsets(bits.separators, static_cast<std::uint32_t>(base), out);
    }
    index.rows = rows;
}

/// Bytes >= 0x80 set the sign; zeros are found by the smallest byte.
void note_odd_bytes(const char* text, std::size_t size, RowIndex& index) {
    const hn::ScalableTag<std::uint8_t> d;
    const hn::RebindToSigned<decltype(d)> s;
    const auto zero = hn::Zero(d);
    auto all = zero, all2 = zero;
    auto least = hn::Set(d, std::uint8_t{0xFF}), least2 = least;
    const std::size_t lanes = hn::Lanes(d);
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text);
    std::size_t i = 0;
    for (; i + 2 * lanes <= size; i += 2 * lanes) {
        const auto a = hn::LoadU(d, bytes + i), b = hn::LoadU(d, bytes + i + lanes);
        all = hn::Or(all, a);
        all2 = hn::Or(all2, b);
        least = hn::Min(least, a);
        least2 = hn::Min(least2, b);
    }
    index.high_bytes = !hn::AllFalse(s, hn::Lt(hn::BitCast(s, hn::Or(all, all2)), hn::Zero(s)));
    index.zero_bytes = !hn::AllFalse(d, hn::Eq(hn::Min(least, least2), zero));
    for (; i < size; ++i) {
        index.high_bytes |= text[i] < 0;
        index.zero_bytes |= text[i] == 0;
    }
}

std::size_t open_line_end(const char* text, std::size_t size) {
    const Classifier classifier('\n');
    std::uint64_t carry = 0;
    for (std::size_t base = 0; base < size; base += 64) {
        const Bits bits = classifier.classify<true>(text + base);
        const std::uint64_t inside = prefix_xor(bits.quotes) ^ carry;
        const std::uint64_t open = bits.line_ends & inside;
        if (open != 0) {
            const std::size_t at = base + static_cast<std::size_t>(std::countr_zero(open));
            return at < size ? at : std::string_view::npos;
        }
        carry = quote_carry(inside);
    }
    return std::string_view::npos;
}

std::size_t line_ends(const char* text, std::size_t size) {
    const Classifier classifier('\n');
    std::size_t count = 0, base = 0;
    for (; base + 64 <= size; base += 64)
        count += static_cast<std::size_t>(std::popcount(classifier.classify<false>(text + base).line_ends));
    return count + static_cast<std::size_t>(std::count(text + base, text + size, '\n'));
}

constexpr Scans kScans{&scan_plain, &scan_quoted, &note_odd_bytes, &open_line_end, &line_ends};

}  // namespace funnel::ingest::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace funnel::ingest::detail {

namespace {

/// Slowest first. What the whole build may use is the slowest; Highway numbers better targets lower.
std::vector<const Scans*> find_runnable() {
    using enum kernel::CpuLevel;
    [[maybe_unused]] const kernel::CpuLevel level = kernel::cpu_level();
    std::vector<const Scans*> found{&HWY_STATIC_DISPATCH(kScans)};
#if (HWY_TARGETS & HWY_NEON) && HWY_STATIC_TARGET > HWY_NEON
    if (level >= neon) found.push_back(&N_NEON::kScans);
#endif
#if (HWY_TARGETS & HWY_SSE4) && HWY_STATIC_TARGET > HWY_SSE4
    if (level >= sse4) found.push_back(&N_SSE4::kScans);
#endif
#if (HWY_TARGETS & HWY_AVX2) && HWY_STATIC_TARGET > HWY_AVX2
    if (level >= avx2) found.push_back(&N_AVX2::kScans);
#endif
#if (HWY_TARGETS & HWY_AVX3) && HWY_STATIC_TARGET > HWY_AVX3
    if (level >= avx512) found.push_back(&N_AVX3::kScans);
#endif
    return found;
}

/// True if every columns-th separator is a line end. There are as many line ends as rows, so then no other
/// is.
bool is_regular(const char* text, const std::uint32_t* separators, std::size_t count, std::size_t rows,
                std::size_t columns) {
    if (columns == 0 || count < rows * columns) return false;
    bool regular = true;
    for (std::size_t i = 1; i <= rows; ++i)
        regular &= text[separators[i * columns - 1]] == '\n';
    return regular;
}

void rank_rows(const char* text, std::size_t count, RowIndex& index) {
    const std::uint32_t* const separators = index.separators();
    std::size_t rows = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (text[separators[i]] == '\n') index.row_ends[rows++] = static_cast<std::uint32_t>(i);
    }
}

}  // namespace

std::span<const Scans* const> runnable_scans() {
    static const std::vector<const Scans*> runnable = find_runnable();
    return runnable;
}

const Scans& best_scans() {
    static const Scans& best = *runnable_scans().back();
    return best;
}

void scan_rows(const char* text, std::size_t size, char delimiter, bool quoted, std::size_t columns,
               RowIndex& index, const Scans& scans) {
    if (index.buffer.size() < size + 10) {
        index.buffer.resize(size + 10);
        index.buffer[0] = static_cast<std::uint32_t>(-1);
        index.row_ends.resize(size + 1);
        index.quotes.resize(size + 1);
    }
    scans.note_odd_bytes(text, size, index);
    index.regular = false;
    if (quoted) {
        scans.scan_quoted(text, size, delimiter, index);
        return;
    }
    const std::size_t count = scans.scan_plain(text, size, delimiter, index.buffer.data() + 1, index.rows);
    index.regular = is_regular(text, index.separators(), count, index.rows, columns);
    if (!index.regular) rank_rows(text, count, index);
}

std::size_t find_open_line_end(const char* text, std::size_t size, const Scans& scans) {
    return scans.open_line_end(text, size);
}

std::size_t count_line_ends(const char* text, std::size_t size) {
    return best_scans().line_ends(text, size);
}

}  // namespace funnel::ingest::detail
#endif
