// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>
#include <vector>

#include "commands.hpp"
#include "counting.hpp"
#include "funnel/ingest/time_zone.hpp"
#include "funnel/metrics/find_people.hpp"
#include "funnel/report/people_report.hpp"
#include "id_list.hpp"
#include "log_model.hpp"
#include "written_view.hpp"

namespace funnel::tool {
namespace {

struct PeopleCommand {
    LogOptions log;
    std::string group, since, until, lapse = "90d", dedup = "none", min_value, only;
    std::size_t limit = 0;
    ViewOptions to;
};

void check(const PeopleCommand& command, const Run& run) {
    std::vector<std::string> more;
    if (!command.only.empty()) more.push_back(command.only);
    command.to.check(command.log, more, run);
    if (!command.log.from.empty() || !command.log.to.empty() || !command.log.period.empty()) {
        usage_error(
            "people: expected --since and --until, got an option of the period; they say when somebody "
            "joined the group");
    }
}

/// What --min-value says, or nothing.
std::optional<events::Money> least_value(const PeopleCommand& command) {
    if (command.min_value.empty()) return std::nullopt;
    double value = 0;
    const char* end = command.min_value.data() + command.min_value.size();
    const auto [at, error] = std::from_chars(command.min_value.data(), end, value);
    const auto money = events::Money::of(value);
    if (error != std::errc{} || at != end || !money)
        usage_error("--min-value: expected an amount such as 50, got \"" + command.min_value + "\"");
    return money;
}

metrics::PeopleOptions people_options(const PeopleCommand& command, std::int64_t last_time) {
    metrics::PeopleOptions people{.group = *metrics::parse_people_group(command.group),
                                  .lapse = duration_option("--lapse", command.lapse)};
    if (!command.since.empty()) people.since = time_option("--since", command.since, command.log.tz);
    if (!command.until.empty()) people.until = time_option("--until", command.until, command.log.tz);
    if (people.since && people.until && *people.until < *people.since)
        usage_error("--since and --until: expected since <= until; exchange them");
    // The log is complete up to what was asked for.
    std::int64_t end = last_time;
    if (!command.log.as_of.empty())
        end = std::max(end, time_option("--as-of", command.log.as_of, command.log.tz));
    else if (people.until)
        end = std::max(end, *people.until);
    people.end = end;
    return people;
}

void keep_wanted(const PeopleCommand& command, const EventLog& log, std::vector<metrics::Person>& people,
                 Run& run) {
    if (const auto least = least_value(command))
        std::erase_if(people, [&](const auto& p) { return !p.value || !p.value->at_least(*least); });
    if (command.only.empty()) return;
    const std::vector<std::string> listed = read_ids(command.only);
    const std::unordered_set<std::string> ids(listed.begin(), listed.end());
    const bool some =
        std::ranges::any_of(ids, [&](const std::string& id) { return log.users.find(id) != base::kNone; });
    if (!some)
        run.console.warn("few_ids_found",
                         "--only: " +
                             (ids.empty() ? command.only + " holds no id"
                                          : "no id of " + command.only + " is a user of the log") +
                             ", so nobody is named");
    std::erase_if(people, [&](const metrics::Person& person) {
        return !ids.contains(std::string(log.users.text(person.user)));
    });
}

/// A group that nobody can be in, because the log has no event of the type that it begins with.
void warn_of_impossible_group(metrics::PeopleGroup group, const metrics::LogFacts& facts, Run& run) {
    using enum metrics::PeopleGroup;
    const auto need = [&](EventKind kind, const base::Warning& warning) {
        if (!facts.has(kind)) run.console.warn(warning);
    };
    if (group == abandoned_cart) {
        need(EventKind::cart_add,
             base::Warning{"no_carts",
                           "the log has no event of type cart_add, so nobody can have left a cart"});
    } else if (group == abandoned_checkout) {
        need(EventKind::checkout,
             base::Warning{"no_checkouts",
                           "the log has no event of type checkout, so nobody can have left one"});
    } else if (group == viewed_not_bought) {
        need(EventKind::view,
             base::Warning{"no_views",
                           "the log has no event of type view, so nobody can have viewed an item"});
    } else {
        need(EventKind::purchase,
             base::Warning{"no_purchases",
                           "the log has no event of type purchase, so nobody can have bought anything"});
    }
}

void run_people(const PeopleCommand& command, Run& run) {
    check(command, run);
    (void)least_value(command);
    (void)people_options(command, 0);  // wrong words end the run before the long work
    ingest::ReadOptions reading = command.log.read_options(run);
    reading.columns.price = true;
    set_dedup(command.dedup, reading);
    ingest::ReadResult result = ingest::read_log(command.log.paths, reading);
    tell_about_reading(result.report, command.log, run);
    drop_copies(command.dedup, result.log, run);
    const EventLog& log = result.log;
    const metrics::LogFacts facts = metrics::facts_of(log);
    metrics::MetricsOptions options;
    options.funnel = choose_funnel(command.log, result.schema, facts.kinds, run).funnel;
    options.threads = run.threads();
    std::vector<metrics::Person> people;
    if (!log.empty())
        people = metrics::find_people(log, people_options(command, facts.last_time), options, facts);
    if (!log.empty()) warn_of_impossible_group(*metrics::parse_people_group(command.group), facts, run);
    if (!command.min_value.empty() && !facts.has_price && !facts.has_revenue)
        run.console.warn("no_amounts",
                         "--min-value: the log has no prices and no revenue, so nobody is worth as much");
    keep_wanted(command, log, people, run);
    const std::size_t shown = command.limit > 0 ? std::min(command.limit, people.size()) : people.size();
    run.record.add_times(log);
    run.record.add_count("people", shown);
    const report::PeopleView view{.log = &log,
                                  .group = *metrics::parse_people_group(command.group),
                                  .people = std::span<const metrics::Person>(people).first(shown),
                                  .all = static_cast<std::int64_t>(people.size()),
                                  .funnel = options.funnel,
                                  .zone = command.log.tz,
                                  .offsets = command.log.offsets(facts.first_time, facts.last_time),
                                  .warnings = run.console.warnings()};
    command.to.write(view, run);
}

}  // namespace

void add_people(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "people", "Who is in a group, since when, with which items", run_people);
    command->log.add_to(*sub);
    for (const char* name : {"--from", "--to", "--period"})
        sub->get_option(name)->group("");  // refused with a word about --since and --until
    sub->add_option(
           "--group", command->group,
           "abandoned_cart, abandoned_checkout, viewed_not_bought, first_order, repeat_buyer or lapsed")
        ->required()
        ->check(CLI::IsMember(
            std::vector<std::string>(metrics::kPeopleGroups.begin(), metrics::kPeopleGroups.end())));
    sub->add_option("--since", command->since, "Those who joined the group at this time or later (ISO 8601)");
    sub->add_option("--until", command->until, "Those who joined it before this time");
    sub->add_option("--lapse", command->lapse, "lapsed: how long a buyer has been silent");
    sub->add_option("--min-value", command->min_value, "Those whose items or orders are worth as much");
    add_dedup(*sub, command->dedup);
    sub->add_option("--only", command->only, "File of ids, one per line: nobody else is named (consent)");
    sub->add_option("--limit", command->limit, "Most rows, the longest in the group first")
        ->check(whole_number(1));
    command->to.add_to(*sub, "For a mail tool");
}

}  // namespace funnel::tool
