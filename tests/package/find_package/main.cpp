// SPDX-License-Identifier: MIT
// A program that uses all header rooms, the compiled rooms with what they link, and the error type of funnel.
#include "funnel/files/atomic_file.hpp"
#include "funnel/funnel.hpp"
#include "funnel/ingest/read_log.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/persist/model_file.hpp"

std::size_t count_events_in_second_unit();

namespace {

template <typename Call>
bool cannot_read(Call call) {
    try {
        call();
    } catch (const funnel::Error& error) {
        return error.code() == funnel::ErrorCode::io;
    }
    return false;
}

}  // namespace

int main() {
    if (count_events_in_second_unit() != 1) return 1;
    if (funnel::kernel::best().name != funnel::kernel::names().back()) return 2;
    const std::vector<std::string> paths{"no/such/log.csv"};
    if (!cannot_read([&] { (void)funnel::ingest::read_log(paths, {}); })) return 3;
    if (!cannot_read([] { (void)funnel::persist::load_model("no/such/model"); })) return 4;
    if (!cannot_read([] { funnel::files::check_writable("no/such/folder/file"); })) return 5;
    return 0;
}
