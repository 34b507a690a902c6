// SPDX-License-Identifier: MIT
#include "ingest/json/json_line.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "funnel/base/number_format.hpp"
#include "ingest/csv/field_value.hpp"
#include "ingest/csv/scan.hpp"
#include "ingest/json/bad_json.hpp"
#include "ingest/json/json_text.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {

namespace sj = simdjson;
namespace od = simdjson::ondemand;
static_assert(kPadding >= sj::SIMDJSON_PADDING);

/// Walks over a line with simdjson's On-Demand interface. It judges nothing by itself but brackets and
/// commas; every text, number and word is judged here. False: the line is bad, and bad_ may say why already.
struct JsonLine::Reader {
    explicit Reader(JsonLine& line) : out(line), plain_keys(are_plain(line.paths_.root)) {}

    /// Whether the keys stand in a line as they are, without escapes.
    static bool are_plain(const JsonNode& node) {
        const auto plain = [](const JsonNode& child) {
            return child.key.size() < kPadding && child.key.find_first_of("\"\\") == std::string::npos &&
                   are_plain(child);
        };
        return std::ranges::all_of(node.children, plain) &&
               std::ranges::all_of(node.elements,
                                   [](const auto& element) { return are_plain(element.node.front()); });
    }

    bool whole(std::string_view line) {
        od::document document;
        od::object members;
        // The block has the padding; what stands there is the next line, which is never looked at.
        if (parser.iterate(line.data(), line.size(), line.size() + sj::SIMDJSON_PADDING).get(document))
            return false;
        if (document.get_object().get(members)) return false;
        return object(members, &out.paths_.root, 1) &&
               document.current_location().error() == sj::OUT_OF_BOUNDS;
    }

    bool object(od::object& members, JsonNode* node, std::size_t depth) {
        if (depth > kDeepestJson) return false;
        const std::uint64_t instance = ++instances;
        for (auto member : members) {
            od::field field;
            if (std::move(member).get(field)) return false;
            JsonNode* child = nullptr;
            if (!find(field.key().raw(), node, child)) return false;
            if (child != nullptr && std::exchange(child->seen_in, instance) == instance) return twice(*child);
            od::value value = field.value();
            if (!take(value, child, depth)) return false;
        }
        return true;
    }

    /// The child of that key, which ends at a quote; none if nobody wants it. False: the key is no text.
    bool find(const char* text, JsonNode* node, JsonNode*& child) {
        const std::size_t n = node == nullptr ? 0 : node->children.size();
        // Keys come in the same order in most lines.
        if (n > 0 && plain_keys) {
            JsonNode& likely = node->children[node->next];
            if (std::memcmp(text, likely.key.data(), likely.key.size()) == 0 &&
                text[likely.key.size()] == '"') {
                node->next = node->next + 1 == n ? 0 : node->next + 1;
                child = &likely;
                return true;
            }
        }
        std::size_t size = 0;
        bool escapes = false;
        while (text[size] != '"') {
            escapes |= text[size] == '\\';
            size += text[size] == '\\' ? 2 : 1;
        }
        std::string_view key(text, size);
        if (escapes) {
            scratch.clear();
            if (!unescape_json(key, scratch)) return false;
            key = scratch;
        }
        for (std::size_t i = 0, at = n == 0 ? 0 : node->next; i < n; ++i, at = at + 1 == n ? 0 : at + 1) {
            if (node->children[at].key != key) continue;
            node->next = at + 1 == n ? 0 : at + 1;
            child = &node->children[at];
            return true;
        }
        return true;
    }

    bool twice(const JsonNode& node) {
        bad.emplace();
        bad->expected = "each key once";
        bad->got = "\"" + escaped(node.key) + "\" twice";
        return false;
    }

    bool take(od::value& value, JsonNode* node, std::size_t depth) {
        const std::string_view token = value.raw_json_token();
        if (node != nullptr && node->exploded && (token.front() == '[') == inside &&
            !token.starts_with("null"))
            return no_explosion(*node);
        switch (token.front()) {
            case '{':
                return take_object(value, node, token.data(), depth + 1);
            case '[':
                return take_list(value, node, token.data(), depth + 1);
            case '"':
                return take_text(without_json_blanks(token), node);
            default:
                return take_word(without_json_blanks(token), node);
        }
    }

