// SPDX-License-Identifier: MIT
#include "option_words.hpp"

#include <utility>

namespace funnel::tool {

std::string in_options(std::string_view message) {
    // Whole phrases, so that no name of a file or column is taken for a setting.
    constexpr std::pair<std::string_view, std::string_view> kWords[] = {
        {"; try a smaller learning_rate", "; try a smaller --learning-rate"},
        {"; try a horizon of ", "; try --horizon "},
        {"; set initial", "; give --init"},
    };
    std::string out(message);
    for (const auto& [setting, option] : kWords) {
        const std::size_t at = out.rfind(setting);
        if (at != std::string::npos) out.replace(at, setting.size(), option);
    }
    return out;
}

}  // namespace funnel::tool
