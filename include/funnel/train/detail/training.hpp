// SPDX-License-Identifier: MIT
// Training: one net, its optimizer and the steps that change it. A batch is cut into slots by its size alone;
// each has its own gradient, and they are added in a fixed order, so any number of threads gives the same
// bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "funnel/nn/adamw.hpp"
#include "funnel/nn/aligned.hpp"
#include "funnel/nn/dropout.hpp"
#include "funnel/nn/esmm_loss.hpp"
#include "funnel/nn/kernels.hpp"
#include "funnel/nn/net.hpp"
#include "funnel/nn/packed_net.hpp"
#include "funnel/nn/sgd.hpp"
#include "funnel/nn/weight_average.hpp"
#include "funnel/train/detail/training_examples.hpp"
#include "funnel/train/detail/worker_team.hpp"
#include "funnel/train/train_options.hpp"

namespace funnel::train {

/// Slots of a batch of n rows: more than this many threads find nothing to do.
inline constexpr std::size_t kMaxSlots = 8;
/// Nets of fewer parameters are updated by one thread: in less time than the others take to come.
inline constexpr std::size_t kAlone = 8192;
[[nodiscard]] constexpr std::size_t slots_of(std::size_t n) noexcept {
    return std::clamp<std::size_t>(n / nn::kBlockRows, 1, kMaxSlots);
}

/// One thread at a time; it uses the team for its own work. Borrows examples, kernels and team for its life.
template <typename Scalar>
class Training {
 public:
    /// options must be resolved. average_decay: see nn::WeightAverage, 0: no average.
    Training(nn::Net<Scalar> net, const Examples& examples, const TrainOptions& options, double average_decay,
             const nn::BasicKernels<Scalar>& kernels, WorkerTeam& team);

    /// One step on a batch; totals as of Examples::totals. Returns the loss before the step.
    double step(std::span<const std::uint32_t> positions, const double* totals, double learning_rate,
                std::uint64_t dropout_seed);

    [[nodiscard]] const nn::Net<Scalar>& net() const noexcept { return packed_.net(); }
    /// The averaged net, or net() without an average.
    [[nodiscard]] nn::Net<Scalar> averaged() const;

 private:
    /// A piece of the parameters that one task updates and packs.
    struct Piece {
        nn::ParameterRange weights;
        nn::ParameterRange bias;  // empty but for the first piece of a layer
        std::size_t layer = kNoLayer;
        std::size_t first = 0, last = 0;  // rows of the layer's weights
    };
    struct Worker {
        explicit Worker(const nn::NetShape& shape) : block(shape) {}
        nn::Workspace<Scalar> workspace;
        ExampleBlock<Scalar> block;
    };
    static constexpr std::size_t kNoLayer = static_cast<std::size_t>(-1);
    static constexpr std::size_t kPieceSize = 4096;

    void cut_pieces(bool frozen);
    double run_slot(std::span<const std::uint32_t> positions, const double* totals,
                    std::uint64_t dropout_seed, std::span<Scalar> gradient, Worker& worker) const;
    void update(const nn::ParameterRange& range, bool decays, std::size_t slots);

