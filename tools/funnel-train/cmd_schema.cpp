// SPDX-License-Identifier: MIT
#include <ostream>

#include "commands.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/ingest/draft_schema.hpp"

namespace funnel::tool {
namespace {

struct SchemaCommand {
    std::string file;
};

void run_schema(const SchemaCommand& command, Run& run) {
    const ingest::SchemaDraft draft = ingest::draft_schema(command.file);
    run.out << draft.json;
    for (const std::string& doubt : draft.doubts)
        run.console.note(base::escaped(doubt));
}

}  // namespace

void add_schema(CLI::App& app, Session& session) {
    const auto [sub, command] =
        add_command(app, session, "schema", "A first schema file for a log that no preset fits", run_schema);
    sub->add_option("FILE", command->file,
                    "A log: CSV or JSON lines, plain or gzip or zstd; - is standard input")
        ->required();
}

}  // namespace funnel::tool
