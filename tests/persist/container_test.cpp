// SPDX-License-Identifier: MIT
#include "funnel/persist/container.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/persist/model_file.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::persist {
namespace {

using Bytes = std::vector<char>;
using Sections = std::vector<Section>;

Bytes bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

Sections sample() {
    return {{"schema", bytes_of("{}")}, {"empty", {}}, {"net", bytes_of("weights and biases")}};
}

Sections owned(std::span<const SectionView> views) {
    Sections sections;
    for (const SectionView& view : views)
        sections.push_back({view.name, {view.bytes.begin(), view.bytes.end()}});
    return sections;
}

Sections round_trip(const Sections& sections) {
    const Bytes bytes = encode_container(sections);
    return owned(decode_container(bytes));
}

Sections read_all(const std::string& path, std::uint64_t size_limit = kDefaultSizeLimit) {
    Sections sections;
    const auto take = [&](const std::string& name, base::ByteReader& in) {
        sections.push_back({name, Bytes(static_cast<std::size_t>(in.remaining()))});
        in.values(std::span(sections.back().bytes));
    };
    read_container(path, take, size_limit);
    return sections;
}

/// The code of the error that `body` ends in, or empty.
std::optional<ErrorCode> error_of(const auto& body, std::string* message = nullptr) {
    try {
        body();
    } catch (const Error& error) {
        if (message != nullptr) *message = error.what();
        return error.code();
    }
    return std::nullopt;
}

std::optional<ErrorCode> decoding(const Bytes& bytes, std::string* message = nullptr) {
    return error_of([&] { (void)decode_container(bytes); }, message);
}

template <typename T>
void put(Bytes& bytes, std::size_t at, T value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

TEST(Container, GivesBackWhatWasPutIn) {
    const std::vector<Sections> cases{{}, sample(), {{"0123456789abcdef", Bytes(100'000, 'x')}}};
    for (const Sections& sections : cases)
        EXPECT_TRUE(round_trip(sections) == sections);
}

TEST(Container, IsLaidOutAsDocumented) {
    // docs/binary_format.md, written out by hand; the checksum by calling libxxhash from Python.
    const Bytes bytes = encode_container(Sections{{"ab", bytes_of("xyz")}});
    const char expected[] =
        "FUNNELM\0"
        "\x02\0\0\0"
        "\x01\0\0\0"
        "\x4b\0\0\0\0\0\0\0"
        "ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\x38\0\0\0\0\0\0\0"
        "\x03\0\0\0\0\0\0\0"
        "xyz"
        "\x5c\x93\x2d\x08\x10\xb2\x19\x18\x10\xdb\x1f\x2b\x7f\xbb\x14\x1a";
    EXPECT_EQ(bytes, Bytes(expected, expected + sizeof expected - 1));
}

TEST(Container, TheFirstVersionIsRead) {
    const char old[] =
        "FUNNELM\0"
        "\x01\0\0\0"
        "\x01\0\0\0"
        "\x4b\0\0\0\0\0\0\0"
        "ab\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\x38\0\0\0\0\0\0\0"
        "\x03\0\0\0\0\0\0\0"
        "xyz"
        "\xc2\x24\xf2\xf7\x9f\x9d\x61\x53\x68\x60\x5c\x3a\x68\x83\xc5\xd5";
    const Bytes bytes(old, old + sizeof old - 1);
    EXPECT_TRUE(owned(decode_container(bytes)) == (Sections{{"ab", bytes_of("xyz")}}));
}

TEST(Container, RefusesBadNames) {
    for (const char* name : {"", "01234567890123456", "Upper", "with space", "nul\xff"}) {
        EXPECT_EQ(error_of([&] {
                      (void)encode_container(Sections{{name, {}}});
                  }),
                  ErrorCode::invalid_argument);
    }
    EXPECT_EQ(error_of([&] {
                  (void)encode_container(Sections{{"a", {}}, {"a", {}}});
              }),
              ErrorCode::invalid_argument);
    Sections many(1025);
    for (std::size_t i = 0; i < many.size(); ++i)
        many[i].name = std::to_string(i);
    EXPECT_EQ(error_of([&] { (void)encode_container(many); }), ErrorCode::invalid_argument);
    many.pop_back();
    EXPECT_TRUE(round_trip(many) == many);
}

TEST(Container, EveryCutIsFound) {
    const Bytes whole = encode_container(sample());
    ASSERT_FALSE(whole.empty());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_EQ(decoding(cut), ErrorCode::format) << size;
    }
}

TEST(Container, EveryFlippedBitIsFound) {
    Bytes bytes = encode_container(sample());
    ASSERT_FALSE(bytes.empty());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            const char before = bytes[i];
            bytes[i] = static_cast<char>(before ^ (1 << bit));
            EXPECT_TRUE(decoding(bytes)) << "byte " << i << " bit " << bit;
            bytes[i] = before;
        }
    }
    EXPECT_FALSE(decoding(bytes));
}

TEST(Container, AddedRemovedAndDoubledBytesAreFound) {
    const Bytes whole = encode_container(sample());
    for (std::size_t i = 0; i <= whole.size(); ++i) {
        const auto at = static_cast<std::ptrdiff_t>(i);
        Bytes longer = whole, shorter = whole;
        longer.insert(longer.begin() + at, '\0');
        EXPECT_TRUE(decoding(longer)) << i;
        if (i == whole.size()) break;
        shorter.erase(shorter.begin() + at);
        EXPECT_TRUE(decoding(shorter)) << i;
    }
    Bytes twice = whole;
    twice.insert(twice.end(), whole.begin(), whole.end());
    EXPECT_EQ(decoding(twice), ErrorCode::format);
}

TEST(Container, HugeNumbersCostNothing) {
    const Bytes whole = encode_container(sample());
    for (const std::uint64_t huge : {std::uint64_t{1} << 31, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
        for (const std::size_t at :
             {16u, 40u, 48u, 72u, 80u}) {  // file size; offset and size of two sections
            Bytes bytes = whole;
            put(bytes, at, huge);
            EXPECT_EQ(decoding(bytes), ErrorCode::format) << at;
        }
        Bytes bytes = whole;
        put(bytes, 12, static_cast<std::uint32_t>(huge >> 16));  // number of sections
        EXPECT_TRUE(decoding(bytes));
    }
}

TEST(Container, NewerVersionIsNamed) {
    Bytes bytes = encode_container(sample());
    put(bytes, 8, std::uint32_t{7});
    std::string message;
    EXPECT_EQ(decoding(bytes, &message), ErrorCode::unsupported);
    EXPECT_NE(message.find("version 7"), std::string::npos) << message;
    EXPECT_NE(message.find("up to 2"), std::string::npos) << message;
    put(bytes, 8, std::uint32_t{0});
    EXPECT_EQ(decoding(bytes), ErrorCode::format);
}

TEST(Container, OtherFilesAreNotModels) {
    const support::TemporaryFolder folder;
    for (const std::string& text :
         {std::string(), std::string("event_time,event_type\n"), std::string("{\"a\":1}"),
          std::string(100'000, '['), std::string(1000, '\0'), std::string("FUN")}) {
        const std::string path = folder.write("model", text);
        std::string message;
        EXPECT_EQ(error_of([&] { (void)read_all(path); }, &message), ErrorCode::format);
        EXPECT_TRUE(message.starts_with(path + ": ")) << message;
        EXPECT_NE(message.find("funnel model"), std::string::npos) << message;
    }
    for (const std::string& path : {folder.path(), std::string("/dev/zero"), std::string("/dev/null")}) {
        EXPECT_EQ(error_of([&] { (void)read_all(path); }), ErrorCode::format) << path;
    }
}

TEST(Container, MissingFileIsAnErrorOfReading) {
    std::string message;
    EXPECT_EQ(error_of([] { (void)read_all("/nonexistent/model"); }, &message), ErrorCode::io);
    EXPECT_TRUE(message.starts_with("/nonexistent/model: ")) << message;
}

TEST(Container, FileHoldsWhatMemoryHolds) {
    const support::TemporaryFolder folder;
    Sections sections = sample();
    sections.push_back({"large", Bytes(3'000'000, 'l')});
    save_container(folder.path("model"), sections);
    EXPECT_TRUE(bytes_of(folder.read("model")) == encode_container(sections));
    EXPECT_TRUE(read_all(folder.path("model")) == sections);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"model"});
}

TEST(Container, FailedSaveLeavesTheOldFile) {
    const support::TemporaryFolder folder;
    folder.write("model", "old");
    EXPECT_TRUE(error_of([&] { save_container(folder.path("model"), Sections{{"BAD", {}}}); }));
    EXPECT_EQ(folder.read("model"), "old");
    EXPECT_EQ(folder.names(), std::vector<std::string>{"model"});
}

TEST(Container, LimitOfSizeIsHeld) {
    const support::TemporaryFolder folder;
    save_container(folder.path("model"), sample());
    const auto size = std::filesystem::file_size(folder.path("model"));
    EXPECT_FALSE(error_of([&] { (void)read_all(folder.path("model"), size); }));
    EXPECT_EQ(error_of([&] { (void)read_all(folder.path("model"), size - 1); }), ErrorCode::memory);
}

TEST(Container, OfAFileIsRefusedWithAnyChangedByte) {
    const support::TemporaryFolder folder;
    const Bytes whole = encode_container(sample());
    ASSERT_GT(whole.size(), 24u);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        Bytes bytes = whole;
        bytes[i] = static_cast<char>(bytes[i] ^ 1);
        const std::string path = folder.write("model", {bytes.data(), bytes.size()});
        std::string message;
        EXPECT_TRUE(error_of([&] { (void)read_all(path); }, &message)) << i;
        if (i >= 24) {  // behind the header
            EXPECT_NE(message.find("its checksum is wrong"), std::string::npos) << i << ": " << message;
        }
    }
}

TEST(Container, CanBeReadFromAPipe) {
    Bytes bytes = encode_container(Sections{{"large", Bytes(1'000'000, 'l')}});
    const auto load_from_pipe = [](const Bytes& sent) {
        int ends[2];
        if (pipe(ends) != 0) throw std::runtime_error("no pipe");
        std::thread writer([&] {
            for (std::size_t i = 0; i < sent.size();) {
                const ssize_t n = write(ends[1], sent.data() + i, sent.size() - i);
                if (n <= 0) break;
                i += static_cast<std::size_t>(n);
            }
            close(ends[1]);
        });
        const auto error = error_of([&] { (void)read_all("/dev/fd/" + std::to_string(ends[0])); });
        writer.join();
        close(ends[0]);
        return error;
    };
    EXPECT_EQ(load_from_pipe(bytes), std::nullopt);
    bytes.resize(bytes.size() / 2);
    EXPECT_EQ(load_from_pipe(bytes), ErrorCode::format);
    put(bytes, 16, ~std::uint64_t{0});
    bytes.resize(24);
    EXPECT_EQ(load_from_pipe(bytes), ErrorCode::memory);
}

TEST(Container, MissingSectionIsDamage) {
    const support::TemporaryFolder folder;
    save_container(folder.path("model"), sample());
    std::string message;
    EXPECT_EQ(error_of([&] { (void)load_state(folder.path("model")); }, &message), ErrorCode::format);
    EXPECT_NE(message.find("\"history\" is missing"), std::string::npos) << message;
}

TEST(Container, WhatATakerLeavesIsPassedOver) {
    const support::TemporaryFolder folder;
    const Sections sections{
        {"large", Bytes(300'000, 'l')}, {"skipped", Bytes(200'000, 's')}, {"end", bytes_of("e")}};
    save_container(folder.path("model"), sections);
    std::string firsts;
    read_container(folder.path("model"), [&](const std::string& name, base::ByteReader& in) {
        if (name != "skipped") firsts += in.value<char>();
    });
    EXPECT_EQ(firsts, "le");
}

TEST(Container, AWrongChecksumIsTheReasonWhateverTheTakerFinds) {
    const support::TemporaryFolder folder;
    const TakeSection refuse = [](const std::string& name, base::ByteReader& in) {
        if (name == "net" && in.value<char>() != 'w') throw Error(ErrorCode::format, "damaged: the net");
    };
    const auto message_of = [&](const Bytes& bytes) {
        const std::string path = folder.write("model", {bytes.data(), bytes.size()});
        std::string message;
        EXPECT_EQ(error_of([&] { read_container(path, refuse); }, &message), ErrorCode::format);
        return message;
    };
    const Sections wrong{{"net", bytes_of("another thing")}, {"large", Bytes(100'000, 'l')}};
    EXPECT_TRUE(message_of(encode_container(wrong)).ends_with("damaged: the net"));
    Bytes damaged = encode_container({{{"net", bytes_of("weights")}, {"large", Bytes(100'000, 'l')}}});
    *std::ranges::find(damaged, 'w') = 'v';
    EXPECT_NE(message_of(damaged).find("its checksum is wrong"), std::string::npos);
}

TEST(Container, AWrongChecksumIsTheReasonOfMissingMemory) {
    const support::TemporaryFolder folder;
    const TakeSection take = [](const std::string&, base::ByteReader&) { throw std::bad_alloc(); };
    Bytes bytes = encode_container(sample());
    const std::string path = folder.write("model", {bytes.data(), bytes.size()});
    EXPECT_THROW(read_container(path, take), std::bad_alloc);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    folder.write("model", {bytes.data(), bytes.size()});
    EXPECT_EQ(error_of([&] { read_container(path, take); }), ErrorCode::format);
}

TEST(Container, AFileThatIsCutWhileItIsReadSaysSo) {
    const support::TemporaryFolder folder;
    save_container(folder.path("model"),
                   Sections{{"first", bytes_of("1")}, {"large", Bytes(3'000'000, 'l')}});
    const TakeSection take = [&](const std::string& name, base::ByteReader& in) {
        if (name == "first") std::filesystem::resize_file(folder.path("model"), 1'000'000);
        Bytes bytes(static_cast<std::size_t>(in.remaining()));
        try {
            in.values(std::span(bytes));
        } catch (const Error&) {
            throw Error(ErrorCode::format, "damaged: something else");  // as some readers do
        }
    };
    std::string message;
    EXPECT_EQ(error_of([&] { read_container(folder.path("model"), take); }, &message), ErrorCode::format);
    EXPECT_NE(message.find("more or fewer bytes"), std::string::npos) << message;
}

TEST(Container, ACountOfNetsAsLargeAsTheFileIsRefusedAtTheFirstOne) {
    const support::TemporaryFolder folder;
    Bytes nets(50'000'000);
    put(nets, 0, std::uint64_t{nets.size() - 8});
    save_container(folder.path("model"), Sections{{"nets", nets}});
    struct rusage before {
    }, after{};
    getrusage(RUSAGE_SELF, &before);
    EXPECT_EQ(error_of([&] { (void)load_model(folder.path("model")); }), ErrorCode::format);
    getrusage(RUSAGE_SELF, &after);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 100'000);  // KiB; 50 million nets would be 8 GB
}

}  // namespace
}  // namespace funnel::persist
