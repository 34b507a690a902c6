// SPDX-License-Identifier: MIT
// Predictor: raw feature rows to probabilities; a Bundle's encoder and nets, packed and ready to run.
//
//     const model::Predictor predictor(bundle, kernel::best());  // share it between threads
//     model::Predictor::Workspace workspace;                    // one per thread
//     std::vector<float> p(predictor.targets());
//     predictor.predict(numbers, texts, p, workspace);  // a raw row, as the bundle names its inputs
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/model/bundle.hpp"
#include "funnel/nn/packed_net.hpp"
#include "funnel/nn/split_net.hpp"

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
        // Of rows that share their first numbers: the others, (rows, D - S).
        std::vector<nn::SplitNet<float>::Workspace> split = {};  ///< of each net
        std::vector<float> rest = {};
    };

    /// Copies what it needs of the bundle; borrows the kernels. `shared`: see predict.
    explicit Predictor(const Bundle& bundle, const nn::Kernels& kernels = nn::eigen_kernels(),
                       std::size_t shared = 0);
    /// The same from its parts, all nets of one shape.
    Predictor(encoding::Encoder encoder, const std::vector<nn::Net<float>>& nets, nn::Chains chains,
              const nn::Kernels& kernels, std::size_t shared = 0);

    [[nodiscard]] std::size_t targets() const noexcept { return chains_.heads(); }  ///< K
    [[nodiscard]] std::size_t dense_size() const noexcept { return encoder_.dense_names().size(); }
    [[nodiscard]] std::size_t ids_size() const noexcept { return encoder_.embeddings().size(); }
    [[nodiscard]] const encoding::Encoder& encoder() const noexcept { return encoder_; }
    [[nodiscard]] const nn::Kernels& kernels() const noexcept { return *kernels_; }

    /// n raw rows, numeric (n, d) and categorical (n, c) row-major, to p (n, K). Does not allocate once the
    /// workspace has seen as many rows. shared: so many first numbers of all rows are equal. If the predictor
    /// was made for as many and there are several rows, these are encoded and go through the first layer
    /// once; p is then that of predict without `shared` up to rounding. Throws Error(shape) for sizes that do
    /// not fit each other. Any workspace will do, also one that another predictor has used.
    void predict(std::span<const float> numeric, std::span<const std::string_view> categorical,
                 std::span<float> p, Workspace& workspace, std::size_t shared = 0) const;

    /// n encoded rows, dense (n, D) and ids (n, E) row-major, to p (n, K). Throws Error(shape) likewise, and
    /// for an id outside its embedding.
    void predict_encoded(std::span<const float> dense, std::span<const std::uint32_t> ids, std::span<float> p,
                         Workspace& workspace) const;

 private:
    static constexpr std::size_t kSplitRows = 4;  // for fewer the shared part costs more than it saves

    /// The number of rows of p, whose inputs have the given sizes and widths; else Error(shape).
    [[nodiscard]] std::size_t checked_rows(std::span<float> p, std::size_t numbers, std::size_t width,
                                           std::size_t texts, std::size_t text_width) const;
    void predict_split(std::span<const float> numeric, std::span<const std::string_view> categorical,
                       std::span<float> p, Workspace& workspace) const;
    template <typename Forward>
    void predict_blocks(std::size_t width, std::span<const float> dense, std::span<const std::uint32_t> ids,
                        std::span<float> p, const Forward& forward) const;
    template <typename Logits>
    void average(std::span<float> p, Workspace& workspace, const Logits& logits) const;

    encoding::Encoder encoder_;
    std::vector<nn::PackedNet<float>> nets_;
    std::size_t shared_numbers_ = 0;
    encoding::Encoder::Shared shared_;
    std::vector<nn::SplitNet<float>> split_nets_;  // empty: nothing is shared
    nn::Chains chains_;
    const nn::Kernels* kernels_;
};

inline Predictor::Predictor(const Bundle& bundle, const nn::Kernels& kernels, std::size_t shared)
    : Predictor(bundle.encoder, bundle.nets, bundle.chains, kernels, shared) {}

inline Predictor::Predictor(encoding::Encoder encoder, const std::vector<nn::Net<float>>& nets,
                            nn::Chains chains, const nn::Kernels& kernels, std::size_t shared)
    : encoder_(std::move(encoder)),
      shared_numbers_(shared),
      shared_(encoder_.shared_by(shared)),
      chains_(std::move(chains)),
      kernels_(&kernels) {
    const std::size_t places = shared_.places.size();
    for (const nn::Net<float>& net : nets) {
        nets_.emplace_back(net, kernels);
        if (places > 0 && places < dense_size() && net.shape().dense == dense_size())
            split_nets_.emplace_back(net, shared_.places, kernels);
    }
}

