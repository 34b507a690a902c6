// SPDX-License-Identifier: MIT
// Graph: an ONNX graph under construction. Values are named by numbers, in the order in which they are made.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "onnx/proto.hpp"

namespace funnel::onnx::detail {

enum class Element : std::int64_t { real = 1, integer = 7, text = 8, truth = 9 };  // of onnx.TensorProto

/// The name of a value of the graph.
using Value = std::string;

/// One thread at a time.
class Graph {
 public:
    /// Declares an input or output (N, width).
    Value input(const std::string& name, Element element, std::size_t width);
    void output(const Value& value, const std::string& name, Element element, std::size_t width);

    /// A constant of a shape; an empty shape is a scalar.
    Value constant(std::span<const float> values, std::initializer_list<std::size_t> shape);
    Value constant(std::span<const std::int64_t> values, std::initializer_list<std::size_t> shape);
    Value constant(const std::vector<bool>& values, std::initializer_list<std::size_t> shape);
    Value scalar(float value) { return constant(std::span<const float>(&value, 1), {}); }
    Value index(std::int64_t value) { return constant(std::span<const std::int64_t>(&value, 1), {}); }

    /// An operator of ai.onnx with one result.
    Value op(std::string_view type, const std::vector<Value>& inputs) { return node(type, inputs, {}, ""); }
    /// With one attribute that is an integer.
    Value op(std::string_view type, const std::vector<Value>& inputs, std::string_view attribute,
             std::int64_t value);
    /// Some columns of a matrix.
    Value columns(const Value& matrix, std::span<const std::int64_t> which);
    /// One column, without its dimension.
    Value column(const Value& matrix, std::size_t which) {
        return op("Gather", {matrix, index(static_cast<std::int64_t>(which))}, "axis", 1);
    }
    /// ids of texts: i + 1 for keys[i], 0 for all others.
    Value ids_of(const Value& texts, const std::vector<std::string>& keys);
    /// Side by side; nothing is left out.
    Value beside(const std::vector<Value>& parts) {
        return parts.size() == 1 ? parts.front() : op("Concat", parts, "axis", 1);
    }

    void metadata(const std::string& key, const std::string& value);
    /// The whole file.
    [[nodiscard]] std::string model(const std::string& name, const std::string& version) const;

 private:
    Value node(std::string_view type, const std::vector<Value>& inputs,
               const std::vector<ProtoWriter>& attributes, std::string_view domain);
    Value add_constant(Element element, std::initializer_list<std::size_t> shape, ProtoWriter& tensor);
    Value next() { return "v" + std::to_string(++values_); }

    std::size_t values_ = 0;
    ProtoWriter graph_;  // nodes, constants, inputs and outputs may come in any order
    ProtoWriter metadata_;
};

}  // namespace funnel::onnx::detail
