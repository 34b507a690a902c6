// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "exit_codes.hpp"
#include "funnel/base/time.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/report/training.hpp"
#include "funnel/train/champion.hpp"
#include "funnel/train/train_on_log.hpp"
#include "log_model.hpp"
#include "table_model.hpp"

namespace funnel::tool {
namespace {

using Clock = std::chrono::steady_clock;

struct TrainCommand {
    GeneralOptions general;
    LogOptions log;
    TableOptions table;
    std::string output;
    std::string targets, horizon, examples = "first", valid = "20%", hidden = "64,32", optimizer = "adamw";
    std::string burn_in, lag = "0", forget = "90d", init, champion;
    double min_gain = 0;
    std::optional<std::size_t> epochs, batch_size, patience;
    std::optional<double> learning_rate, weight_decay, dropout;
    std::uint64_t seed = 1;
    std::size_t members = 1;
    std::optional<std::uint32_t> bins;
    double negative_rate = 1;
    bool refit = true, one_pass = false, calibrate = false, audit = false;
};

std::vector<std::size_t> hidden_units(const std::string& text) {
    std::vector<std::size_t> units;
    for (const std::string& part : list_option(text)) {
        std::size_t n = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), n);
        if (error != std::errc{} || end != part.data() + part.size() || n < 1 || n > nn::kMaxWidth) {
            usage_error(
                "--hidden: expected sizes from 1 to 65536 such as 64,32, or \"\" for logistic regression, "
                "got \"" +
                text + "\"");
        }
        units.push_back(n);
    }
    return units;
}

train::ModelOptions model_options(const TrainCommand& command) {
    train::ModelOptions options;
    train::TrainOptions& training = options.training;
    training.hidden = hidden_units(command.hidden);
    training.epochs = command.epochs;
    training.patience = command.patience;
    training.batch_size = command.batch_size;
    training.learning_rate = command.learning_rate;
    training.weight_decay = command.weight_decay;
    training.dropout = command.dropout;
    training.optimizer = command.optimizer == "sgd" ? train::Optimizer::sgd : train::Optimizer::adamw;
    training.negative_rate = command.negative_rate;
    training.one_pass = command.one_pass;
    training.seed = command.seed;
    training.threads = command.general.thread_count();
    options.encoder.seed = command.seed;
    options.encoder.bins = command.bins;
    options.refit = command.refit && !command.one_pass;
    options.members = command.members;
    options.calibrate = command.calibrate;
    return options;
}

std::int64_t horizon_option(const std::string& text, features::ExampleMode mode) {
    if (text != "visit") return duration_option("--horizon", text);
    if (mode != features::ExampleMode::visit) usage_error("--horizon: visit needs --examples visit");
    return features::kVisitHorizon;
}

/// One horizon per target: "7d" for all, or "click=1h,purchase=3d" and the defaults for the rest.
std::vector<std::int64_t> horizons(const TrainCommand& command, const std::vector<std::string>& targets,
                                   features::ExampleMode mode) {
    std::vector<std::int64_t> result;
    for (const std::string& target : targets)
        result.push_back(features::default_horizon(target));
    for (const std::string& part : list_option(command.horizon)) {
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos) {
            std::ranges::fill(result, horizon_option(part, mode));
            continue;
        }
        const auto at = std::ranges::find(targets, part.substr(0, equals));
        if (at == targets.end()) {
            usage_error("--horizon: expected one of the targets, got \"" + part.substr(0, equals) + "\"");
        }
        result[static_cast<std::size_t>(at - targets.begin())] =
            horizon_option(part.substr(equals + 1), mode);
    }
    return result;
}

features::ExampleMode example_mode(const std::string& name) {
    if (name == "every") return features::ExampleMode::every;
    if (name == "visit") return features::ExampleMode::visit;
    return features::ExampleMode::first;
}

/// Every stage after the first, or --targets; both in the order of the funnel.
std::vector<std::string> targets_of(const TrainCommand& command, const Funnel& funnel) {
    const std::vector<std::string> wanted = list_option(command.targets);
    std::vector<std::string> targets;
    for (std::size_t k = 1; k < funnel.stages.size(); ++k) {
        const std::string& name = funnel.stages[k].name;
        if (wanted.empty() || std::ranges::find(wanted, name) != wanted.end()) targets.push_back(name);
    }
    for (const std::string& name : wanted) {
        if (std::ranges::find(targets, name) != targets.end()) continue;
        std::string known;
        for (std::size_t k = 1; k < funnel.stages.size(); ++k)
            known += (k > 1 ? " " : "") + funnel.stages[k].name;
        usage_error("--targets: expected stages after the first (" + known + "), got \"" + name + "\"");
    }
    if (targets.empty()) {
        throw Error(ErrorCode::schema,
                    "funnel " + funnel.text() +
                        ": expected a stage after the first to predict, got none; give --funnel");
    }
    return targets;
}

