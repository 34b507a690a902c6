// SPDX-License-Identifier: MIT
// Predictor: raw feature rows to probabilities; a Bundle's encoder and nets, packed and ready to run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/features/encoder.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/nn/packed_net.hpp"

namespace funnel::model {

/// Immutable: share freely; every thread brings its own Workspace.
class Predictor {
 public:
    /// Scratch of one thread; allocates when it first sees its largest block, then never again.
    struct Workspace {
        nn::Workspace<float> net;
        std::vector<float> dense;        ///< (rows, D)
        std::vector<std::uint32_t> ids;  ///< (rows, E)
        std::vector<float> member;       ///< (rows, K)
    };

    /// Copies what it needs of the bundle; borrows the kernels.
    explicit Predictor(const Bundle& bundle, const nn::Kernels& kernels = nn::eigen_kernels());
    /// The same from its parts, all nets of one shape.
    Predictor(features::Encoder encoder, const std::vector<nn::Net<float>>& nets, nn::Chains chains,
              const nn::Kernels& kernels);

    [[nodiscard]] std::size_t targets() const noexcept { return chains_.heads(); }  ///< K
    [[nodiscard]] std::size_t dense_size() const noexcept { return encoder_.dense_names().size(); }
    [[nodiscard]] std::size_t ids_size() const noexcept { return encoder_.embeddings().size(); }
    [[nodiscard]] const features::Encoder& encoder() const noexcept { return encoder_; }
    [[nodiscard]] const nn::Kernels& kernels() const noexcept { return *kernels_; }

    /// n raw rows, numeric (n, d) and categorical (n, c) row-major, to p (n, K). Does not allocate once the
    /// workspace has seen as many rows. shared: so many first numbers of all rows are equal, and are encoded
    /// once.
    void predict(std::span<const float> numeric, std::span<const std::string_view> categorical,
                 std::span<float> p, Workspace& workspace, std::size_t shared = 0) const;

    /// n encoded rows, dense (n, D) and ids (n, E) row-major, to p (n, K).
    void predict_encoded(std::span<const float> dense, std::span<const std::uint32_t> ids, std::span<float> p,
                         Workspace& workspace) const;

 private:
    void predict_block(const nn::Inputs<float>& inputs, std::span<float> p, Workspace& workspace) const;

    features::Encoder encoder_;
    std::vector<nn::PackedNet<float>> nets_;
    nn::Chains chains_;
    const nn::Kernels* kernels_;
};

inline Predictor::Predictor(const Bundle& bundle, const nn::Kernels& kernels)
    : Predictor(bundle.encoder, bundle.nets, bundle.chains, kernels) {}

inline Predictor::Predictor(features::Encoder encoder, const std::vector<nn::Net<float>>& nets,
                            nn::Chains chains, const nn::Kernels& kernels)
    : encoder_(std::move(encoder)), chains_(std::move(chains)), kernels_(&kernels) {
    for (const nn::Net<float>& net : nets)
        nets_.emplace_back(net, kernels);
}

inline void Predictor::predict(std::span<const float> numeric, std::span<const std::string_view> categorical,
                               std::span<float> p, Workspace& workspace, std::size_t shared) const {
    const std::size_t rows = p.size() / targets();
    workspace.dense.resize(rows * dense_size());
    workspace.ids.resize(rows * ids_size());
    encoder_.encode_rows(rows, shared, numeric, categorical, workspace.dense, workspace.ids, *kernels_);
    predict_encoded(workspace.dense, workspace.ids, p, workspace);
}

inline void Predictor::predict_encoded(std::span<const float> dense, std::span<const std::uint32_t> ids,
                                       std::span<float> p, Workspace& workspace) const {
    const std::size_t rows = p.size() / targets(), d = dense_size(), e = ids_size(), k = targets();
    for (std::size_t first = 0; first < rows; first += nn::kBlockRows) {
        const std::size_t n = std::min(nn::kBlockRows, rows - first);
        predict_block({n, dense.subspan(first * d, n * d), ids.subspan(first * e, n * e)},
                      p.subspan(first * k, n * k), workspace);
    }
}

inline void Predictor::predict_block(const nn::Inputs<float>& inputs, std::span<float> p,
                                     Workspace& workspace) const {
    nets_.front().forward(inputs, workspace.net);
    nn::probabilities<float>(workspace.net.logits(), chains_, *kernels_, p);
    if (nets_.size() == 1) return;
    workspace.member.resize(p.size());
    for (std::size_t m = 1; m < nets_.size(); ++m) {
        nets_[m].forward(inputs, workspace.net);
        nn::probabilities<float>(workspace.net.logits(), chains_, *kernels_, workspace.member);
        for (std::size_t i = 0; i < p.size(); ++i)
            p[i] += workspace.member[i];
    }
    const float share = 1.0f / static_cast<float>(nets_.size());
    for (float& value : p)
        value *= share;
}

}  // namespace funnel::model
