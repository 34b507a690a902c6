// SPDX-License-Identifier: MIT
// Links the compiled rooms: whether a way of finding funnel gives the right flags and libraries.
#include <string>
#include <vector>

#include "funnel/ingest/read_log.hpp"
#include "funnel/kernel/best_kernels.hpp"

int main() {
    if (funnel::kernel::best().name != funnel::kernel::names().back()) return 1;
    const std::vector<std::string> paths{"no/such/log.csv"};
    try {
        (void)funnel::ingest::read_log(paths, {});
    } catch (const funnel::Error& error) {
        return error.code() == funnel::ErrorCode::io ? 0 : 2;
    }
    return 3;
}
