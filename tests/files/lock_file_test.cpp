// SPDX-License-Identifier: MIT
#include "funnel/files/lock_file.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "funnel/base/error.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::files {
namespace {

class LockFileTest : public testing::Test {
 protected:
    const support::TemporaryFolder folder_;
    const std::string path_ = folder_.path("lock");
};

TEST_F(LockFileTest, IsHeldByOneAtATime) {
    {
        const LockFile first(path_);
        try {
            const LockFile second(path_);
            FAIL() << "two at once";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io);
            EXPECT_NE(std::string(error.what()).find(path_), std::string::npos) << error.what();
        }
    }
    const LockFile third(path_);
}

TEST_F(LockFileTest, IsWaitedFor) {
    std::optional<LockFile> first(std::in_place, path_);
    std::thread ends([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        first.reset();
    });
    const LockFile second(path_, 10'000'000);
    ends.join();
}

TEST_F(LockFileTest, OfAKilledProcessIsFree) {
    const pid_t child = fork();
    if (child == 0) {
        const LockFile held(path_);
        _exit(0);  // as a kill: nothing is cleaned up
    }
    waitpid(child, nullptr, 0);
    const LockFile next(path_);
}

TEST_F(LockFileTest, KeepsWhatIsInTheFile) {
    folder_.write("lock", "somebody's notes");
    { const LockFile held(path_); }
    EXPECT_EQ(folder_.read("lock"), "somebody's notes");
}

TEST_F(LockFileTest, NeedsAFolder) {
    EXPECT_THROW(LockFile(folder_.path("none/lock")), Error);
    EXPECT_THROW(LockFile{folder_.path()}, Error);
}

}  // namespace
}  // namespace funnel::files