train::LogModelOptions log_options(const TrainCommand& command, const ingest::ReadResult& read,
                                   Console& console) {
    train::LogModelOptions options;
    options.model = model_options(command);
    options.valid_share = percent_option("--valid", command.valid);
    options.task.schema = ingest::to_json(read.schema);
    options.task.funnel =
        choose_funnel(command.log, read.schema, features::kinds_of(read.log), console).funnel;
    options.task.examples = example_mode(command.examples);
    options.task.text_inputs = read.schema.categorical;
    options.task.number_inputs = read.schema.numeric;
    options.examples.targets = targets_of(command, options.task.funnel);
    options.examples.horizons = horizons(command, options.examples.targets, options.task.examples);
    options.examples.from = command.log.from_time();
    if (!command.burn_in.empty()) options.examples.burn_in = duration_option("--burn-in", command.burn_in);
    options.examples.threads = command.general.thread_count();
    options.history.lag = duration_option("--lag", command.lag);
    options.history.forget = duration_option("--forget", command.forget);
    if (const std::int64_t first = options.examples.horizons.front(); first > 0) {
        options.history.first_horizon = first;
    }
    return options;
}

std::vector<std::pair<std::string, std::string>> configuration(const TrainCommand& command) {
    std::vector<std::pair<std::string, std::string>> entries = {
        {"targets", command.targets},
        {"horizon", command.horizon},
        {"examples", command.examples},
        {"valid", command.valid},
        {"hidden", command.hidden},
        {"optimizer", command.optimizer},
        {"burn_in", command.burn_in},
        {"lag", command.lag},
        {"forget", command.forget},
        {"seed", std::to_string(command.seed)},
        {"members", std::to_string(command.members)},
        {"bins", command.bins ? std::to_string(*command.bins) : ""},
        {"refit", command.refit ? "yes" : "no"},
        {"one_pass", command.one_pass ? "yes" : "no"}};
    std::erase_if(entries, [](const auto& entry) { return entry.second.empty() && entry.first != "hidden"; });
    return entries;
}

/// Measures epochs on the way and shows them with -v.
class Stopwatch {
 public:
    explicit Stopwatch(Console& console) : console_(console) {}

    [[nodiscard]] train::TrainObserver observer() {
        return {.progress = console_.progress(), .epoch_ends = [this](const train::EpochReport& epoch) {
                    const auto now = Clock::now();
                    times_.epochs.push_back(std::chrono::duration<double>(now - last_).count());
                    last_ = now;
                    console_.detail(
                        "epoch " + std::to_string(epoch.epoch) + ": train loss " +
                        std::to_string(epoch.train_loss) +
                        (epoch.valid_loss ? ", valid loss " + std::to_string(*epoch.valid_loss) : "") +
                        (epoch.best ? ", best so far" : ""));
                    return true;
                }};
    }
    [[nodiscard]] report::TrainingTimes times() {
        times_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        return times_;
    }

 private:
    Console& console_;
    report::TrainingTimes times_;
    Clock::time_point start_ = Clock::now(), last_ = start_;
};

/// Models that a training starts from or has to beat.
struct EarlierModels {
    std::optional<Bundle> initial, champion;

    explicit EarlierModels(const TrainCommand& command) {
        if (!command.init.empty()) initial = persist::load_model(command.init);
        if (!command.champion.empty()) champion = persist::load_model(command.champion);
    }

    void add_to(train::ModelOptions& options, const TrainCommand& command, Session& session) const {
        if (initial) options.initial = &*initial;
        options.tell = [&session](const std::string& text) { session.console.note(text); };
        if (!champion) return;
        options.validated = [this, &command, &session](const train::ValidatedFit& fit) {
            need_gain(train::gain_over(*champion, fit, chosen_kernels(command.general)), command, session);
        };
    }

 private:
    static void need_gain(const train::Gain& gain, const TrainCommand& command, Session& session) {
        const std::string text =
            std::to_string(*gain.value) + (gain.range.interval
                                               ? " (95 %: " + std::to_string(gain.range.interval->low) +
                                                     " to " + std::to_string(gain.range.interval->high) + ")"
                                               : " (no interval: " + std::string(gain.range.reason) + ")");
        if (gain.range.interval && gain.range.interval->low >= command.min_gain) {
            session.console.note("gain over " + command.champion + ": " + text);
            return;
        }
        throw GateNotMet("--champion: expected a gain of normalized entropy surely of at least " +
                         std::to_string(command.min_gain) + " over " + command.champion + ", got " + text +
                         "; the old model stays");
    }
};

Bundle train_log(const TrainCommand& command, const train::ModelOptions& model, Session& session,
                 Stopwatch& watch) {
    ingest::ReadOptions reading = command.log.read_options(command.general, session.console);
    std::vector<std::string> texts, numbers;
    if (command.log.schema != "auto") {
        const ingest::Schema schema = ingest::load_schema(command.log.schema);
        texts = schema.categorical;
        numbers = schema.numeric;
        if (!command.log.funnel && !schema.funnel_is_default) {
            reading.custom_kinds = Funnel::make(schema.funnel).custom_types;
        }
    }
    reading.columns = feature_columns(texts, numbers);
    ingest::ReadResult read = ingest::read_log(command.log.paths, reading);
    tell_about_reading(read.report, command.log, session.console);
    if (const auto to = command.log.to_time()) read.log.keep_before(*to);
    if (read.log.empty()) throw Error(ErrorCode::schema, "expected events to train on, got no rows");
    train::LogModelOptions options = log_options(command, read, session.console);
    options.model = model;
    return train::train_on_log(read.log, options, chosen_kernels(command.general), watch.observer());
}

