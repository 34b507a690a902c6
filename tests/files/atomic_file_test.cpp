// SPDX-License-Identifier: MIT
#include "funnel/files/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"

namespace funnel::files {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public testing::Test {
 protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "funnel-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override {
        fs::permissions(folder_, fs::perms::owner_all);
        fs::remove_all(folder_);
    }

    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

    [[nodiscard]] std::string text(const std::string& name) const {
        std::ifstream in(folder_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    void put(const std::string& name, const std::string& content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }

    void save(const std::string& name, const std::string& content) const {
        AtomicFile file(path(name));
        file.append(content);
        file.commit();
    }

    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator(folder_))
            all.push_back(entry.path().filename());
        std::ranges::sort(all);
        return all;
    }

    [[nodiscard]] mode_t mode(const std::string& name) const {
        struct stat info {};
        return stat(path(name).c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
    }

    fs::path folder_;
};

using Names = std::vector<std::string>;

/// Runs `body` in a child process and gives its exit status (its value), or 128 + the signal.
int in_child(const std::function<int()>& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool throws_io(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.code() == ErrorCode::io;
    }
    return false;
}

TEST_F(AtomicFileTest, TargetAppearsOnlyAtCommit) {
    AtomicFile file(path("model"));
    file.append("new");
    EXPECT_FALSE(fs::exists(path("model")));
    file.commit();
    EXPECT_EQ(text("model"), "new");
    EXPECT_EQ(names(), Names{"model"});
}

TEST_F(AtomicFileTest, WithoutCommitTheOldFileStays) {
    put("model", "old");
    {
        AtomicFile file(path("model"));
        file.append("new");
    }
    EXPECT_EQ(text("model"), "old");
    EXPECT_EQ(names(), Names{"model"});
}

TEST_F(AtomicFileTest, PiecesOfAnySizeArriveInOrder) {
    std::string all;
    AtomicFile file(path("model"));
    for (const std::size_t size : {1u, 1000u, 262143u, 1u, 262144u, 700000u, 3u, 0u, 200000u, 100000u}) {
        const std::string piece(size, static_cast<char>('a' + all.size() % 26));
        file.append(piece);
        all += piece;
    }
    file.commit();
    EXPECT_TRUE(text("model") == all);
}

TEST_F(AtomicFileTest, AppendAfterCommitIsAnError) {
    AtomicFile file(path("model"));
    file.commit();
    EXPECT_TRUE(throws_io([&] { file.append("x"); }));
    EXPECT_TRUE(throws_io([&] { file.commit(); }));
}

TEST_F(AtomicFileTest, ModeOfTheOldFileIsKept) {
    put("model", "old");
    fs::permissions(path("model"), fs::perms(0640));
    save("model", "new");
    EXPECT_EQ(mode("model"), 0640u);
}

TEST_F(AtomicFileTest, NewFileObeysTheUmask) {
    const mode_t before = umask(027);
    save("model", "new");
    umask(before);
    EXPECT_EQ(mode("model"), 0640u);
}

TEST_F(AtomicFileTest, LinkStaysAndItsTargetIsReplaced) {
    fs::create_directory(path("deep"));
    put("deep/model", "old");
    fs::create_symlink("deep/model", path("first"));
    fs::create_symlink("first", path("second"));
    save("second", "new");
    EXPECT_TRUE(fs::is_symlink(path("first")));
    EXPECT_TRUE(fs::is_symlink(path("second")));
    EXPECT_EQ(text("deep/model"), "new");
    EXPECT_EQ(names(), (Names{"deep", "first", "second"}));
}

TEST_F(AtomicFileTest, LinkToNothingCreatesItsTarget) {
    fs::create_symlink("model", path("link"));
    save("link", "new");
    EXPECT_TRUE(fs::is_symlink(path("link")));
    EXPECT_EQ(text("model"), "new");
}

TEST_F(AtomicFileTest, CircleOfLinksIsAnError) {
    fs::create_symlink("b", path("a"));
    fs::create_symlink("a", path("b"));
    EXPECT_TRUE(throws_io([&] { AtomicFile file(path("a")); }));
}

TEST_F(AtomicFileTest, RefusesFoldersDevicesAndMissingFolders) {
    for (const std::string& bad :
         {folder_.string(), path(""), path("new/"), path("missing/model"), std::string("/dev/null"),
          std::string(), path("file/model"), std::string("a\0b", 3)}) {
        put("file", "");
        EXPECT_TRUE(throws_io([&] { AtomicFile file(bad); })) << bad;
        EXPECT_TRUE(throws_io([&] { check_writable(bad); })) << bad;
    }
    EXPECT_EQ(names(), Names{"file"});
}

TEST_F(AtomicFileTest, MessageNamesTheFile) {
    try {
        check_writable(path("missing/model"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find(path("missing/model")), std::string::npos);
    }
}

TEST_F(AtomicFileTest, FolderOrFileWithoutTheRightIsAnError) {
    put("kept", "old");
    fs::permissions(path("kept"), fs::perms(0444));
    const auto body = [&](const std::string& name) {
        // The superuser may write everywhere: be somebody else.
        if (geteuid() == 0 &&
            (chown(folder_.c_str(), 65534, 65534) != 0 || setgid(65534) != 0 || setuid(65534) != 0)) {
            return 77;
        }
        if (name == "model") fs::permissions(folder_, fs::perms(0555));
        return throws_io([&] { check_writable(path(name)); }) ? 0 : 1;
    };
    EXPECT_EQ(in_child([&] { return body("kept"); }), 0);
    EXPECT_EQ(in_child([&] { return body("model"); }), 0);
}

TEST_F(AtomicFileTest, FullDiskLeavesTheOldFileAndNoRubbish) {
    put("model", "old");
    for (const std::size_t size : {100'000u, 1'000'000u}) {  // found at commit; found while appending
        const int status = in_child([&] {
            std::signal(SIGXFSZ, SIG_IGN);
            const rlimit limit{10'000, 10'000};
            if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 77;
            AtomicFile file(path("model"));
            return throws_io([&] {
                file.append(std::string(size, 'x'));
                file.commit();
            })
                       ? 0
                       : 1;
        });
        EXPECT_EQ(status, 0);
        EXPECT_EQ(text("model"), "old");
    }
    // The child ended without destructors, so the first attempt may leave its file; the next one removes it.
    check_writable(path("model"));
    EXPECT_EQ(names(), Names{"model"});
}

TEST_F(AtomicFileTest, FullDiskIsCleanedUpWithoutANextRun) {
    const int status = in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{10'000, 10'000};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 77;
        return throws_io([&] { save("model", std::string(50'000, 'x')); }) && names().empty() ? 0 : 1;
    });
    EXPECT_EQ(status, 0);
}

TEST_F(AtomicFileTest, TwoWritersOfOneTargetLeaveOneWholeFile) {
    AtomicFile a(path("model")), b(path("model"));
    a.append("aaaa");
    b.append("bb");
    a.commit();
    EXPECT_EQ(text("model"), "aaaa");
    b.commit();
    EXPECT_EQ(text("model"), "bb");
    EXPECT_EQ(names(), Names{"model"});
}

TEST_F(AtomicFileTest, ManyProcessesOnOneTargetAllSucceed) {
    std::vector<pid_t> children;
    for (int k = 0; k < 4; ++k) {
        const pid_t child = fork();
        if (child == 0) {
            const std::string content(50'000, static_cast<char>('a' + k));
            for (int i = 0; i < 50; ++i) {
                if (throws_io([&] { save("model", content); })) _exit(1);
            }
            _exit(0);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_TRUE(text("model") == std::string(50'000, text("model").at(0)));
    EXPECT_EQ(names(), Names{"model"});
}

TEST_F(AtomicFileTest, FilesOfAKilledRunDoNotPileUp) {
    const int status = in_child([&] {
        AtomicFile file(path("model"));
        file.append("half");
        std::raise(SIGKILL);
        return 0;
    });
    EXPECT_EQ(status, 128 + SIGKILL);
    ASSERT_EQ(names().size(), 1u);
    put(".model.short.tmp", "somebody else's");
    put(".other.0123456789abcdef.tmp", "of another target");
    save("model", "new");
    EXPECT_EQ(names(), (Names{".model.short.tmp", ".other.0123456789abcdef.tmp", "model"}));
}

TEST_F(AtomicFileTest, SignalHandlerCanRemoveWhatIsOpen) {
    put("model", "old");
    const int status = in_child([&] {
        std::signal(SIGTERM, [](int) {
            remove_temporary_files();
            _exit(15);
        });
        AtomicFile first(path("model")), second(path("scores"));
        first.append(std::string(1'000'000, 'x'));
        std::raise(SIGTERM);
        return 0;
    });
    EXPECT_EQ(status, 15);
    EXPECT_EQ(names(), Names{"model"});
    EXPECT_EQ(text("model"), "old");
}

TEST_F(AtomicFileTest, RemovalLeavesCommittedFilesAlone) {
    save("model", "new");
    remove_temporary_files();
    EXPECT_EQ(names(), Names{"model"});
}

TEST_F(AtomicFileTest, CommitFailsIfTheTemporaryFileIsGone) {
    AtomicFile file(path("model"));
    remove_temporary_files();
    EXPECT_TRUE(throws_io([&] { file.commit(); }));
    EXPECT_TRUE(names().empty());
}

TEST_F(AtomicFileTest, OddAndLongNamesWork) {
    for (const std::string& name :
         {std::string("with space"), std::string("quo\"te'%s"), std::string("new\nline"),
          std::string("\xff\xfe"), std::string(255, 'n'), std::string("-"), std::string(".hidden")}) {
        save(name, "x");
        EXPECT_EQ(text(name), "x");
    }
}

TEST_F(AtomicFileTest, ChangeOfFolderDoesNotMatter) {
    const fs::path before = fs::current_path();
    fs::current_path(folder_);
    AtomicFile file("model");
    fs::current_path(before);
    file.append("new");
    file.commit();
    EXPECT_EQ(text("model"), "new");
}

TEST_F(AtomicFileTest, CanBeMoved) {
    AtomicFile a(path("model"));
    a.append("one ");
    AtomicFile b = std::move(a);
    b.append("two");
    b.commit();
    EXPECT_EQ(text("model"), "one two");
}

TEST_F(AtomicFileTest, ManyOpenFilesEndInAnError) {
    EXPECT_TRUE(throws_io([&] {
        std::vector<AtomicFile> files;
        for (int i = 0; i < 2000; ++i)
            files.emplace_back(path("model" + std::to_string(i)));
    }));
    EXPECT_TRUE(names().empty());
}

TEST_F(AtomicFileTest, CheckWritableLeavesNoTrace) {
    check_writable(path("model"));
    EXPECT_TRUE(names().empty());
    put("model", "old");
    check_writable(path("model"));
    EXPECT_EQ(text("model"), "old");
}

TEST_F(AtomicFileTest, SameFileSeesThroughLinks) {
    put("a", "");
    put("b", "");
    fs::create_symlink("a", path("link"));
    fs::create_hard_link(path("a"), path("hard"));
    EXPECT_TRUE(same_file(path("a"), path("link")));
    EXPECT_TRUE(same_file(path("hard"), path("link")));
    EXPECT_TRUE(same_file(path("./a"), path("a")));
    EXPECT_FALSE(same_file(path("a"), path("b")));
    EXPECT_FALSE(same_file(path("missing"), path("missing")));
}

}  // namespace
}  // namespace funnel::files
