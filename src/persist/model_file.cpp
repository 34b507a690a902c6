// SPDX-License-Identifier: MIT
#include "funnel/persist/model_file.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "funnel/base/utf8.hpp"
#include "funnel/model/predictor.hpp"
#include "persist/model_sections.hpp"

namespace funnel::persist {
namespace {

using base::ByteReader;
using base::ByteWriter;

// Scores of one model agree to 1e-6 between kernels and compilers (docs/cli.md); ten times that is damage.
constexpr float kProbeTolerance = 1e-5f;

enum class TaskKind : std::uint8_t { log = 1, table = 2 };

Section section(std::string name, const std::function<void(ByteWriter&)>& write) {
    ByteWriter out;
    write(out);
    return {std::move(name), out.take()};
}

void write_texts(ByteWriter& out, const std::vector<std::string>& texts) {
    out.value<std::uint64_t>(texts.size());
    for (const std::string& text : texts)
        out.text(text);
}

std::string read_text(ByteReader& in) {
    return in.text();
}

std::vector<std::string> read_texts(ByteReader& in) {
    return in.list(sizeof(std::uint64_t), read_text);
}

events::SideInput read_side_input(ByteReader& in) {
    events::SideInput input;
    input.key = in.value<events::SideKey>();
    input.column = in.text();
    input.is_number = in.value<std::uint8_t>() != 0;
    if (input.key > events::SideKey::user_vector) {
        throw Error(ErrorCode::format, "damaged: an unknown kind of side table");
    }
    return input;
}

void write_task(ByteWriter& out, const Bundle& bundle) {
    if (bundle.log) {
        out.value(TaskKind::log);
        out.text(bundle.log->schema);
        out.text(bundle.log->funnel.text());
        out.value(bundle.log->examples);
        write_texts(out, bundle.log->text_inputs);
        write_texts(out, bundle.log->number_inputs);
        out.value<std::uint64_t>(bundle.log->side_inputs.size());
        for (const events::SideInput& input : bundle.log->side_inputs) {
            out.value(input.key);
            out.text(input.column);
            out.value<std::uint8_t>(input.is_number ? 1 : 0);
        }
    } else {
        out.value(TaskKind::table);
        out.text(bundle.table->label);
    }
    out.value<std::uint64_t>(bundle.heads.size());
    for (const model::Head& head : bundle.heads) {
        out.text(head.name);
        out.value(head.horizon);
    }
    bundle.chains.write(out);
}

Funnel read_funnel(ByteReader& in) {
    const std::string text = in.text();
    try {
        return Funnel::parse(text);
    } catch (const Error&) {
        throw Error(ErrorCode::format, "damaged: a funnel of \"" + text + "\"");
    }
}

void read_task(ByteReader& in, Bundle& bundle) {
    switch (in.value<TaskKind>()) {
        case TaskKind::log: {
            model::LogTask task;
            task.schema = in.text();
            task.funnel = read_funnel(in);
            task.examples = in.value<events::ExampleMode>();
            if (task.examples > events::ExampleMode::visit) {
                throw Error(ErrorCode::format, "damaged: an unknown kind of examples");
            }
            task.text_inputs = read_texts(in);
            task.number_inputs = read_texts(in);
            task.side_inputs = in.list(2 + sizeof(std::uint64_t), read_side_input);
            bundle.log = std::move(task);
            break;
        }
        case TaskKind::table:
            bundle.table = model::TableTask{in.text()};
            break;
        default:
            throw Error(ErrorCode::format, "damaged: neither a model of a log nor of a table");
    }
    bundle.heads = in.list(2 * sizeof(std::uint64_t), [](ByteReader& head) {
        std::string name = head.text();
        return model::Head{std::move(name), head.value<std::int64_t>()};
    });
    bundle.chains = nn::Chains::read(in);
}

/// How the cells of a table are read, if not as usual.
bool has_reading(const Bundle& bundle) {
    return bundle.table && !(bundle.table->missing.empty() && bundle.table->numbers.plain());
}

void write_reading(ByteWriter& out, const model::TableTask& task) {
    write_texts(out, task.missing);
    out.text(task.numbers.decimal);
    out.text(task.numbers.thousands);
}

void read_reading(ByteReader& in, Bundle& bundle) {
    std::vector<std::string> missing = read_texts(in);
    base::NumberFormat numbers;
    numbers.decimal = in.text();
    numbers.thousands = in.text();
    if (!bundle.table) throw Error(ErrorCode::format, "damaged: cells of a table without a table");
    try {
        numbers.check();
    } catch (const Error& error) {
        throw Error(ErrorCode::format, std::string("damaged: ") + error.what());
    }
    bundle.table->missing = std::move(missing);
    bundle.table->numbers = std::move(numbers);
}

void write_probes(ByteWriter& out, const std::vector<model::Probe>& probes) {
    out.value<std::uint64_t>(probes.size());
    for (const model::Probe& probe : probes) {
        out.array(probe.numeric);
        write_texts(out, probe.categorical);
        out.array(probe.probabilities);
    }
}

model::Probe read_probe(ByteReader& in) {
    model::Probe probe;
    probe.numeric = in.array<float>();
    probe.categorical = read_texts(in);
    probe.probabilities = in.array<float>();
    return probe;
}

/// The parts were read one by one; here they must fit each other.
void check_parts(const Bundle& bundle) {
    const auto need = [](bool fine, const char* what) {
        if (!fine) throw Error(ErrorCode::format, std::string("damaged: ") + what);
    };
    need(!bundle.heads.empty() && bundle.heads.size() == bundle.chains.heads(), "heads and chains differ");
    need(!bundle.nets.empty(), "no net");
    for (const nn::Net<float>& net : bundle.nets) {
        const nn::NetShape& shape = net.shape();
        need(shape.outputs == bundle.heads.size(), "nets and heads differ");
        need(shape.dense == bundle.encoder.dense_names().size(), "nets and inputs differ");
        need(shape.embeddings.size() == bundle.encoder.embeddings().size(), "nets and categories differ");
        for (std::size_t e = 0; e < shape.embeddings.size(); ++e) {
            need(shape.embeddings[e].rows == bundle.encoder.embeddings()[e].rows,
                 "nets and categories differ");
        }
        need(shape == bundle.nets.front().shape(), "nets of different shapes");
    }
    need(bundle.reference.empty() ||
             (bundle.reference.numeric.size() == bundle.encoder.numeric_features().size() &&
              bundle.reference.categorical.size() == bundle.encoder.categorical_features().size() &&
              (bundle.reference.scores.empty() || bundle.reference.scores.size() == bundle.heads.size())),
         "reference and inputs differ");
    need(bundle.mean_input.empty() || bundle.mean_input.fits(bundle.nets.front().shape()),
         "mean input and nets differ");
    need(bundle.log.has_value() == bundle.history.has_value(), "a history without a log, or none with one");
    if (!bundle.history) return;
    const auto& spec = bundle.history->spec();
    const auto side = [&](bool numbers) {
        return static_cast<std::size_t>(std::ranges::count_if(
            bundle.log->side_inputs,
            [&](const auto& input) { return input.is_number == numbers && !input.completes_events(); }));
    };
    need(spec.numeric.size() + bundle.log->number_inputs.size() + side(true) ==
                 bundle.encoder.numeric_features().size() &&
             spec.categorical.size() + bundle.log->text_inputs.size() + side(false) ==
                 bundle.encoder.categorical_features().size(),
         "history and inputs differ");
}

/// A file whose parts are whole may still mean something else to this build; its own examples tell.
void check_probes(const Bundle& bundle) {
    const model::Predictor predictor(bundle);
    model::Predictor::Workspace workspace;
    for (const model::Probe& probe : bundle.probes) {
        std::vector<float> p(bundle.heads.size());
        const std::vector<std::string_view> texts(probe.categorical.begin(), probe.categorical.end());
        if (probe.numeric.size() != bundle.encoder.numeric_features().size() ||
            texts.size() != bundle.encoder.categorical_features().size() ||
            probe.probabilities.size() != p.size()) {
            throw Error(ErrorCode::format, "damaged: an example of another shape");
        }
        predictor.predict(probe.numeric, texts, p, workspace);
        for (std::size_t k = 0; k < p.size(); ++k) {
            if (!(std::abs(p[k] - probe.probabilities[k]) <= kProbeTolerance)) {
                throw Error(ErrorCode::format, "expected its own examples to score " +
                                                   std::to_string(probe.probabilities[k]) + ", got \"" +
                                                   std::to_string(p[k]) + "\"; train the model anew");
            }
        }
    }
}

void read_section(std::string_view name, ByteReader& in, Bundle& bundle) {
    if (name == "task") read_task(in, bundle);
    if (name == "encoder") bundle.encoder = encoding::Encoder::read(in);
    if (name == "nets") bundle.nets = in.list(1, nn::Net<float>::read);
    if (name == "summary") bundle.summary = model::TrainingSummary::read(in);
    if (name == "probes") bundle.probes = in.list(3 * sizeof(std::uint64_t), read_probe);
    if (name == "cells") read_reading(in, bundle);
    if (name == "mean_input") bundle.mean_input = model::MeanInput::read(in);
    if (name == "reference") bundle.reference = model::Reference::read(in);
}

Section recent_section(const events::RecentRows& recent) {
    return section("recent", [&](ByteWriter& out) { recent.write(out); });
}

template <typename Read>
auto with_path(const std::string& path, Read&& read) {
    try {
        return read();
    } catch (const Error& error) {
        throw Error(error.code(), base::escaped(path) + ": " + error.what());
    }
}

}  // namespace

void save_model(const std::string& path, const Bundle& bundle) {
    std::vector<Section> sections;
    sections.push_back(section("task", [&](ByteWriter& out) { write_task(out, bundle); }));
    sections.push_back(section("encoder", [&](ByteWriter& out) { bundle.encoder.write(out); }));
    sections.push_back(section("nets", [&](ByteWriter& out) {
        out.value<std::uint64_t>(bundle.nets.size());
        for (const nn::Net<float>& net : bundle.nets)
            net.write(out);
    }));
    sections.push_back(section("summary", [&](ByteWriter& out) { bundle.summary.write(out); }));
    sections.push_back(section("probes", [&](ByteWriter& out) { write_probes(out, bundle.probes); }));
    sections.push_back(section("reference", [&](ByteWriter& out) { bundle.reference.write(out); }));
    if (!bundle.mean_input.empty()) {
        sections.push_back(section("mean_input", [&](ByteWriter& out) { bundle.mean_input.write(out); }));
    }
    if (has_reading(bundle)) {
        sections.push_back(section("cells", [&](ByteWriter& out) { write_reading(out, *bundle.table); }));
    }
    if (bundle.history) {
        sections.push_back(section("history", [&](ByteWriter& out) { bundle.history->write(out); }));
    }
    sections.push_back(section("learned", [&](ByteWriter& out) { write_texts(out, bundle.learned_from); }));
    if (bundle.history) sections.push_back(recent_section(bundle.recent));
    save_container(path, sections);
}

namespace {

/// The sections of a model file as they come.
class BundleReader {
 public:
    void take(const std::string& name, ByteReader& in) {
        if (name == "history") {
            history_ = history::History::read(in);
            return in.expect_end();
        }
        if (name == "learned") {
            bundle_.learned_from = read_texts(in);
            return in.expect_end();
        }
        if (name == "recent") {
            bundle_.recent = events::RecentRows::read(in);
            remembers_ = true;
            return in.expect_end();
        }
        if (std::erase(missing_, name) == 0 && name != "cells" && name != "mean_input") return;
        read_section(name, in, bundle_);
        in.expect_end();
    }
    /// The whole, checked. path: for messages.
    [[nodiscard]] Bundle finish(const std::string& path) {
        return with_path(path, [&] {
            if (history_ && missing_.size() == kModelSections.size()) refuse_state();
            if (bundle_.log && !history_) missing_.push_back("history");
            expect_none(missing_);
            if (bundle_.log) bundle_.history = std::move(history_);
            if (bundle_.history && !remembers_) bundle_.recent.begin_after(bundle_.history->watermark());
            check_parts(bundle_);
            check_probes(bundle_);
            return std::move(bundle_);
        });
    }

