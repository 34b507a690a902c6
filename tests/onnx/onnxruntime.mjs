// SPDX-License-Identifier: MIT
// Scores rows with ONNX Runtime: onnxruntime.mjs NODE_MODULES MODEL.onnx ROWS.json, written for onnxruntime-node
// 1.30.0. ROWS has "numbers" (rows of numbers, null = missing) and "texts" (rows of texts). A line per row.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [folder, model, rows] = process.argv.slice(2);
const ort = createRequire(folder + '/')('onnxruntime-node');
const { numbers, texts } = JSON.parse(readFileSync(rows));
const n = Math.max(numbers.length, texts.length);
const feeds = {};
if (numbers[0]?.length)
  feeds.numbers = new ort.Tensor('float32', Float32Array.from(numbers.flat(), x => x ?? NaN), [n, numbers[0].length]);
if (texts[0]?.length) feeds.texts = new ort.Tensor('string', texts.flat(), [n, texts[0].length]);
const session = await ort.InferenceSession.create(model);
const { probabilities } = await session.run(feeds);
const k = probabilities.dims[1];
for (let i = 0; i < n; ++i) console.log([...probabilities.data.slice(i * k, (i + 1) * k)].join(' '));
