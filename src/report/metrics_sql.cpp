// SPDX-License-Identifier: MIT
#include "funnel/report/metrics_sql.hpp"

#include <algorithm>

#include "funnel/base/time.hpp"

namespace funnel::report {

namespace {

std::string sql_text(const std::string& text) {
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? "''" : c == '\\' ? "\\\\" : std::string(1, c);
    return out + "'";
}

// event_type IN ('click', 'view')
std::string is_stage(const events::Stage& stage) {
    std::string out = "event_type IN (";
    for (const std::string& type : stage.types)
        out += (&type == &stage.types.front() ? "" : ", ") + sql_text(type);
    return out + ")";
}

void refuse_repeats(const Funnel& funnel) {
    for (const events::Stage& stage : funnel.stages) {
        if (std::ranges::count(funnel.stages, stage.kinds, &events::Stage::kinds) > 1) {
            throw Error(ErrorCode::invalid_argument,
                        "--emit-sql: expected a funnel of different stages, got " + stage.name +
                            " twice; SQL would count it differently");
        }
    }
}

std::string head(const Funnel& funnel, std::int64_t window, const std::string& table, const char* times) {
    return "-- Core funnel metrics of the table " + table +
           ": metric, numerator, denominator.\n-- Columns: event_time (" + times +
           "), event_type, user_id, item_id, session_id, order_id, revenue.\n-- Exact if every row has a "
           "session_id "
           "and every purchase an order_id, and if the log holds clicks.\n-- Funnel: " +
           funnel.text() + "; window " + base::format_duration(window) + ".\n";
}

// A line of the result. `first` begins the list.
std::string line(const std::string& name, const std::string& numerator, const std::string& denominator,
                 const std::string& from) {
    return "SELECT " + sql_text(name) + " AS metric, " + numerator + " AS numerator, " + denominator +
           " AS denominator FROM " + from + "\n";
}

/// How a dialect counts rows under a condition.
struct Words {
    std::string users, count_if_begin, count_if_end, none;
    [[nodiscard]] std::string count(const std::string& condition) const {
        return count_if_begin + condition + count_if_end;
    }
};

// What both dialects say alike, from the tables per_user, per_visit and per_order.
std::string rates(const Words& words, const std::string& table) {
    const std::string all = "UNION ALL ";
    const auto kind = [](const char* name) { return "event_type = " + sql_text(name); };
    return line("pv", words.count(kind("view")), words.none, table) + all +
           line("uv", "count(*)", words.none, "per_user") + all +
           line("page_views", words.count(kind("page_view")), words.none, table) + all +
           line("ctr_raw", words.count(kind("click")), words.count(kind("impression")), table) + all +
           line("pv_per_uv", "sum(views)", "count(*)", "per_user") + all +
           line("pv_per_viewer", "sum(views)", words.count("views > 0"), "per_user") + all +
           line("click_user_rate", words.count("clicks > 0"), "count(*)", "per_user") + all +
           line("conversion_user", words.count("purchases > 0"), "count(*)", "per_user") + all +
           line("repeat_purchase_period", words.count("orders > 1"), words.count("orders > 0"), "per_user") +
           all + line("orders", "sum(orders)", words.none, "per_user") + all +
           line("conversion_session", words.count("purchases > 0"), "count(*)", "per_visit") + all +
           line("cart_abandon_session",
                words.count("carts > 0 AND (purchases = 0 OR last_purchase < first_cart)"),
                words.count("carts > 0"), "per_visit") +
           all + line("orders_per_session", "(SELECT sum(orders) FROM per_user)", "count(*)", "per_visit") +
           all +
           line("revenue", "sum(CASE WHEN " + kind("purchase") + " THEN revenue ELSE 0 END)", words.none,
                table);
}

// The earliest row of each stage after each entry, as docs/metrics.md says.
std::string duckdb_funnel(const Funnel& funnel, std::int64_t window, const std::string& table) {
    const std::string limit = "entry.t0 + to_microseconds(" + std::to_string(window) + ")";
    std::string sql = "entry_0 AS (SELECT DISTINCT user_id, event_time AS t0, event_time AS t FROM " + table +
                      " WHERE " + is_stage(funnel.stages.front()) + ")";
    for (std::size_t k = 1; k < funnel.stages.size(); ++k) {
        const std::string before = "entry_" + std::to_string(k - 1);
        sql += ",\nentry_" + std::to_string(k) +
               " AS (SELECT entry.user_id, entry.t0, min(e.event_time) AS t FROM " + before +
               " AS entry JOIN " + table + " AS e ON e.user_id = entry.user_id AND e." +
               is_stage(funnel.stages[k]) + " AND e.event_time >= entry.t AND e.event_time <= " + limit +
               " GROUP BY entry.user_id, entry.t0)";
    }
    return sql;
}

std::string duckdb(const Funnel& funnel, std::int64_t window, const std::string& table) {
    const Words words{"user_id", "count(*) FILTER (WHERE ", ")", "CAST(NULL AS BIGINT)"};
    const auto kind = [&](const char* name) { return words.count("event_type = " + sql_text(name)); };
    const std::string purchase = "FILTER (WHERE event_type = 'purchase')";
    std::string sql = head(funnel, window, table, "TIMESTAMP");
    sql += "WITH per_user AS (SELECT user_id, " + kind("view") + " AS views, " + kind("click") +
           " AS clicks, " + kind("purchase") + " AS purchases, count(DISTINCT order_id) " + purchase +
           " AS orders FROM " + table + " GROUP BY user_id),\n";
    sql +=
        "per_visit AS (SELECT user_id, session_id, " + kind("purchase") + " AS purchases, " +
        kind("cart_add") +
        " AS carts, min(event_time) FILTER (WHERE event_type = 'cart_add') AS first_cart, max(event_time) " +
        purchase + " AS last_purchase FROM " + table + " GROUP BY user_id, session_id),\n";
    sql += duckdb_funnel(funnel, window, table) + "\n" + rates(words, table);
    for (std::size_t k = 0; k < funnel.stages.size(); ++k) {
        const std::string entries = "entry_" + std::to_string(k);
        sql += "UNION ALL " + line("funnel_" + funnel.stages[k].name, "count(DISTINCT user_id)",
                                   "(SELECT count(DISTINCT user_id) FROM entry_0)", entries);
    }
    return sql + ";\n";
}

std::string clickhouse(const Funnel& funnel, std::int64_t window, const std::string& table) {
    if (window % base::kSecond != 0) {
        throw Error(ErrorCode::invalid_argument,
                    "--emit-sql clickhouse: expected a window of whole seconds, got " +
                        base::format_duration(window) + "; round it");
    }
    const Words words{"user_id", "countIf(", ")", "0"};
    const auto kind = [&](const char* name) { return words.count("event_type = " + sql_text(name)); };
    std::string conditions;
    for (const events::Stage& stage : funnel.stages)
        conditions += ", " + is_stage(stage);
    // Old servers know no tables named by WITH: each name stands for the query itself.
    const std::string per_user = "(SELECT user_id, " + kind("view") + " AS views, " + kind("click") +
                                 " AS clicks, " + kind("purchase") +
                                 " AS purchases, uniqExactIf(order_id, event_type = 'purchase') AS "
                                 "orders, windowFunnel(" +
                                 std::to_string(window / base::kSecond) + ")(event_time" + conditions +
                                 ") AS level FROM " + table + " GROUP BY user_id)";
    const std::string per_visit =
        "(SELECT user_id, session_id, " + kind("purchase") + " AS purchases, " + kind("cart_add") +
        " AS carts, minIf(event_time, event_type = 'cart_add') AS first_cart, maxIf(event_time, event_type = "
        "'purchase') AS last_purchase FROM " +
        table + " GROUP BY user_id, session_id)";
    std::string sql = rates(words, table);
    for (std::size_t k = 0; k < funnel.stages.size(); ++k) {
        sql += "UNION ALL " + line("funnel_" + funnel.stages[k].name,
                                   "countIf(level >= " + std::to_string(k + 1) + ")", "countIf(level >= 1)",
                                   "per_user");
    }
    const auto replace = [&](const std::string& name, const std::string& query) {
        for (std::size_t at = 0; (at = sql.find("FROM " + name, at)) != std::string::npos; at += query.size())
            sql.replace(at + 5, name.size(), query);
    };
    replace("per_user", per_user);
    replace("per_visit", per_visit);
    // All branches of a union need one type per column.
    for (const std::string column : {" AS numerator", " AS denominator"}) {
        const std::string head_of = column == " AS numerator" ? " AS metric, " : " AS numerator, ";
        for (std::size_t at = 0; (at = sql.find(head_of, at)) != std::string::npos;) {
            at += head_of.size();
            const std::size_t end = sql.find(column, at);
            sql.insert(end, ")");
            sql.insert(at, "toFloat64(");
        }
    }
    return head(funnel, window, table, "DateTime") + sql;
}

}  // namespace

std::string metrics_sql(SqlDialect dialect, const Funnel& funnel, std::int64_t window,
                        const std::string& table) {
    refuse_repeats(funnel);
    return dialect == SqlDialect::duckdb ? duckdb(funnel, window, table) : clickhouse(funnel, window, table);
}

}  // namespace funnel::report
