// SPDX-License-Identifier: MIT
// warm_start: the weights of an earlier net as a start for a net of other inputs, matched by names and
// shapes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "funnel/encoding/encoder.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/nn/net.hpp"

namespace funnel::train {

/// What the inputs and the outputs of a net are called.
struct NetNames {
    const encoding::Encoder& encoder;
    const std::vector<model::Head>& heads;
};

/// Overwrites what of `net` has a counterpart in `earlier`: weights of inputs of the same name, embeddings of
/// the same text and width, layers of the same size, heads of the same name. With other hidden layers nothing
/// has one. Says in one sentence through `tell` what had none.
void warm_start(nn::Net<float>& net, const NetNames& names, const NetNames& earlier_names,
                const nn::Net<float>& earlier, const std::function<void(const std::string&)>& tell = {});

namespace detail {

/// Copies from one net to another, and notes what is missing.
class WarmStart {
 public:
    WarmStart(nn::Net<float>& net, const NetNames& names, const NetNames& earlier_names,
              const nn::Net<float>& earlier)
        : net_(net), old_(earlier), to_(names), from_(earlier_names) {}

    /// Names of what had no counterpart.
    [[nodiscard]] std::vector<std::string> run() {
        copy_embeddings();
        copy_dense_inputs();
        for (std::size_t l = 0; l < net_.shape().layers(); ++l)
            copy_layer(l);
        return std::move(missing_);
    }

 private:
    using Columns = std::vector<std::pair<std::size_t, std::size_t>>;  // here and there

    /// Outputs of a layer that correspond: hidden units by place, heads by name.
    [[nodiscard]] Columns columns(std::size_t layer) const {
        Columns result;
        const std::vector<std::size_t>& hidden = net_.shape().hidden;
        for (std::size_t j = 0; layer < hidden.size() && j < hidden[layer]; ++j)
            result.emplace_back(j, j);
        for (std::size_t k = 0; layer == hidden.size() && k < to_.heads.size(); ++k) {
            const auto at = std::ranges::find(from_.heads, to_.heads[k].name, &model::Head::name);
            if (at == from_.heads.end()) continue;
            result.emplace_back(k, static_cast<std::size_t>(at - from_.heads.begin()));
        }
        return result;
    }
    void copy_row(std::size_t layer, std::size_t to, std::size_t from, const Columns& columns) {
        const std::size_t width = net_.shape().layer_out(layer), old_width = old_.shape().layer_out(layer);
        float* row = net_.parameters().data() + net_.weight_range(layer).first + to * width;
        const float* old_row = old_.parameters().data() + old_.weight_range(layer).first + from * old_width;
        for (const auto& [j, i] : columns)
            row[j] = old_row[i];
    }
    void copy_embeddings();
    void copy_texts(std::size_t embedding, std::size_t old_embedding);
    void copy_bins(std::size_t embedding, std::size_t old_embedding);
    void copy_dense_inputs();
    void copy_layer(std::size_t layer);
    /// Rows of the first layer before those of an embedding, or before the dense inputs.
    [[nodiscard]] static std::size_t rows_before(const nn::NetShape& shape, std::size_t embedding) {
        std::size_t rows = 0;
        for (std::size_t e = 0; e < embedding; ++e)
            rows += shape.embeddings[e].dim;
        return rows;
    }

