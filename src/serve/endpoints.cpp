// SPDX-License-Identifier: MIT
#include "endpoints.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <system_error>
#include <utility>

#include "funnel/base/error.hpp"
#include "funnel/base/time.hpp"
#include "json_fields.hpp"
#include "machine_clock.hpp"
#include "openapi.hpp"
#include "problem.hpp"
#include "ranking.hpp"

namespace funnel::serve {

namespace {

constexpr std::size_t kEvents = 0, kRank = 1, kScore = 2, kHealth = 3, kReady = 4, kMetrics = 5, kOpenApi = 6;

std::string_view path_in(std::string_view target) {
    return target.substr(0, target.find('?'));
}

std::size_t index_of(std::string_view target) {
    const auto at = std::ranges::find(kPaths.begin(), kPaths.end() - 1, path_in(target));
    return static_cast<std::size_t>(at - kPaths.begin());
}

/// N of "?reasons=N", 0 without a query, or empty for another query.
std::optional<std::size_t> reasons_in(std::string_view target) {
    const std::size_t query = target.find('?');
    if (query == std::string_view::npos) return 0;
    constexpr std::string_view kName = "?reasons=";
    const std::string_view text = target.substr(query);
    if (!text.starts_with(kName)) return std::nullopt;
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data() + kName.size(), text.data() + text.size(), count);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && count >= 1 && count <= Ranking::kMostReasons ? std::optional(count) : std::nullopt;
}

/// Takes the same time for every token of a length, wherever it differs.
bool equal_in_constant_time(std::string_view given, std::string_view secret) noexcept {
    volatile unsigned difference = given.size() == secret.size() ? 0 : 1;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto a = static_cast<unsigned char>(given[i]);
        const auto b = static_cast<unsigned char>(secret[i % secret.size()]);
        difference = difference | static_cast<unsigned>(a ^ b);
    }
    return difference == 0;
}

HttpAnswer answer_of(const Posted& posted) {
    switch (posted.kept) {
        case Kept::yes:
            break;
        case Kept::busy:
            return problem(
                503, "expected fewer events at a time, got more than come into use; post again in a second",
                "Retry-After", "1");
        case Kept::no_disk:
            return problem(
                503,
                "the journal cannot be written, so events may get lost: post them again, with the same "
                "event_id; make room on the disk of --data",
                "Retry-After", "5");
        case Kept::stopping:
            return problem(503, "the service ends; post again when it runs", "Retry-After", "5");
    }
    HttpAnswer answer;
    answer.body = "{\"accepted\":" + std::to_string(posted.accepted) +
                  ",\"duplicates\":" + std::to_string(posted.duplicates) +
                  ",\"late\":" + std::to_string(posted.late) + ",\"refused\":[";
    for (std::size_t i = 0; i < posted.refused.size(); ++i) {
        answer.body += (i == 0 ? "{\"index\":" : ",{\"index\":") + std::to_string(posted.refused[i].index) +
                       ",\"reason\":";
        append_json(answer.body, posted.refused[i].reason);
        answer.body += '}';
    }
    answer.body += "]}\n";
    return answer;
}

}  // namespace

bool Endpoints::knows(std::string_view authorization) const noexcept {
    if (tokens_.empty()) return true;
    constexpr std::string_view kBearer = "Bearer ";
    if (!authorization.starts_with(kBearer)) return false;
    bool known = false;
    for (const std::string& token : tokens_)  // all of them: none is found sooner
        known = equal_in_constant_time(authorization.substr(kBearer.size()), token) || known;
    return known;
}

std::optional<HttpAnswer> Endpoints::refusal(const HttpRequest& head, std::size_t path) const {
    const bool open = path == kHealth || path == kReady;
    if (!open && !knows(head.authorization)) {
        return problem(401, "expected the header Authorization: Bearer TOKEN with a token of --token-file",
                       "WWW-Authenticate", "Bearer");
    }
    if (path == kOtherPath) {
        return problem(404,
                       "expected POST /v1/events, /v1/rank or /v1/score, or GET /healthz, /readyz, /metrics "
                       "or /openapi.json");
    }
    const bool posts = path <= kScore;
    if (head.method != (posts ? "POST" : "GET")) {
        return problem(405, posts ? "expected POST, got another method" : "expected GET, got another method",
                       "Allow", posts ? "POST" : "GET");
    }
    const bool explains = path == kRank || path == kScore;
    if (explains && !reasons_in(head.target)) {
        return problem(400, "expected no query behind the path, or ?reasons=N with N from 1 to " +
                                std::to_string(Ranking::kMostReasons) + ", got another one");
    }
    if (!explains && head.target.find('?') != std::string_view::npos)
        return problem(400, "expected no query behind the path, got one");
    if (!head.encoding.empty() && head.encoding != "identity")
        return problem(415, "expected a body without Content-Encoding, got one; send it unpacked");
    return std::nullopt;
}

