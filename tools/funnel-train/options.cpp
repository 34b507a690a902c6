// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "funnel/base/count_words.hpp"
#include "funnel/base/time.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/files/atomic_file.hpp"
#include "funnel/ingest/named_period.hpp"
#include "funnel/ingest/schema.hpp"
#include "funnel/ingest/time_zone.hpp"

namespace funnel::tool {

namespace {

/// What is wrong with a name, or an empty text. What is in a file is found out when it is needed.
std::string is_schema(const std::string& name) {
    try {
        if (name != "auto") (void)ingest::load_schema(name);
    } catch (const Error& error) {
        const std::string_view what = error.what(), context = "schema: ";
        if (error.code() == ErrorCode::invalid_argument)
            return std::string(what.substr(what.starts_with(context) ? context.size() : 0));
    }
    return {};
}

}  // namespace

void usage_error(const std::string& message) {
    throw Error(ErrorCode::invalid_argument, message);
}

std::string names_of(std::span<const std::string> paths) {
    std::string names = base::escaped(paths.front());
    if (paths.size() == 2) names += " and " + base::escaped(paths.back());
    if (paths.size() > 2) names += " and " + std::to_string(paths.size() - 1) + " more files";
    return names;
}

void LogOptions::add_to(CLI::App& command, bool log_required) {
    command
        .add_option("LOG", paths, "Event logs: CSV or JSON lines, plain or gzip or zstd; - is standard input")
        ->required(log_required);
    command
        .add_option("--schema", schema,
                    "auto, a preset (ga-flat ga4 ga4-json segment snowplow woocommerce-orders rees46 "
                    "retailrocket taobao "
                    "shopify-orders canonical) or a JSON file")
        ->check(is_schema);
    command.add_option("--time-unit", time_unit, "Unit of times that are integers")
        ->check(CLI::IsMember({"auto", "s", "ms", "us", "ns", "iso"}));
    command.add_option("--from", from, "What begins before this time is not asked for (ISO 8601)");
    command.add_option("--to", to, "Nor is what begins at this time or later; its rows are still read");
    command.add_option("--period", period, "yesterday, last-week, last-month or last-Nd, in place of both");
    command.add_option("--as-of", as_of, "The log as it was known then: rows from this time on are not read");
    command
        .add_option("--clock", clock, "drop: leave out the few rows whose clock was wrong; keep: take them")
        ->check(CLI::IsMember({"drop", "keep"}));
    command.add_option("--tz", tz, "IANA time zone of days, and of times without an offset");
    command.add_option("--funnel", funnel, "Stages, e.g. view,cart_add,purchase; click+view joins types");
    command.add_option("--bad-rows", bad_rows, "What a bad row does")->check(CLI::IsMember({"fail", "skip"}));
    command.add_option("--max-bad", max_bad, "With skip: most bad rows, N or P%");
    command.add_option("--rejects", rejects, "With skip: CSV file for the rejected rows");
    command.add_option("--max-line", max_line, "Most bytes of one record")->check(CLI::Range(16, 1 << 30));
}

std::vector<std::string> LogOptions::inputs() const {
    std::vector<std::string> all = paths;
    if (schema.ends_with(".json")) all.push_back(schema);
    return all;
}

ingest::RowPolicy LogOptions::row_policy() const {
    ingest::RowPolicy policy;
    policy.bad_rows = bad_rows == "skip" ? ingest::BadRows::skip : ingest::BadRows::fail;
    if (!max_bad.empty() && max_bad.back() == '%') {
        policy.max_bad.share = percent_option("--max-bad", max_bad);
    } else {
        const char* end = max_bad.data() + max_bad.size();
        const auto [at, error] = std::from_chars(max_bad.data(), end, policy.max_bad.count);
        if (error != std::errc{} || at != end || policy.max_bad.count < 0) {
            usage_error("--max-bad: expected a number of rows or a percentage such as 1%, got \"" + max_bad +
                        "\"");
        }
    }
    policy.rejects_path = rejects;
    policy.max_line = max_line;
    if (!rejects.empty()) refuse_overwriting_input(rejects, paths);
    return policy;
}

ingest::RowPolicy LogOptions::next_reading(Run& run) const {
    ingest::RowPolicy policy = row_policy();
    policy.append_rejects = !run.record.begins_rejects();
    policy.digests = true;  // also tells copies of a file from each other
    return policy;
}

ingest::ReadOptions LogOptions::read_options(Run& run) const {
    ingest::ReadOptions options;
    options.schema = schema;
    if (schema.ends_with(".json")) run.record.add_once(files::digest_of_file(schema));
    options.time_unit = time_unit;
    if (const auto override_funnel = funnel_override()) options.custom_kinds = override_funnel->custom_types;
    options.timeline = timeline();  // wrong options end the run before the long work
    options.rows = next_reading(run);
    options.threads = run.threads();
    options.memory = run.parts().memory;
    options.progress = run.console.progress();
    return options;
}

events::Timeline LogOptions::timeline() const {
    if (tz.empty()) usage_error("--tz: expected an IANA time zone such as Europe/Berlin, got \"\"");
    (void)ingest::zone_offsets(tz, 0, 0);
    events::Timeline timeline;
    if (!as_of.empty()) timeline.as_of = time_option("--as-of", as_of, tz);
    timeline.clocks = clock == "keep" ? events::Clocks::keep : events::Clocks::drop;
    if (!period.empty() && !(from.empty() && to.empty()))
        usage_error("--period and --from or --to exclude each other; give one");
    (void)asked(std::int64_t{0});
    return timeline;
}

std::vector<events::OffsetChange> LogOptions::offsets(std::int64_t first_time, std::int64_t last_time) const {
    std::vector<events::OffsetChange> all;
    if (first_time > last_time) return all;
    for (const auto& [begin, offset] : ingest::zone_offsets(tz, first_time, last_time))
        all.push_back({begin, offset});
    return all;
}

events::Period LogOptions::asked(std::int64_t last_time) const {
    if (!period.empty()) {
        const std::int64_t reference = as_of.empty() ? last_time : time_option("--as-of", as_of, tz);
        const auto named = ingest::named_period(period, reference, tz);
        if (!named) {
            usage_error("--period: expected yesterday, last-week, last-month or last-7d, got \"" + period +
                        "\"; for other periods give --from and --to");
        }
        return *named;
    }
    events::Period asked;
    if (!from.empty()) asked.from = time_option("--from", from, tz);
    if (!to.empty()) asked.to = time_option("--to", to, tz);
    return asked;
}

events::Period LogOptions::asked(const EventLog& log) const {
    const events::Period period_asked = asked(log.last_time());
    if (period_asked.whole() || log.empty()) return period_asked;
    if (std::ranges::any_of(log.time, [&](std::int64_t time) { return period_asked.covers(time); }))
        return period_asked;
    throw Error(ErrorCode::schema, "expected rows in the period, got no row in the period: the log is from " +
                                       base::format_time(*std::ranges::min_element(log.time)) + " to " +
                                       base::format_time(log.last_time()) +
                                       "; choose --from and --to inside it");
}

std::optional<Funnel> LogOptions::funnel_override() const {
    if (!funnel) return std::nullopt;
    return Funnel::parse(*funnel);
}

namespace {

/// Whether a text is a duration beyond what 64 bits of microseconds hold.
bool is_too_long(std::string_view text) {
    if (text.empty() || std::string_view("smhdw").find(text.back()) == std::string_view::npos) return false;
    text.remove_suffix(1);
    const auto digits = std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; });
    const auto dots = std::ranges::count(text, '.');
    return digits > 0 && dots <= 1 && static_cast<std::size_t>(digits + dots) == text.size();
}

}  // namespace

