// SPDX-License-Identifier: MIT
// Runs a fuzz target over files or folders of inputs, without a fuzzer: replay FILE|FOLDER...
// Each input is also run cut in half and with each of 64 bytes changed, so that a small corpus goes far.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::size_t runs = 0;

void run(const std::string& bytes) {
    const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());  // exact size: overruns are seen
    LLVMFuzzerTestOneInput(copy.data(), copy.size());
    ++runs;
}

void run_file(const std::string& path) {
    const std::string bytes = funnel::support::read_file(path);
    run(bytes);
    run(bytes.substr(0, bytes.size() / 2));
    for (std::size_t i = 0; i < 64 && !bytes.empty(); ++i) {
        std::string changed = bytes;
        char& c = changed[i * 2654435761u % changed.size()];
        c = i % 2 == 0 ? static_cast<char>(c ^ (1 << (i / 2 % 8))) : "\"\n,0:-\xFF\0"[i / 2 % 8];
        run(changed);
    }
}

}  // namespace

int main(int argc, char** argv) {
    run("");
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) {
            run_file(argv[i]);
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator(argv[i]))
            run_file(entry.path());
    }
    std::printf("%zu inputs\n", runs);
    return runs > 1 ? 0 : 1;
}
