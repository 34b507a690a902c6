// SPDX-License-Identifier: MIT
// Needs the headers and Eigen: whether a way of finding funnel gives the right flags.
#include "funnel/nn/net.hpp"

int main() {
    const funnel::nn::NetShape shape{.dense = 3, .embeddings = {}, .hidden = {2}};
    return funnel::nn::Net<float>(shape).shape().parameters() == 3 * 2 + 2 + 2 + 1 ? 0 : 1;
}