    bool nul() {
        bad.emplace();
        bad->expected = "text without NUL";
        bad->got = "\\u0000";
        bad->advice = "leave it out";
        return false;
    }

    /// What is to be exploded is no list, or one of its elements is another list.
    bool no_explosion(const JsonNode& node) {
        bad.emplace();
        bad->expected = inside ? "no list inside the exploded list" : "a list to explode";
        bad->got = inside ? "one in \"" + escaped(node.key) + "\""
                          : "something else at \"" + escaped(node.key) + "\"";
        bad->advice = inside ? "explode the inner list" : "write it as a list, or leave explode out";
        return false;
    }

    bool take_object(od::value& value, JsonNode* node, const char* begin, std::size_t depth) {
        od::object members;
        if (value.get_object().get(members)) return false;
        return object(members, node, depth) && keep_raw(begin, '}', node);
    }

    bool take_list(od::value& value, JsonNode* node, const char* begin, std::size_t depth) {
        od::array elements;
        if (depth > kDeepestJson || value.get_array().get(elements)) return false;
        std::size_t place = 0;
        const std::uint64_t instance = ++instances;
        for (auto element : elements) {
            od::value item;
            if (std::move(element).get(item)) return false;
            const bool good = node == nullptr  ? take(item, nullptr, depth)
                              : node->exploded ? take_element(item, *node, depth)
                                               : select(item, *node, place, depth, instance);
            if (!good) return false;
            ++place;
        }
        return node == nullptr || node->exploded || keep_raw(begin, ']', node);
    }

    bool take_element(od::value& item, JsonNode& node, std::size_t depth) {
        ++out.elements_;
        out.of_elements_.resize(out.elements_ * out.values_.size());
        inside = true;
        const bool good = take(item, &node, depth);
        inside = false;
        return good;
    }

    /// An element of the list `instance` of which some elements are wanted: of equal ones the first.
    bool select(od::value& item, JsonNode& node, std::size_t place, std::size_t depth,
                std::uint64_t instance) {
        for (JsonNode::Element& element : node.elements) {
            if (element.sum || (element.field.empty() && element.place == place))
                return take(item, &element.node.front(), depth);
        }
        const bool named =
            std::ranges::any_of(node.elements, [](const auto& element) { return !element.field.empty(); });
        if (!named || item.raw_json_token().front() != '{') return take(item, nullptr, depth);
        od::object members;
        if (depth >= kDeepestJson || item.get_object().get(members)) return false;
        JsonNode* chosen = nullptr;
        for (JsonNode::Element& element : node.elements) {
            if (element.field.empty() || chosen != nullptr) continue;
            od::value name;
            const auto error = members.find_field_unordered(element.field).get(name);
            if (error == sj::NO_SUCH_FIELD) continue;
            if (error) return false;
            const std::string_view token = without_json_blanks(name.raw_json_token());
            if (token.starts_with('"') && text_is(token, element.equals)) chosen = &element.node.front();
        }
        if (chosen != nullptr && std::exchange(chosen->seen_in, instance) == instance) chosen = nullptr;
        if (members.reset().error()) return false;
        return object(members, chosen, depth + 1);
    }

    bool text_is(std::string_view token, std::string_view text) {
        if (token.size() < 2) return false;
        scratch.clear();
        return unescape_json(token.substr(1, token.size() - 2), scratch) && scratch == text;
    }

    bool take_text(std::string_view token, JsonNode* node) {
        if (token.size() < 2 || token.back() != '"') return false;
        std::string_view text = token.substr(1, token.size() - 2);
        if (text.find('\\') != std::string_view::npos) {
            scratch.clear();
            if (!unescape_json(text, scratch)) return false;
            if (scratch.find('\0') != std::string::npos) return nul();
            if (node != nullptr && !node->slots.empty()) text = out.arena_.keep(scratch);
        }
        keep(text, node);
        return true;
    }

    bool take_word(std::string_view token, JsonNode* node) {
        const bool null = token == "null";
        if (!null && token != "true" && token != "false" && !is_json_number(token)) return false;
        keep(null ? std::string_view() : token, node);
        return true;
    }

    void keep(std::string_view text, JsonNode* node) {
        if (node == nullptr) return;
        for (const std::size_t slot : node->slots) {
            out.found_[slot] = 1;
            const bool of_element = out.paths_.of_element[slot] != 0;
            if (!of_element)
                put(out.values_[slot], text, slot);
            else if (inside)
                put(out.of_elements_[(out.elements_ - 1) * out.values_.size() + slot], text, slot);
        }
    }

