#!/usr/bin/env bash
# Installs what is missing (Debian), builds the release, and runs the main job on the log in data/:
# metrics, train, evaluate, score. What it makes goes to build/quickstart/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/packages.sh

install_packages "${build_packages[@]}"
mkdir -p build/quickstart
cmake --preset release -DFUNNEL_BUILD_TESTS=OFF -DFUNNEL_BUILD_EXAMPLES=OFF >build/configure.log ||
    { cat build/configure.log; exit 1; }
cmake --build --preset release --target funnel-train -j "$(nproc)"

log=data/shop_events.csv.gz out=build/quickstart
run() { echo; echo "\$ funnel-train $*"; build/release/tools/funnel-train/funnel-train "$@"; }

run metrics "$log"
# Trained on what was known by 25 January; the rest of the log is new to the model.
run train "$log" --as-of 2024-01-25 -o "$out/model.funnel"
run evaluate -m "$out/model.funnel" "$log"
run score -m "$out/model.funnel" "$log" -o "$out/scores.csv"
echo
head -n 4 "$out/scores.csv"
echo "All scores: $out/scores.csv. The model: $out/model.funnel."