    nn::Net<float>& net_;
    const nn::Net<float>& old_;
    const NetNames &to_, &from_;
    std::vector<std::string> missing_;
};

inline void WarmStart::copy_embeddings() {
    const auto& inputs = to_.encoder.embeddings();
    const auto& earlier = from_.encoder.embeddings();
    for (std::size_t e = 0; e < inputs.size(); ++e) {
        const auto at = std::ranges::find(earlier, inputs[e].name, &encoding::EmbeddingInput::name);
        if (at == earlier.end() || at->width != inputs[e].width) {
            missing_.push_back(inputs[e].name);
            continue;
        }
        const auto place = static_cast<std::size_t>(at - earlier.begin());
        const std::size_t row = rows_before(net_.shape(), e), old_row = rows_before(old_.shape(), place);
        for (std::size_t j = 0; j < at->width; ++j)
            copy_row(0, row + j, old_row + j, columns(0));
        copy_texts(e, place);
    }
}

/// A text that the earlier net did not know starts as its "unknown".
inline void WarmStart::copy_texts(std::size_t embedding, std::size_t old_embedding) {
    const encoding::NumberBins *bins = to_.encoder.embedding_bins(embedding),
                               *old_bins = from_.encoder.embedding_bins(old_embedding);
    if (bins != nullptr || old_bins != nullptr) return copy_bins(embedding, old_embedding);
    const encoding::Vocabulary &texts = to_.encoder.embedding_vocabulary(embedding),
                               &old_texts = from_.encoder.embedding_vocabulary(old_embedding);
    const std::size_t width = net_.shape().embeddings[embedding].dim;
    float* row = net_.parameters().data() + net_.embedding_range(embedding).first;
    const float* old_rows = old_.parameters().data() + old_.embedding_range(old_embedding).first;
    for (std::uint32_t id = 0; id <= texts.size(); ++id, row += width) {
        const std::size_t from = id == 0 ? 0 : old_texts.id(texts.text(id));
        std::copy_n(old_rows + from * width, width, row);
    }
}

/// A bin starts as the earlier bin that its own begins in.
inline void WarmStart::copy_bins(std::size_t embedding, std::size_t old_embedding) {
    const encoding::NumberBins *bins = to_.encoder.embedding_bins(embedding),
                               *old_bins = from_.encoder.embedding_bins(old_embedding);
    if (bins == nullptr || old_bins == nullptr) return;  // a number and a category of one name
    const std::size_t width = net_.shape().embeddings[embedding].dim;
    float* row = net_.parameters().data() + net_.embedding_range(embedding).first;
    const float* old_rows = old_.parameters().data() + old_.embedding_range(old_embedding).first;
    for (std::uint32_t id = 0; id < bins->ids(); ++id, row += width) {
        const std::uint32_t from = id < 2 ? id : old_bins->id(bins->starts()[id - 2]);
        std::copy_n(old_rows + from * width, width, row);
    }
}

inline void WarmStart::copy_dense_inputs() {
    const std::size_t row = rows_before(net_.shape(), net_.shape().embeddings.size()),
                      old_row = rows_before(old_.shape(), old_.shape().embeddings.size());
    const auto& inputs = to_.encoder.dense_names();
    const auto& earlier = from_.encoder.dense_names();
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const auto at = std::ranges::find(earlier, inputs[i]);
        if (at == earlier.end())
            missing_.push_back(inputs[i]);
        else
            copy_row(0, row + i, old_row + static_cast<std::size_t>(at - earlier.begin()), columns(0));
    }
}

/// Everything of a layer but the weights of the first one, which go by names.
inline void WarmStart::copy_layer(std::size_t layer) {
    const Columns both = columns(layer);
    for (std::size_t i = 0; layer > 0 && i < net_.shape().layer_in(layer); ++i)
        copy_row(layer, i, i, both);
    float* bias = net_.parameters().data() + net_.bias_range(layer).first;
    const float* old_bias = old_.parameters().data() + old_.bias_range(layer).first;
    for (const auto& [j, i] : both)
        bias[j] = old_bias[i];
    for (std::size_t k = 0; layer + 1 == net_.shape().layers() && k < to_.heads.size(); ++k) {
        const auto known = std::ranges::any_of(both, [&](const auto& pair) { return pair.first == k; });
        if (!known) missing_.push_back(to_.heads[k].name);
    }
}

}  // namespace detail

inline void warm_start(nn::Net<float>& net, const NetNames& names, const NetNames& earlier_names,
                       const nn::Net<float>& earlier, const std::function<void(const std::string&)>& tell) {
    if (net.shape().hidden != earlier.shape().hidden) {
        if (tell)
            tell("warm start: expected hidden layers of the same sizes, got others; nothing is taken over");
        return;
    }
    const std::vector<std::string> missing = detail::WarmStart(net, names, earlier_names, earlier).run();
    if (missing.empty() || !tell) return;
    constexpr std::size_t kShown = 10;
    std::string text;
    for (std::size_t i = 0; i < std::min(missing.size(), kShown); ++i)
        text += (i > 0 ? ", " : "") + missing[i];
    if (missing.size() > kShown) text += " and " + std::to_string(missing.size() - kShown) + " more";
    tell("warm start: the earlier model has no " + text + "; they start at random");
}

}  // namespace funnel::train