std::optional<HttpAnswer> Endpoints::refuse(const HttpRequest& head) {
    const std::size_t path = index_of(head.target);
    auto answer = refusal(head, path);
    if (answer) traffic_.count(path, answer->status);
    return answer;
}

HttpAnswer Endpoints::malformed(unsigned status, std::string_view detail) {
    traffic_.count(kOtherPath, status);
    return problem(status, detail);
}

void Endpoints::answer(const HttpRequest& request, Reply reply) {
    const std::size_t path = index_of(request.target);
    const auto began = Clock::now();
    if (path == kEvents) return post_events(request, std::move(reply), began);
    HttpAnswer answer;
    try {
        answer = path == kHealth    ? HttpAnswer{.body = "{\"status\":\"ok\"}\n"}
                 : path == kReady   ? ready()
                 : path == kMetrics ? figures()
                 : path == kOpenApi ? HttpAnswer{.body = std::string(openapi())}
                                    : rank(request, path == kRank);
    } catch (const BadRequest& bad) {
        answer = problem(400, bad.what());
    } catch (const std::exception& error) {
        answer = problem(500, error.what());
    }
    traffic_.count(path, answer.status);
    traffic_.took(path, Clock::now() - began);
    reply(std::move(answer));
}

void Endpoints::post_events(const HttpRequest& request, Reply reply, Clock::time_point began) {
    const auto done = [this, began, reply = std::move(reply)](HttpAnswer answer) {
        traffic_.count(kEvents, answer.status);
        traffic_.took(kEvents, Clock::now() - began);
        reply(std::move(answer));
    };
    auto post = std::make_unique<Post>();
    try {
        read_post(request.body, machine_time(), *post);
    } catch (const BadRequest& bad) {
        return done(problem(400, bad.what()));
    } catch (const std::exception& error) {
        return done(problem(500, error.what()));
    }
    posting_.add(std::move(post), [done](const Posted& posted) { done(answer_of(posted)); });
}

HttpAnswer Endpoints::rank(const HttpRequest& request, bool order) const {
    thread_local Ranking ranking;
    ranking.read(request.body, machine_time(), order, reasons_in(request.target).value_or(0));
    ranking.ask(recommender_);
    HttpAnswer answer;
    answer.body.reserve(128 + 96 * ranking.items());
    ranking.write(models_.digest(ranking.model_number()), answer.body);
    return answer;
}

HttpAnswer Endpoints::ready() const {
    if (stopping_) return problem(503, "the service ends", "Retry-After", "5");
    if (recommender_.statistics().failed)
        return problem(503, "memory was refused: no event comes into use any more; start the service again");
    return {.body = "{\"status\":\"ready\"}\n"};
}

HttpAnswer Endpoints::figures() const {
    HttpAnswer answer{.type = "text/plain; version=0.0.4; charset=utf-8"};
    std::string& out = answer.body;
    traffic_.write(out);
    const Recommender::Statistics now = recommender_.statistics();
    const Posting::Counts& counts = posting_.counts();
    const auto put = [&](std::string_view name, std::string_view type, std::uint64_t value) {
        append_metric(out, name, type, std::to_string(value));
    };
    put("funnel_events_accepted_total", "counter", counts.accepted);
    put("funnel_events_duplicate_total", "counter", counts.duplicates);
    put("funnel_events_late_total", "counter", counts.late);
    put("funnel_events_refused_total", "counter", counts.refused);
    put("funnel_events_in_use_total", "counter", now.in_use);
    put("funnel_events_waiting", "gauge", now.waiting);
    put("funnel_texts_dropped_total", "counter", now.texts_dropped);
    put("funnel_users", "gauge", now.users);
    put("funnel_items", "gauge", now.items);
    if (now.watermark > 0) {
        put("funnel_last_event_seconds", "gauge", static_cast<std::uint64_t>(now.watermark / base::kSecond));
    }
    put("funnel_journal_bytes", "gauge", counts.journal_bytes);
    put("funnel_journal_commits_total", "counter", counts.commits);
    put("funnel_journal_failed_commits_total", "counter", counts.failed_commits);
    put("funnel_snapshots_total", "counter", counts.snapshots);
    put("funnel_failed_snapshots_total", "counter", counts.failed_snapshots);
    put("funnel_model_swaps_total", "counter", now.swaps);
    put("funnel_memory_failed", "gauge", now.failed ? 1 : 0);
    if (connections) put("funnel_connections", "gauge", connections());
    out += "# TYPE funnel_model_info gauge\nfunnel_model_info{model=\"" + models_.last() + "\"} 1\n";
    return answer;
}

}  // namespace funnel::serve
