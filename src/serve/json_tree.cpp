// SPDX-License-Identifier: MIT
#include "json_tree.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "funnel/base/utf8.hpp"

namespace funnel::serve {

namespace {

using Json = nlohmann::json;
using Kind = JsonValue::Kind;

/// "line 3, column 17" of a byte.
std::string place(std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, std::min(at, text.size()));
    const std::size_t line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
    const std::size_t begin = before.rfind('\n');
    const std::size_t column = before.size() - (begin == std::string_view::npos ? 0 : begin + 1) + 1;
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// The end of the value that begins at `at`: behind its last bracket, or at the next white space or end of a
/// text that is none. What is no JSON ends somewhere; the parser says what is wrong with it.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    if (text[at] != '{' && text[at] != '[') return text.size();
    std::size_t depth = 0;
    bool in_text = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (in_text) {
            if (c == '\\') ++at;
            if (c == '"') in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return text.size();
}

/// What nlohmann's parser says, without its own words around it.
std::string reason_of(const Json::exception& error) {
    const std::string what = error.what();
    std::size_t from = what.find(" - ");
    from = from == std::string::npos ? what.find("] ") : from + 1;
    return base::escaped(std::string_view(what).substr(from == std::string::npos ? 0 : from + 2));
}

}  // namespace

/// Takes what the parser finds, and stops it where our own rules are broken.
class JsonTreeBuilder : public nlohmann::json_sax<Json> {
 public:
    JsonTreeBuilder(JsonTree& tree, std::string_view whole, std::size_t from)
        : tree_(tree), whole_(whole), from_(from) {}

    bool null() override { return leaf(Kind::null); }
    bool boolean(bool truth) override {
        leaf(Kind::boolean);
        tree_.values_.back().truth = truth;
        return true;
    }
    bool number_integer(number_integer_t value) override {
        return number(static_cast<double>(value), std::to_string(value));
    }
    bool number_unsigned(number_unsigned_t value) override {
        return number(static_cast<double>(value), std::to_string(value));
    }
    bool number_float(number_float_t value, const string_t& text) override { return number(value, text); }
    bool string(string_t& text) override {
        leaf(Kind::text);
        keep(text, tree_.values_.back().text_at, tree_.values_.back().text_size);
        return true;
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Kind::object); }
    bool start_array(std::size_t) override { return open(Kind::array); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& text) override;
    bool parse_error(std::size_t at, const std::string&, const Json::exception& error) override {
        throw BadRequest("expected JSON, got at " + place(whole_, from_ + (at > 0 ? at - 1 : 0)) + ": " +
                         reason_of(error));
    }

 private:
    bool leaf(Kind kind) {
        if (tree_.values_.size() == JsonTree::kMostValues) {
            throw BadRequest("expected " + std::to_string(JsonTree::kMostValues) +
                             " values or less, got more; post in smaller pieces");
        }
        JsonValue& value = tree_.values_.emplace_back();
        value.kind = kind;
        value.key_at = key_at_;
        value.key_size = std::exchange(key_size_, 0u);
        value.end = static_cast<std::uint32_t>(tree_.values_.size());
        return true;
    }
    bool number(double value, const std::string& text) {
        leaf(Kind::number);
        tree_.values_.back().number = value;
        keep(text, tree_.values_.back().text_at, tree_.values_.back().text_size);
        return true;
    }
    bool open(Kind kind) {
        if (open_.size() == JsonTree::kDeepest) {
            throw BadRequest("expected JSON of " + std::to_string(JsonTree::kDeepest) +
                             " levels or less, got more in " + path());
        }
        leaf(kind);
        open_.push_back({static_cast<std::uint32_t>(tree_.values_.size() - 1), 0});
        return true;
    }
    bool close() {
        tree_.values_[open_.back().value].end = static_cast<std::uint32_t>(tree_.values_.size());
        open_.pop_back();
        return true;
    }
    void keep(std::string_view text, std::uint32_t& at, std::uint32_t& size) {
        at = static_cast<std::uint32_t>(tree_.texts_.size());
        size = static_cast<std::uint32_t>(text.size());
        tree_.texts_ += text;
    }
    /// "/items/3" of the innermost value that is open.
    [[nodiscard]] std::string path() const;

    struct Open {
        std::uint32_t value, keys;
    };
    JsonTree& tree_;
    std::string_view whole_;
    std::size_t from_;
    std::vector<Open> open_;
    std::uint32_t key_at_ = 0, key_size_ = 0;
};

std::string JsonTreeBuilder::path() const {
    std::string path;
    for (std::size_t i = 1; i < open_.size(); ++i) {
        const JsonValue& outer = tree_.values_[open_[i - 1].value];
        if (outer.is(Kind::object)) {
            path += '/' + base::escaped(tree_.key(tree_.values_[open_[i].value]), 40);
            continue;
        }
        std::size_t place_in_array = 0;
        for (std::uint32_t at = open_[i - 1].value + 1; at < open_[i].value; at = tree_.values_[at].end)
            ++place_in_array;
        path += '/' + std::to_string(place_in_array);
    }
    return path.empty() ? "the value that begins at " + place(whole_, from_) : path;
}

bool JsonTreeBuilder::key(string_t& text) {
    Open& object = open_.back();
    if (++object.keys > JsonTree::kMostKeys) {
        throw BadRequest("expected objects of " + std::to_string(JsonTree::kMostKeys) +
                         " keys or less, got more in " + path());
    }
    for (std::uint32_t at = object.value + 1; at < tree_.values_.size(); at = tree_.values_[at].end) {
        if (tree_.key(tree_.values_[at]) == text)
            throw BadRequest("expected every key once, got \"" + base::escaped(text, 60) + "\" twice in " +
                             path());
    }
    keep(text, key_at_, key_size_);
    return true;
}

void JsonTree::read(std::string_view text) {
    values_.clear();
    texts_.clear();
    roots_.clear();
    constexpr std::string_view kSpace = " \t\r\n";
    for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;
         at = text.find_first_not_of(kSpace, at)) {
        const std::size_t end = end_of_value(text, at);
        roots_.push_back(static_cast<std::uint32_t>(values_.size()));
        JsonTreeBuilder builder(*this, text, at);
        // Found by a client's bytes alone: the parser never throws by itself.
        (void)Json::sax_parse(text.data() + at, text.data() + end, &builder);
        at = end;
    }
}

}  // namespace funnel::serve
