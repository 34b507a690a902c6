// SPDX-License-Identifier: MIT
// TemporaryFolder: a folder of a test's own, removed with all that is in it.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace funnel::support {

/// The bytes of a file; throws if it cannot be read.
[[nodiscard]] inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// One thread at a time.
class TemporaryFolder {
 public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "funnel-test-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot create a temporary folder");
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

    /// Writes the bytes and returns the path.
    std::string write(std::string_view name, std::string_view bytes) const {
        const std::string file = path(name);
        std::ofstream out(file, std::ios::binary);
        out << bytes;
        if (!out.flush()) throw std::runtime_error("cannot write " + file);
        return file;
    }

    [[nodiscard]] std::string read(std::string_view name) const { return read_file(path(name)); }

    /// Names of all entries, sorted: what a run left behind shows here.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : std::filesystem::directory_iterator(path_))
            all.push_back(entry.path().filename());
        std::ranges::sort(all);
        return all;
    }

 private:
    std::string path_;
};

}  // namespace funnel::support
