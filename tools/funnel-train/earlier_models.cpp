// SPDX-License-Identifier: MIT
#include "earlier_models.hpp"

#include "exit_codes.hpp"
#include "funnel/train/champion.hpp"

namespace funnel::tool {
namespace {

std::string gain_text(const train::Gain& gain) {
    return std::to_string(*gain.value) + (gain.range.interval
                                              ? " (95 %: " + std::to_string(gain.range.interval->low) +
                                                    " to " + std::to_string(gain.range.interval->high) + ")"
                                              : " (no interval: " + std::string(gain.range.reason) + ")");
}

train::Gain gain_over(const Bundle& champion, const train::ValidatedFit& fit, const TrainCommand& command,
                      const Run& run) {
    try {
        return train::gain_over(champion, fit, run.kernels());
    } catch (const Error& error) {
        throw Error(error.code(), "--champion " + command.champion + ": " + error.what());
    }
}

void need_gain(const train::Gain& gain, const TrainCommand& command, Run& run) {
    if (gain.champion_saw_rows) {
        run.console.warn("champion_saw_rows",
                         "--champion: too few validation rows are later than what " + command.champion +
                             " learned from, so it is judged on rows that it knows; train on a later log");
    }
    const double least = command.min_gain.value_or(0);
    if (gain.surely_at_least(least)) {
        run.console.note("gain over " + command.champion + ": " + gain_text(gain));
        return;
    }
    throw GateNotMet("--champion: expected a gain of normalized entropy surely of " +
                     (least > 0 ? "at least " + std::to_string(least) : std::string("more than 0")) +
                     " over " + command.champion + ", got " + gain_text(gain) + "; the old model stays");
}

}  // namespace

EarlierModels::EarlierModels(const TrainCommand& command, Run& run) {
    if (!command.init.empty()) initial_ = load_model(command.init, run);
    if (!command.champion.empty()) champion_ = load_model(command.champion, run);
}

void EarlierModels::add_to(train::ModelOptions& options, const TrainCommand& command, Run& run) const {
    if (initial_) {
        options.initial = &*initial_;
        options.tell = [&run](const std::string& text) { run.console.warn("warm_start", text); };
        const std::vector<std::size_t>& hidden = initial_->nets.front().shape().hidden;
        if (!command.hidden) {
            options.training.hidden = hidden;
            options.choose_hidden = false;
        }
        if (command.freeze && options.training.hidden != hidden)
            usage_error("--freeze: expected the hidden layers of the earlier model; leave out --hidden");
    }
    if (!champion_) return;
    options.validated = [this, &command, &run](const train::ValidatedFit& fit) {
        need_gain(gain_over(*champion_, fit, command, run), command, run);
    };
}

}  // namespace funnel::tool
