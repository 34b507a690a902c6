// SPDX-License-Identifier: MIT
// gzip and zstd of a text, for tests that read packed files. Link PkgConfig::ISAL and PkgConfig::ZSTD.
#pragma once

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace funnel::support {

/// One gzip member.
[[nodiscard]] inline std::string gzip(std::string_view text) {
    std::string in(text), out(text.size() + text.size() / 8 + 4096, '\0');
    isal_zstream stream;
    isal_deflate_stateless_init(&stream);
    stream.gzip_flag = IGZIP_GZIP;
    stream.end_of_stream = 1;
    stream.next_in = reinterpret_cast<std::uint8_t*>(in.data());
    stream.avail_in = static_cast<std::uint32_t>(in.size());
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream.avail_out = static_cast<std::uint32_t>(out.size());
    if (isal_deflate_stateless(&stream) != COMP_OK) throw std::runtime_error("gzip failed");
    out.resize(stream.total_out);
    return out;
}

/// One zstd frame.
[[nodiscard]] inline std::string zstd(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
    if (ZSTD_isError(size) != 0) throw std::runtime_error("zstd failed");
    out.resize(size);
    return out;
}

}  // namespace funnel::support
