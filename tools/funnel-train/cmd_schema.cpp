// SPDX-License-Identifier: MIT
#include <memory>
#include <ostream>

#include "commands.hpp"
#include "console.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/ingest/draft_schema.hpp"

namespace funnel::tool {

void add_schema(CLI::App& app, Session& session) {
    struct SchemaCommand {
        GeneralOptions general;
        std::string file;
    };
    auto command = std::make_shared<SchemaCommand>();
    CLI::App* sub = app.add_subcommand("schema", "A first schema file for a log that no preset fits");
    command->general.add_to(*sub);
    sub->add_option("FILE", command->file,
                    "A log: CSV or JSON lines, plain or gzip or zstd; - is standard input")
        ->required();
    sub->callback([command, &session] {
        session.action = [command, &session] {
            command->general.apply(session);
            const ingest::SchemaDraft draft = ingest::draft_schema(command->file);
            session.out << draft.json;
            for (const std::string& doubt : draft.doubts)
                session.console.note(base::escaped(doubt));
        };
    });
}

}  // namespace funnel::tool
