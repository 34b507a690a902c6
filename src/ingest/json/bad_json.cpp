// SPDX-License-Identifier: MIT
#include "ingest/json/bad_json.hpp"

#include <string>
#include <utility>

#include "ingest/json/json_text.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {

BadRow bad_json(std::string_view line, std::optional<BadRow> known) {
    constexpr std::size_t kShown = 60;
    // Bytes first: what the grammar says about them would be of no help.
    if (auto bytes = bad_bytes(line, ',', line)) {
        bytes->column = kNoColumn;
        return *std::move(bytes);
    }
    BadRow bad = bad_value(Reason::json, kNoColumn, "one JSON object on the line", line, line);
    if (known) {
        bad.column = known->column;
        bad.expected = std::move(known->expected);
        bad.got = std::move(known->got);
        if (!known->advice.empty()) bad.advice = known->advice + ", or skip such rows with --bad-rows skip";
    } else if (const auto fault = find_json_fault(line)) {
        bad.expected = fault->expected + " at byte " + std::to_string(fault->at + 1) + " of the line";
        if (fault->at >= line.size() || fault->expected == "a closing quote") {
            bad.advice =
                "is the line cut? write each object on one line, as jq -c does, or skip such rows with "
                "--bad-rows skip";
        }
        bad.got = fault->at >= line.size() ? "the end of the line"
                                           : '"' + escaped(line.substr(fault->at, kShown)) + '"';
    }
    return bad;
}

}  // namespace funnel::ingest::detail
