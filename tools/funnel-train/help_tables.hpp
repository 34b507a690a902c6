// SPDX-License-Identifier: MIT
// What the pages of --help are made of: examples and common options of each command, groups of options. A new
// option is entered in a group here.
#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace funnel::tool {

using HelpWords = std::vector<std::string_view>;

/// The first page of a command.
struct HelpPage {
    std::string_view command;
    HelpWords examples;
    HelpWords common;  // long names, at most ten
};

inline const std::array kHelpPages = {
    HelpPage{
        "metrics",
        {"shop.csv", "shop.csv --period last-week --compare previous --why", "shop.csv --by category --json"},
        {"period", "from", "to", "by", "compare", "funnel", "window", "schema", "all", "json"}},
    HelpPage{"products",
             {"shop.csv", "shop.csv --items goods.csv --sort cart_abandonment",
              "shop.csv --period last-week --compare previous -o products.csv"},
             {"by", "sort", "top", "period", "compare", "items", "window", "schema", "output", "csv"}},
    HelpPage{"people",
             {"shop.csv --group lapsed --lapse 60d --min-value 50",
              "shop.csv --group abandoned_cart --since 2024-03-01 -o mail.csv"},
             {"group", "since", "until", "min-value", "lapse", "only", "limit", "schema", "output", "csv"}},
    HelpPage{"paths",
             {"shop.csv", "shop.csv --by device --length 3", "shop.csv --steps types -o paths.csv"},
             {"steps", "length", "top", "by", "where", "period", "funnel", "schema", "output", "csv"}},
    HelpPage{
        "forecast",
        {"shop.csv --days 14", "shop.csv --by category", "shop.csv --by item --items goods.csv -o next.csv"},
        {"days", "by", "top", "items", "from", "tz", "schema", "as-of", "output", "csv"}},
    HelpPage{
        "train",
        {"shop.csv -o shop.funnel", "shop.csv -o shop.funnel --targets click,purchase",
         "visitors.csv --label bought -o bought.funnel"},
        {"output", "targets", "horizon", "label", "categorical", "drop", "time", "valid", "schema", "json"}},
    HelpPage{"evaluate",
             {"-m shop.funnel this-week.csv", "-m shop.funnel this-week.csv --min-auc purchase=0.7",
              "--scores scored.csv --all"},
             {"model", "min-auc", "lists", "from", "to", "scores", "items", "users", "all", "json"}},
    HelpPage{
        "score",
        {"-m shop.funnel today.csv -o scores.csv",
         "-m shop.funnel today.csv --state shop.state --save-state shop.state -o scores.csv",
         "-m bought.funnel visitors.csv --keep visitor_id"},
        {"model", "output", "keep", "candidates", "state", "save-state", "from", "items", "users", "as-of"}},
    HelpPage{"recommend",
             {"-m shop.funnel today.csv -o lists.csv",
              "-m shop.funnel today.csv --for buyers.txt --top 5 --exclude bought:30d,cart",
              "-m shop.funnel today.csv --from-sources popular:300,new:50,offers.txt"},
             {"model", "output", "for", "top", "target", "from-sources", "exclude", "per-category", "items",
              "state"}},
    HelpPage{"features",
             {"shop.csv -o features.csv", "shop.csv --examples visit --horizon 3d -o features.csv",
              "-m shop.funnel today.csv --encoded"},
             {"model", "output", "encoded", "targets", "horizon", "examples", "items", "users", "schema"}},
    HelpPage{"inspect", {"shop.funnel", "shop.funnel --json"}, {"json"}},
    HelpPage{"report",
             {"shop.csv -o report.html", "shop.csv --by category -o report.html",
              "shop.csv -m shop.funnel -o report.html"},
             {"output", "model", "by", "period", "funnel", "window", "items", "users", "schema"}},
    HelpPage{"calibrate",
             {"-m shop.funnel this-week.csv -o shop.funnel"},
             {"model", "output", "from", "to", "items", "users", "schema", "json"}},
    HelpPage{"pretrain",
             {"shop.csv -o items.csv", "shop.csv -o items.csv --dimensions 64 --min-count 10"},
             {"output", "dimensions", "events", "min-count", "epochs", "seed", "schema"}},
    HelpPage{"schema", {"shop.csv > shop.json", "events.jsonl.gz > shop.json"}, {"quiet"}},
    HelpPage{"simulate",
             {"-o shop.csv.gz --users 10000 --days 30 --seed 1"},
             {"output", "users", "days", "items", "seed"}},
    HelpPage{"export", {"-m shop.funnel -o shop.onnx"}, {"model", "output"}},
    HelpPage{
        "serve",
        {"-m shop.funnel --data shop-data", "-m shop.funnel --data shop-data --token-file tokens --watch"},
        {"model", "data", "listen", "token-file", "watch", "max-journal", "threads"}},
    HelpPage{"completion",
             {"bash > ~/.local/share/bash-completion/completions/funnel-train", "fish | source"},
             {"quiet"}},
};

