// SPDX-License-Identifier: MIT
// Process: a program in a child process with its own standard input, output and error. POSIX.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace funnel::support {

struct ProcessResult {
    int code = -1;         ///< exit code, or 128 + n of a death by signal n
    bool died = false;     ///< true: by a signal, not by exit
    std::size_t peak = 0;  ///< most bytes in memory
    double cpu = 0;        ///< seconds of CPU: unlike time by the clock, not the neighbours' business
    std::string out, err;
};

struct ProcessOptions {
    std::string input = "/dev/null";  ///< file or FIFO for standard input
    int input_fd = -1;                ///< takes the place of `input`
    int output_fd = -1;               ///< takes the place of the captured standard output; -2: closed
    std::function<void()> before_exec =
        {};  ///< in the child: limits, environment; async-signal-safe calls only
};

/// One thread at a time. Output goes to files, so a child never waits for its reader.
class Process {
 public:
    explicit Process(const std::vector<std::string>& command, const ProcessOptions& options = {}) {
        std::vector<char*> argv;
        for (const std::string& part : command)
            argv.push_back(const_cast<char*>(part.c_str()));
        argv.push_back(nullptr);
        const std::string out = folder_.path("out"), err = folder_.path("err");
        pid_ = fork();
        if (pid_ < 0) throw std::runtime_error("cannot fork");
        if (pid_ == 0) {
            const int in_fd =
                options.input_fd >= 0 ? options.input_fd : open(options.input.c_str(), O_RDONLY);
            dup2(in_fd, STDIN_FILENO);
            dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
            if (options.output_fd == -2) {
                close(STDOUT_FILENO);
            } else {
                const int out_fd = options.output_fd >= 0
                                       ? options.output_fd
                                       : open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
                dup2(out_fd, STDOUT_FILENO);
            }
            for (int fd = 3; fd < 64; ++fd)
                close(fd);
            if (options.before_exec) options.before_exec();
            execv(argv[0], argv.data());
            _exit(127);
        }
    }
    ~Process() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void kill(int signal) const { ::kill(pid_, signal); }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// What it wrote to standard error until now.
    [[nodiscard]] std::string errors_so_far() const {
        return access(folder_.path("err").c_str(), R_OK) == 0 ? folder_.read("err") : std::string();
    }

    /// Waits for the end.
    ProcessResult wait() {
        int status = 0;
        rusage used{};
        while (wait4(pid_, &status, 0, &used) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        ProcessResult result;
        result.died = WIFSIGNALED(status);
        result.peak = static_cast<std::size_t>(used.ru_maxrss) * 1024;
        result.cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
        result.code = result.died ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        const auto text = [&](const char* name) {
            return access(folder_.path(name).c_str(), R_OK) == 0 ? folder_.read(name) : std::string();
        };
        result.out = text("out");
        result.err = text("err");
        return result;
    }

 private:
    static double seconds(const timeval& time) {
        return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    }

    TemporaryFolder folder_;
    pid_t pid_ = -1;
};

/// Runs to the end.
[[nodiscard]] inline ProcessResult run_process(const std::vector<std::string>& command,
                                               const ProcessOptions& options = {}) {
    return Process(command, options).wait();
}

}  // namespace funnel::support
