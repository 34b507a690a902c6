// SPDX-License-Identifier: MIT
#include "funnel/files/output.hpp"

#include <gtest/gtest.h>
#include <isa-l/igzip_lib.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "funnel/base/random.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::files {
namespace {

/// The text of one gzip member that fills `packed` to its end, with its checksum verified.
std::string gunzip(std::string packed, std::size_t size) {
    std::string text(size + 1, '\0');
    inflate_state state;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    state.next_in = reinterpret_cast<std::uint8_t*>(packed.data());
    state.avail_in = static_cast<std::uint32_t>(packed.size());
    state.next_out = reinterpret_cast<std::uint8_t*>(text.data());
    state.avail_out = static_cast<std::uint32_t>(text.size());
    if (isal_inflate(&state) != ISAL_DECOMP_OK || state.block_state != ISAL_BLOCK_FINISH ||
        state.avail_in != 0) {
        throw std::runtime_error("not one whole gzip member");
    }
    text.resize(state.total_out);
    return text;
}

std::string numbers(std::size_t lines) {
    Rng rng(1);
    std::string text;
    for (std::size_t i = 0; i < lines; ++i)
        text += std::to_string(rng.next()) + '\n';
    return text;
}

TEST(Output, PlainNameHoldsTheTextAsItIs) {
    const support::TemporaryFolder folder;
    Output out(folder.path("log.csv"));
    out.append("a,b\n");
    out.append("1,2\n");
    out.commit();
    EXPECT_EQ(folder.read("log.csv"), "a,b\n1,2\n");
}

TEST(Output, NameWithGzIsPacked) {
    const support::TemporaryFolder folder;
    for (const std::size_t lines : {0u, 1u, 100'000u}) {
        const std::string text = numbers(lines);
        Output out(folder.path("log.csv.gz"));
        for (std::size_t i = 0; i < text.size(); i += 7919)
            out.append(std::string_view(text).substr(i, 7919));
        out.commit();
        const std::string packed = folder.read("log.csv.gz");
        EXPECT_TRUE(gunzip(packed, text.size()) == text);
        if (lines < 2) continue;
        EXPECT_LT(packed.size(), text.size() * 6 / 10);  // digits hold 3.3 of 8 bits
    }
}

TEST(Output, BytesDoNotDependOnThePieces) {
    const support::TemporaryFolder folder;
    const std::string text = numbers(100'000);
    std::string before;
    for (const std::size_t size : {std::size_t{997}, std::size_t{262'144}, text.size()}) {
        Output out(folder.path("log.csv.gz"));
        for (std::size_t i = 0; i < text.size(); i += size)
            out.append(std::string_view(text).substr(i, size));
        out.commit();
        const std::string packed = folder.read("log.csv.gz");
        EXPECT_TRUE(before.empty() || packed == before) << size;
        before = packed;
    }
}

TEST(Output, HeaderHoldsNeitherTimeNorName) {
    const support::TemporaryFolder folder;
    Output out(folder.path("log.csv.gz"));
    out.append("text");
    out.commit();
    const std::string packed = folder.read("log.csv.gz");
    EXPECT_EQ(packed.substr(0, 8), std::string("\x1f\x8b\x08\0\0\0\0\0", 8));
}

TEST(Output, WithoutCommitThereIsNoFile) {
    const support::TemporaryFolder folder;
    {
        Output out(folder.path("log.csv.gz"));
        out.append("text");
    }
    EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace funnel::files
