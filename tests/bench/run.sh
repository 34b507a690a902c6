#!/usr/bin/env bash
# All benchmarks: run.sh BUILD_DIR LOG.csv [ROUNDS]. LOG has the REES46 columns. Google Benchmark,
# then `funnel-train metrics` as a whole process in turn with DuckDB and polars, if node and their
# packages are there (npm install @duckdb/node-api nodejs-polars in the current folder). Prints medians of the
# wall clock and peak memory, and compares the numbers. Wants an idle machine.
set -euo pipefail
build=$(realpath "$1") log=$(realpath "$2") rounds=${3:-5}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# timed NAME CMD...: appends "seconds KiB" to the list of NAME; its output is kept.
timed() {
    local name=$1
    shift
    command time -f '%e %M' -o "$scratch/time" "$@" >"$scratch/$name.out" 2>"$scratch/$name.err" || {
        echo "$* failed:" && cat "$scratch/$name.err"
        exit 1
    } >&2
    cat "$scratch/time" >>"$scratch/$name.times"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }

FUNNEL_BENCH_LOG=$log "$build/tests/bench/funnel_bench" --benchmark_repetitions=3 --benchmark_report_aggregates_only=true

metrics=("$build/tools/funnel-train/funnel-train" metrics --json --funnel view,cart_add,purchase "$log")
peers=()
if command -v node >/dev/null; then
    [[ -d node_modules/@duckdb/node-api ]] && peers+=(duckdb)
    [[ -d node_modules/nodejs-polars ]] && peers+=(polars)
fi
for ((round = 0; round < rounds; ++round)); do
    timed ours_2_threads "${metrics[@]}" --threads 2
    timed ours_1_thread "${metrics[@]}" --threads 1
    for peer in "${peers[@]}"; do
        POLARS_MAX_THREADS=2 timed "$peer" node "$here/metrics_$peer.mjs" "$log" 2
    done
done

printf '%-16s %10s %10s\n' what seconds MiB
for times in "$scratch"/*.times; do
    name=$(basename "$times" .times)
    printf '%-16s %10.2f %10.0f\n' "$name" "$(awk '{ print $1 }' "$times" | median)" \
        "$(awk '{ print $2 / 1024 }' "$times" | median)"
done

# The numbers that are defined alike must be alike.
for peer in "${peers[@]}"; do
    node "$here/compare_metrics.mjs" "$scratch/ours_2_threads.out" "$scratch/$peer.out" "$peer"
done
