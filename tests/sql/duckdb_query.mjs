// SPDX-License-Identifier: MIT
// node duckdb_query.mjs LOG.csv QUERY.sql: the rows of the query over the log as the table `events`, as CSV.
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [log, query] = process.argv.slice(2);
const db = await (await DuckDBInstance.create(':memory:')).connect();
await db.run(`CREATE TABLE events AS SELECT event_time::TIMESTAMP AS event_time, event_type, user_id, item_id,
  session_id, order_id, revenue::DOUBLE AS revenue FROM read_csv('${log}', header = true, all_varchar = true)`);
const rows = (await db.runAndReadAll(readFileSync(query, 'utf8'))).getRows();
for (const row of rows) console.log(row.map((cell) => (cell === null ? '' : String(cell))).join(','));
