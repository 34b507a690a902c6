// node compare_metrics.mjs OURS.json PEER.json NAME: exits with 1 if a number that both define alike differs.
import { readFileSync } from 'fs';
const [ours, peer] = process.argv.slice(2, 4).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const metric = (name) => ours.metrics[name];
const expected = {
  pv: metric('pv').value,
  viewers: ours.funnel.steps[0].reached,
  carted: ours.funnel.steps[1].reached,
  bought: ours.funnel.steps[2].reached,
  buyers: metric('conversion_user').numerator,
  cart_pairs: metric('cart_abandon_user_item_naive').denominator,
  abandoned: metric('cart_abandon_user_item_naive').numerator,
};
let differ = 0;
for (const [name, value] of Object.entries(expected)) {
  if (peer[name] === value) continue;
  console.error(`${process.argv[4]}: ${name} is ${peer[name]}, ours ${value}`);
  differ = 1;
}
if (!differ) console.log(`${process.argv[4]}: the same numbers`);
process.exit(differ);
