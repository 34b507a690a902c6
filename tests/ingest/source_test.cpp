// SPDX-License-Identifier: MIT
// Packed input, pipes, and what is not a log at all.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "funnel/base/random.hpp"
#include "ingest/log_file.hpp"
#include "support/compress.hpp"

namespace funnel::ingest {
namespace {

using Gzip = LogFile;
using Zstd = LogFile;
using Source = LogFile;

std::string some_log(std::size_t rows, std::uint64_t seed = 1) {
    Rng random(seed);
    std::string text = "event_time,event_type,user_id,item_id\n";
    for (std::size_t i = 0; i < rows; ++i)
        text += std::to_string(1'500'000'000 + i) + ",view,u" + std::to_string(random.below(1000)) + ",i" +
                std::to_string(random.below(1'000'000)) + "\n";
    return text;
}

/// A gzip member whose header has an extra field, a name, a comment and a checksum of itself (RFC 1952).
std::string with_header_options(const std::string& member) {
    std::string header = member.substr(0, 10);
    header[3] = 4 | 8 | 16;
    return header + std::string("\x05\x00hello", 7) + std::string("name.csv\0", 9) +
           std::string("why not\0", 8) + member.substr(10);
}

TEST_F(Gzip, ReadsManyMembersCutInsideLines) {
    const std::string text = some_log(500);
    std::string packed;
    Rng random(3);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = random.below(400);  // empty members too
        packed += support::gzip(text.substr(at, size));
        at += std::min(size, text.size() - at);
    }
    const std::string path = write(packed, "log.csv");  // the name says nothing
    for (const std::size_t input : {1u, 2u, 3u, 7u, 16u, 64u, 1u << 18}) {
        const detail::Tuning tuning{.block_bytes = 100, .window_bytes = 64, .input_bytes = input};
        EXPECT_EQ(users_and_items(detail::read_log(std::vector{path}, with_threads(2), tuning)),
                  users_and_items(read(text)))
            << input;
    }
}

TEST_F(Gzip, ReadsHeaderOptions) {
    const std::string packed = with_header_options(support::gzip(some_log(20)));
    for (const std::size_t input : {1u, 5u, 1u << 18}) {
        const ReadResult result =
            detail::read_log(std::vector{write(packed + packed.substr(0, 0))}, {},
                             detail::Tuning{.block_bytes = 1000, .window_bytes = 100, .input_bytes = input});
        EXPECT_EQ(result.log.size(), 20u);
    }
}

TEST_F(Gzip, MayHoldNothing) {
    EXPECT_NE(failure(support::gzip("")).find("the file is empty"), std::string::npos);
}

TEST_F(Gzip, IsRefusedWhereverItIsCut) {
    const std::string packed = support::gzip(some_log(30));
    for (std::size_t size = 2; size < packed.size(); ++size) {
        EXPECT_NE(failure(packed.substr(0, size)), "") << size;
        EXPECT_EQ(code_, ErrorCode::parse) << size;
    }
}

TEST_F(Gzip, IsRefusedWithAWrongChecksumOrLength) {
    const std::string packed = support::gzip(some_log(30));
    for (std::size_t back = 1; back <= 8; ++back) {
        std::string damaged = packed;
        damaged[damaged.size() - back] ^= 0x10;
        EXPECT_NE(failure(damaged).find("wrong checksum or length"), std::string::npos) << back;
        EXPECT_NE(failure(damaged + packed).find("wrong checksum or length"), std::string::npos) << back;
    }
}

TEST_F(Gzip, IsRefusedWithBytesBehindIt) {
    const std::string packed = support::gzip(some_log(30));
    for (const std::string& tail : {std::string("x"), std::string("\0\0\0\0", 4), std::string("plain text\n"),
                                    std::string("\x1F"), std::string("\x1F\x8B")}) {
        EXPECT_NE(failure(packed + tail), "");
    }
}

TEST_F(Gzip, IsNeverMoreThanSomeBlocksInMemory) {
    const std::string bomb = support::gzip(std::string(64u << 20, 'x'));
    EXPECT_NE(failure(bomb).find("a record of at most 1048576 bytes"), std::string::npos);
}

TEST_F(Zstd, ReadsManyFramesAndRefusesCutOnes) {
    const std::string text = some_log(500), half = text.substr(0, text.size() / 2 + 3);
    const std::string packed =
        support::zstd(half) + support::zstd("") + support::zstd(text.substr(half.size()));
    for (const std::size_t input : {1u, 5u, 1u << 18}) {
        const detail::Tuning tuning{.block_bytes = 100, .window_bytes = 64, .input_bytes = input};
        EXPECT_EQ(users_and_items(detail::read_log(std::vector{write(packed)}, with_threads(2), tuning)),
                  users_and_items(read(text)));
    }
    const std::string one = support::zstd(some_log(30));
    for (std::size_t size = 4; size < one.size(); ++size) {
        EXPECT_NE(failure(one.substr(0, size)), "") << size;
        EXPECT_EQ(code_, ErrorCode::parse) << size;
    }
    EXPECT_NE(failure(one + "tail").find("zstd"), std::string::npos);
}

TEST_F(Source, KnowsAPlainFileByItsContent) {
    EXPECT_EQ(read_log(std::vector{write(some_log(10), "plain.gz")}, {}).log.size(), 10u);
}

TEST_F(Source, NamesWhatIsNotCsv) {
    const std::pair<std::string, std::string> cases[] = {
        {std::string("PK\x03\x04\x14\0\x06\0[Content_Types].xml", 27), "an xlsx file"},
        {std::string("PK\x03\x04\x14\0\x06\0log.csv", 15), "a zip file"},
        {std::string("PAR1\x15\0\x15", 7), "a Parquet file"},
        {std::string("\xFF\xFE"
                     "e\0v\0e\0n\0t\0",
                     12),
         "UTF-16"},
        {std::string("\xFE\xFF\0e\0v\0e\0n\0t", 12), "UTF-16"},
        {std::string("e\0v\0e\0n\0t\0,\0t\0", 14), "UTF-16"},
        {std::string("\0e\0v\0e\0n\0t\0,\0t", 14), "UTF-16"},
        {"\n <!DOCTYPE html><html><body>404</body></html>", "an HTML or XML page"},
        {"<HTML><title>Sign in</title>", "an HTML or XML page"},
        {std::string("BZh91AY&SY\x01\x02", 12), "a bzip2 file"},
        {std::string("\xFD"
                     "7zXZ\0",
                     6),
         "an xz file"},
    };
    for (const auto& [bytes, kind] : cases) {
        EXPECT_NE(failure(bytes).find("looks like " + kind), std::string::npos)
            << kind << ": " << failure(bytes);
        EXPECT_EQ(code_, ErrorCode::parse);
        EXPECT_NE(failure(support::gzip(bytes)).find("looks like " + kind), std::string::npos) << kind;
    }
}

TEST_F(Source, RefusesWhatCannotBeOpened) {
    EXPECT_NE(failure_of(folder_.path("missing.csv")).find("missing.csv: cannot be opened"),
              std::string::npos);
    EXPECT_EQ(code_, ErrorCode::io);
    EXPECT_NE(failure_of(folder_.path()).find("expected a file, got a directory"), std::string::npos);
    EXPECT_EQ(code_, ErrorCode::io);
    EXPECT_EQ(failure_of(folder_.path("a\nb\x1B.csv")).find('\n'), std::string::npos);
    // A missing last file is found before the first is read.
    const std::string bad = write("no,log\n");
    try {
        static_cast<void>(read_log(std::vector{bad, folder_.path("missing.csv")}, {}));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
    }
}

TEST_F(Source, TakesOddNames) {
    for (const std::string& name :
         {std::string("a b.csv"), std::string("q\"'%s.csv"), std::string("n\nl.csv"), std::string("\xFF.csv"),
          std::string(255, 'x')}) {
        EXPECT_EQ(read_log(std::vector{write(some_log(3), name)}, {}).log.size(), 3u);
    }
}

TEST_F(Source, ReadsAPipeInPieces) {
    const std::string text = some_log(40), path = folder_.path("fifo");
    for (const std::string& bytes : {text, support::gzip(text)}) {
        ::unlink(path.c_str());
        ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
        std::jthread writer([&] {
            std::ofstream out(path, std::ios::binary);
            for (const char c : bytes)
                out.put(c).flush();
        });
        EXPECT_EQ(users_and_items(read_log(std::vector{path}, {})), users_and_items(read(text)));
    }
}

/// Changes a file while it is read, from the observer, which is called before the last block.
class ChangingFile : public LogFile {
 protected:
    std::string read_while(const std::function<void(const std::string&)>& change) {
        const std::string path = write(some_log(2000));
        bool changed = false;
        ReadOptions options;
        options.progress = [&](const base::Progress&) {
            if (!changed) change(path);
            changed = true;
        };
        try {
            return std::to_string(detail::read_log(std::vector{path}, options,
                                                   detail::Tuning{.block_bytes = 1000, .window_bytes = 100})
                                      .report.rows);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io);
            return error.what();
        }
    }
};

TEST_F(ChangingFile, IsReadAsItWasWhenLinesAreAppended) {
    EXPECT_EQ(read_while([](const std::string& path) {
                  std::ofstream(path, std::ios::app) << "1500000000,view,u,i\n1500000000,vi";
              }),
              "2000");
}

TEST_F(ChangingFile, IsRefusedWhenItIsCut) {
    EXPECT_NE(read_while([](const std::string& path) {
                  ASSERT_EQ(::truncate(path.c_str(), 20'000), 0);
              }).find("changed while reading"),
              std::string::npos);
}

TEST_F(ChangingFile, IsRefusedWhenItsLastLineMayBeHalf) {
    const std::string path = write(some_log(2000) + "1500000000,view,u,i");
    bool changed = false;
    ReadOptions options;
    options.progress = [&](const base::Progress&) {
        if (!std::exchange(changed, true)) std::ofstream(path, std::ios::app) << "23\n";
    };
    EXPECT_THROW(static_cast<void>(detail::read_log(
                     std::vector{path}, options, detail::Tuning{.block_bytes = 1000, .window_bytes = 100})),
                 Error);
}

}  // namespace
}  // namespace funnel::ingest
