#!/usr/bin/env bash
# The same log and options through four builds: g++ and clang, -O3 and -O0. Metrics and features must be the same bytes;
# scores of one model must agree to 1e-6 (docs/cli.md).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=build/long/same
mkdir -p "$out"
builds=("g++ -O3" "g++ -O0" "clang++ -O3" "clang++ -O0")
log=data/shop_events.csv.gz
for build in "${builds[@]}"; do
    read -r compiler level <<<"$build"
    name=$compiler$level
    cmake -S . -B "build/long/$name" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_CXX_FLAGS_RELEASE="$level -DNDEBUG" -DFUNNEL_BUILD_TESTS=OFF -DFUNNEL_BUILD_EXAMPLES=OFF >/dev/null
    cmake --build "build/long/$name" -j "$(nproc)" --target funnel-train >/dev/null
    program=build/long/$name/tools/funnel-train/funnel-train
    "$program" metrics "$log" --json --by day >"$out/$name.metrics"
    "$program" features "$log" -q >"$out/$name.features"
    [[ -e $out/model ]] || "$program" train "$log" --as-of 2024-01-25 -o "$out/model" -q >/dev/null
    "$program" score -m "$out/model" "$log" -q >"$out/$name.scores"
    "$program" score -m "$out/model" "$log" -q --kernel scalar >"$out/$name.scalar"
done
first="g++-O3"
for build in "${builds[@]}"; do
    name=${build// /}
    for kind in metrics features; do
        if cmp -s "$out/$first.$kind" "$out/$name.$kind"; then same="the same bytes"; else same="DIFFERENT"; fi
        echo "$name $kind: $same"
    done
    for kind in scores scalar; do
        paste -d, "$out/$first.scores" "$out/$name.$kind" | awk -F, -v name="$name $kind" '
            NR > 1 { for (i = 6; i <= 8; ++i) { d = $i - $(i + 8); if (d < 0) d = -d; if (d > most) most = d } }
            END { printf "%s: largest difference %.1e%s\n", name, most, most <= 1e-6 ? "" : " TOO LARGE" }'
    done
done | tee "$out/report"
! grep -q "DIFFERENT\|TOO LARGE" "$out/report"
