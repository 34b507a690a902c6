// SPDX-License-Identifier: MIT
#include <zstd.h>

#include <algorithm>
#include <vector>

#include "funnel/base/error.hpp"
#include "ingest/source/text_source.hpp"

namespace funnel::ingest::detail {
namespace {

struct FreeStream {
    void operator()(ZSTD_DStream* stream) const noexcept { ZSTD_freeDStream(stream); }
};

class ZstdDecoder final : public Decoder {
 public:
    ZstdDecoder(ByteSource& source, std::size_t input_bytes)
        : source_(source), input_(std::max<std::size_t>(input_bytes, 1)), stream_(ZSTD_createDStream()) {
        if (!stream_) throw Error(ErrorCode::memory, source.name() + ": no memory to unpack zstd");
    }

    std::size_t read(std::span<char> out) override;

 private:
    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorCode::parse, source_.name() + ": " + what + "; fetch or pack the file again");
    }

    ByteSource& source_;
    std::vector<char> input_;
    std::unique_ptr<ZSTD_DStream, FreeStream> stream_;
    ZSTD_inBuffer in_{nullptr, 0, 0};
    bool frame_ended_ = true;
};

std::size_t ZstdDecoder::read(std::span<char> out) {
    ZSTD_outBuffer text{out.data(), out.size(), 0};
    while (text.pos < text.size) {
        bool input_ended = false;
        if (in_.pos == in_.size) {
            in_ = {input_.data(), source_.read(input_), 0};
            input_ended = in_.size == 0;
            if (input_ended && frame_ended_) break;
        }
        const std::size_t before = text.pos;
        const std::size_t rest = ZSTD_decompressStream(stream_.get(), &text, &in_);
        if (ZSTD_isError(rest)) {
            fail("expected intact zstd data, got an error (" + std::string(ZSTD_getErrorName(rest)) + ")");
        }
        frame_ended_ = rest == 0;
        // Without input the decoder may still hold text; when none comes out either, the frame was cut.
        if (input_ended && !frame_ended_ && text.pos == before) {
            fail("expected the whole zstd file, got one that ends too early");
        }
    }
    return text.pos;
}

}  // namespace

std::unique_ptr<Decoder> make_zstd_decoder(ByteSource& source, std::size_t input_bytes) {
    return std::make_unique<ZstdDecoder>(source, input_bytes);
}

}  // namespace funnel::ingest::detail
