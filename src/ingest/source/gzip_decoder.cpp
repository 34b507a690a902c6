// SPDX-License-Identifier: MIT
// gzip through ISA-L's igzip.
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "funnel/base/error.hpp"
#include "ingest/source/text_source.hpp"

namespace funnel::ingest::detail {
namespace {

// igzip may hand back up to 8 bytes that it took ahead of a member's end. They may lie in the input before
// the last refill, so the tail of the old input stays in front of the new.
constexpr std::size_t kKeptBytes = 16;

class GzipDecoder final : public Decoder {
 public:
    GzipDecoder(ByteSource& source, std::size_t input_bytes)
        : source_(source), input_(kKeptBytes + std::max<std::size_t>(input_bytes, kKeptBytes)) {
        isal_inflate_init(&state_);
        start_member();
        state_.next_in = begin();
    }

    std::size_t read(std::span<char> out) override;

 private:
    std::uint8_t* begin() { return reinterpret_cast<std::uint8_t*>(input_.data()) + kKeptBytes; }
    void start_member();
    void refill();
    bool next_member();
    void read_header();
    void inflate();
    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorCode::parse, source_.name() + ": " + what + "; fetch or pack the file again");
    }

    ByteSource& source_;
    std::vector<char> input_;
    inflate_state state_{};
    isal_gzip_header header_{};
    bool in_header_ = true;
    bool member_ended_ = false;
    bool input_ended_ = false;
};

void GzipDecoder::start_member() {
    isal_inflate_reset(&state_);
    state_.crc_flag = ISAL_GZIP_NO_HDR_VER;
    isal_gzip_header_init(&header_);
    in_header_ = true;
    member_ended_ = false;
}

/// Called when all input is used up.
void GzipDecoder::refill() {
    std::memmove(input_.data(), reinterpret_cast<char*>(state_.next_in) - kKeptBytes, kKeptBytes);
    const std::size_t got = source_.read(std::span(input_).subspan(kKeptBytes));
    state_.next_in = begin();
    state_.avail_in = static_cast<std::uint32_t>(got);
    input_ended_ = got == 0;
}

/// False at the end of the file.
bool GzipDecoder::next_member() {
    if (state_.avail_in == 0) refill();
    if (input_ended_) return false;
    if (*state_.next_in != 0x1F)
        fail("expected another gzip member or the end, got other bytes behind the gzip data");
    start_member();
    return true;
}

/// Apart from the data: isal_inflate would forget between its calls which options a header has, and refuse
/// one that comes in pieces.
void GzipDecoder::read_header() {
    switch (isal_read_gzip_header(&state_, &header_)) {
        case ISAL_DECOMP_OK:
            in_header_ = false;
            break;
        case ISAL_END_INPUT:
            break;
        case ISAL_INCORRECT_CHECKSUM:
            fail("expected an intact gzip header, got a wrong checksum");
        default:
            fail("expected gzip data, got a header that is damaged");
    }
}

void GzipDecoder::inflate() {
    switch (isal_inflate(&state_)) {
        case ISAL_DECOMP_OK:
        case ISAL_END_INPUT:
            break;
        case ISAL_INCORRECT_CHECKSUM:
            fail("expected intact gzip data, got a wrong checksum or length");
        default:
            fail("expected gzip data, got bytes that are damaged");
    }
    member_ended_ = state_.block_state == ISAL_BLOCK_FINISH;
}

std::size_t GzipDecoder::read(std::span<char> out) {
    std::size_t done = 0;
    while (done < out.size()) {
        if (member_ended_ && !next_member()) break;
        if (state_.avail_in == 0 && !input_ended_) refill();
        if (in_header_) {
            if (input_ended_) fail("expected the whole gzip file, got one that ends too early");
            read_header();
            continue;
        }
        const auto room = std::min<std::size_t>(out.size() - done, std::numeric_limits<std::int32_t>::max());
        state_.next_out = reinterpret_cast<std::uint8_t*>(out.data() + done);
        state_.avail_out = static_cast<std::uint32_t>(room);
        inflate();
        const std::size_t got = room - state_.avail_out;
        done += got;
        if (got == 0 && !member_ended_ && input_ended_)
            fail("expected the whole gzip file, got one that ends too early");
    }
    return done;
}

}  // namespace

std::unique_ptr<Decoder> make_gzip_decoder(ByteSource& source, std::size_t input_bytes) {
    return std::make_unique<GzipDecoder>(source, input_bytes);
}

}  // namespace funnel::ingest::detail