void run_train(const TrainCommand& command, Session& session) {
    command.general.apply(session.console);
    refuse_overwriting_input(command.output, command.log.paths);
    files::check_writable(command.output);
    if (command.output == command.log.rejects) {
        usage_error(command.output +
                    ": expected one output per file, got it for the model and for --rejects");
    }
    // A wrong option ends the run before the long work.
    (void)train::resolved(model_options(command).training, 1);
    if (command.min_gain != 0 && command.champion.empty()) usage_error("--min-gain needs --champion");
    const EarlierModels earlier(command);
    train::ModelOptions model = model_options(command);
    earlier.add_to(model, command, session);
    train::Audit audit;
    if (command.audit) model.audit = &audit;
    Stopwatch watch(session.console);
    Bundle bundle = command.table.label.empty()
                        ? train_log(command, model, session, watch)
                        : train_on_table(command.table, command.log, command.general, model, command.valid,
                                         session.console, watch.observer());
    bundle.summary.configuration = configuration(command);
    persist::save_model(command.output, bundle);
    if (command.general.json) {
        session.out << report::training_json(bundle, watch.times(), model.audit);
    } else {
        session.out << report::training_text(bundle);
        if (command.audit) session.out << '\n' << report::audit_text(audit);
    }
}

void add_training_options(CLI::App& sub, TrainCommand& command) {
    sub.add_option("--targets", command.targets, "Stages to predict (default: every stage after the first)");
    sub.add_option("--horizon", command.horizon,
                   "DURATION or stage=DURATION,... (default: click=30m, others 7d)");
    sub.add_option("--examples", command.examples, "Which first-stage events are examples")
        ->check(CLI::IsMember({"first", "every", "visit"}));
    sub.add_option("--valid", command.valid, "Share of the known time, or of a table's rows, that validates");
    sub.add_flag("--refit,!--no-refit", command.refit, "Train again on everything known (default: yes)");
    sub.add_flag("--one-pass", command.one_pass, "Every row once, in file order");
    sub.add_flag("--calibration,!--no-calibration", command.calibrate,
                 "Mend slope and intercept of a head where validation rows say it helps (default: no)");
    sub.add_flag("--audit", command.audit, "Also judge a random split and every input alone, to find leaks");
    sub.add_option("--init", command.init, "Start from the weights of this model, matched by names");
    sub.add_option("--champion", command.champion,
                   "The model in use: exit 4, and no new model, unless the new one is surely better");
    sub.add_option("--min-gain", command.min_gain,
                   "With --champion: least gain of normalized entropy, at the lower end of its interval");
    sub.add_option("--epochs", command.epochs, "Most epochs")->check(CLI::Range(1, 100000));
    sub.add_option("--batch-size", command.batch_size, "Rows per step (default: by the number of rows)")
        ->check(CLI::Range(1, 1 << 24));
    sub.add_option("--learning-rate", command.learning_rate, "Default: by optimizer and batch size");
    sub.add_option("--weight-decay", command.weight_decay, "Default: by the number of rows");
    sub.add_option("--optimizer", command.optimizer, "adamw or sgd")->check(CLI::IsMember({"adamw", "sgd"}));
    sub.add_option("--hidden", command.hidden, "Units per hidden layer; \"\" is logistic regression");
    sub.add_option("--dropout", command.dropout, "Default: by the number of rows")
        ->check(CLI::Range(0.0, 0.95));
    sub.add_option("--patience", command.patience, "Epochs without a better one before it stops")
        ->check(CLI::Range(1, 100000));
    sub.add_option("--seed", command.seed, "Of weights, order, dropout and sampling");
    sub.add_option("--members", command.members, "Nets whose mean is the prediction")
        ->check(CLI::Range(1, 64));
    sub.add_option("--bins", command.bins,
                   "Quantile bins per number beside its z-score (default: none for a log, by the number of "
                   "rows for a table)")
        ->check(CLI::Range(0, 64));
    sub.add_option("--negative-rate", command.negative_rate, "Share of the negatives that trains")
        ->check(CLI::Range(1e-6, 1.0));
    sub.add_option("--burn-in", command.burn_in,
                   "Begin of the log without examples (default: the longest horizon)");
    sub.add_option("--lag", command.lag, "Events younger than this are not used as features");
    sub.add_option("--forget", command.forget, "Users silent for so long are forgotten");
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
    auto command = std::make_shared<TrainCommand>();
    CLI::App* sub = app.add_subcommand("train", "A log or a table to a model");
    command->general.add_to(*sub);
    command->log.add_to(*sub);
    command->table.add_to(*sub);
    command->table.add_training_to(*sub);
    sub->add_option("-o,--output", command->output, "The model file")->required();
    add_training_options(*sub, *command);
    sub->callback(
        [command, &session] { session.action = [command, &session] { run_train(*command, session); }; });
}

}  // namespace funnel::tool
