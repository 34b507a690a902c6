// SPDX-License-Identifier: MIT
// Takes vectors from the library and shows it matrices.
#include "funnel/files/npy.hpp"
#include "funnel/kernel/best_kernels.hpp"

int main() {
    return funnel::kernel::best().name == funnel::kernel::names().back() ? 0 : 1;
}
