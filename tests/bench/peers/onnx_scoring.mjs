// SPDX-License-Identifier: MIT
// ONNX Runtime on the work of nn_bench.cpp: scores of 8192 rows at once, and of one. Start it in a folder with
//   npm install --ignore-scripts onnxruntime-node
// as  node onnx_scoring.mjs NET.onnx [THREADS]; torch_training.py --onnx NET.onnx makes the net.
import { createRequire } from 'node:module';
const ort = createRequire(process.cwd() + '/')('onnxruntime-node');

const [path, threads = '1'] = process.argv.slice(2);
const inputs = 32;
const session = await ort.InferenceSession.create(path, {
  intraOpNumThreads: Number(threads), interOpNumThreads: 1, graphOptimizationLevel: 'all',
});

async function measure(rows, calls) {
  const values = Float32Array.from({ length: rows * inputs }, () => Math.random() * 4 - 2);
  const x = new ort.Tensor('float32', values, [rows, inputs]);
  const rates = [], coreRates = [];
  for (let round = 0; round < 9; ++round) {
    const start = performance.now(), before = process.cpuUsage();
    for (let call = 0; call < calls; ++call) await session.run({ x });
    const used = process.cpuUsage(before);
    rates.push((rows * calls) / ((performance.now() - start) / 1000));
    coreRates.push((rows * calls) / ((used.user + used.system) / 1e6));
  }
  return [rates, coreRates].map((all) => all.sort((a, b) => a - b)[4] / 1e6);
}

for (const [rows, calls] of [[1, 2000], [8192, 20]]) {
  const [rate, coreRate] = await measure(rows, calls);
  console.log(`onnxruntime/${path}/score/threads:${threads}/${rows} ${rate.toFixed(4)} M rows/s, ` +
              `${coreRate.toFixed(4)} M rows per second of one core`);
}
