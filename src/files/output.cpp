// SPDX-License-Identifier: MIT
#include "funnel/files/output.hpp"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "funnel/base/error.hpp"

namespace funnel::files {

struct Output::Packer {
    static constexpr std::uint32_t kLevel = 2;

    isal_zstream stream{};
    std::vector<std::uint8_t> work = std::vector<std::uint8_t>(ISAL_DEF_LVL2_DEFAULT);
    std::vector<char> packed = std::vector<char>(1u << 17);

    Packer() {
        isal_deflate_init(&stream);
        stream.level = kLevel;
        stream.level_buf = work.data();
        stream.level_buf_size = static_cast<std::uint32_t>(work.size());
        stream.gzip_flag = IGZIP_GZIP;
    }

    void pack(std::string_view bytes, bool last, AtomicFile& file) {
        // The C interface takes a pointer to mutable bytes and does not write to them.
        stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
        stream.avail_in = static_cast<std::uint32_t>(bytes.size());
        stream.end_of_stream = last ? 1 : 0;
        do {
            stream.next_out = reinterpret_cast<std::uint8_t*>(packed.data());
            stream.avail_out = static_cast<std::uint32_t>(packed.size());
            if (isal_deflate(&stream) != COMP_OK) throw Error(ErrorCode::internal, "gzip: cannot compress");
            file.append({packed.data(), packed.size() - stream.avail_out});
        } while (stream.avail_out == 0);
    }
};

Output::Output(const std::string& path) : file_(path) {
    if (path.ends_with(".gz")) packer_ = std::make_unique<Packer>();
}

Output::~Output() = default;
Output::Output(Output&&) noexcept = default;
Output& Output::operator=(Output&&) noexcept = default;

void Output::append(std::string_view bytes) {
    if (!packer_) {
        file_.append(bytes);
        return;
    }
    constexpr std::size_t kPiece =
        std::numeric_limits<std::uint32_t>::max() / 2;  // the interface counts in 32 bits
    for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) {
        packer_->pack(bytes.substr(0, kPiece), false, file_);
    }
}

void Output::commit() {
    if (packer_) packer_->pack({}, true, file_);
    file_.commit();
}

}  // namespace funnel::files
