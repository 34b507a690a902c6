// SPDX-License-Identifier: MIT
// Table of contents: the doors of all header rooms, by what one wants to do. Programs that care for compile
// time include the lines they need. Headers under detail/ belong to their rooms and may change in any
// version.
#pragma once

// clang-format off
// The log: events, funnels, time, money
#include "funnel/events/event.hpp"
#include "funnel/events/event_log.hpp"
#include "funnel/events/timeline.hpp"
#include "funnel/events/clock_gaps.hpp"
#include "funnel/events/put_in_order.hpp"
#include "funnel/events/visit.hpp"
#include "funnel/events/funnel_stages.hpp"
#include "funnel/events/effective_funnel.hpp"
#include "funnel/events/horizon.hpp"
#include "funnel/events/example_mode.hpp"
#include "funnel/events/money.hpp"
#include "funnel/events/aliases.hpp"
#include "funnel/events/order_duplicates.hpp"
#include "funnel/events/needed_columns.hpp"

// What is known beside the log: tables of items, users, visits, and vectors
#include "funnel/events/side_table.hpp"
#include "funnel/events/side_tables.hpp"
#include "funnel/events/vector_table.hpp"

// Count: the numbers of a log, in one go, in parts or as a sum of days; experiments
#include "funnel/metrics/metrics_options.hpp"
#include "funnel/metrics/measure.hpp"
#include "funnel/metrics/count_parts.hpp"
#include "funnel/metrics/metrics_state.hpp"
#include "funnel/metrics/metrics_result.hpp"
#include "funnel/metrics/metric.hpp"
#include "funnel/metrics/metric_difference.hpp"
#include "funnel/metrics/experiment.hpp"
#include "funnel/metrics/segments.hpp"
#include "funnel/metrics/clickhouse_funnel.hpp"

// Remember: what users and items did before a moment, as features
#include "funnel/events/feature_spec.hpp"
#include "funnel/history/history.hpp"
#include "funnel/history/history_options.hpp"
#include "funnel/history/log_coder.hpp"

// Make examples: exposures, their labels and features, splits
#include "funnel/dataset/examples.hpp"
#include "funnel/dataset/build_dataset.hpp"
#include "funnel/dataset/split.hpp"

// Encode: numbers and texts to what a net takes in
#include "funnel/encoding/dataset.hpp"
#include "funnel/encoding/table_dataset.hpp"
#include "funnel/encoding/labelled_rows.hpp"
#include "funnel/encoding/encoder.hpp"
#include "funnel/encoding/category_encoder.hpp"
#include "funnel/encoding/normalizer.hpp"
#include "funnel/encoding/vocabulary.hpp"
#include "funnel/encoding/target_rates.hpp"
#include "funnel/encoding/running_rates.hpp"
#include "funnel/encoding/moments.hpp"

// Train: from a log, a table or a matrix to a Bundle
#include "funnel/train/train_on_log.hpp"
#include "funnel/train/train_model.hpp"
#include "funnel/train/one_pass.hpp"
#include "funnel/train/trainer.hpp"
#include "funnel/train/train_options.hpp"
#include "funnel/train/model_options.hpp"
#include "funnel/train/input_source.hpp"
#include "funnel/train/item_visits.hpp"
#include "funnel/train/champion.hpp"
#include "funnel/train/audit.hpp"
#include "funnel/train/recalibrate.hpp"

// Predict: one row, a list of candidates, a log
#include "funnel/model/bundle.hpp"
#include "funnel/model/columns_needed.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/model/reference.hpp"
#include "funnel/model/training_summary.hpp"
#include "funnel/score/scorer.hpp"
#include "funnel/score/score_candidates.hpp"
#include "funnel/score/score_log.hpp"

// Judge: predictions against what came
#include "funnel/score/evaluation.hpp"
#include "funnel/score/comparison.hpp"
#include "funnel/eval/target_report.hpp"
#include "funnel/eval/roc_auc.hpp"
#include "funnel/eval/average_precision.hpp"
#include "funnel/eval/log_loss.hpp"
#include "funnel/eval/calibration.hpp"
#include "funnel/eval/curves.hpp"
#include "funnel/eval/psi.hpp"
#include "funnel/eval/clustered.hpp"
#include "funnel/eval/interval.hpp"
#include "funnel/eval/jackknife.hpp"
#include "funnel/eval/figure.hpp"

// Nets: layers, losses, optimizers, kernels
#include "funnel/nn/net.hpp"
#include "funnel/nn/net_shape.hpp"
#include "funnel/nn/inference.hpp"
#include "funnel/nn/packed_net.hpp"
#include "funnel/nn/split_net.hpp"
#include "funnel/nn/chains.hpp"
#include "funnel/nn/chain_loss.hpp"
#include "funnel/nn/esmm_loss.hpp"
#include "funnel/nn/activation.hpp"
#include "funnel/nn/dropout.hpp"
#include "funnel/nn/adamw.hpp"
#include "funnel/nn/sgd.hpp"
#include "funnel/nn/schedule.hpp"
#include "funnel/nn/weight_average.hpp"
#include "funnel/nn/kernels.hpp"
#include "funnel/nn/eigen_kernels.hpp"
#include "funnel/nn/aligned.hpp"

// Invent: shoppers whose probabilities are known
#include "funnel/simulate/shopper_model.hpp"
#include "funnel/simulate/event_csv.hpp"

// Ground: errors, bytes, texts, time, random numbers, threads
#include "funnel/base/error.hpp"
#include "funnel/base/version.hpp"
#include "funnel/base/bytes.hpp"
#include "funnel/base/csv.hpp"
#include "funnel/base/columns.hpp"
#include "funnel/base/feature.hpp"
#include "funnel/base/label.hpp"
#include "funnel/base/string_table.hpp"
#include "funnel/base/flat_map.hpp"
#include "funnel/base/pair_filter.hpp"
#include "funnel/base/hash.hpp"
#include "funnel/base/secret_salt.hpp"
#include "funnel/base/huge_pages.hpp"
#include "funnel/base/matrix.hpp"
#include "funnel/base/number.hpp"
#include "funnel/base/number_format.hpp"
#include "funnel/base/missing_words.hpp"
#include "funnel/base/portable_math.hpp"
#include "funnel/base/random.hpp"
#include "funnel/base/time.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/base/parallel.hpp"
#include "funnel/base/progress.hpp"
// clang-format on
