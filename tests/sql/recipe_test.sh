#!/bin/sh
# SPDX-License-Identifier: MIT
# The recipe for Parquet and DuckDB, as it stands in docs/recipes/README.md, gives the numbers of the log itself.
# Usage: recipe_test.sh FUNNEL_TRAIN SAMPLE README. Skipped (77) as duckdb_test.sh is.
set -eu
tool=$1 sample=$2 readme=$3 here=$(dirname "$0")
[ -n "${FUNNEL_DUCKDB:-}" ] && command -v node > /dev/null || { echo "FUNNEL_DUCKDB is not set or node is missing"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gzip -dc "$sample" > "$work/log.csv"
mkdir "$work/events"
cp "$here/duckdb_run.mjs" "$work/"
ln -s "$FUNNEL_DUCKDB/node_modules" "$work/node_modules"
cd "$work"
echo "COPY (SELECT event_time::TIMESTAMP AS event_time, event_type, user_id, item_id, price::DOUBLE AS price
      FROM read_csv('log.csv', header = true, all_varchar = true)) TO 'events/all.parquet' (FORMAT parquet)" > parquet.sql
node duckdb_run.mjs parquet.sql
# What stands between the quotes of `duckdb -c "..." | funnel-train metrics -`.
awk '/^    duckdb -c "COPY/ { on = 1; sub(/.*duckdb -c "/, "") } on { print } on && /funnel-train/ { exit }' "$readme" |
    sed 's/" | funnel-train metrics -$//; s#/dev/stdout#piped.csv#' > recipe.sql
grep -q strftime recipe.sql || { echo "the recipe is not where it was in $readme"; exit 1; }
node duckdb_run.mjs recipe.sql
cut -d, -f1 piped.csv | sed -n 2p | grep -q Z || { echo "times without Z"; exit 1; }
"$tool" metrics -q --csv - --by day < piped.csv > theirs.csv
# Of the log itself the same columns.
echo '{"columns":{"time":"event_time","event":"event_type","user":"user_id","item":"item_id","price":"price"}}' > own.json
"$tool" metrics -q --csv --by day --schema own.json log.csv > ours.csv
# The recipe cuts times to whole seconds: what depends on fractions of them may differ.
for metric in pv uv page_views ctr_raw clicks conversion_user click_user_rate orders purchase_to_view_rate; do
    grep ",$metric," ours.csv | grep -v dwell > a || true
    grep ",$metric," theirs.csv | grep -v dwell > b || true
    cmp -s a b || { echo "$metric differs"; diff a b | head -5; exit 1; }
done
[ -s a ] || { echo "nothing was compared"; exit 1; }
