#!/bin/sh
# SPDX-License-Identifier: MIT
# metrics --emit-sql duckdb, run by DuckDB on the sample log, gives the numbers of metrics.
# Usage: duckdb_test.sh FUNNEL_TRAIN SAMPLE. Skipped (77) without node and the package @duckdb/node-api
# (`npm install @duckdb/node-api`), looked for in FUNNEL_DUCKDB, a folder that holds node_modules.
set -eu
tool=$1 sample=$2 here=$(dirname "$0")
. "$here/compare.sh"
[ -n "${FUNNEL_DUCKDB:-}" ] && command -v node > /dev/null || { echo "FUNNEL_DUCKDB is not set or node is missing"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gzip -dc "$sample" > "$work/log.csv"
cp "$here/duckdb_query.mjs" "$work/"
ln -s "$FUNNEL_DUCKDB/node_modules" "$work/node_modules"
for funnel in impression,click+view,cart_add,purchase view,purchase cart_add,purchase; do
    for window in 7d 2h; do
        "$tool" metrics -q "$work/log.csv" --funnel "$funnel" --window "$window" --csv > "$work/ours.csv"
        "$tool" metrics --emit-sql duckdb --funnel "$funnel" --window "$window" > "$work/query.sql"
        node "$work/duckdb_query.mjs" "$work/log.csv" "$work/query.sql" > "$work/theirs.csv"
        compare "$work/ours.csv" "$work/theirs.csv" || { echo "funnel $funnel, window $window"; exit 1; }
    done
done
