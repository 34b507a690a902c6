// SPDX-License-Identifier: MIT
#include <unistd.h>
#include <atomic>
#include <csignal>
#include <iostream>
#include <new>
#include <string_view>

#include "app.hpp"
#include "exit_codes.hpp"
#include "funnel/files/atomic_file.hpp"

namespace {

// What is half-written goes, the old files stay, and the parent learns which signal it was.
extern "C" void end_by_signal(int signal) {
    funnel::files::remove_temporary_files();
    _exit(128 + signal);
}

/// Without memory nothing is unwound: some destructors need memory themselves. What is half-written goes, the
/// old files stay.
void end_without_memory() {
    constexpr std::string_view kMessage =
        "funnel-train: out of memory; give fewer rows or a machine with more of it\n";
    static std::atomic_flag said;  // two threads may run out of memory at once
    while (said.test_and_set())
        pause();
    [[maybe_unused]] const ssize_t told = write(STDERR_FILENO, kMessage.data(), kMessage.size());
    funnel::files::remove_temporary_files();
    _exit(funnel::tool::kCannotReadOrWrite);
}

}  // namespace

int main(int argc, char** argv) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
        std::signal(signal, end_by_signal);
    std::signal(SIGXFSZ, SIG_IGN);  // a quota shows as a failed write, which names the file
    std::set_new_handler(end_without_memory);
    std::ios::sync_with_stdio(false);
    return funnel::tool::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
