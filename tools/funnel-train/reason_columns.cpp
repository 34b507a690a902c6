// SPDX-License-Identifier: MIT
#include "reason_columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "funnel/base/parallel.hpp"
#include "funnel/explain/reasons.hpp"
#include "log_model.hpp"

namespace funnel::tool {
namespace {

constexpr std::size_t kMostReasons = 100;
constexpr std::size_t kBlockRows = 8192, kTaskRows = 256;  ///< explained at a time, and by one task
constexpr double kLeastContribution = 0.005;               ///< less would be written as 0.00

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

ReasonColumns::ReasonColumns(const ReasonOptions& options, const Bundle& bundle, Run& run) {
    if (!options.count) return;
    Console& console = run.console;
    threads_ = run.threads();
    encoder_ = &bundle.encoder;
    block_.emplace(bundle.encoder, 0);
    count_ = *options.count;
    target_ = head_named(options.target, bundle);
    explainer_.emplace(bundle);
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
    block_->add(example, numeric, categorical);
    if (block_->size() == kBlockRows) explain_block();
}

void ReasonColumns::finish() {
    if (explainer_) explain_block();
}

void ReasonColumns::explain_block() {
    const std::size_t rows = block_->size(), tasks = (rows + kTaskRows - 1) / kTaskRows;
    std::vector<Kept> found(rows * count_);
    std::vector<std::vector<std::string_view>> texts(tasks);  // of Kept, by their index, until they are kept
    base::for_each_task(tasks, threads_, [&](std::size_t task) {
        const std::size_t last = std::min(rows, (task + 1) * kTaskRows);
        explain_rows(task * kTaskRows, last, found, texts[task]);
    });
    for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t at = block_->example(row) * count_;
        if (kept_.size() < at + count_) kept_.resize(at + count_);
        for (std::size_t i = 0; i < count_; ++i) {
            Kept& reason = kept_[at + i] = found[row * count_ + i];
            if (reason.text != base::kNone) reason.text = texts_.intern(texts[row / kTaskRows][reason.text]);
        }
    }
    block_.emplace(*encoder_, 0);
}

void ReasonColumns::explain_rows(std::size_t first, std::size_t last, std::span<Kept> found,
                                 std::vector<std::string_view>& texts) const {
    std::vector<float> numeric(encoder_->numeric_features().size());
    std::vector<std::string_view> categorical(encoder_->categorical_features().size());
    std::vector<double> contributions(explainer_->inputs());
    explain::Explainer::Workspace workspace;
    for (std::size_t row = first; row < last; ++row) {
        block_->copy_row(row, numeric, categorical);
        explainer_->explain(numeric, categorical, target_, contributions, workspace);
        std::size_t at = row * count_;
        for (const std::size_t input : explain::largest_contributions(contributions, count_)) {
            if (std::abs(contributions[input]) < kLeastContribution) break;
            Kept& kept = found[at++];
            kept.input = static_cast<std::uint32_t>(input);
            kept.contribution = contributions[input];
            if (input < numeric.size()) {
                kept.number = numeric[input];
            } else {
                kept.text = static_cast<std::uint32_t>(texts.size());
                texts.push_back(categorical[input - numeric.size()]);
            }
        }
    }
}

void ReasonColumns::explain(std::size_t n, std::span<const float> numeric,
                            std::span<const std::string_view> categorical) {
    if (!explainer_) return;
    kept_.clear();
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t d = numeric.size() / n, c = categorical.size() / n;
        add(i, numeric.subspan(i * d, d), categorical.subspan(i * c, c));
    }
    finish();
}

void ReasonColumns::add_table(const encoding::Dataset& data) {
    if (!explainer_) return;
    std::vector<std::string_view> texts(data.categorical_features.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
        data.copy_texts(i, texts);
        add(i, data.numeric_row(i), texts);
    }
    finish();
}

void ReasonColumns::write_header(RowsOut& rows) const {
    for (std::size_t i = 1; i <= count_; ++i)
        rows.text("reason_" + std::to_string(i));
}

void ReasonColumns::write(RowsOut& rows, std::size_t example) const {
    for (std::size_t i = example * count_; i < (example + 1) * count_; ++i) {
        if (i >= kept_.size() || kept_[i].input == base::kNone) {
            rows.missing();
            continue;
        }
        const Kept& kept = kept_[i];
        rows.text(explain::to_text({.input = explainer_->input_names()[kept.input],
                                    .value = kept.text == base::kNone ? explain::value_text(kept.number)
                                                                      : std::string(texts_.text(kept.text)),
                                    .contribution = kept.contribution}));
    }
}

}  // namespace funnel::tool
