// SPDX-License-Identifier: MIT
// run: the whole program as a function, so that tests can call it in process.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace funnel::tool {

/// args: without the program's name. Results go to `out`, everything else to `err`. Returns the exit code;
/// never throws and never ends the process.
int run(const std::vector<std::string>& args, std::ostream& out, std::ostream& err);

}  // namespace funnel::tool