    nn::PackedNet<Scalar> packed_;
    const Examples* examples_;
    WorkerTeam* team_;
    double dropout_;
    std::variant<nn::AdamW<Scalar>, nn::Sgd<Scalar>> optimizer_;
    std::vector<nn::WeightAverage<Scalar>> average_;  // one or none
    std::vector<Piece> pieces_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<nn::AlignedVector<Scalar>> gradients_;  // per slot
    std::vector<double> losses_;                        // per slot
};

namespace detail {

template <typename Scalar>
[[nodiscard]] std::variant<nn::AdamW<Scalar>, nn::Sgd<Scalar>> make_optimizer(const TrainOptions& options,
                                                                              std::size_t parameters) {
    if (options.optimizer == Optimizer::adamw) {
        return nn::AdamW<Scalar>(parameters, {.weight_decay = *options.weight_decay});
    }
    return nn::Sgd<Scalar>(parameters, {.momentum = options.momentum,
                                        .weight_decay = *options.weight_decay,
                                        .decoupled = options.decoupled_decay});
}

}  // namespace detail

template <typename Scalar>
Training<Scalar>::Training(nn::Net<Scalar> net, const Examples& examples, const TrainOptions& options,
                           double average_decay, const nn::BasicKernels<Scalar>& kernels, WorkerTeam& team)
    : packed_(std::move(net), kernels),
      examples_(&examples),
      team_(&team),
      dropout_(*options.dropout),
      optimizer_(detail::make_optimizer<Scalar>(options, packed_.net().parameters().size())) {
    const nn::Net<Scalar>& start = packed_.net();
    if (average_decay > 0.0) average_.emplace_back(start.parameters(), average_decay);
    for (std::size_t w = 0; w < team.size(); ++w)
        workers_.push_back(std::make_unique<Worker>(start.shape()));
    const std::size_t slots = slots_of(*options.batch_size);
    gradients_.assign(slots, nn::AlignedVector<Scalar>(start.parameters().size()));
    losses_.resize(slots);
    cut_pieces(options.freeze);
}

template <typename Scalar>
void Training<Scalar>::cut_pieces(bool frozen) {
    const nn::Net<Scalar>& net = packed_.net();
    const nn::NetShape& shape = net.shape();
    for (std::size_t e = 0; e < shape.embeddings.size() && !frozen; ++e) {
        const nn::ParameterRange table = net.embedding_range(e);
        for (std::size_t at = table.first; at < table.last(); at += kPieceSize) {
            pieces_.push_back({.weights = {at, std::min(kPieceSize, table.last() - at)}, .bias = {}});
        }
    }
    for (std::size_t l = 0; l < shape.layers(); ++l) {
        if (frozen && l + 1 < shape.layers()) {
            pieces_.push_back({.weights = {}, .bias = net.bias_range(l)});
            continue;
        }
        const std::size_t in = shape.layer_in(l), out = shape.layer_out(l);
        const std::size_t rows = nn::padded(std::max<std::size_t>(kPieceSize / out, 1));
        for (std::size_t first = 0; first < in; first += rows) {
            const std::size_t last = std::min(first + rows, in);
            pieces_.push_back({.weights = {net.weight_range(l).first + first * out, (last - first) * out},
                               .bias = first == 0 ? net.bias_range(l) : nn::ParameterRange{},
                               .layer = l,
                               .first = first,
                               .last = last});
        }
    }
}

template <typename Scalar>
double Training<Scalar>::step(std::span<const std::uint32_t> positions, const double* totals,
                              double learning_rate, std::uint64_t dropout_seed) {
    const std::size_t n = positions.size();
    const std::size_t slots = std::min(slots_of(n), gradients_.size());
    team_->run(slots, [&](std::size_t slot, std::size_t worker) {
        const std::size_t first = n * slot / slots, last = n * (slot + 1) / slots;
        losses_[slot] = run_slot(positions.subspan(first, last - first), totals, dropout_seed,
                                 gradients_[slot], *workers_[worker]);
    });
    std::visit([&](auto& optimizer) { optimizer.begin_step(learning_rate); }, optimizer_);
    for (auto& average : average_)
        average.begin_step();
    const auto update_piece = [&](std::size_t i, std::size_t) {
        const Piece& piece = pieces_[i];
        update(piece.weights, true, slots);
        if (piece.bias.count > 0) update(piece.bias, false, slots);
        if (piece.layer != kNoLayer) packed_.pack(piece.layer, piece.first, piece.last);
    };
    if (packed_.net().parameters().size() < kAlone) {
        for (std::size_t i = 0; i < pieces_.size(); ++i)
            update_piece(i, 0);
    } else {
        team_->run(pieces_.size(), update_piece);
    }
    double loss = 0.0;
    for (std::size_t slot = 0; slot < slots; ++slot)
        loss += losses_[slot];
    return loss;
}

template <typename Scalar>
double Training<Scalar>::run_slot(std::span<const std::uint32_t> positions, const double* totals,
                                  std::uint64_t dropout_seed, std::span<Scalar> gradient,
                                  Worker& worker) const {
    double loss = 0.0;
    ExampleBlock<Scalar>& block = worker.block;
    for (std::size_t first = 0; first < positions.size(); first += nn::kBlockRows) {
        const std::size_t n = std::min(nn::kBlockRows, positions.size() - first);
        examples_->load(positions.subspan(first, n), totals, block);
        const nn::Dropout dropout{.rate = dropout_, .seed = dropout_seed, .rows = block.rows};
        const nn::Dropout* mask = dropout_ > 0.0 ? &dropout : nullptr;
        packed_.forward(block.inputs(), worker.workspace, mask);
        const Scalar* z = worker.workspace.logits().data();
        Scalar* g = worker.workspace.logit_gradient().data();
        if (examples_->loss() == Loss::chain) {
            loss += packed_.kernels().bce(n * examples_->chains().heads(), z, block.targets.data(),
                                          block.factors.data(), g);
        } else {
            loss += nn::esmm_loss(examples_->chains(), n, z, block.targets.data(), block.factors.data(), g);
        }
        packed_.backward(worker.workspace, gradient, first > 0, mask);
    }
    return loss;
}

template <typename Scalar>
void Training<Scalar>::update(const nn::ParameterRange& range, bool decays, std::size_t slots) {
    const nn::BasicKernels<Scalar>& kernels = packed_.kernels();
    Scalar* gradient = gradients_[0].data() + range.first;
    for (std::size_t slot = 1; slot < slots; ++slot) {
        kernels.add(range.count, gradients_[slot].data() + range.first, gradient);
    }
    Scalar* parameters = packed_.mutable_net().parameters().data() + range.first;
    std::visit(
        [&](auto& optimizer) {
            optimizer.update(kernels, range.first, range.count, decays, gradient, parameters);
        },
        optimizer_);
    for (auto& average : average_)
        average.update(range.first, range.count, parameters);
}

template <typename Scalar>
nn::Net<Scalar> Training<Scalar>::averaged() const {
    nn::Net<Scalar> net = packed_.net();
    for (const auto& average : average_)
        std::ranges::copy(average.values(), net.parameters().begin());
    return net;
}

}  // namespace funnel::train
