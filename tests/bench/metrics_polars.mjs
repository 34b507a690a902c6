// node metrics_polars.mjs LOG: the funnel metrics of a REES46 log in polars; POLARS_MAX_THREADS says how many
// threads. The package is looked for in the current folder.
import { createRequire } from 'module';
import path from 'path';
const pl = createRequire(path.join(process.cwd(), 'x.js'))('nodejs-polars');
const is = (kind) => pl.col('event_type').eq(pl.lit(kind));
const one = (frame, name) => frame.toRecords()[0][name];
const people = (frame) => one(frame.select(pl.col('user_id').nUnique()), 'user_id');
const log = await pl.scanCSV(process.argv[2], { inferSchemaLength: 1000 })
  .select('event_time', 'event_type', 'product_id', 'user_id').collect();
const acted = log.filter(pl.col('event_type').neq(pl.lit('impression'))).withColumn(
  pl.col('event_time').str.slice(0, 19).str.strptime(pl.Datetime('ms'), '%Y-%m-%d %H:%M:%S').cast(pl.Int64).alias('at'));
const week = 7 * 86400 * (one(acted.select('at').head(1), 'at') > 1e14 ? 1e6 : 1e3);  // us in some builds, else ms
const views = acted.filter(is('view')), carts = acted.filter(is('cart')), purchases = acted.filter(is('purchase'));
const added = carts.groupBy('user_id', 'product_id').agg(pl.col('at').min().alias('added'));
const paid = purchases.groupBy('user_id', 'product_id').agg(pl.col('at').max().alias('paid'));
const pairs = added.join(paid, { on: ['user_id', 'product_id'], how: 'left' });
const latest = (frame, when, name) => frame
  .withColumn(pl.when(when).then(pl.col('value')).otherwise(pl.lit(null)).alias('sparse'))
  .withColumn(pl.col('sparse').forwardFill().over('user_id').alias(name));
const within = (start) => pl.col('at').sub(pl.col(start)).ltEq(week);
let ways = acted.select('user_id', 'at', 'event_type')
  .join(carts.select('user_id').unique(), { on: 'user_id', how: 'semi' }).sort(['user_id', 'at']);
ways = latest(ways.withColumn(pl.col('at').alias('value')), is('view'), 'viewed');
ways = latest(ways.withColumn(pl.col('viewed').alias('value')), is('cart').and(within('viewed')), 'carted');
console.log(JSON.stringify({
  pv: views.height, viewers: people(views), buyers: people(purchases), cart_pairs: pairs.height,
  abandoned: pairs.filter(pl.col('paid').isNull().or(pl.col('paid').lt(pl.col('added')))).height,
  carted: people(ways.filter(pl.col('carted').isNotNull())),
  bought: people(ways.filter(is('purchase').and(within('carted')))),
}));
