// SPDX-License-Identifier: MIT
#include "app.hpp"

#include <new>
#include <ostream>
#include <system_error>

#include "commands.hpp"
#include "config_file.hpp"
#include "exit_codes.hpp"
#include "funnel/base/version.hpp"
#include "help_pages.hpp"
#include "option_words.hpp"

namespace funnel::tool {
namespace {

/// CLI11 would only say that a command is missing.
void need_known_command(const CLI::App& app, const std::vector<std::string>& args) {
    if (args.empty() || args.front().starts_with("-")) return;
    std::string known;
    for (const CLI::App* command : app.get_subcommands({})) {
        if (command->get_name() == args.front()) return;
        known += (known.empty() ? "" : " ") + command->get_name();
    }
    throw CLI::ExtrasError("expected a command (" + known + "), got \"" + args.front() + "\"",
                           CLI::ExitCodes::ExtrasError);
}

/// Parses; returns an exit code if that was all (help, version, wrong usage).
std::optional<int> parse(CLI::App& app, std::vector<std::string> args, std::ostream& out, Console& console) {
    try {
        need_known_command(app, args);
        std::reverse(args.begin(), args.end());  // CLI11 takes its arguments from the back
        app.parse(args);
        return std::nullopt;
    } catch (const CLI::CallForHelp&) {
        out << (app.get_subcommands().empty() ? program_help_page(app)
                                              : help_page(*app.get_subcommands().front()));
    } catch (const CLI::CallForAllHelp&) {
        out << (app.get_subcommands().empty() ? full_program_help_page(app)
                                              : full_help_page(*app.get_subcommands().front()));
    } catch (const CLI::CallForVersion&) {
        out << "funnel-train " << base::kVersion << '\n';
    } catch (const CLI::ConfigError& error) {
        constexpr std::string_view kUnknownKey = "INI was not able to parse ";
        const std::string what = error.what();
        const bool unknown = what.starts_with(kUnknownKey);
        console.error(unknown ? config_complaint(app, what.substr(kUnknownKey.size())) : what);
        return kWrongUsage;
    } catch (const CLI::ParseError& error) {
        const CLI::App* command = app.get_subcommands().empty() ? nullptr : app.get_subcommands().front();
        console.error(usage_complaint(error, command));
        return kWrongUsage;
    }
    return kDone;
}

/// What --strict says, after the result; empty if there is nothing to say.
std::string complaint_about_warnings(const base::Warnings& warnings) {
    if (warnings.empty()) return {};
    return "--strict: expected no warning, got " + std::to_string(warnings.size()) +
           ", the first: " + warnings.front().code + ": " + warnings.front().message;
}

/// The gate that was not met, or nothing. Its outcome is one like any other: the outputs are written.
std::string run_action(const Session& session, Run& run) {
    try {
        session.action(run);
        return run.options.strict ? complaint_about_warnings(run.console.warnings()) : std::string{};
    } catch (const GateNotMet& gate) {
        return gate.what();
    }
}

void flush_standard_output(std::ostream& out) {
    out.flush();
    if (!out)
        throw Error(ErrorCode::io, "standard output: cannot write; is the disk full or the pipe closed?");
}

/// Outputs first (in the action), then standard output, then the manifest, the state last. Whichever fails,
/// the state is the old one, and the same command can be given again.
int run_in_order(const Session& session, const std::string& command, std::ostream& out, Console& console) {
    Run run(session.general, out, console);
    const std::string gate = run_action(session, run);
    const int code = gate.empty() ? kDone : kGateNotMet;
    flush_standard_output(out);
    if (!run.options.manifest.empty())
        run.record.write(run.options.manifest, command, code, console.warnings());
    run.record.write_state();
    if (!gate.empty())
        console.error(gate + (run.record.has_outputs() ? "; the outputs are written all the same" : ""));
    return code;
}

int act(const Session& session, const std::string& command, std::ostream& out, Console& console) {
    try {
        return run_in_order(session, command, out, console);
    } catch (const Error& error) {
        console.error(in_options(error.what()));
        return exit_code(error.code());
    } catch (const std::bad_alloc&) {
        console.error("out of memory; give fewer rows or a machine with more of it");
        return kCannotReadOrWrite;
    } catch (const std::system_error& error) {  // no thread is to be had
        console.error(std::string(error.what()) + "; free some resources or use fewer --threads");
        return kCannotReadOrWrite;
    } catch (const std::exception& error) {
        console.error(std::string("internal error: ") + error.what());
        return kInternalError;
    }
}

}  // namespace

int run(const std::vector<std::string>& args, std::ostream& out, std::ostream& err) {
    Console console(err);
    Session session;
    CLI::App app{"From a shop's event log to funnel numbers and click and purchase predictions.",
                 "funnel-train"};
    app.set_help_flag("-h,--help", "The common options, with examples");
    app.set_help_all_flag("--help-all", "Every option, by group");
    app.set_version_flag("--version", base::kVersion);
    app.set_config("--config", "", "TOML file with options, one section per command");
    app.allow_config_extras(CLI::config_extras_mode::error);
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(
        "Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 input unusable, 4 a gate was not met,\n"
        "5 cannot read or write, 6 model file unusable, 128+n ended by signal n.");
    add_metrics(app, session);
    add_products(app, session);
    add_people(app, session);
    add_paths(app, session);
    add_forecast(app, session);
    add_train(app, session);
    add_evaluate(app, session);
    add_score(app, session);
    add_recommend(app, session);
    add_features(app, session);
    add_inspect(app, session);
    add_report(app, session);
    add_calibrate(app, session);
    add_pretrain(app, session);
    add_schema(app, session);
    add_simulate(app, session);
    add_export(app, session);
    add_serve(app, session);
    add_completion(app, session);
    std::optional<int> code = parse(app, args, out, console);
    if (!code) code = act(session, app.get_subcommands().front()->get_name(), out, console);
    out.flush();  // help and version
    if (!out && *code == kDone) {
        console.error("standard output: cannot write; is the disk full or the pipe closed?");
        return kCannotReadOrWrite;
    }
    return *code;
}

}  // namespace funnel::tool
