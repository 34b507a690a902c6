// SPDX-License-Identifier: MIT
#include "metrics_options.hpp"

#include <algorithm>
#include <charconv>

#include "funnel/base/count_words.hpp"
#include "funnel/events/aliases.hpp"
#include "funnel/ingest/read_table.hpp"

namespace funnel::tool {

namespace {

// A whole number of 0 or more, all of the text.
std::optional<std::int64_t> parse_whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || at != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::vector<std::int64_t> days_option(const std::string& name, const std::string& text) {
    std::vector<std::int64_t> days;
    for (const std::string& part : list_option(text)) {
        const auto day = parse_whole_number(part);
        if (!day || *day > 36500) usage_error(name + ": expected days such as 1,7,30, got \"" + text + "\"");
        days.push_back(*day);
    }
    return days;
}

// Each thing is asked for once: two metrics of one name would be one too many.
template <typename T>
std::vector<T> distinct(std::vector<T> values) {
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

// events_per_min>N, or COLUMN~word,word.
void apply_bot_rule(const std::string& rule, metrics::MetricsOptions& options) {
    constexpr std::string_view kStart = "events_per_min>";
    const auto limit = rule.starts_with(kStart)
                           ? parse_whole_number(std::string_view(rule).substr(kStart.size()))
                           : std::nullopt;
    options.bot_events_per_minute = limit.value_or(0);
    if (options.bot_events_per_minute > 0) return;
    const std::size_t tilde = rule.find('~');
    if (tilde == 0 || tilde == std::string::npos || tilde + 1 == rule.size()) {
        usage_error("--bot-rule: expected events_per_min>N with N of 1 or more, or COLUMN~word,word, got \"" +
                    rule + "\"");
    }
    options.bot_column = rule.substr(0, tilde);
    options.bot_words = list_option(rule.substr(tilde + 1));
    std::erase(options.bot_words, "");
}

}  // namespace

void FunnelRuleOptions::add_to(CLI::App& command) {
    command
        .add_option("--order", order, "in-order; strict: nothing in between; any: the most steps in a window")
        ->check(CLI::IsMember({"in-order", "strict", "any"}));
    command.add_flag("--strict-increase", strict_increase, "Each step later than the one before");
    command.add_flag("--first-entry", first_entry, "Only the first entry may start a way through the funnel");
    command.add_flag("--open", open, "A way may begin at any stage");
    command.add_option("--exclude", exclude, "Event types that end a way, e.g. cart_remove,refund");
    command.add_option("--hold", hold, "What all steps of a way must share")
        ->check(CLI::IsMember({"nothing", "item", "category"}));
    command.add_option("--step-window", step_windows, "Since the step before, e.g. cart=1h,purchase=2d");
    command.add_option("--count", count, "Entities once, or their entries that do not overlap")
        ->check(CLI::IsMember({"entities", "entries"}));
    command.add_flag("--timing", timing, "Time to convert and value of each step");
}

metrics::FunnelRules FunnelRuleOptions::rules(const Funnel& funnel, std::vector<bool> optional) const {
    metrics::FunnelRules rules;
    rules.order = order == "strict" ? metrics::StepOrder::strict
                  : order == "any"  ? metrics::StepOrder::any
                                    : metrics::StepOrder::in_order;
    rules.hold = hold == "item"       ? metrics::Hold::item
                 : hold == "category" ? metrics::Hold::category
                                      : metrics::Hold::nothing;
    rules.strict_increase = strict_increase;
    rules.first_entry = first_entry;
    rules.open = open;
    rules.count_entries = count == "entries";
    rules.optional = std::move(optional);
    for (const std::string& type : list_option(exclude)) {
        const auto kind = events::parse_kind(type);
        if (!kind) usage_error("--exclude: expected event types such as cart_remove, got \"" + type + "\"");
        rules.excluded |= events::kind_bit(*kind);
    }
    for (const std::string& part : list_option(step_windows)) {
        const std::size_t equals = part.find('=');
        const auto stage = std::ranges::find(funnel.stages, part.substr(0, equals), &events::Stage::name);
        if (equals == std::string::npos || stage == funnel.stages.end() || stage == funnel.stages.begin()) {
            usage_error("--step-window: expected STAGE=DURATION for a stage after the first, got \"" + part +
                        "\"");
        }
        rules.step_windows.resize(funnel.stages.size(), metrics::kNoStepWindow);
        rules.step_windows[static_cast<std::size_t>(stage - funnel.stages.begin())] =
            duration_option("--step-window", part.substr(equals + 1));
    }
    if (const auto wrong = metrics::complaint(rules, funnel); !wrong.empty())
        usage_error("metrics: expected " + std::string(wrong));
    return rules;
}

std::pair<std::string, std::vector<bool>> without_marks(const std::string& funnel) {
    std::vector<bool> optional;
    std::string plain;
    for (const std::string& stage : list_option(funnel)) {
        const bool may = stage.ends_with('?');
        plain += (optional.empty() ? "" : ",") + stage.substr(0, stage.size() - (may ? 1 : 0));
        optional.push_back(may);
    }
    return {plain, optional};
}

void MoreOptions::add_to(CLI::App& command) {
    command.add_flag("--all", all,
                     "Also ctr_exposure, retention on days 1, 7 and 30, categories and --timing");
    command.add_option("--retention", retention, "Days N of retention, e.g. 1,7,30");
    command.add_flag("--rolling-days", rolling_days, "Days of retention are 24 hours from the first event");
    command.add_option("--repeat-within", repeat_within, "Time for a second order, e.g. 30d,90d");
    command.add_option("--warmup", warmup,
                       "Carts and first orders this long from the start are known, not counted");
    command.add_option("--aliases", aliases, "CSV file alias,user_id: ids that belong to one user");
    command.add_option("--bot-rule", bot_rule,
                       "events_per_min>N or COLUMN~word,word: all figures also without such users");
}

void MoreOptions::apply(metrics::MetricsOptions& options) const {
    options.retention = distinct(days_option("--retention", retention.empty() && all ? "1,7,30" : retention));
    options.rolling_days = rolling_days;
    options.warmup = duration_option("--warmup", warmup);
    options.repeat_within.clear();
    for (const std::string& span : list_option(repeat_within))
        options.repeat_within.push_back(duration_option("--repeat-within", span));
    options.repeat_within = distinct(options.repeat_within);
    options.exposures = all;
    options.timing |= all && options.entity != metrics::Entity::exposure;
    if (!bot_rule.empty()) apply_bot_rule(bot_rule, options);
}

void MoreOptions::apply_aliases(EventLog& log, Run& run) const {
    if (aliases.empty()) return;
    ingest::TableOptions reading;
    reading.verbatim = {"alias", "user_id"};
    reading.rows.digests = !run.options.manifest.empty();
    reading.threads = run.threads();
    const ingest::Table table = ingest::read_table(std::vector<std::string>{aliases}, reading);
    const auto* alias = table.column("alias");
    const auto* user = table.column("user_id");
    if (alias == nullptr || user == nullptr) {
        throw Error(ErrorCode::schema, aliases + ": expected the columns alias and user_id; rename them");
    }
    run.record.add_input(table.report);
    std::vector<std::pair<std::string_view, std::string_view>> pairs;
    for (std::size_t row = 0; row < table.rows(); ++row) {
        if (alias->code[row] == base::kNone || user->code[row] == base::kNone) continue;
        pairs.emplace_back(alias->values.text(alias->code[row]), user->values.text(user->code[row]));
    }
    const std::size_t rows = events::apply_aliases(log, pairs);
    run.console.note(base::counted(rows, "row") +
                     (rows == 1 ? " belongs to an alias and counts" : " belong to aliases and count") +
                     " for the user behind it");
}

}  // namespace funnel::tool
