// SPDX-License-Identifier: MIT
// A small evaluator of ONNX files, written from onnx.proto and the pages of the operators, which shares
// nothing with the writer: fields are read by their numbers, numbers are computed in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace funnel::onnx_test {

struct Tensor {
    std::vector<std::size_t> shape;
    std::vector<double> numbers;     // of every element type but text
    std::vector<std::string> texts;  // of that

    [[nodiscard]] std::size_t size() const {
        std::size_t n = 1;
        for (const std::size_t s : shape)
            n *= s;
        return n;
    }
};

/// A message of protocol buffers: (field, value) in their order.
struct Field {
    std::uint64_t number = 0, integer = 0;
    std::string_view bytes;
};

inline std::vector<Field> fields_of(std::string_view text) {
    std::vector<Field> fields;
    const auto varint = [&] {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            if (text.empty()) throw std::runtime_error("a message that was cut");
            const auto byte = static_cast<unsigned char>(text.front());
            text.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
    };
    while (!text.empty()) {
        const std::uint64_t tag = varint();
        Field field{tag >> 3, 0, {}};
        if ((tag & 7) == 0) {
            field.integer = varint();
        } else if ((tag & 7) == 2) {
            const std::uint64_t size = varint();
            if (size > text.size()) throw std::runtime_error("a field that was cut");
            field.bytes = text.substr(0, size);
            text.remove_prefix(size);
        } else {
            throw std::runtime_error("a form of field that no graph of ours has");
        }
        fields.push_back(field);
    }
    return fields;
}

struct Node {
    std::string type, domain;
    std::vector<std::string> inputs, outputs;
    std::map<std::string, std::vector<std::int64_t>> integers;
    std::map<std::string, std::vector<std::string>> texts;
};

class OnnxFile {
 public:
    explicit OnnxFile(std::string_view bytes) {
        for (const Field& field : fields_of(bytes)) {
            if (field.number == 7) read_graph(field.bytes);
            if (field.number == 8) read_opset(field.bytes);
            if (field.number != 14) continue;
            const std::vector<Field> entry = fields_of(field.bytes);
            metadata[std::string(entry.at(0).bytes)] = entry.at(1).bytes;
        }
    }

    /// The value of the output, from those of the inputs.
    [[nodiscard]] Tensor run(std::map<std::string, Tensor> values) const {
        for (const auto& [name, tensor] : constants)
            values[name] = tensor;
        for (const Node& node : nodes) {
            std::vector<const Tensor*> given;
            for (const std::string& name : node.inputs)
                given.push_back(&values.at(name));  // throws unless nodes stand in their order
            values[node.outputs.at(0)] = evaluate(node, given);
        }
        return values.at(outputs.at(0));
    }

    std::map<std::string, std::string> metadata;
    std::map<std::string, std::int64_t> opsets;
    std::vector<std::string> inputs, outputs;
    std::vector<Node> nodes;
    std::map<std::string, Tensor> constants;

 private:
    void read_opset(std::string_view bytes) {
        std::string domain;
        std::int64_t version = 0;
        for (const Field& field : fields_of(bytes)) {
            if (field.number == 1) domain = field.bytes;
            if (field.number == 2) version = static_cast<std::int64_t>(field.integer);
        }
        opsets[domain] = version;
    }

    void read_graph(std::string_view bytes) {
        for (const Field& field : fields_of(bytes)) {
            if (field.number == 1) read_node(field.bytes);
            if (field.number == 5) read_tensor(field.bytes);
            if (field.number == 11) inputs.emplace_back(fields_of(field.bytes).at(0).bytes);
            if (field.number == 12) outputs.emplace_back(fields_of(field.bytes).at(0).bytes);
        }
    }

    void read_node(std::string_view bytes) {
        Node node;
        for (const Field& field : fields_of(bytes)) {
            if (field.number == 1) node.inputs.emplace_back(field.bytes);
            if (field.number == 2) node.outputs.emplace_back(field.bytes);
            if (field.number == 4) node.type = field.bytes;
            if (field.number == 7) node.domain = field.bytes;
            if (field.number != 5) continue;
            std::string name;
            for (const Field& part : fields_of(field.bytes)) {
                if (part.number == 1) name = part.bytes;
                if (part.number == 3 || part.number == 8)
                    node.integers[name].push_back(static_cast<std::int64_t>(part.integer));
                if (part.number == 9) node.texts[name].emplace_back(part.bytes);
            }
        }
        nodes.push_back(std::move(node));
    }

