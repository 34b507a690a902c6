// SPDX-License-Identifier: MIT
// node duckdb_run.mjs STATEMENT.sql: runs one statement of DuckDB in the current folder.
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const db = await (await DuckDBInstance.create(':memory:')).connect();
await db.run(readFileSync(process.argv[2], 'utf8'));
