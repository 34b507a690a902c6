// SPDX-License-Identifier: MIT
#include "serving.hpp"

#include <algorithm>
#include <cmath>

#include "funnel/base/error.hpp"
#include "funnel/ingest/schema.hpp"

namespace funnel::recommender {

namespace {

/// Our names, those of the model's own log, and its stages.
Kinds kinds_of(const model::LogTask& task) {
    Kinds kinds;
    for (std::size_t k = 0; k < events::kKindNames.size(); ++k)
        kinds.emplace(events::kKindNames[k], static_cast<events::EventKind>(k));
    for (std::size_t k = 0; k < task.funnel.custom_types.size(); ++k) {
        const auto number = static_cast<std::size_t>(events::EventKind::custom_first) + k;
        kinds.emplace(task.funnel.custom_types[k], static_cast<events::EventKind>(number));
    }
    if (task.schema.empty()) return kinds;
    for (const auto& [name, type] : ingest::parse_schema(task.schema, "the model's schema").events) {
        if (const auto kind = events::parse_kind(type)) kinds.insert_or_assign(name, *kind);
    }
    return kinds;
}

const Recommender::Input* find(std::span<const Recommender::Input> inputs, std::string_view name) noexcept {
    const auto at = std::ranges::find(inputs, name, &Recommender::Input::name);
    return at == inputs.end() ? nullptr : &*at;
}

}  // namespace

void expect_log(const Bundle& bundle) {
    if (bundle.log && bundle.history) return;
    throw Error(ErrorCode::schema,
                "recommender: expected a model of a log, got one of a table; train on a log of events");
}

RequestInputs::RequestInputs(const model::LogTask& task)
    : numbers_(task.number_inputs), texts_(task.text_inputs) {
    for (const events::SideInput& input : task.side_inputs) {
        if (!input.completes_events()) (input.is_number ? numbers_ : texts_).push_back(input.name());
    }
}

bool RequestInputs::knows(std::string_view name) const noexcept {
    return std::ranges::find(numbers_, name) != numbers_.end() ||
           std::ranges::find(texts_, name) != texts_.end();
}

void RequestInputs::write(const Event&, std::uint64_t, std::span<float> numbers,
                          std::span<std::string_view> texts) const noexcept {
    std::ranges::fill(numbers, std::nanf(""));
    std::ranges::fill(texts, std::string_view{});
}

void RequestInputs::Bound::write(const Event& event, std::uint64_t, std::span<float> numbers,
                                 std::span<std::string_view> texts) const noexcept {
    const auto index = static_cast<std::size_t>(&event - events->data());
    const auto own = index < items.size() ? items[index].inputs : std::span<const Recommender::Input>{};
    const auto given = [&](std::string_view name) {
        const Recommender::Input* input = find(own, name);
        return input != nullptr ? input : find(common, name);
    };
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const Recommender::Input* input = given(names->numbers_[i]);
        numbers[i] = input == nullptr ? std::nanf("") : static_cast<float>(input->number);
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const Recommender::Input* input = given(names->texts_[i]);
        texts[i] = input == nullptr ? std::string_view{} : input->text;
    }
}

Serving::Serving(const Bundle& bundle, const nn::Kernels& kernels)
    : inputs((expect_log(bundle), *bundle.log)),
      scorer(bundle, kernels, &inputs),
      explainer(bundle),
      kinds(kinds_of(*bundle.log)) {}

}  // namespace funnel::recommender