/// Options of one subject, in the order in which they are told.
struct OptionGroup {
    std::string_view title;
    HelpWords options;
    std::string_view command = {};  ///< for this one alone, before the others; empty: for all
};

inline const std::array kOptionGroups = {
    OptionGroup{"People", {"group", "since", "until", "min-value", "lapse", "only", "limit"}, "people"},
    OptionGroup{
        "Lists", {"for", "top", "target", "from-sources", "exclude", "per-category", "reasons"}, "recommend"},
    OptionGroup{"Log", {"schema", "time-unit", "funnel", "bad-rows", "max-bad", "rejects", "max-line"}},
    OptionGroup{"Period", {"period", "from", "to", "as-of", "clock", "tz"}},
    OptionGroup{"Side tables", {"items", "users", "sessions", "use", "vectors"}},
    OptionGroup{"Counting",
                {"window", "per", "steps", "length", "dedup", "repeat-within", "retention", "rolling-days",
                 "cohorts", "timing", "bot-rule", "aliases", "warmup"}},
    OptionGroup{"Explanations", {"reasons", "target"}, "score"},
    OptionGroup{"Explanations", {"importance", "lists"}, "evaluate"},
    OptionGroup{"Comparisons",
                {"by", "compare", "why", "differences", "experiment", "control", "split", "where", "sort",
                 "top", "touch", "gate", "target", "explain-difference"}},
    OptionGroup{"Rules of the funnel",
                {"order", "strict-increase", "first-entry", "open", "exclude", "hold", "step-window", "count",
                 "semantics"}},
    OptionGroup{"Table",
                {"label", "drop", "categorical", "numeric", "weight", "group", "time", "valid-file", "keep",
                 "missing", "decimal", "thousands"}},
    OptionGroup{"What is learned", {"targets", "horizon", "examples", "without", "forget", "lag", "burn-in"}},
    OptionGroup{
        "How it is learned",
        {"search",       "budget",    "members",   "valid",    "refit",       "one-pass",  "epochs",
         "batch-size",   "hidden",    "dropout",   "patience", "seed",        "optimizer", "learning-rate",
         "weight-decay", "bins",      "init",      "freeze",   "calibration", "audit",     "negative-rate",
         "dimensions",   "negatives", "min-count", "events"}},
    OptionGroup{"Model and history",
                {"model", "history", "state", "save-state", "allow-older-state", "score-from", "late-memory",
                 "max-late", "candidates", "allow-training-rows", "scores", "days"}},
    OptionGroup{"Service", {"listen", "data", "max-journal", "token-file", "watch"}},
    OptionGroup{"Gates", {"min-auc", "min-ndcg-gain", "champion", "min-gain", "max-drift", "strict"}},
    OptionGroup{"Output",
                {"output", "json", "csv", "markdown", "all", "brief", "encoded", "emit-sql", "manifest",
                 "quiet", "verbose", "log-format"}},
    OptionGroup{"Running",
                {"threads", "memory", "temp", "kernel", "lock", "lock-wait", "config", "help", "help-all",
                 "version"}},
};

}  // namespace funnel::tool
