// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "funnel/kernel/best_kernels.hpp"
#include "options.hpp"

namespace funnel::tool {

void GeneralOptions::add_to(CLI::App& command) {
    command.add_flag("--json", json, "One JSON object on standard output");
    command.add_flag("-q,--quiet", quiet, "Errors only on standard error");
    command.add_flag("-v,--verbose", verbose, "More detail on standard error");
    command.add_option("--log-format", log_format, "Messages as text or json lines")
        ->check(CLI::IsMember({"text", "json"}));
    command.add_option("--threads", threads, "Threads (default: the cores allowed)")
        ->check(CLI::Range(1, 1024));
    command.add_option("--memory", memory,
                       "Most memory for the log, such as 4GiB; metrics goes on from --temp");
    command.add_option("--temp", temp, "Folder for temporary files");
    command.add_option("--kernel", kernel, "Pin the compute kernel (default: the best here)")
        ->check(CLI::IsMember({"scalar", "avx2", "avx512", "neon"}));
    command.add_option("--lock", lock, "One run at a time: hold this file locked until the end");
    command.add_option("--lock-wait", lock_wait, "How long to wait for the lock (default: not at all)");
    command.add_flag("--strict", strict, "Exit 4, after the result, if there was any warning");
    command.add_option("--manifest", manifest, "JSON file for what was read, written and counted");
}

Run::Run(GeneralOptions general, std::ostream& to, Console& messages)
    : options(std::move(general)), out(to), console(messages) {
    (void)parts();
    console.configure(
        {.quiet = options.quiet, .verbose = options.verbose, .json = options.log_format == "json"});
    const std::int64_t wait = duration_option("--lock-wait", options.lock_wait);
    if (!options.lock.empty()) lock_.emplace(options.lock, wait);
}

unsigned Run::threads() const {
    return options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
}

ingest::PartsOptions Run::parts() const {
    return {.memory = options.memory.empty() ? 0 : size_option("--memory", options.memory),
            .temp = options.temp};
}

const nn::Kernels& Run::kernels() const {
    return options.kernel.empty() ? kernel::best() : kernel::named(options.kernel);
}

}  // namespace funnel::tool