    /// Of a sum, what is no number stays as it is, and is judged as one.
    void put(std::string_view& value, std::string_view text, std::size_t slot) {
        if (out.paths_.sum[slot] == 0 || stands_for_nothing(value)) {
            value = text;
            return;
        }
        const base::NumberFormat& format = out.paths_.options.numbers;
        const auto before = base::parse_number(value, format), more = base::parse_number(text, format);
        if (before && !more && !stands_for_nothing(text)) value = text;
        if (before && more) value = out.arena_.keep(written_sum(value, text, *before + *more));
    }

    [[nodiscard]] bool stands_for_nothing(std::string_view text) const {
        const std::vector<std::string>& words = out.paths_.options.missing;
        return is_missing(text) || std::ranges::find(words, text) != words.end();
    }

    /// The sum of two amounts as the schema writes amounts, with as many digits as the longer one has.
    std::string_view written_sum(std::string_view left, std::string_view right, double sum) {
        const char mark = out.paths_.options.numbers.decimal_mark();
        const std::optional<int> digits = decimals(left, mark), more = decimals(right, mark);
        char* const begin = sum_.data();
        const auto end = digits && more ? std::to_chars(begin, begin + sum_.size(), sum,
                                                        std::chars_format::fixed, std::max(*digits, *more))
                                        : std::to_chars(begin, begin + sum_.size(), sum);
        std::replace(begin, end.ptr, '.', mark);
        return {begin, static_cast<std::size_t>(end.ptr - begin)};
    }

    /// The digits behind the decimal mark; none of a number with an exponent, or of many digits.
    static std::optional<int> decimals(std::string_view text, char mark) {
        constexpr std::size_t kMost = 15;  // more than a double can tell apart
        if (text.find_first_of("eE") != std::string_view::npos) return std::nullopt;
        const std::size_t at = text.rfind(mark);
        if (at == std::string_view::npos) return 0;
        const std::size_t end = std::min(text.find_first_not_of("0123456789", at + 1), text.size());
        return end - at - 1 > kMost ? std::nullopt : std::optional(static_cast<int>(end - at - 1));
    }

    /// A list or an object as text: from its begin to the last `close` that was passed.
    bool keep_raw(const char* begin, char close, JsonNode* node) {
        if (node == nullptr || node->slots.empty()) return true;
        for (const std::size_t slot : node->slots) {
            if (!out.paths_.plain(slot)) continue;
            bad.emplace();
            bad->column = slot;
            bad->expected = "a text or a number";
            bad->got = close == ']' ? "a list" : "an object";
            bad->advice = close == ']' ? "name a place in it, as in items[0].id, or explode it"
                                       : "name a key in it, as in user.id";
            return false;
        }
        const char* end = begin;
        std::size_t open = 0;
        bool quoted = false;
        do {
            if (quoted && *end == '\\')
                ++end;
            else if (*end == '"')
                quoted = !quoted;
            else if (!quoted && (*end == '{' || *end == '['))
                ++open;
            else if (!quoted && (*end == '}' || *end == ']'))
                --open;
            ++end;
        } while (open > 0);
        keep({begin, static_cast<std::size_t>(end - begin)}, node);
        return true;
    }

    JsonLine& out;
    const bool plain_keys;
    od::parser parser;
    std::optional<BadRow> bad;
    std::string scratch;
    std::array<char, 400> sum_{};  // the largest double has 309 digits
    std::uint64_t instances = 0;   // objects so far
    bool inside = false;           // an element of the exploded list
};

bool reads_json_lines() noexcept {
    return true;
}

JsonLine::JsonLine(JsonPaths& paths, TextArena& arena)
    : paths_(paths),
      arena_(arena),
      values_(paths.slots()),
      found_(paths.slots()),
      reader_(std::make_unique<Reader>(*this)) {}
JsonLine::~JsonLine() = default;

std::optional<BadRow> JsonLine::read(std::string_view line) {
    std::ranges::fill(values_, std::string_view());
    of_elements_.clear();
    elements_ = 0;
    reader_->inside = false;
    reader_->bad.reset();
    if (reader_->whole(line)) return std::nullopt;
    elements_ = 0;
    return bad_json(line, std::move(reader_->bad));
}

}  // namespace funnel::ingest::detail
