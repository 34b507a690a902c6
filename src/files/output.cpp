// SPDX-License-Identifier: MIT
#include "funnel/files/output.hpp"

#include <isa-l/igzip_lib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"

namespace funnel::files {

struct Output::Packer {
    // What comes out depends on the sizes of what goes in, so it goes in by blocks of one size.
    static constexpr std::size_t kBlock = 1u << 18;
    // On event logs level 2 is 1 % smaller and a third slower, level 3 is 5 % smaller and four times slower.
    static constexpr std::uint32_t kLevel = 1;

    isal_zstream stream{};
    std::vector<std::uint8_t> work = std::vector<std::uint8_t>(ISAL_DEF_LVL1_DEFAULT);
    std::vector<char> packed = std::vector<char>(1u << 17);
    std::string block;

    Packer() {
        isal_deflate_init(&stream);
        stream.level = kLevel;
        stream.level_buf = work.data();
        stream.level_buf_size = static_cast<std::uint32_t>(work.size());
        stream.gzip_flag = IGZIP_GZIP;
        block.reserve(kBlock);
    }

    void append(std::string_view bytes, AtomicFile& file) {
        while (!bytes.empty()) {
            const std::string_view piece = bytes.substr(0, kBlock - block.size());
            block += piece;
            bytes.remove_prefix(piece.size());
            if (block.size() == kBlock) {
                pack(block, false, file);
                block.clear();
            }
        }
    }

    void finish(AtomicFile& file) { pack(block, true, file); }

 private:
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
    if (packer_) {
        packer_->append(bytes, file_);
    } else {
        file_.append(bytes);
    }
}

void Output::commit() {
    if (packer_) packer_->finish(file_);
    file_.commit();
}

}  // namespace funnel::files