std::int64_t duration_option(const std::string& name, const std::string& text) {
    const auto duration = base::parse_duration(text);
    if (!duration && is_too_long(text)) {
        constexpr std::int64_t kMostDays = 106'000'000;
        usage_error(name + ": " + text + " is too long: at most " + std::to_string(kMostDays) + "d");
    }
    if (!duration) {
        usage_error(name + ": expected a duration such as 30m, 12h or 7d, got \"" + text + "\"");
    }
    return *duration;
}

std::int64_t time_option(const std::string& name, const std::string& text, const std::string& zone) {
    const auto time = ingest::parse_local_time(text, zone);
    if (!time) {
        usage_error(name + ": expected a time such as 2016-09-01 or 2016-09-01T12:00:00Z, got \"" + text +
                    "\"");
    }
    return *time;
}

double percent_option(const std::string& name, const std::string& text) {
    double value = 0;
    const char* end = text.data() + text.size() - (text.empty() ? 0 : 1);
    const auto [at, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || text.back() != '%' || error != std::errc{} || at != end ||
        !(value >= 0 && value <= 100)) {
        usage_error(name + ": expected a percentage such as 20%, got \"" + text + "\"");
    }
    return value / 100;
}

std::uint64_t size_option(const std::string& name, const std::string& text) {
    constexpr struct {
        std::string_view suffix;
        double factor;
    } kUnits[] = {{"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
                  {"kB", 1e3},     {"MB", 1e6},     {"GB", 1e9},     {"", 1}};
    for (const auto& unit : kUnits) {
        if (!std::string_view(text).ends_with(unit.suffix)) continue;
        double value = 0;
        const char* end = text.data() + text.size() - unit.suffix.size();
        const auto [at, error] = std::from_chars(text.data(), end, value);
        if (error != std::errc{} || at != end || !(value > 0 && value * unit.factor < 0x1p62)) break;
        return static_cast<std::uint64_t>(value * unit.factor);
    }
    usage_error(name + ": expected a size such as 512MiB or 4GiB, got \"" + text + "\"");
}

CLI::Validator whole_number(std::uint64_t least) {
    const auto check = [least](const std::string& text) -> std::string {
        std::uint64_t value = 0;
        const char* end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc{} && at == end && value >= least) return {};
        return "expected a whole number from " + std::to_string(least) + " to 18446744073709551615, got \"" +
               text + "\"";
    };
    return {check, "", "whole number"};
}

