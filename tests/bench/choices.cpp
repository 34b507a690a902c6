// SPDX-License-Identifier: MIT
// What the choices behind the defaults are worth on a real log: choices SCHEMA CUT DAYS WHAT SEEDS LOG...
// Examples are featured once; every variant learns from those known at CUT (seconds since 1970) with its
// refit and is judged on those of the DAYS behind it. WHAT: groups leaves out one group of features after the
// other; losses compares the exact chain loss, the whole-space loss, heads that are free of each other, and
// one net per target. A line per variant and seed; docs/lab/results.md shows some.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/time.hpp"
#include "funnel/dataset/build_dataset.hpp"
#include "funnel/eval/log_loss.hpp"
#include "funnel/eval/roc_auc.hpp"
#include "funnel/ingest/read_log.hpp"
#include "funnel/kernel/best_kernels.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/train/train_model.hpp"
#include "funnel/train/train_on_log.hpp"

namespace {

using namespace funnel;
using encoding::Dataset;

struct Study {
    dataset::ExampleList examples;
    events::FeatureSpec spec;
    Dataset data;
    std::int64_t cut = 0, judged_to = 0;
};

Study featured(const std::string& schema, const std::vector<std::string>& paths) {
    ingest::ReadOptions reading;
    reading.columns.price = reading.columns.text_if_mapped = reading.columns.position_if_mapped = true;
    reading.schema = schema;
    const EventLog log = ingest::read_log(paths, reading).log;
    train::LogModelOptions options;
    options.task.funnel = Funnel::parse("impression,click+view,cart_add,purchase");
    Study study;
    study.examples = dataset::build_examples(log, options.task.funnel, options.examples);
    history::History history(train::history_options(log, options));
    study.spec = history.spec();
    study.data = dataset::build_dataset(log, history, study.examples);
    dataset::mask_place(study.data, study.spec, options.hide_place, 1);
    return study;
}

/// Examples with the label k where it was known at `to` and the example is not before `from`.
encoding::LabelledRows known_between(const Study& study, const Dataset& data, std::int64_t from,
                                     std::int64_t to) {
    dataset::detail::LabelledRowsBuilder builder(data);
    for (std::size_t i = 0; i < data.size(); ++i) {
        builder.add(i, [&](std::size_t k) {
            return data.keys[i].time >= from && data.keys[i].time + study.examples.horizons[k] <= to;
        });
    }
    return builder.take();
}

/// The columns for which keep_number(i) and keep_text(i).
Dataset columns_of(const Dataset& all, const std::function<bool(std::size_t)>& keep_number,
                   const std::function<bool(std::size_t)>& keep_text) {
    Dataset some;
    some.targets = all.targets;
    some.labels = all.labels;
    some.keys = all.keys;
    std::vector<std::size_t> numbers, texts;
    for (std::size_t i = 0; i < all.numeric_features.size(); ++i) {
        if (!keep_number(i)) continue;
        numbers.push_back(i);
        some.numeric_features.push_back(all.numeric_features[i]);
    }
    for (std::size_t i = 0; i < all.categorical_features.size(); ++i) {
        if (!keep_text(i)) continue;
        texts.push_back(i);
        some.categorical_features.push_back(all.categorical_features[i]);
        some.categories.push_back(all.categories[i]);
    }
    some.numeric.reserve(all.size() * numbers.size());
    some.categorical.reserve(all.size() * texts.size());
    for (std::size_t row = 0; row < all.size(); ++row) {
        for (const std::size_t i : numbers)
            some.numeric.push_back(all.numeric_row(row)[i]);
        for (const std::size_t i : texts)
            some.categorical.push_back(all.categorical_row(row)[i]);
    }
    return some;
}

struct Variant {
    std::string name;
    nn::Chains chains;
    train::Loss loss = train::Loss::chain;
};

/// Probabilities of the judged rows, (rows, K).
std::vector<float> learn(const Study& study, const Dataset& data, const Variant& variant, std::uint64_t seed,
                         const encoding::LabelledRows& judged) {
    const std::int64_t begin = study.examples.begin;
    const auto share = static_cast<std::int64_t>(0.2 * static_cast<double>(study.cut - begin));
    dataset::Split split;
    split.refit = known_between(study, data, begin, study.cut);
    split.train = known_between(study, data, begin, study.cut - share);
    split.valid = known_between(study, data, study.cut - share, study.cut);
    Bundle bundle;
    bundle.log.emplace();
    for (std::size_t k = 0; k < data.targets.size(); ++k)
        bundle.heads.push_back({.name = data.targets[k], .horizon = study.examples.horizons[k]});
    bundle.chains = variant.chains;
    train::ModelOptions options;
    options.training.seed = seed;
    options.training.loss = variant.loss;
    train::choose_log_defaults(options, split.train.size());
    train::train_model(bundle, data, split, options, kernel::best());

    const model::Predictor predictor(bundle, kernel::best());
    model::Predictor::Workspace workspace;
    std::vector<std::string_view> texts(data.categorical_features.size());
    std::vector<float> p(judged.size() * data.targets.size());
    for (std::size_t i = 0; i < judged.size(); ++i) {
        const auto codes = data.categorical_row(judged.rows[i]);
        for (std::size_t c = 0; c < codes.size(); ++c)
            texts[c] = codes[c] == base::kNone ? std::string_view{} : data.categories[c].text(codes[c]);
        predictor.predict(data.numeric_row(judged.rows[i]), texts,
                          std::span(p).subspan(i * data.targets.size(), data.targets.size()), workspace);
    }
    return p;
}

void tell(const std::string& name, std::uint64_t seed, const Study& study,
          const encoding::LabelledRows& judged, const std::vector<float>& p) {
    const std::size_t targets = study.data.targets.size();
    std::printf("%-16s seed %llu", name.c_str(), static_cast<unsigned long long>(seed));
    for (std::size_t k = 0; k < targets; ++k) {
        eval::LossSum loss;
        std::vector<float> scores;
        std::vector<std::uint8_t> labels;
        for (std::size_t i = 0; i < judged.size(); ++i) {
            const std::uint8_t label = judged.labels[i * targets + k];
            if (label == base::kUnknownLabel) continue;
            scores.push_back(p[i * targets + k]);
            labels.push_back(label);
            loss.add(static_cast<double>(scores.back()), label);
        }
        std::printf("  %s %.4f %.5f %.4f", study.data.targets[k].c_str(),
                    eval::roc_auc(scores, labels).value_or(-1), loss.log_loss().value_or(-1),
                    loss.normalized_entropy().value_or(-1));
    }
    std::size_t violations = 0;
    for (std::size_t i = 0; i < judged.size(); ++i) {
        for (std::size_t k = 1; k < targets; ++k) {
            if (study.examples.horizons[k - 1] >= study.examples.horizons[k])
                violations += p[i * targets + k] > p[i * targets + k - 1] ? 1U : 0U;
        }
    }
    std::printf("  out of order %zu of %zu\n", violations, judged.size());
    std::fflush(stdout);
}

/// The labels of one target alone.
Dataset single_target(const Dataset& all, std::size_t k) {
    Dataset one = all;
    one.targets = {all.targets[k]};
    one.labels.clear();
    for (std::size_t i = 0; i < all.size(); ++i)
        one.labels.push_back(all.label_row(i)[k]);
    return one;
}

void compare_groups(const Study& study, const encoding::LabelledRows& judged, std::uint64_t seed) {
    const Variant plain{.name = "all", .chains = train::chains_of(study.examples.horizons)};
    tell("all groups", seed, study, judged, learn(study, study.data, plain, seed, judged));
    for (std::size_t g = 0; g < events::kGroupNames.size(); ++g) {
        const auto group = static_cast<events::FeatureGroup>(g);
        const Dataset some = columns_of(
            study.data, [&](std::size_t i) { return study.spec.numeric_groups[i] != group; },
            [&](std::size_t i) { return study.spec.categorical_groups[i] != group; });
        if (some.numeric.size() == study.data.numeric.size()) continue;
        tell("no " + std::string(events::kGroupNames[g]), seed, study, judged,
             learn(study, some, plain, seed, judged));
    }
}

void compare_losses(const Study& study, const encoding::LabelledRows& judged, std::uint64_t seed) {
    const std::size_t targets = study.data.targets.size();
    const nn::Chains chains = train::chains_of(study.examples.horizons);
    const nn::Chains free(std::vector<std::size_t>(targets, 1));
    for (const Variant& variant :
         {Variant{"chain", chains}, Variant{"whole space", chains, train::Loss::esmm},
          Variant{"free heads", free}})
        tell(variant.name, seed, study, judged, learn(study, study.data, variant, seed, judged));
    std::vector<float> p(judged.size() * targets);
    for (std::size_t k = 0; k < targets; ++k) {
        Study one{.examples = study.examples,
                  .spec = study.spec,
                  .data = single_target(study.data, k),
                  .cut = study.cut,
                  .judged_to = study.judged_to};
        one.examples.horizons = {study.examples.horizons[k]};
        const std::vector<float> mine = learn(one, one.data, {"", nn::Chains()}, seed, judged);
        for (std::size_t i = 0; i < judged.size(); ++i)
            p[i * targets + k] = mine[i];
    }
    tell("net per target", seed, study, judged, p);
}

int run(const std::vector<std::string>& words) {
    if (words.size() < 6 || (words[3] != "groups" && words[3] != "losses")) {
        std::fputs("choices SCHEMA CUT DAYS groups|losses SEEDS LOG...\n", stderr);
        return 2;
    }
    Study study = featured(words[0], {words.begin() + 5, words.end()});
    study.cut = std::stoll(words[1]) * base::kSecond;
    study.judged_to = study.cut + std::stoll(words[2]) * base::kDay;
    dataset::detail::LabelledRowsBuilder builder(study.data);
    for (std::size_t i = 0; i < study.data.size(); ++i) {
        const std::int64_t time = study.data.keys[i].time;
        builder.add(i, [&](std::size_t) { return time >= study.cut && time < study.judged_to; });
    }
    const encoding::LabelledRows judged = builder.take();
    for (std::uint64_t seed = 1; seed <= std::stoull(words[4]); ++seed)
        words[3] == "groups" ? compare_groups(study, judged, seed) : compare_losses(study, judged, seed);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& e) {
        std::fprintf(stderr, "choices: %s\n", e.what());
        return 1;
    }
}
