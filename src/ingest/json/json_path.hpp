// SPDX-License-Identifier: MIT
// JsonPaths: which values of a JSON object are wanted, as a tree of keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/number_format.hpp"

namespace funnel::ingest::detail {

/// One key, and what is wanted of its value.
struct JsonNode {
    std::string key;
    std::vector<std::size_t> slots;  ///< that take this value
    std::vector<JsonNode> children;  ///< members, if it is an object
    /// Elements, if it is a list: the one at a place, the one whose member `field` is `equals`, or all of
    /// them, whose numbers are added.
    struct Element {
        std::size_t place = 0;
        bool sum = false;
        std::string field, equals;
        std::vector<JsonNode> node;  ///< one
    };
    std::vector<Element> elements;
    bool exploded = false;  ///< each element of the list gives a row of its own

    // Of the reader: the object in which the key was seen last, and the child that is likely to come next.
    std::uint64_t seen_in = 0;
    std::size_t next = 0;
};

/// What a tree is made of.
struct JsonPathOptions {
    std::vector<std::string> paths;   ///< per slot: "user.id", "params[key=id].value", "items[0].id",
                                      ///< "refunds[+].total"; "": nothing
    std::vector<std::uint8_t> plain;  ///< per slot: a list or an object there makes a bad row; may be shorter
    std::vector<std::string> named;   ///< further paths whose keys may not occur twice
    std::string explode;              ///< path of a list, or empty
    // Of sums: how their parts are written.
    base::NumberFormat numbers = {};
    std::vector<std::string> missing = {};  ///< words that stand for nothing, beside the usual ones
};

/// One thread at a time, since the reader notes in it what it has seen.
struct JsonPaths {
    JsonNode root;
    JsonPathOptions options;
    std::vector<std::uint8_t> of_element;  ///< per slot: it lies inside the exploded list
    std::vector<std::uint8_t> sum;         ///< per slot: the sum of what is found

    /// A key that holds dots itself is found at the top. Throws Error(schema) for a path that cannot be read.
    explicit JsonPaths(JsonPathOptions given);

    [[nodiscard]] std::size_t slots() const noexcept { return options.paths.size(); }
    [[nodiscard]] bool plain(std::size_t slot) const noexcept {
        return slot < options.plain.size() && options.plain[slot] != 0;
    }
};

}  // namespace funnel::ingest::detail