 private:
    Bundle bundle_;
    std::optional<history::History> history_;
    std::vector<std::string_view> missing_{kModelSections.begin(), kModelSections.end()};
    bool remembers_ = false;
};

}  // namespace

Bundle load_model(const std::string& path, std::uint64_t size_limit, files::FileDigest* digest) {
    BundleReader reader;
    read_container(
        path, [&](const std::string& name, ByteReader& in) { reader.take(name, in); }, size_limit, digest);
    return reader.finish(path);
}

Bundle load_model_bytes(std::span<const char> bytes, const std::string& name) {
    BundleReader reader;
    with_path(name, [&] {
        for (const SectionView& section : decode_container(bytes)) {
            ByteReader in(section.bytes);
            reader.take(section.name, in);
        }
    });
    return reader.finish(name);
}

namespace {

std::vector<Section> state_sections(const history::History& history, const events::RecentRows& recent) {
    std::vector<Section> sections;
    sections.push_back(section("history", [&](ByteWriter& out) { history.write(out); }));
    sections.push_back(recent_section(recent));
    return sections;
}

}  // namespace

std::vector<char> state_bytes(const history::History& history, const events::RecentRows& recent) {
    return encode_container(state_sections(history, recent));
}

void save_state(const std::string& path, const history::History& history, const events::RecentRows& recent) {
    save_container(path, state_sections(history, recent));
}

history::History load_state(const std::string& path, std::uint64_t size_limit, events::RecentRows* recent,
                            files::FileDigest* digest) {
    std::optional<history::History> history;
    std::optional<events::RecentRows> remembered;
    bool is_model = false;
    const auto take = [&](const std::string& name, ByteReader& in) {
        if (name == "history") history = history::History::read(in);
        if (name == "recent") remembered = events::RecentRows::read(in);
        is_model |= name == "task";
        if (name == "history" || name == "recent") in.expect_end();
    };
    read_container(path, take, size_limit, digest);
    if (!history) with_path(path, [&] { is_model ? refuse_table_model() : expect_none({{"history"}}); });
    if (recent != nullptr) {
        *recent = remembered.value_or(events::RecentRows{});
        if (!remembered) recent->begin_after(history->watermark());
    }
    return std::move(*history);
}

history::History load_matching_state(const std::string& path, const Bundle& bundle, std::uint64_t size_limit,
                                     events::RecentRows* recent, files::FileDigest* digest) {
    history::History state = load_state(path, size_limit, recent, digest);
    if (!bundle.history || state.options_key() != bundle.history->options_key()) {
        throw Error(ErrorCode::schema,
                    base::escaped(path) +
                        ": expected a state of this model, got one with other stages or features; give the "
                        "state that a run of this model saved, or none");
    }
    return state;
}

}  // namespace funnel::persist
