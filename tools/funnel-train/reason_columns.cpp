// SPDX-License-Identifier: MIT
#include "reason_columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "funnel/explain/reasons.hpp"
#include "log_model.hpp"

namespace funnel::tool {
namespace {

constexpr std::size_t kMostReasons = 100;

std::string share_text(double logit) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", 1 / (1 + std::exp(-logit)));
    return text;
}

}  // namespace

void ReasonOptions::add_to(CLI::App& command) {
    command.add_option("--reasons", count,
                       "Beside each row the N inputs that moved the probability most, up or down (1 to 100)");
    command.add_option("--target", target,
                       "The target whose probability --reasons explains; default: the last");
}

void ReasonOptions::check() const {
    if (count && (*count < 1 || *count > kMostReasons))
        usage_error("--reasons: expected a number from 1 to 100, got \"" + std::to_string(*count) + "\"");
    if (!count && !target.empty()) usage_error("--target: it goes with --reasons; give both or leave it out");
}

ReasonColumns::ReasonColumns(const ReasonOptions& options, const Bundle& bundle, Console& console) {
    if (!options.count) return;
    count_ = *options.count;
    target_ = head_named(options.target, bundle);
    explainer_.emplace(bundle);
    contributions_.resize(explainer_->inputs());
    const std::string mean = share_text(explainer_->reference_logit(target_));
    const std::string name = "p_" + bundle.heads[target_].name;
    if (explainer_->knows_mean()) {
        console.note("reasons: what moves the logit of " + name +
                     " away from that of the mean training row (" + name + " " + mean + ")");
    } else {
        console.warn("reasons_without_mean",
                     "the model file does not hold the mean row of its training: reasons say what moves the "
                     "logit of " +
                         name + " away from that of a row of mean numbers and unknown categories (" + name +
                         " " + mean + "); train again for better ones");
    }
}

dataset::RawRowObserver ReasonColumns::observer() {
    if (!explainer_) return {};
    return [this](std::size_t example, std::span<const float> numeric,
                  std::span<const std::string_view> categorical) { add(example, numeric, categorical); };
}

void ReasonColumns::add(std::size_t example, std::span<const float> numeric,
                        std::span<const std::string_view> categorical) {
    explainer_->explain(numeric, categorical, target_, contributions_, workspace_);
    if (texts_.size() <= example) texts_.resize(example + 1);
    for (const explain::Reason& reason :
         explain::reasons(*explainer_, numeric, categorical, contributions_, count_))
        texts_[example].push_back(explain::to_text(reason));
}

void ReasonColumns::explain(std::size_t n, std::span<const float> numeric,
                            std::span<const std::string_view> categorical) {
    if (!explainer_) return;
    texts_.clear();
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t d = numeric.size() / n, c = categorical.size() / n;
        add(i, numeric.subspan(i * d, d), categorical.subspan(i * c, c));
    }
}

void ReasonColumns::add_table(const encoding::Dataset& data) {
    if (!explainer_) return;
    std::vector<std::string_view> texts(data.categorical_features.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
        for (std::size_t c = 0; c < texts.size(); ++c) {
            const std::uint32_t code = data.categorical_row(i)[c];
            texts[c] = code == base::kNone ? std::string_view{} : data.categories[c].text(code);
        }
        add(i, data.numeric_row(i), texts);
    }
}

void ReasonColumns::write_header(RowsOut& rows) const {
    for (std::size_t i = 1; i <= count_; ++i)
        rows.text("reason_" + std::to_string(i));
}

void ReasonColumns::write(RowsOut& rows, std::size_t example) const {
    for (std::size_t i = 0; i < count_; ++i) {
        if (example < texts_.size() && i < texts_[example].size()) {
            rows.text(texts_[example][i]);
        } else {
            rows.missing();
        }
    }
}

}  // namespace funnel::tool
