// SPDX-License-Identifier: MIT
// Warning: a reason to doubt a result, as data: a code for programs, a line for people.
//
// To warn from the library, put a Warning into the report or result that is returned; the program shows it,
// puts it into `warnings` of every JSON result and counts it for --strict. In tools/ call console.warn(code,
// message). A new code needs a row in docs/warnings.md and nothing else: a test compares that list with the
// sources, where codes stand as {"code", ...} or warn("code", ...). What is good to know but no reason for
// doubt is a note.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace funnel::base {

/// A value. A code never changes its meaning.
struct Warning {
    std::string code;     ///< snake_case, listed in docs/warnings.md
    std::string message;  ///< one line: what was seen, what follows from it, what to do

    friend bool operator==(const Warning&, const Warning&) = default;
};

using Warnings = std::vector<Warning>;

/// Appends what is not there yet.
inline void add_new(Warnings& to, const Warnings& more) {
    for (const Warning& warning : more) {
        if (std::ranges::find(to, warning) == to.end()) to.push_back(warning);
    }
}

}  // namespace funnel::base
