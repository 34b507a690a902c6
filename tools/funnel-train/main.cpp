// SPDX-License-Identifier: MIT
#include <unistd.h>
#include <csignal>
#include <iostream>

#include "app.hpp"
#include "funnel/files/atomic_file.hpp"

namespace {

// What is half-written goes, the old files stay, and the parent learns which signal it was.
extern "C" void end_by_signal(int signal) {
    funnel::files::remove_temporary_files();
    _exit(128 + signal);
}

}  // namespace

int main(int argc, char** argv) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
        std::signal(signal, end_by_signal);
    std::signal(SIGXFSZ, SIG_IGN);  // a quota shows as a failed write, which names the file
    std::ios::sync_with_stdio(false);
    return funnel::tool::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
