// SPDX-License-Identifier: MIT
#include "ingest/json/json_path.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "funnel/base/error.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

[[noreturn]] void fail(const std::string& path, const char* advice) {
    throw Error(ErrorCode::schema,
                "schema: expected a path such as user.id, items[0].id, refunds[+].total or "
                "params[key=id].value, got \"" +
                    escaped(path) + "\"; " + advice);
}

JsonNode& child_of(JsonNode& parent, std::string_view key) {
    const auto at = std::ranges::find(parent.children, key, &JsonNode::key);
    if (at != parent.children.end()) return *at;
    parent.children.emplace_back();
    parent.children.back().key = key;
    return parent.children.back();
}

/// "[0]", "[+]" or "[key=value]" without the brackets.
JsonNode& element_of(JsonNode& list, std::string_view selector, const std::string& path) {
    if (list.exploded) fail(path, "every element of an exploded list is a row, so none can be chosen");
    JsonNode::Element element;
    const std::size_t equals = selector.find('=');
    if (selector == "+") {
        element.sum = true;
    } else if (equals == std::string_view::npos) {
        const char* const end = selector.data() + selector.size();
        const auto [at, error] = std::from_chars(selector.data(), end, element.place);
        if (error != std::errc{} || at != end)
            fail(path, "write a place as a number from 0, [+] for the sum of all, or [key=value]");
    } else {
        element.field = selector.substr(0, equals);
        element.equals = selector.substr(equals + 1);
        if (element.field.empty()) fail(path, "put a key in front of =");
    }
    for (JsonNode::Element& known : list.elements) {
        const bool same = known.place == element.place && known.sum == element.sum &&
                          known.field == element.field && known.equals == element.equals;
        if (same) return known.node.front();
    }
    // One element could fit both, and only one of them can have it.
    if (!list.elements.empty() &&
        (list.elements.front().field != element.field || list.elements.front().sum != element.sum))
        fail(path, "choose all elements of one list by their place, by the same key, or add them all up");
    element.node.emplace_back();
    list.elements.push_back(std::move(element));
    return list.elements.back().node.front();
}

/// Whether the numbers at a path are added up.
bool is_sum(std::string_view path) {
    return path.find("[+]") != std::string_view::npos;
}

/// The node at a path. `inside`: set if it lies in an exploded list, or is its elements.
JsonNode& node_at(JsonNode& root, const std::string& path, bool& inside) {
    JsonNode* node = &root;
    std::string_view rest = path;
    for (;;) {
        const std::size_t end = std::min(rest.find_first_of(".["), rest.size());
        if (end == 0) fail(path, "look for a key that is missing, or a dot too many");
        node = &child_of(*node, rest.substr(0, end));
        rest.remove_prefix(end);
        while (rest.starts_with('[')) {
            const std::size_t close = rest.find(']');
            if (close == std::string_view::npos) fail(path, "close the bracket");
            node = &element_of(*node, rest.substr(1, close - 1), path);
            rest.remove_prefix(close + 1);
        }
        inside |= node->exploded;
        if (rest.empty()) return *node;
        if (!rest.starts_with('.')) fail(path, "put a dot behind the bracket");
        rest.remove_prefix(1);
    }
}

}  // namespace

JsonPaths::JsonPaths(JsonPathOptions given)
    : options(std::move(given)), of_element(options.paths.size()), sum(options.paths.size()) {
    bool inside = false;
    if (!options.explode.empty()) node_at(root, options.explode, inside).exploded = true;
    for (std::size_t slot = 0; slot < options.paths.size(); ++slot) {
        const std::string& path = options.paths[slot];
        if (path.empty()) continue;
        inside = false;
        node_at(root, path, inside).slots.push_back(slot);
        of_element[slot] = inside;
        sum[slot] = is_sum(path);
        if (path.find('.') != std::string::npos && !inside) child_of(root, path).slots.push_back(slot);
    }
    for (const std::string& path : options.named) {
        if (!path.empty()) static_cast<void>(node_at(root, path, inside));
    }
}

}  // namespace funnel::ingest::detail
