// SPDX-License-Identifier: MIT
// NetShape: the sizes that determine a net: embeddings + dense inputs -> hidden ReLU layers -> logits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "funnel/base/bytes.hpp"
#include "funnel/base/error.hpp"

namespace funnel::nn {

/// A table with one row of `dim` weights per category; ids are 0 .. rows - 1.
struct EmbeddingShape {
    std::size_t rows = 0;
    std::size_t dim = 0;
    friend bool operator==(const EmbeddingShape&, const EmbeddingShape&) = default;
};

/// The first layer sees the embeddings in order, then the dense inputs. `hidden` empty: logistic regression.
struct NetShape {
    std::size_t dense = 0;
    std::vector<EmbeddingShape> embeddings;
    std::vector<std::size_t> hidden;
    std::size_t outputs = 1;

    /// Inputs of the first layer: dense + the dimensions of the embeddings.
    [[nodiscard]] std::size_t inputs() const noexcept {
        std::size_t n = dense;
        for (const EmbeddingShape& e : embeddings)
            n += e.dim;
        return n;
    }
    [[nodiscard]] std::size_t layers() const noexcept { return hidden.size() + 1; }
    [[nodiscard]] std::size_t layer_in(std::size_t layer) const noexcept {
        return layer == 0 ? inputs() : hidden[layer - 1];
    }
    [[nodiscard]] std::size_t layer_out(std::size_t layer) const noexcept {
        return layer < hidden.size() ? hidden[layer] : outputs;
    }
    /// Weights, biases and embeddings.
    [[nodiscard]] std::size_t parameters() const noexcept;

    /// Throws Error(invalid_argument) unless every size is in the limits below.
    void check() const;

    void write(base::ByteWriter& out) const;
    /// Throws Error(format) for a shape that check() would refuse.
    [[nodiscard]] static NetShape read(base::ByteReader& in);

    friend bool operator==(const NetShape&, const NetShape&) = default;
};

inline constexpr std::size_t kMaxWidth = 65'536;      ///< of a hidden layer
inline constexpr std::size_t kMaxInputs = 1'000'000;  ///< dense inputs plus embedding dimensions
inline constexpr std::size_t kMaxHeads = 64;          ///< outputs
inline constexpr std::size_t kMaxLayers = 64;         ///< hidden layers
inline constexpr std::size_t kMaxParameters = std::size_t{1} << 28;  ///< 1 GiB of floats

inline std::size_t NetShape::parameters() const noexcept {
    std::size_t n = 0;
    for (const EmbeddingShape& e : embeddings)
        n += e.rows * e.dim;
    for (std::size_t l = 0; l < layers(); ++l)
        n += (layer_in(l) + 1) * layer_out(l);
    return n;
}

inline void NetShape::check() const {
    const auto need = [](std::size_t value, std::size_t least, std::size_t most, const char* what) {
        if (value < least || value > most) {
            throw Error(ErrorCode::invalid_argument, std::string("net: expected ") + std::to_string(least) +
                                                         " to " + std::to_string(most) + " " + what +
                                                         ", got \"" + std::to_string(value) +
                                                         "\"; choose another size");
        }
    };
    need(hidden.size(), 0, kMaxLayers, "hidden layers");
    need(outputs, 1, kMaxHeads, "outputs");
    need(dense, 0, kMaxInputs, "dense inputs");
    need(embeddings.size(), 0, kMaxInputs, "embeddings");
    for (const std::size_t width : hidden)
        need(width, 1, kMaxWidth, "units in a hidden layer");
    for (const EmbeddingShape& e : embeddings) {
        need(e.rows, 1, kMaxParameters, "rows of an embedding");
        need(e.dim, 1, kMaxWidth, "dimensions of an embedding");
    }
    // Checked term by term: with the limits above no term and no sum of two can wrap around.
    std::size_t total = 0;
    const auto add = [&](std::size_t rows, std::size_t cols) {
        total += rows * cols;
        need(total, 0, kMaxParameters, "parameters");
    };
    std::size_t width = dense;
    for (const EmbeddingShape& e : embeddings) {
        add(e.rows, e.dim);
        width += e.dim;
    }
    need(width, 1, kMaxInputs, "inputs");
    for (std::size_t l = 0; l < layers(); ++l)
        add(layer_in(l) + 1, layer_out(l));
}

inline void NetShape::write(base::ByteWriter& out) const {
    out.value<std::uint64_t>(dense);
    out.value<std::uint64_t>(embeddings.size());
    for (const EmbeddingShape& e : embeddings) {
        out.value<std::uint64_t>(e.rows);
        out.value<std::uint64_t>(e.dim);
    }
    out.value<std::uint64_t>(hidden.size());
    for (const std::size_t width : hidden)
        out.value<std::uint64_t>(width);
    out.value<std::uint64_t>(outputs);
}

inline NetShape NetShape::read(base::ByteReader& in) {
    NetShape shape;
    shape.dense = static_cast<std::size_t>(in.value<std::uint64_t>());
    shape.embeddings.resize(in.length(2 * sizeof(std::uint64_t)));
    for (EmbeddingShape& e : shape.embeddings) {
        e.rows = static_cast<std::size_t>(in.value<std::uint64_t>());
        e.dim = static_cast<std::size_t>(in.value<std::uint64_t>());
    }
    shape.hidden.resize(in.length(sizeof(std::uint64_t)));
    for (std::size_t& width : shape.hidden)
        width = static_cast<std::size_t>(in.value<std::uint64_t>());
    shape.outputs = static_cast<std::size_t>(in.value<std::uint64_t>());
    try {
        shape.check();
    } catch (const Error& error) {
        throw Error(ErrorCode::format, std::string("damaged: ") + error.what());
    }
    return shape;
}

}  // namespace funnel::nn
