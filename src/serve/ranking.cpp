// SPDX-License-Identifier: MIT
#include "ranking.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "funnel/base/error.hpp"
#include "json_fields.hpp"

namespace funnel::serve {

namespace {

using Kind = JsonValue::Kind;
using Item = Recommender::Item;

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::size_t count_of(const JsonTree& tree, const JsonValue& value) {
    const double number = number_of(tree, value);
    if (number < 1 || number > 1e9 || number != std::floor(number))
        throw BadField(tree.key(value),
                       "expected a whole number from 1, got " + std::string(tree.text(value)));
    return static_cast<std::size_t>(number);
}

/// Those of an item that have a place of their own; false for others.
bool read_known(const JsonTree& tree, const JsonValue& value, Item& item) {
    const std::string_view key = tree.key(value);
    if (key == "item_id") {
        item.id = text_of(tree, value);
    } else if (key == "category") {
        item.category = text_of(tree, value);
    } else if (key == "brand") {
        item.brand = text_of(tree, value);
    } else if (key == "list") {
        item.list = text_of(tree, value);
    } else if (key == "position") {
        item.position = number_of(tree, value);
    } else if (key == "price") {
        item.price = number_of(tree, value);
    } else {
        return false;
    }
    return true;
}

}  // namespace

void Ranking::add_input(const JsonValue& value) {
    Recommender::Input input{.name = tree_.key(value)};
    if (value.is(Kind::number)) {
        input.number = value.number;
        input.text = tree_.text(value);
    } else if (value.is(Kind::text)) {
        input.text = tree_.text(value);
    } else if (value.is(Kind::boolean)) {
        input.number = value.truth ? 1 : 0;
    } else if (!value.is(Kind::null)) {
        throw BadField(input.name, "expected a text or a number, got an array or object");
    }
    inputs_.push_back(input);
}

void Ranking::read_item(std::uint32_t index, std::size_t place) {
    const JsonValue& value = tree_.at(index);
    Item item;
    const std::size_t first = inputs_.size();
    if (value.is(Kind::object)) {
        tree_.each(index, [&](std::uint32_t at) {
            const JsonValue& field = tree_.at(at);
            if (!field.is(Kind::null) && !read_known(tree_, field, item)) add_input(field);
        });
    } else if (value.is(Kind::text) || value.is(Kind::number)) {
        item.id = tree_.text(value);
    }
    if (item.id.empty())
        throw BadRequest("items: expected an id or an object with item_id, got none as number " +
                         std::to_string(place));
    items_.push_back(item);
    of_.emplace_back(first, inputs_.size() - first);
}

void Ranking::read_items(std::uint32_t index) {
    if (!tree_.at(index).is(Kind::array)) throw BadField("items", "expected an array, got something else");
    std::size_t place = 0;
    tree_.each(index, [&](std::uint32_t at) { read_item(at, place++); });
    if (items_.empty() || items_.size() > kMostItems) {
        throw BadField("items", "expected 1 to " + std::to_string(kMostItems) + ", got " +
                                    std::to_string(items_.size()));
    }
}

void Ranking::read(std::string_view body, std::int64_t now, bool order, std::size_t reasons) {
    constexpr std::int64_t kMostAhead = 60'000'000;
    items_.clear();
    inputs_.clear();
    of_.clear();
    request_ = {.now = now, .reasons = reasons};
    target_ = {};
    top_ = kMostItems;
    order_ = order;
    tree_.read(body);
    if (tree_.roots().size() != 1 || !tree_.at(0).is(Kind::object))
        throw BadRequest("expected one JSON object, got something else");
    std::optional<std::uint32_t> items;
    std::vector<std::uint32_t> further;
    const auto field = [&](std::uint32_t at) {
        const JsonValue& value = tree_.at(at);
        const std::string_view key = tree_.key(value);
        if (value.is(Kind::null)) return;
        if (key == "user_id") {
            request_.user = text_of(tree_, value);
        } else if (key == "session_id") {
            request_.session = text_of(tree_, value);
        } else if (key == "list") {
            request_.list = text_of(tree_, value);
        } else if (key == "event_time") {
            const std::int64_t time = time_of(tree_, value);
            if (time > now + kMostAhead)
                throw BadField(key, "expected at most 60 s from now, got a later time");
            request_.now = std::min(time, now);  // no request brings events into use before they are due
        } else if (key == "target" && order) {
            target_ = text_of(tree_, value);
        } else if (key == "top" && order) {
            top_ = count_of(tree_, value);
        } else if (key == "items") {
            items = at;
        } else {
            further.push_back(at);
        }
    };
    try {
        tree_.each(0, field);
        if (!items) throw BadField("items", "expected an array, got none");
        read_items(*items);
        if (reasons > 0 && std::min(top_, items_.size()) > kMostExplained) {
            throw BadField(order ? "top" : "items", "expected at most " + std::to_string(kMostExplained) +
                                                        " items with reasons, got " +
                                                        std::to_string(std::min(top_, items_.size())));
        }
        const std::size_t first = inputs_.size();
        for (const std::uint32_t at : further)
            add_input(tree_.at(at));
        // Only now: adding to the inputs moves them.
        request_.inputs = std::span(inputs_).subspan(first);
        for (std::size_t i = 0; i < items_.size(); ++i)
            items_[i].inputs = std::span(inputs_).subspan(of_[i].first, of_[i].second);
    } catch (const BadField& bad) {
        throw BadRequest(bad.what());
    }
}

void Ranking::ask(const Recommender& recommender) {
    std::string target(target_);
    if (target.empty()) target = recommender.targets().back();
    switch (recommender.top(request_, items_, target, std::min(top_, items_.size()), scratch_)) {
        case Recommender::Ranked::yes:
            return;
        case Recommender::Ranked::unknown_target:
            throw BadRequest("target: expected one of " + listed(recommender.targets()) + ", got \"" +
                             base::escaped(target, 60) + '"');
        case Recommender::Ranked::unknown_input: {
            std::vector<std::string> names;
            for (const Recommender::Input& input : inputs_) {
                std::string name = base::escaped(input.name, 60);
                if (std::ranges::find(names, name) == names.end() && names.size() < 8)
                    names.push_back(std::move(name));
            }
            throw BadRequest("expected inputs of the model only, got one that it has not among " +
                             listed(names));
        }
        case Recommender::Ranked::failed:
            break;
    }
    throw Error(ErrorCode::memory, "memory was refused");
}

/// Of an item, by its place in the request.
void Ranking::write_reasons(std::size_t item, std::string& out) const {
    const auto at = std::ranges::find(scratch_.order(), static_cast<std::uint32_t>(item));
    out += ",\"reasons\":[";
    bool first = true;
    for (const Recommender::Reason& reason :
         scratch_.reasons(static_cast<std::size_t>(at - scratch_.order().begin()))) {
        out += first ? "{\"input\":" : ",{\"input\":";
        first = false;
        append_json(out, reason.input);
        out += ",\"value\":";
        if (!reason.text.empty())
            append_json(out, reason.text);
        else if (std::isfinite(reason.number))
            append_number(out, static_cast<float>(reason.number));
        else
            out += "null";
        out += ",\"contribution\":";
        append_number(out, reason.contribution);
        out += '}';
    }
    out += ']';
}

void Ranking::write(std::string_view model, std::string& out) const {
    const std::span<const std::string> targets = scratch_.target_names();
    const std::span<const float> all = scratch_.all_scores();
    const std::size_t count = order_ ? scratch_.order().size() : items_.size();
    out += "{\"model\":";
    append_json(out, model);
    out += scratch_.known_user() ? ",\"known_user\":true,\"items\":[" : ",\"known_user\":false,\"items\":[";
    for (std::size_t place = 0; place < count; ++place) {
        const std::size_t i = order_ ? scratch_.order()[place] : place;
        out += place == 0 ? "{\"item_id\":" : ",{\"item_id\":";
        append_json(out, items_[i].id);
        out += ",\"p\":{";
        for (std::size_t k = 0; k < targets.size(); ++k) {
            if (k > 0) out += ',';
            append_json(out, targets[k]);
            out += ':';
            append_number(out, all[i * targets.size() + k]);
        }
        out += '}';
        if (request_.reasons > 0) write_reasons(i, out);
        out += '}';
    }
    out += "]}\n";
}

}  // namespace funnel::serve
