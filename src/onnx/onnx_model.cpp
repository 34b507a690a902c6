// SPDX-License-Identifier: MIT
#include "funnel/onnx/onnx_model.hpp"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/base/version.hpp"
#include "onnx/graph.hpp"

namespace funnel::onnx {
namespace {

using detail::Element;
using detail::Graph;
using detail::Value;
using encoding::CategoryEncoder;

/// What the graph knows of the numbers of a row.
class NumberPart {
 public:
    NumberPart(Graph& graph, const Value& numbers, const encoding::Normalizer& normalizer)
        : graph_(graph), numbers_(numbers), normalizer_(normalizer) {}

    /// All that Normalizer::encode writes, in its order.
    void add_to(std::vector<Value>& parts) {
        add_scores(parts);
        const auto indicators = normalizer_.indicators();
        if (!indicators.empty()) {
            const std::vector<std::int64_t> which(indicators.begin(), indicators.end());
            parts.push_back(real(missing(graph_.columns(numbers_, which))));
        }
        add_bins(parts);
    }

    /// NumberBins::id of a row's number: (N).
    [[nodiscard]] Value bin_id(const encoding::NumberBins& bins) {
        const std::int64_t feature = bins.feature();
        const Value x = graph_.columns(numbers_, {&feature, 1}), gone = missing(x);
        const Value starts = graph_.constant(bins.starts(), {1, bins.starts().size()});
        const Value below = graph_.op("GreaterOrEqual", {zero_where(gone, x), starts});
        constexpr std::int64_t kAcross = 1;
        const Value axis = graph_.constant(std::span<const std::int64_t>(&kAcross, 1), {1});
        const Value count = graph_.op("ReduceSum", {integer(below), axis}, "keepdims", 0);
        const Value last = graph_.op("Squeeze", {gone, axis});
        return graph_.op("Where", {last, graph_.index(0), graph_.op("Add", {count, graph_.index(1)})});
    }

 private:
    [[nodiscard]] Value real(const Value& x) {
        return graph_.op("Cast", {x}, "to", static_cast<std::int64_t>(Element::real));
    }
    [[nodiscard]] Value integer(const Value& x) {
        return graph_.op("Cast", {x}, "to", static_cast<std::int64_t>(Element::integer));
    }
    [[nodiscard]] Value missing(const Value& x) {
        return graph_.op("Or", {graph_.op("IsNaN", {x}), graph_.op("IsInf", {x})});
    }
    [[nodiscard]] Value zero_where(const Value& gone, const Value& x) {
        return graph_.op("Where", {gone, graph_.scalar(0), x});
    }
    [[nodiscard]] Value clip(const Value& x, float low, float high) {
        return graph_.op("Clip", {x, graph_.scalar(low), graph_.scalar(high)});
    }

    void add_scores(std::vector<Value>& parts) {
        std::vector<std::int64_t> which;
        std::vector<float> means, scales;
        std::vector<bool> logarithms, logits;
        normalizer_.for_each_score(
            [&](std::uint32_t feature, base::Transform transform, float mean, float scale) {
                which.push_back(feature);
                means.push_back(mean);
                scales.push_back(scale);
                logarithms.push_back(transform == base::Transform::log1p);
                logits.push_back(transform == base::Transform::logit);
            });
        if (which.empty()) return;
        const std::size_t n = which.size();
        const Value raw = graph_.columns(numbers_, which), gone = missing(raw);
        const Value x = zero_where(gone, raw);
        const Value size = clip(graph_.op("Abs", {x}), 0, nn::kLongest);
        const Value logarithm = graph_.op(
            "Mul", {graph_.op("Sign", {x}), graph_.op("Log", {graph_.op("Add", {size, graph_.scalar(1)})})});
        const Value rate = clip(x, nn::kLeastRate, nn::kMostRate);
        const Value odds = graph_.op("Div", {rate, graph_.op("Sub", {graph_.scalar(1), rate})});
        const Value either =
            graph_.op("Where", {graph_.constant(logits, {1, n}), graph_.op("Log", {odds}),
                                graph_.op("Where", {graph_.constant(logarithms, {1, n}), logarithm, x})});
        const Value centred = graph_.op("Sub", {either, graph_.constant(means, {1, n})});
        const Value z = graph_.op("Mul", {centred, graph_.constant(scales, {1, n})});
        parts.push_back(zero_where(gone, clip(z, -normalizer_.clip(), normalizer_.clip())));
    }

    /// How far a number is through each of its bins, from 0 to 1.
    void add_bins(std::vector<Value>& parts) {
        std::vector<std::int64_t> which;
        std::vector<float> from, widths;
        normalizer_.for_each_bins([&](std::uint32_t feature, const std::vector<float>& edges) {
            for (std::size_t b = 1; b < edges.size(); ++b) {
                which.push_back(feature);
                from.push_back(edges[b - 1]);
                widths.push_back(edges[b] - edges[b - 1]);
            }
        });
        if (which.empty()) return;
        const std::size_t n = which.size();
        const Value x = graph_.columns(numbers_, which), gone = missing(x);
        const Value above = graph_.op("Sub", {zero_where(gone, x), graph_.constant(from, {1, n})});
        const Value share = graph_.op("Div", {above, graph_.constant(widths, {1, n})});
        parts.push_back(zero_where(gone, clip(share, 0, 1)));
    }

