// SPDX-License-Identifier: MIT
#include "ingest/scan.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ingest/scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace funnel::ingest::detail::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// One bit per byte of 64 bytes of text.
struct Bits {
    std::uint64_t separators, line_ends, quotes, zeros, high;
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

    /// Bytes >= 0x80 set the sign; zeros are found by the smallest byte.
    static void note_odd_bytes(const char* text, std::size_t size, RowIndex& index) {
        const D d;
        auto all = hn::Zero(d);
        auto least = hn::Set(d, std::uint8_t{0xFF});
        const std::size_t lanes = hn::Lanes(d);
        std::size_t i = 0;
        for (; i + lanes <= size; i += lanes) {
            const auto bytes = hn::LoadU(d, reinterpret_cast<const std::uint8_t*>(text) + i);
            all = hn::Or(all, bytes);
            least = hn::Min(least, bytes);
        }
        const hn::RebindToSigned<D> s;
        index.high_bytes = !hn::AllFalse(s, hn::Lt(hn::BitCast(s, all), hn::Zero(s)));
        index.zero_bytes = !hn::AllFalse(d, hn::Eq(least, hn::Zero(d)));
        for (; i < size; ++i) {
            index.high_bytes |= text[i] < 0;
            index.zero_bytes |= text[i] == 0;
        }
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

template <bool kQuoted>
void scan(const char* text, std::size_t size, char delimiter, RowIndex& index) {
    const Classifier classifier(delimiter);
    std::uint32_t* const separators = index.buffer.data() + 1;
    std::uint32_t* const row_ends = index.row_ends.data();
    std::uint32_t count = 0, rows = 0, quotes = 0;
    std::uint64_t carry = 0;
    for (std::size_t base = 0; base < size; base += 64) {
        Bits bits = classifier.classify<kQuoted>(text + base);
        if (base + 64 > size) {
            const std::uint64_t valid = (std::uint64_t{1} << (size - base)) - 1;
            bits.separators &= valid;
            bits.line_ends &= valid;
            bits.quotes &= valid;
        }
        if constexpr (kQuoted) {
            const std::uint64_t inside = prefix_xor(bits.quotes) ^ carry;
            carry = quote_carry(inside);
            bits.separators &= ~inside;
            bits.line_ends &= ~inside;
        }
        for (std::uint64_t ends = bits.line_ends; ends != 0; ends &= ends - 1) {
            const std::uint64_t before = (ends & (0 - ends)) - 1;
            row_ends[rows] = count + static_cast<std::uint32_t>(std::popcount(bits.separators & before));
            if constexpr (kQuoted) {
                index.quotes[rows] = quotes + static_cast<std::uint32_t>(std::popcount(bits.quotes & before));
            }
            ++rows;
        }
        if constexpr (kQuoted) quotes += static_cast<std::uint32_t>(std::popcount(bits.quotes));
        const auto found = static_cast<std::uint32_t>(std::popcount(bits.separators));
        // Eight stores without a look at the count are cheaper than a branch per separator.
        std::uint64_t rest = bits.separators;
        for (std::uint32_t done = 0; done < found; done += 8) {
            for (std::uint32_t i = 0; i < 8; ++i) {
                separators[count + done + i] =
                    static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(std::countr_zero(rest));
                rest &= rest - 1;
            }
        }
        count += found;
    }
    index.rows = rows;
    Classifier::note_odd_bytes(text, size, index);
}

void scan_plain(const char* text, std::size_t size, char delimiter, RowIndex& index) {
    scan<false>(text, size, delimiter, index);
}

void scan_quoted(const char* text, std::size_t size, char delimiter, RowIndex& index) {
    scan<true>(text, size, delimiter, index);
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

}  // namespace funnel::ingest::detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace funnel::ingest::detail {

HWY_EXPORT(scan_plain);
HWY_EXPORT(scan_quoted);
HWY_EXPORT(open_line_end);
HWY_EXPORT(line_ends);

void scan_rows(const char* text, std::size_t size, char delimiter, bool quoted, RowIndex& index) {
    // Up to 8 separators are written past the last one.
    if (index.buffer.size() < size + 9) {
        index.buffer.resize(size + 9);
        index.buffer[0] = static_cast<std::uint32_t>(-1);
        index.row_ends.resize(size + 1);
    }
    if (quoted && index.quotes.size() < index.row_ends.size()) index.quotes.resize(index.row_ends.size());
    if (quoted) {
        HWY_DYNAMIC_DISPATCH(scan_quoted)(text, size, delimiter, index);
    } else {
        HWY_DYNAMIC_DISPATCH(scan_plain)(text, size, delimiter, index);
    }
}

std::size_t find_open_line_end(const char* text, std::size_t size) {
    return HWY_DYNAMIC_DISPATCH(open_line_end)(text, size);
}

std::size_t count_line_ends(const char* text, std::size_t size) {
    return HWY_DYNAMIC_DISPATCH(line_ends)(text, size);
}

}  // namespace funnel::ingest::detail
#endif
