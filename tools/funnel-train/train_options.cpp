// SPDX-License-Identifier: MIT
#include "train_options.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace funnel::tool {
namespace {

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

std::int64_t horizon_option(const std::string& text, events::ExampleMode mode) {
    if (text != "visit") return duration_option("--horizon", text);
    if (mode != events::ExampleMode::visit) usage_error("--horizon: visit needs --examples visit");
    return events::kVisitHorizon;
}

/// One horizon per target: "7d" for all, or "click=1h,purchase=3d" and the defaults for the rest.
std::vector<std::int64_t> horizons(const TrainCommand& command, const std::vector<std::string>& targets,
                                   events::ExampleMode mode) {
    std::vector<std::int64_t> result;
    for (const std::string& target : targets)
        result.push_back(events::default_horizon(target));
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

events::ExampleMode example_mode(const std::string& name) {
    if (name == "every") return events::ExampleMode::every;
    if (name == "visit") return events::ExampleMode::visit;
    return events::ExampleMode::first;
}

/// All groups of features but those of --without.
events::FeatureGroups groups_but(const std::string& without) {
    events::FeatureGroups groups = events::kAllGroups;
    for (const std::string& name : list_option(without)) {
        const auto at = std::ranges::find(events::kGroupNames, std::string_view(name));
        if (at == events::kGroupNames.end()) {
            std::string known;
            for (const std::string_view group : events::kGroupNames)
                known += (known.empty() ? "" : " ") + std::string(group);
            usage_error("--without: expected groups of features (" + known + "), got \"" + name + "\"");
        }
        groups &= ~(events::FeatureGroups{1} << (at - events::kGroupNames.begin()));
    }
    return groups;
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

/// Options of models that a training starts from or has to beat, and of what it says about itself.
void add_judging_to(CLI::App& sub, TrainCommand& command) {
    sub.add_flag("--calibration,!--no-calibration", command.calibration,
                 "Mend slope and intercept of a head where validation rows say it helps (default: no)");
    sub.add_flag("--audit", command.audit, "Also judge a random split and every input alone, to find leaks");
    sub.add_option("--init", command.init, "Start from the weights of this model, matched by names");
    sub.add_flag("--freeze", command.freeze,
                 "With --init: keep its inputs and weights but for the last layer and the biases");
    sub.add_option("--champion", command.champion,
                   "The model in use: exit 4, and no new model, unless the new one is surely better");
    sub.add_option("--min-gain", command.min_gain,
                   "With --champion: least gain of normalized entropy, at the lower end of its interval")
        ->check(CLI::Range(-1.0, 1.0));
}

/// Options of the examples and of the nets together.
void add_sampling_to(CLI::App& sub, TrainCommand& command) {
    sub.add_option("--seed", command.seed, "Of weights, order, dropout and sampling")->check(whole_number());
    sub.add_option("--members", command.members,
                   "Nets whose mean is the prediction (default: the search chooses, else 1)")
        ->check(CLI::Range(1, 64));
    sub.add_option("--search", command.search,
                   "Tables: on finds encoding, net and members by validation; off trains one net once")
        ->check(CLI::IsMember({"on", "off"}));
    sub.add_option("--budget", command.budget,
                   "Tables: most work of the search, rows x parameters x epochs (default: 1e12)")
        ->check(CLI::Range(1.0, 1e18));
    sub.add_option("--bins", command.bins, "Quantile bins per number beside its z-score")
        ->check(CLI::Range(0, 64));
    sub.add_option("--negative-rate", command.negative_rate, "Share of the negatives that trains")
        ->check(CLI::Range(1e-6, 1.0));
    sub.add_option("--burn-in", command.burn_in,
                   "Begin of the log without examples (default: the longest horizon)");
    sub.add_option("--lag", command.lag, "Events younger than this are not used as features");
    sub.add_option("--without", command.without,
                   "Groups of features to leave out, GROUP,... (docs/features.md)");
    sub.add_option("--forget", command.forget, "Users silent for so long are forgotten");
}

}  // namespace

void TrainCommand::check(const Run& run) const {
    if (!table.label.empty() && !side.empty())
        usage_error("--items, --users, --sessions: they go with a log, not with a table; leave them out");
    if (table.label.empty()) {
        table.refuse_for_log();
    } else {
        (void)table.number_format();
        for (const auto& [name, value] :
             {std::pair{"--targets", &targets}, std::pair{"--horizon", &horizon},
              std::pair{"--without", &without}, std::pair{"--burn-in", &burn_in}}) {
            if (!value->empty())
                usage_error(std::string(name) + ": it goes with a log, not with a table; leave it out");
        }
    }
    if (budget && !searches())
        usage_error(
            "--budget: expected a table that is searched for, got a log, --search off, --init, --one-pass, "
            "--optimizer sgd or --hidden \"\"; leave it out");
    if (min_gain && champion.empty()) usage_error("--min-gain: expected --champion beside it; give both");
    if (freeze && init.empty()) usage_error("--freeze: expected --init beside it; give both");
    if (one_pass && !table.label.empty() && (audit || calibration || !init.empty() || !champion.empty())) {
        usage_error(
            "--one-pass: expected a table without --audit, --calibration, --init and --champion; none of its "
            "rows validates");
    }
    (void)train::resolved(model_options(run.threads()).training, 1);
    (void)groups_but(without);
    for (const std::string& part : list_option(horizon))
        (void)horizon_option(part.substr(part.find('=') + 1), example_mode(examples));
    (void)duration_option("--lag", lag);
    (void)duration_option("--forget", forget);
    if (!burn_in.empty()) (void)duration_option("--burn-in", burn_in);
    const double share = percent_option("--valid", valid);
    if (!(share > 0 && share < 1))
        usage_error("--valid: expected a percentage above 0% and below 100%, got \"" + valid + "\"");
}

bool TrainCommand::searches() const {
    return search == "on" && !table.label.empty() && !one_pass && init.empty() && optimizer == "adamw" &&
           !(hidden && list_option(*hidden).empty());
}

train::ModelOptions TrainCommand::model_options(unsigned threads) const {
    train::ModelOptions options;
    train::TrainOptions& training = options.training;
    if (hidden) training.hidden = hidden_units(*hidden);
    options.choose_hidden = !hidden && optimizer != "sgd" && !one_pass;
    training.epochs = epochs;
    training.patience = patience;
    training.batch_size = batch_size;
    training.learning_rate = learning_rate;
    training.weight_decay = weight_decay;
    training.dropout = dropout;
    training.optimizer = optimizer == "sgd" ? train::Optimizer::sgd : train::Optimizer::adamw;
    training.negative_rate = negative_rate;
    training.one_pass = one_pass;
    training.seed = seed;
    training.threads = threads;
    options.encoder.seed = seed;
    options.encoder.bins = bins;
    options.refit = refit && !one_pass;
    options.members = members;
    if (searches()) options.search = train::SearchOptions{.budget = budget.value_or(train::kDefaultBudget)};
    options.calibrate = calibration;
    options.freeze = freeze;
    return options;
}

train::LogModelOptions TrainCommand::log_options(const ingest::ReadResult& read,
                                                 const train::ModelOptions& model, Run& run) const {
    train::LogModelOptions options;
    options.model = model;
    options.valid_share = percent_option("--valid", valid);
    options.task.schema = ingest::to_json(read.schema);
    options.task.funnel = choose_funnel(log, read.schema, history::kinds_of(read.log), run).funnel;
    options.task.examples = example_mode(examples);
    options.task.text_inputs = read.schema.categorical;
    options.task.number_inputs = read.schema.numeric;
    options.examples.targets = targets_of(*this, options.task.funnel);
    options.examples.horizons = horizons(*this, options.examples.targets, options.task.examples);
    const events::Period asked = log.asked(read.log);
    options.examples.from = asked.from;
    options.examples.until = asked.to;
    if (!burn_in.empty()) options.examples.burn_in = duration_option("--burn-in", burn_in);
    options.examples.threads = run.threads();
    options.history.lag = duration_option("--lag", lag);
    options.history.forget = duration_option("--forget", forget);
    options.history.groups = groups_but(without);
    if (const std::int64_t first = options.examples.horizons.front(); first > 0) {
        options.history.first_horizon = first;
    }
    return options;
}

void TrainCommand::add_configuration(Bundle& bundle) const {
    std::string widths;
    for (const std::size_t units : bundle.nets.front().shape().hidden)
        widths += (widths.empty() ? "" : ",") + std::to_string(units);
    std::vector<std::pair<std::string, std::string>> entries = {
        {"targets", targets},
        {"horizon", horizon},
        {"examples", examples},
        {"valid", valid},
        {"hidden", widths},
        {"optimizer", optimizer},
        {"numeric", table.numeric},
        {"missing", table.missing},
        {"decimal", table.decimal},
        {"thousands", table.thousands},
        {"burn_in", burn_in},
        {"lag", lag},
        {"forget", forget},
        {"without", without},
        {"init", init.empty() ? "" : "yes"},
        {"freeze", freeze ? "yes" : ""},
        {"calibration", calibration ? "yes" : ""},
        {"seed", std::to_string(seed)},
        {"members", std::to_string(bundle.nets.size())},
        {"bins", bins ? std::to_string(*bins) : ""},
        {"refit", refit ? "yes" : "no"},
        {"one_pass", one_pass ? "yes" : "no"}};
    std::erase_if(entries, [](const auto& entry) { return entry.second.empty() && entry.first != "hidden"; });
    auto& all = bundle.summary.configuration;  // what the training chose by the number of rows is there
    all.insert(all.begin(), entries.begin(), entries.end());
}

void TrainCommand::add_learning_to(CLI::App& sub) {
    sub.add_option("--targets", targets, "Stages to predict (default: every stage after the first)");
    sub.add_option("--horizon", horizon, "DURATION or stage=DURATION,... (default: click=30m, others 7d)");
    sub.add_option("--examples", examples, "Which first-stage events are examples")
        ->check(CLI::IsMember({"first", "every", "visit"}));
    sub.add_option("--valid", valid, "Share of the known time, or of a table's rows, that validates");
    sub.add_flag("--refit,!--no-refit", refit, "Train again on everything known (default: yes)");
    sub.add_flag("--one-pass", one_pass, "Every row once, in order; a table is not kept");
    add_judging_to(sub, *this);
    sub.add_option("--epochs", epochs, "Most epochs")->check(CLI::Range(1, 100000));
    sub.add_option("--batch-size", batch_size, "Rows per step (default: by the number of rows)")
        ->check(CLI::Range(1, 1 << 24));
    sub.add_option("--learning-rate", learning_rate, "Default: by optimizer and batch size");
    sub.add_option("--weight-decay", weight_decay, "Default: by the number of rows");
    sub.add_option("--optimizer", optimizer, "adamw or sgd")->check(CLI::IsMember({"adamw", "sgd"}));
    sub.add_option("--hidden", hidden,
                   "Units per hidden layer, \"\" is logistic regression (default: those of --init, else "
                   "128,64 for a table of less than 100,000 rows, else 64,32)");
    sub.add_option("--dropout", dropout, "Default: by the number of rows")->check(CLI::Range(0.0, 0.95));
    sub.add_option("--patience", patience, "Epochs without a better one before it stops")
        ->check(CLI::Range(1, 100000));
    add_sampling_to(sub, *this);
}

}  // namespace funnel::tool
