// SPDX-License-Identifier: MIT
// DraftSample: the begin of a file, column by column, for draft_schema.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "funnel/base/number_format.hpp"

namespace funnel::ingest::detail {

struct SampleColumn {
    std::string name;                 ///< of the log: a name, a path, or a number without a header
    std::vector<std::string> words;   ///< of the name: "userId" and "user.id" are user, id
    std::vector<std::string> values;  ///< per row; empty: nothing there
    std::vector<std::string> kinds;   ///< distinct values that are not empty, sorted; at most kMostKinds

    static constexpr std::size_t kMostKinds = 200;
    [[nodiscard]] std::size_t filled() const;
    /// The words joined: "userid". `last`: of the last so many words only.
    [[nodiscard]] std::string joined(std::size_t last = 100) const;
    /// All filled values are numbers as they are, 0 or 1, or amounts in the form of `format`.
    [[nodiscard]] bool all_numbers() const;
    [[nodiscard]] bool all_flags() const;
    [[nodiscard]] bool all_amounts(const base::NumberFormat& format) const;
};

struct DraftSample {
    std::string name;     ///< of the file
    std::string preset;   ///< that fits, or empty
    std::string explode;  ///< JSON lines: the list whose elements seem to be the products
    bool json = false, header = true;
    char delimiter = ',';
    std::vector<SampleColumn> columns;
};

/// Throws as draft_schema.
[[nodiscard]] DraftSample read_sample(const std::string& path);

/// The words of a name, in lower case.
[[nodiscard]] std::vector<std::string> words_of(const std::string& name);

}  // namespace funnel::ingest::detail