    void read_tensor(std::string_view bytes) {
        Tensor tensor;
        std::string name;
        std::uint64_t element = 0;
        std::string_view raw;
        for (const Field& field : fields_of(bytes)) {
            if (field.number == 1) tensor.shape.push_back(field.integer);
            if (field.number == 2) element = field.integer;
            if (field.number == 8) name = field.bytes;
            if (field.number == 9) raw = field.bytes;
        }
        const std::size_t width = element == 1 ? 4 : element == 7 ? 8 : element == 9 ? 1 : 0;
        if (width == 0 || raw.size() != width * tensor.size()) throw std::runtime_error("a tensor: " + name);
        for (std::size_t at = 0; at < raw.size(); at += width) {
            float real = 0;
            std::int64_t integer = 0;
            if (element == 1) std::memcpy(&real, raw.data() + at, width);
            if (element == 7) std::memcpy(&integer, raw.data() + at, width);
            tensor.numbers.push_back(element == 1   ? static_cast<double>(real)
                                     : element == 7 ? static_cast<double>(integer)
                                                    : static_cast<double>(raw[at]));
        }
        constants[name] = std::move(tensor);
    }

    using Inputs = std::vector<const Tensor*>;

    /// f over the elements, all inputs stretched to one shape.
    template <typename F>
    static Tensor broadcast(const Inputs& in, const F& f) {
        std::size_t rank = 0;
        for (const Tensor* t : in)
            rank = std::max(rank, t->shape.size());
        Tensor out;
        out.shape.assign(rank, 1);
        for (const Tensor* t : in) {
            for (std::size_t i = 0; i < t->shape.size(); ++i) {
                std::size_t& to = out.shape[rank - t->shape.size() + i];
                if (to != 1 && t->shape[i] != 1 && to != t->shape[i])
                    throw std::runtime_error("shapes that do not fit");
                to = std::max(to, t->shape[i]);
            }
        }
        std::vector<double> x(in.size());
        for (std::size_t at = 0; at < out.size(); ++at) {
            for (std::size_t k = 0; k < in.size(); ++k) {
                std::size_t rest = at, place = 0, stride = 1;
                for (std::size_t i = rank; i-- > 0;) {
                    const std::size_t index = rest % out.shape[i];
                    rest /= out.shape[i];
                    const std::size_t own = in[k]->shape.size();
                    if (i + own < rank) continue;
                    const std::size_t size = in[k]->shape[i + own - rank];
                    place += size == 1 ? 0 : index * stride;
                    stride *= size;
                }
                x[k] = in[k]->numbers.at(place);
            }
            out.numbers.push_back(f(x));
        }
        return out;
    }

    static Tensor gather(const Inputs& in, std::int64_t axis) {
        const Tensor &data = *in.at(0), &which = *in.at(1);
        Tensor out;
        const std::size_t rows = data.shape.at(0), width = data.shape.at(1);
        const auto take = [&](std::size_t row, std::size_t column) {
            if (row >= rows || column >= width) throw std::runtime_error("an index that is too large");
            if (data.texts.empty())
                out.numbers.push_back(data.numbers[row * width + column]);
            else
                out.texts.push_back(data.texts[row * width + column]);
        };
        if (axis == 0) {
            out.shape = which.shape;
            out.shape.push_back(width);
            for (const double row : which.numbers)
                for (std::size_t column = 0; column < width; ++column)
                    take(static_cast<std::size_t>(row), column);
        } else {
            out.shape = {rows};
            out.shape.insert(out.shape.end(), which.shape.begin(), which.shape.end());
            for (std::size_t row = 0; row < rows; ++row)
                for (const double column : which.numbers)
                    take(row, static_cast<std::size_t>(column));
        }
        return out;
    }

    static Tensor concat(const Inputs& in) {
        Tensor out;
        out.shape = {in.at(0)->shape.at(0), 0};
        for (const Tensor* t : in)
            out.shape[1] += t->shape.at(1);
        for (std::size_t row = 0; row < out.shape[0]; ++row)
            for (const Tensor* t : in)
                for (std::size_t i = 0; i < t->shape[1]; ++i)
                    out.numbers.push_back(t->numbers[row * t->shape[1] + i]);
        return out;
    }

