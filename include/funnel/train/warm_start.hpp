// SPDX-License-Identifier: MIT
// warm_start: the weights of an earlier model as a start for a net of other inputs, matched by names and
// shapes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>

#include "funnel/features/encoder.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/nn/net.hpp"

namespace funnel::train {

/// Overwrites what of `net`, whose inputs `encoder` makes and whose heads `bundle` names, has a counterpart
/// in `earlier`: weights of inputs of the same name, embeddings of the same text and width, layers of the
/// same size, heads of the same name. Says in one sentence through `tell` what had none.
void warm_start(nn::Net<float>& net, const features::Encoder& encoder, const Bundle& bundle,
                const Bundle& earlier, const std::function<void(const std::string&)>& tell = {});

namespace detail {

/// Rows of the first layer that belong to each embedding and to each dense input of a net.
struct FirstLayerRows {
    std::vector<std::size_t> embedding;
    std::size_t dense = 0;

    explicit FirstLayerRows(const nn::NetShape& shape) {
        for (const nn::EmbeddingShape& e : shape.embeddings) {
            embedding.push_back(dense);
            dense += e.dim;
        }
    }
};

/// Columns of a layer that correspond: hidden units by place, heads by name.
[[nodiscard]] inline std::vector<std::pair<Eigen::Index, Eigen::Index>> matching_columns(
    const nn::NetShape& shape, std::size_t layer, const Bundle& bundle, const Bundle& earlier) {
    std::vector<std::pair<Eigen::Index, Eigen::Index>> columns;
    if (layer < shape.hidden.size()) {
        for (std::size_t j = 0; j < shape.hidden[layer]; ++j)
            columns.emplace_back(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(j));
        return columns;
    }
    for (std::size_t k = 0; k < bundle.heads.size(); ++k) {
        const auto at = std::ranges::find(earlier.heads, bundle.heads[k].name, &model::Head::name);
        if (at != earlier.heads.end())
            columns.emplace_back(static_cast<Eigen::Index>(k), at - earlier.heads.begin());
    }
    return columns;
}

using Columns2 = std::vector<std::pair<Eigen::Index, Eigen::Index>>;

inline void copy_row(nn::Net<float>& net, nn::Net<float>& old, std::size_t layer, std::size_t to,
                     std::size_t from, const Columns2& columns) {
    auto w = net.weights(layer);
    auto v = old.weights(layer);
    for (const auto& [j, i] : columns)
        w(static_cast<Eigen::Index>(to), j) = v(static_cast<Eigen::Index>(from), i);
}

}  // namespace detail

inline void warm_start(nn::Net<float>& net, const features::Encoder& encoder, const Bundle& bundle,
                       const Bundle& earlier, const std::function<void(const std::string&)>& tell) {
    nn::Net<float> old = earlier.nets.front();
    const nn::NetShape &shape = net.shape(), &before = old.shape();
    std::string missing;
    if (shape.hidden != before.hidden) {
        if (tell)
            tell("warm start: expected hidden layers of the same sizes, got others; nothing is taken over");
        return;
    }
    const detail::FirstLayerRows rows(shape), old_rows(before);
    const auto first = detail::matching_columns(shape, 0, bundle, earlier);
    const auto lacks = [&](const std::string& name) { missing += (missing.empty() ? "" : ", ") + name; };
    for (std::size_t i = 0; i < encoder.dense_names().size(); ++i) {
        const auto& names = earlier.encoder.dense_names();
        const auto at = std::ranges::find(names, encoder.dense_names()[i]);
        if (at == names.end()) {
            lacks(encoder.dense_names()[i]);
            continue;
        }
        detail::copy_row(net, old, 0, rows.dense + i,
                         old_rows.dense + static_cast<std::size_t>(at - names.begin()), first);
    }
    for (std::size_t e = 0; e < encoder.embeddings().size(); ++e) {
        const auto& inputs = earlier.encoder.embeddings();
        const auto at =
            std::ranges::find(inputs, encoder.embeddings()[e].name, &features::EmbeddingInput::name);
        if (at == inputs.end() || at->width != encoder.embeddings()[e].width) {
            lacks(encoder.embeddings()[e].name);
            continue;
        }
        const auto place = static_cast<std::size_t>(at - inputs.begin());
        for (std::size_t j = 0; j < at->width; ++j)
            detail::copy_row(net, old, 0, rows.embedding[e] + j, old_rows.embedding[place] + j, first);
        const features::Vocabulary &texts = encoder.embedding_vocabulary(e),
                                   &old_texts = earlier.encoder.embedding_vocabulary(place);
        for (std::uint32_t id = 0; id <= texts.size(); ++id) {
            const std::uint32_t from = id == 0 ? 0 : old_texts.id(texts.text(id));
            net.embedding(e).row(id) = old.embedding(place).row(from);
        }
    }
    for (std::size_t l = 0; l < shape.layers(); ++l) {
        const auto columns = detail::matching_columns(shape, l, bundle, earlier);
        for (std::size_t i = 0; l > 0 && i < shape.layer_in(l); ++i)
            detail::copy_row(net, old, l, i, i, columns);
        for (const auto& [j, i] : columns)
            net.bias(l)[static_cast<std::size_t>(j)] = old.bias(l)[static_cast<std::size_t>(i)];
    }
    if (!missing.empty() && tell)
        tell("warm start: the earlier model has no " + missing + "; they start at random");
}

}  // namespace funnel::train
