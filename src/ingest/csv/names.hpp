// SPDX-License-Identifier: MIT
// Names in messages: the nearest known one, lists of them.
#pragma once

#include <span>
#include <string>

#include "funnel/base/nearest.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {

using base::edit_distance;
using base::folded;
using base::nearest;

/// "a,b,c", escaped and cut like any text in a message.
[[nodiscard]] inline std::string list(std::span<const std::string> names) {
    std::string out;
    for (const std::string& name : names) {
        if (&name != names.data()) out += ',';
        out += name;
        if (out.size() > 400) break;
    }
    return escaped(out);
}

}  // namespace funnel::ingest::detail
