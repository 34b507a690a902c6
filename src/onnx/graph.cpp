// SPDX-License-Identifier: MIT
#include "onnx/graph.hpp"

#include "funnel/onnx/onnx_model.hpp"

namespace funnel::onnx::detail {
namespace {

// Numbers of fields in onnx.proto.
namespace model_field {
constexpr std::uint32_t kIrVersion = 1, kProducer = 2, kProducerVersion = 3, kGraph = 7, kOpsetImport = 8,
                        kMetadata = 14;
}
namespace graph_field {
constexpr std::uint32_t kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace node_field {
constexpr std::uint32_t kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5, kDomain = 7;
}
namespace attribute_field {
constexpr std::uint32_t kName = 1, kInteger = 3, kIntegers = 8, kTexts = 9, kType = 20;
constexpr std::int64_t kIntegerType = 2, kIntegersType = 7, kTextsType = 8;
}  // namespace attribute_field
namespace tensor_field {
constexpr std::uint32_t kDimension = 1, kElement = 2, kName = 8, kRaw = 9;
}

ProtoWriter value_info(const std::string& name, Element element, std::size_t width) {
    ProtoWriter rows, columns, shape, tensor, type, info;
    rows.text(2, "N");
    columns.integer(1, static_cast<std::int64_t>(width));
    shape.message(1, rows);
    shape.message(1, columns);
    tensor.integer(1, static_cast<std::int64_t>(element));
    tensor.message(2, shape);
    type.message(1, tensor);
    info.text(1, name);
    info.message(2, type);
    return info;
}

ProtoWriter integer_attribute(std::string_view name, std::int64_t value) {
    ProtoWriter attribute;
    attribute.text(attribute_field::kName, name);
    attribute.integer(attribute_field::kInteger, value);
    attribute.integer(attribute_field::kType, attribute_field::kIntegerType);
    return attribute;
}

ProtoWriter opset(std::string_view domain, std::int64_t version) {
    ProtoWriter import;
    import.text(1, domain);
    import.integer(2, version);
    return import;
}

}  // namespace

Value Graph::input(const std::string& name, Element element, std::size_t width) {
    graph_.message(graph_field::kInput, value_info(name, element, width));
    return name;
}

void Graph::output(const Value& value, const std::string& name, Element element, std::size_t width) {
    ProtoWriter identity;
    identity.text(node_field::kInput, value);
    identity.text(node_field::kOutput, name);
    identity.text(node_field::kOpType, "Identity");
    graph_.message(graph_field::kNode, identity);
    graph_.message(graph_field::kOutput, value_info(name, element, width));
}

Value Graph::add_constant(Element element, std::initializer_list<std::size_t> shape, ProtoWriter& tensor) {
    const Value name = next();
    for (const std::size_t size : shape)
        tensor.integer(tensor_field::kDimension, static_cast<std::int64_t>(size));
    tensor.integer(tensor_field::kElement, static_cast<std::int64_t>(element));
    tensor.text(tensor_field::kName, name);
    graph_.message(graph_field::kInitializer, tensor);
    return name;
}

Value Graph::constant(std::span<const float> values, std::initializer_list<std::size_t> shape) {
    ProtoWriter tensor;
    tensor.array(tensor_field::kRaw, values);
    return add_constant(Element::real, shape, tensor);
}

Value Graph::constant(std::span<const std::int64_t> values, std::initializer_list<std::size_t> shape) {
    ProtoWriter tensor;
    tensor.array(tensor_field::kRaw, values);
    return add_constant(Element::integer, shape, tensor);
}

Value Graph::constant(const std::vector<bool>& values, std::initializer_list<std::size_t> shape) {
    std::vector<std::uint8_t> bytes(values.begin(), values.end());
    ProtoWriter tensor;
    tensor.array(tensor_field::kRaw, std::span<const std::uint8_t>(bytes));
    return add_constant(Element::truth, shape, tensor);
}

Value Graph::op(std::string_view type, const std::vector<Value>& inputs, std::string_view attribute,
                std::int64_t value) {
    return node(type, inputs, {integer_attribute(attribute, value)}, "");
}

Value Graph::columns(const Value& matrix, std::span<const std::int64_t> which) {
    return op("Gather", {matrix, constant(which, {which.size()})}, "axis", 1);
}

Value Graph::ids_of(const Value& texts, const std::vector<std::string>& keys) {
    ProtoWriter names, ids;
    names.text(attribute_field::kName, "keys_strings");
    for (const std::string& key : keys)
        names.text(attribute_field::kTexts, key);
    names.integer(attribute_field::kType, attribute_field::kTextsType);
    ids.text(attribute_field::kName, "values_int64s");
    for (std::size_t i = 0; i < keys.size(); ++i)
        ids.integer(attribute_field::kIntegers, static_cast<std::int64_t>(i + 1));
    ids.integer(attribute_field::kType, attribute_field::kIntegersType);
    return node("LabelEncoder", {texts}, {names, ids, integer_attribute("default_int64", 0)}, "ai.onnx.ml");
}

Value Graph::node(std::string_view type, const std::vector<Value>& inputs,
                  const std::vector<ProtoWriter>& attributes, std::string_view domain) {
    const Value result = next();
    ProtoWriter node;
    for (const Value& input : inputs)
        node.text(node_field::kInput, input);
    node.text(node_field::kOutput, result);
    node.text(node_field::kName, std::string(type) + "_" + result);
    node.text(node_field::kOpType, type);
    for (const ProtoWriter& attribute : attributes)
        node.message(node_field::kAttribute, attribute);
    if (!domain.empty()) node.text(node_field::kDomain, domain);
    graph_.message(graph_field::kNode, node);
    return result;
}

void Graph::metadata(const std::string& key, const std::string& value) {
    ProtoWriter entry;
    entry.text(1, key);
    entry.text(2, value);
    metadata_.message(model_field::kMetadata, entry);
}

std::string Graph::model(const std::string& name, const std::string& version) const {
    constexpr std::int64_t kIrVersion = 7;  // what runtimes of opset 13 read
    ProtoWriter model, graph_name;
    model.integer(model_field::kIrVersion, kIrVersion);
    model.text(model_field::kProducer, "funnel");
    model.text(model_field::kProducerVersion, version);
    graph_name.text(graph_field::kName, name);
    model.text(model_field::kGraph, graph_.bytes() + graph_name.bytes());
    model.message(model_field::kOpsetImport, opset("", kOpset));
    model.message(model_field::kOpsetImport, opset("ai.onnx.ml", kMlOpset));
    return model.bytes() + metadata_.bytes();
}

}  // namespace funnel::onnx::detail