namespace detail {

[[noreturn]] inline void refuse_rows(std::size_t room, std::size_t targets, std::size_t numbers,
                                     std::size_t width, std::size_t texts, std::size_t text_width) {
    throw Error(ErrorCode::shape, "predictor: expected rows of " + std::to_string(width) + " numbers and " +
                                      std::to_string(text_width) + " texts or ids with " +
                                      std::to_string(targets) + " probabilities each, got \"" +
                                      std::to_string(numbers) + ", " + std::to_string(texts) + " and " +
                                      std::to_string(room) + "\" in all; give n rows in and n rows out");
}

}  // namespace detail

inline std::size_t Predictor::checked_rows(std::span<float> p, std::size_t numbers, std::size_t width,
                                           std::size_t texts, std::size_t text_width) const {
    const std::size_t rows = targets() == 0 ? 0 : p.size() / targets();
    if (rows * targets() != p.size() || numbers != rows * width || texts != rows * text_width)
        detail::refuse_rows(p.size(), targets(), numbers, width, texts, text_width);
    return rows;
}

inline void Predictor::predict(std::span<const float> numeric, std::span<const std::string_view> categorical,
                               std::span<float> p, Workspace& workspace, std::size_t shared) const {
    const std::size_t rows = checked_rows(p, numeric.size(), encoder_.numeric_features().size(),
                                          categorical.size(), encoder_.categorical_features().size());
    workspace.ids.resize(rows * ids_size());
    if (shared == shared_numbers_ && rows >= kSplitRows && split_nets_.size() == nets_.size())
        return predict_split(numeric, categorical, p, workspace);
    workspace.dense.resize(rows * dense_size());
    encoder_.encode_rows(rows, numeric, categorical, workspace.dense, workspace.ids, *kernels_);
    predict_encoded(workspace.dense, workspace.ids, p, workspace);
}

inline void Predictor::predict_split(std::span<const float> numeric,
                                     std::span<const std::string_view> categorical, std::span<float> p,
                                     Workspace& workspace) const {
    const std::size_t rows = p.size() / targets(), width = dense_size() - shared_.places.size();
    // Room for a call of fewer rows, which must not allocate after this one.
    workspace.dense.resize(std::max(workspace.dense.size(), (kSplitRows - 1) * dense_size()));
    nets_.front().prepare(workspace.net, kSplitRows - 1);
    workspace.split.resize(split_nets_.size());
    encoder_.encode_rows(1, numeric, categorical, workspace.dense, workspace.ids, *kernels_);
    for (std::size_t net = 0; net < split_nets_.size(); ++net)
        split_nets_[net].share(workspace.dense, workspace.split[net]);
    workspace.rest.resize(rows * width);
    encoder_.encode_rest(rows, shared_, numeric, categorical, workspace.rest, workspace.ids, *kernels_);
    predict_blocks(width, workspace.rest, workspace.ids, p,
                   [&](const nn::Inputs<float>& inputs, std::span<float> out) {
                       average(out, workspace, [&](std::size_t net) {
                           split_nets_[net].forward(inputs, workspace.split[net]);
                           return workspace.split[net].logits();
                       });
                   });
}

inline void Predictor::predict_encoded(std::span<const float> dense, std::span<const std::uint32_t> ids,
                                       std::span<float> p, Workspace& workspace) const {
    (void)checked_rows(p, dense.size(), dense_size(), ids.size(), ids_size());
    predict_blocks(dense_size(), dense, ids, p, [&](const nn::Inputs<float>& inputs, std::span<float> out) {
        average(out, workspace, [&](std::size_t net) {
            nets_[net].forward(inputs, workspace.net);
            return workspace.net.logits();
        });
    });
}

/// forward(inputs, p) for blocks of rows of `width` dense inputs.
template <typename Forward>
void Predictor::predict_blocks(std::size_t width, std::span<const float> dense,
                               std::span<const std::uint32_t> ids, std::span<float> p,
                               const Forward& forward) const {
    const std::size_t rows = p.size() / targets(), e = ids_size(), k = targets();
    for (std::size_t first = 0; first < rows; first += nn::kBlockRows) {
        const std::size_t n = std::min(nn::kBlockRows, rows - first);
        forward(nn::Inputs<float>{n, dense.subspan(first * width, n * width), ids.subspan(first * e, n * e)},
                p.subspan(first * k, n * k));
    }
}

/// p: the mean of what the nets say; logits(i): those of net i.
template <typename Logits>
void Predictor::average(std::span<float> p, Workspace& workspace, const Logits& logits) const {
    nn::probabilities<float>(logits(0), chains_, *kernels_, p);
    if (nets_.size() == 1) return;
    workspace.member.resize(p.size());
    for (std::size_t m = 1; m < nets_.size(); ++m) {
        nn::probabilities<float>(logits(m), chains_, *kernels_, workspace.member);
        for (std::size_t i = 0; i < p.size(); ++i)
            p[i] += workspace.member[i];
    }
    const float share = 1.0f / static_cast<float>(nets_.size());
    for (float& value : p)
        value *= share;
}

}  // namespace funnel::model