    Graph& graph_;
    Value numbers_;
    const encoding::Normalizer& normalizer_;
};

/// The ids of a category column: (N).
Value ids_of(Graph& graph, const Value& texts, std::size_t column, const encoding::Vocabulary& vocabulary) {
    if (vocabulary.hashed()) {
        throw Error(ErrorCode::unsupported,
                    "ONNX: expected a model that knows its texts, got one trained in one pass, which knows "
                    "their hashes; train it without one pass");
    }
    std::vector<std::string> keys;
    for (std::uint32_t id = 1; id <= vocabulary.size(); ++id)
        keys.emplace_back(vocabulary.text(id));
    return graph.ids_of(graph.column(texts, column), keys);
}

/// What the net sees of a category that became target rates: (N, width).
Value rates_of(Graph& graph, const Value& ids, const CategoryEncoder& category) {
    const std::size_t rows = category.vocabulary().size() + 1, width = category.width();
    std::vector<float> table(rows * width);
    for (std::uint32_t id = 0; id < rows; ++id)
        category.write_rates(id, std::span(table).subspan(id * width, width));
    return graph.op("Gather", {graph.constant(table, {rows, width}), ids}, "axis", 0);
}

/// The dense inputs of the nets and the ids of their embeddings.
struct EncodedPart {
    std::vector<Value> dense, ids;
};

EncodedPart encode(Graph& graph, const encoding::Encoder& encoder) {
    EncodedPart encoded;
    const std::size_t d = encoder.numeric_features().size(), c = encoder.categorical_features().size();
    NumberPart numbers(graph, d > 0 ? graph.input("numbers", Element::real, d) : Value(),
                       encoder.normalizer());
    if (d > 0) numbers.add_to(encoded.dense);
    const Value texts = c > 0 ? graph.input("texts", Element::text, c) : Value();
    for (std::size_t i = 0; i < c; ++i) {
        const CategoryEncoder& category = encoder.categories()[i];
        if (category.kind() == CategoryEncoder::Kind::dropped) continue;
        const Value ids = ids_of(graph, texts, i, category.vocabulary());
        if (category.kind() == CategoryEncoder::Kind::embedding)
            encoded.ids.push_back(ids);
        else
            encoded.dense.push_back(rates_of(graph, ids, category));
    }
    for (std::size_t e = encoded.ids.size(); e < encoder.embeddings().size(); ++e)
        encoded.ids.push_back(numbers.bin_id(*encoder.embedding_bins(e)));
    return encoded;
}

/// Logits of one member: (N, K).
Value logits_of(Graph& graph, const nn::Net<float>& net, const EncodedPart& encoded) {
    const nn::NetShape& shape = net.shape();
    const auto part = [&](nn::ParameterRange range) {
        return net.parameters().subspan(range.first, range.count);
    };
    std::vector<Value> inputs;
    for (std::size_t e = 0; e < shape.embeddings.size(); ++e) {
        const nn::EmbeddingShape& table = shape.embeddings[e];
        const Value rows = graph.constant(part(net.embedding_range(e)), {table.rows, table.dim});
        inputs.push_back(graph.op("Gather", {rows, encoded.ids[e]}, "axis", 0));
    }
    inputs.insert(inputs.end(), encoded.dense.begin(), encoded.dense.end());
    Value x = graph.beside(inputs);
    for (std::size_t layer = 0; layer < shape.layers(); ++layer) {
        const std::size_t in = shape.layer_in(layer), out = shape.layer_out(layer);
        x = graph.op("Gemm", {x, graph.constant(part(net.weight_range(layer)), {in, out}),
                              graph.constant(part(net.bias_range(layer)), {out})});
        if (layer + 1 < shape.layers()) x = graph.op("Relu", {x});
    }
    return x;
}

/// Products of the sigmoids along each chain: (N, K).
Value probabilities_of(Graph& graph, const Value& logits, const nn::Chains& chains) {
    const Value steps = graph.op("Sigmoid", {logits});
    std::vector<Value> heads;
    for (std::size_t k = 0; k < chains.heads(); ++k) {
        const auto at = static_cast<std::int64_t>(k);
        const Value step = graph.columns(steps, {&at, 1});
        heads.push_back(chains.starts(k) ? step : graph.op("Mul", {heads.back(), step}));
    }
    return graph.beside(heads);
}

void describe(Graph& graph, const Bundle& bundle) {
    nlohmann::json numbers = nlohmann::json::array(), targets = nlohmann::json::array();
    for (const base::NumericFeature& feature : bundle.encoder.numeric_features())
        numbers.push_back(feature.name);
    for (const model::Head& head : bundle.heads)
        targets.push_back(head.name);
    graph.metadata("numbers", numbers.dump());
    graph.metadata("texts", nlohmann::json(bundle.encoder.categorical_features()).dump());
    graph.metadata("targets", targets.dump());
    graph.metadata("model", bundle.table ? "table" : "log");
}

}  // namespace

std::string onnx_model(const Bundle& bundle) {
    Graph graph;
    const EncodedPart encoded = encode(graph, bundle.encoder);
    std::vector<Value> members;
    for (const nn::Net<float>& net : bundle.nets)
        members.push_back(probabilities_of(graph, logits_of(graph, net, encoded), bundle.chains));
    const Value p = members.size() == 1 ? members.front() : graph.op("Mean", members);
    graph.output(p, "probabilities", Element::real, bundle.heads.size());
    describe(graph, bundle);
    return graph.model("funnel", base::kVersion);
}

}  // namespace funnel::onnx
