// SPDX-License-Identifier: MIT
#include "post.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"
#include "json_fields.hpp"

namespace funnel::serve {

namespace {

using Event = Recommender::Event;
using Kind = JsonValue::Kind;

struct TextField {
    std::string_view name;
    std::string_view Event::*place;
};
constexpr std::array<TextField, 8> kTexts{{{"event_type", &Event::kind},
                                           {"user_id", &Event::user},
                                           {"item_id", &Event::item},
                                           {"session_id", &Event::session},
                                           {"category", &Event::category},
                                           {"brand", &Event::brand},
                                           {"list", &Event::list},
                                           {"event_id", &Event::event_id}}};
struct NumberField {
    std::string_view name;
    double Event::*place;
};
constexpr std::array<NumberField, 2> kNumbers{{{"position", &Event::position}, {"price", &Event::price}}};

void read_field(const JsonTree& tree, const JsonValue& value, Event& event) {
    const std::string_view key = tree.key(value);
    if (value.is(Kind::null)) return;
    if (key == "event_time") event.time = time_of(tree, value);
    for (const TextField& field : kTexts) {
        if (field.name == key) event.*field.place = text_of(tree, value);
    }
    for (const NumberField& field : kNumbers) {
        if (field.name == key) event.*field.place = number_of(tree, value);
    }
}

/// What is missing or too long, in words; empty if nothing is.
std::string fault_of(const Event& event) {
    if (event.user.empty()) return "user_id: expected a text, got none";
    if (event.kind.empty()) return "event_type: expected a text, got none";
    for (const TextField& field : kTexts) {
        if ((event.*field.place).size() > kMostText) {
            return std::string(field.name) + ": expected " + std::to_string(kMostText) +
                   " bytes or less, got " + std::to_string((event.*field.place).size());
        }
    }
    return {};
}

void read_event(std::uint32_t index, std::size_t place, Post& post) {
    const JsonTree& tree = post.tree;
    if (!tree.at(index).is(Kind::object))
        throw BadRequest("expected an object for each event, got something else as number " +
                         std::to_string(place));
    Event event;
    event.time = post.received;
    std::string fault;
    try {
        tree.each(index, [&](std::uint32_t at) { read_field(tree, tree.at(at), event); });
        fault = fault_of(event);
    } catch (const BadField& bad) {
        fault = bad.what();
    }
    if (!fault.empty()) {
        post.refused.push_back({place, std::move(fault)});
        return;
    }
    post.events.push_back(event);
    post.places.push_back(place);
}

template <typename T>
void put(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Reads values off the front of a text.
class Cursor {
 public:
    explicit Cursor(std::string_view rest) : rest_(rest) {}
    template <typename T>
    T value() {
        T value;
        std::memcpy(&value, text(sizeof value).data(), sizeof value);
        return value;
    }
    std::string_view text(std::size_t size) {
        if (size > rest_.size()) throw Error(ErrorCode::format, "damaged: a record of the journal");
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

 private:
    std::string_view rest_;
};

}  // namespace

void read_post(std::string_view body, std::int64_t received, Post& post) {
    post.received = received;
    post.bytes = body.size();
    post.tree.read(body);
    const std::vector<std::uint32_t>& roots = post.tree.roots();
    if (roots.empty()) throw BadRequest("expected events as JSON, got an empty body");
    std::size_t place = 0;
    if (roots.size() == 1 && post.tree.at(roots[0]).is(Kind::array)) {
        post.tree.each(roots[0], [&](std::uint32_t at) { read_event(at, place++, post); });
        return;
    }
    for (const std::uint32_t root : roots)
        read_event(root, place++, post);
}

void write_record(const Post& post, const std::vector<bool>& accepted, std::string& out) {
    out.clear();
    put<std::uint8_t>(out, 1);  // version
    put(out, post.received);
    std::uint32_t count = 0;
    for (const bool yes : accepted)
        count += yes;
    put(out, count);
    for (std::size_t i = 0; i < post.events.size(); ++i) {
        if (!accepted[i]) continue;
        const Event& event = post.events[i];
        put(out, event.time);
        for (const NumberField& field : kNumbers)
            put(out, event.*field.place);
        for (const TextField& field : kTexts) {
            put(out, static_cast<std::uint16_t>((event.*field.place).size()));
            out += event.*field.place;
        }
    }
}

std::int64_t read_record(std::string_view payload, std::vector<Recommender::Event>& events) {
    Cursor in(payload);
    if (in.value<std::uint8_t>() != 1) {
        throw Error(ErrorCode::format,
                    "expected a journal of this version, got a newer record; use the version that wrote it");
    }
    const auto received = in.value<std::int64_t>();
    const auto count = in.value<std::uint32_t>();
    events.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
        Event& event = events.emplace_back();
        event.time = in.value<std::int64_t>();
        for (const NumberField& field : kNumbers)
            event.*field.place = in.value<double>();
        for (const TextField& field : kTexts)
            event.*field.place = in.text(in.value<std::uint16_t>());
    }
    return received;
}

}  // namespace funnel::serve