    static Tensor gemm(const Inputs& in) {
        const Tensor &x = *in.at(0), &w = *in.at(1), &b = *in.at(2);
        const std::size_t n = x.shape.at(0), inner = x.shape.at(1), m = w.shape.at(1);
        if (w.shape.at(0) != inner || b.shape.at(0) != m)
            throw std::runtime_error("matrices that do not fit");
        Tensor out{{n, m}, {}, {}};
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < m; ++j) {
                double sum = b.numbers[j];
                for (std::size_t k = 0; k < inner; ++k)
                    sum += x.numbers[i * inner + k] * w.numbers[k * m + j];
                out.numbers.push_back(sum);
            }
        }
        return out;
    }

    static Tensor label_encoder(const Node& node, const Tensor& texts) {
        Tensor out{texts.shape, {}, {}};
        const auto& keys = node.texts.at("keys_strings");
        for (const std::string& text : texts.texts) {
            const auto at = std::ranges::find(keys, text);
            out.numbers.push_back(static_cast<double>(
                at == keys.end()
                    ? node.integers.at("default_int64").at(0)
                    : node.integers.at("values_int64s").at(static_cast<std::size_t>(at - keys.begin()))));
        }
        return out;
    }

    /// Along axis 1 of a matrix, the axis gone.
    static Tensor over_columns(const Inputs& in, bool sum) {
        const Tensor& x = *in.at(0);
        if (in.at(1)->numbers != std::vector<double>{1}) throw std::runtime_error("another axis");
        Tensor out{{x.shape.at(0)}, {}, {}};
        if (!sum && x.shape.at(1) != 1) throw std::runtime_error("more than one column to squeeze");
        for (std::size_t row = 0; row < x.shape[0]; ++row) {
            double total = 0;
            for (std::size_t i = 0; i < x.shape[1]; ++i)
                total += x.numbers[row * x.shape[1] + i];
            out.numbers.push_back(total);
        }
        return out;
    }

    static Tensor evaluate(const Node& node, const Inputs& in) {
        using X = const std::vector<double>&;
        static const std::map<std::string, std::function<double(X)>> kByElement = {
            {"IsNaN", [](X x) { return std::isnan(x[0]) ? 1.0 : 0.0; }},
            {"IsInf", [](X x) { return std::isinf(x[0]) ? 1.0 : 0.0; }},
            {"Or", [](X x) { return x[0] != 0 || x[1] != 0 ? 1.0 : 0.0; }},
            {"Where", [](X x) { return x[0] != 0 ? x[1] : x[2]; }},
            {"Abs", [](X x) { return std::abs(x[0]); }},
            {"Sign", [](X x) { return x[0] > 0   ? 1.0
                                      : x[0] < 0 ? -1.0
                                                 : 0.0; }},
            {"Log", [](X x) { return std::log(x[0]); }},
            {"Add", [](X x) { return x[0] + x[1]; }},
            {"Sub", [](X x) { return x[0] - x[1]; }},
            {"Mul", [](X x) { return x[0] * x[1]; }},
            {"Div", [](X x) { return x[0] / x[1]; }},
            {"Clip", [](X x) { return std::min(std::max(x[0], x[1]), x[2]); }},
            {"Cast", [](X x) { return x[0]; }},
            {"Identity", [](X x) { return x[0]; }},
            {"GreaterOrEqual", [](X x) { return x[0] >= x[1] ? 1.0 : 0.0; }},
            {"Relu", [](X x) { return std::max(x[0], 0.0); }},
            {"Sigmoid", [](X x) { return 1 / (1 + std::exp(-x[0])); }},
            {"Mean", [](X x) {
                 double sum = 0;
                 for (const double value : x)
                     sum += value;
                 return sum / static_cast<double>(x.size());
             }}};
        if (const auto f = kByElement.find(node.type); f != kByElement.end()) return broadcast(in, f->second);
        if (node.type == "Gather") return gather(in, node.integers.at("axis").at(0));
        if (node.type == "Concat" && node.integers.at("axis").at(0) == 1) return concat(in);
        if (node.type == "Gemm") return gemm(in);
        if (node.type == "ReduceSum" && node.integers.at("keepdims").at(0) == 0)
            return over_columns(in, true);
        if (node.type == "Squeeze") return over_columns(in, false);
        if (node.type == "LabelEncoder" && node.domain == "ai.onnx.ml") return label_encoder(node, *in.at(0));
        throw std::runtime_error("an operator that is not known: " + node.type);
    }
};

}  // namespace funnel::onnx_test
