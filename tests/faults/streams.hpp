// SPDX-License-Identifier: MIT
// run_on_stream: metrics of a log that is made while it is read, so that its size costs no disk.
#pragma once

#include <unistd.h>

#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "faults/commands.hpp"

namespace funnel::faults {

using Write = std::function<bool(std::string_view)>;

constexpr std::size_t kMiB = 1u << 20;

/// metrics of what `produce` writes; it stops when write says that nobody reads any more.
inline support::ProcessResult run_on_stream(const Words& options,
                                            const std::function<void(const Write&)>& produce) {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("cannot make a pipe");
    Words args = {"metrics", "-", "--json"};
    args.insert(args.end(), options.begin(), options.end());
    support::Process process(program(args),
                             {.input_fd = ends[0], .before_exec = [] { std::signal(SIGPIPE, SIG_DFL); }});
    close(ends[0]);
    std::thread writer([&] {
        produce([&](std::string_view bytes) {
            while (!bytes.empty()) {
                const ssize_t n = write(ends[1], bytes.data(), bytes.size());
                if (n <= 0) return false;
                bytes.remove_prefix(static_cast<std::size_t>(n));
            }
            return true;
        });
        close(ends[1]);
    });
    support::ProcessResult result = process.wait();
    writer.join();
    return result;
}

/// `text` repeated, at least so many bytes.
inline std::string many(std::string_view text, std::size_t bytes) {
    std::string all;
    while (all.size() < bytes)
        all += text;
    return all;
}

}  // namespace funnel::faults
