// SPDX-License-Identifier: MIT
#include "outputs.hpp"

#include <filesystem>
#include <system_error>

#include "funnel/files/atomic_file.hpp"
#include "options.hpp"

namespace funnel::tool {
namespace {

bool is_file(const std::string& path) {
    return !path.empty() && path != "-";
}

/// Also for files that are not there yet.
bool same_place(const std::string& a, const std::string& b) {
    std::error_code error;
    return a == b || files::same_file(a, b) ||
           std::filesystem::weakly_canonical(a, error) == std::filesystem::weakly_canonical(b, error);
}

}  // namespace

void claim_outputs(const std::vector<std::string>& outputs, const std::vector<std::string>& inputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!is_file(outputs[i])) continue;
        refuse_overwriting_input(outputs[i], inputs);
        for (std::size_t j = 0; j < i; ++j) {
            if (is_file(outputs[j]) && same_place(outputs[i], outputs[j])) {
                usage_error(outputs[i] +
                            ": expected a file of its own for each output, got this one for two; choose "
                            "another name");
            }
        }
        files::check_writable(outputs[i]);
    }
}

}  // namespace funnel::tool