std::vector<std::string> list_option(const std::string& text) {
    std::vector<std::string> parts;
    if (text.empty()) return parts;
    parts.emplace_back();
    for (const char c : text) {
        if (c == ',') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

void refuse_overwriting_input(const std::string& output, const std::vector<std::string>& inputs) {
    for (const std::string& input : inputs) {
        if (input != "-" && files::same_file(output, input)) {
            usage_error(output + ": expected an output that is none of the inputs, got the same file as " +
                        input + "; choose another name");
        }
    }
}

namespace {

/// The same bytes under two names; the same name twice was seen while reading.
base::Warnings copies_in(const std::vector<files::FileDigest>& files) {
    base::Warnings copies;
    for (std::size_t i = 0; i < files.size(); ++i) {
        const auto first = std::ranges::find_if(files, [&](const files::FileDigest& other) {
            return other.xxh128 == files[i].xxh128 && other.bytes == files[i].bytes && other.bytes > 0;
        });
        if (first == files.begin() + static_cast<std::ptrdiff_t>(i) || first->path == files[i].path) continue;
        copies.push_back({"file_given_twice", files[i].path + " holds the same bytes as " + first->path +
                                                  ": its rows count twice"});
    }
    return copies;
}

}  // namespace

void tell_about_reading(const ingest::ReadReport& report, const LogOptions& options, Run& run) {
    run.record.add_input(report);
    if (options.schema == "auto" && !report.schema.empty()) run.console.note("schema: " + report.schema);
    for (const std::string& note : report.notes)
        run.console.note(note);
    for (const base::Warning& warning : report.warnings)
        run.console.warn(warning);
    for (const base::Warning& copy : copies_in(report.digests))
        run.console.warn(copy);
    if (report.after > 0 && report.after == report.accepted)
        run.console.warn("no_rows_before_as_of", "no row of the log is before --as-of " + options.as_of +
                                                     ": nothing of it is known; choose a later time");
    if (options.bad_rows == "skip") run.record.add_output(options.rejects);
    if (!options.rejects.empty() && options.bad_rows != "skip") {
        run.console.warn("rejects_not_written",
                         "--rejects: " + options.rejects + " was not written; it needs --bad-rows skip");
    }
    if (report.rejected == 0) return;
    std::string line =
        base::format_count(report.rejected) + " of " + base::counted(report.rows, "row") + " rejected:";
    for (const auto& [reason, count] : report.rejected_by_reason)
        line += " " + reason + " " + base::format_count(count);
    run.console.warn("rejected_rows", line);
}

void need_rows(const ingest::ReadReport& report) {
    if (report.rows > 0) return;
    throw Error(ErrorCode::schema, report.files.front() +
                                       ": expected rows, got a header alone; nothing is written, and the run "
                                       "can be repeated when the file is there");
}

}  // namespace funnel::tool
