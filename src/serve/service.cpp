// SPDX-License-Identifier: MIT
#include "funnel/serve/service.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "endpoints.hpp"
#include "funnel/base/count_words.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"
#include "funnel/base/warning.hpp"
#include "funnel/files/digest.hpp"
#include "funnel/recommender.hpp"
#include "http_server.hpp"
#include "journal.hpp"
#include "machine_clock.hpp"
#include "models_served.hpp"
#include "posting.hpp"

namespace funnel::serve {

namespace {

std::string digest_of(const std::string& path) {
    return files::digest_of_file(path).xxh128;
}

}  // namespace

class Service::Impl {
 public:
    explicit Impl(ServiceOptions options)
        : options_(std::move(options)),
          models_(digest_of(options_.model)),
          journal_(open_journal()),
          recommender_(load()) {
        replay();
        posting_.emplace(
            recommender_, std::move(journal_), options_.journal_bytes,
            [this](Level level, std::string_view code, std::string_view line) { say(level, code, line); });
        endpoints_.emplace(recommender_, *posting_, models_, options_.tokens);
        const HttpLimits limits{.body_bytes = options_.body_bytes,
                                .connections = options_.connections,
                                .request_seconds = options_.request_seconds,
                                .idle_seconds = options_.idle_seconds};
        server_.emplace(options_.listen, options_.threads, limits, *endpoints_);
        endpoints_->connections = [this] { return server_->connections(); };
        const std::string& address = server_->address();
        if (options_.tokens.empty() && !address.starts_with("127.") && !address.starts_with("[::1]")) {
            warn(base::Warning{
                "open_service",
                "other machines can post and ask here without a token; give --token-file, and encrypt "
                "what leaves this machine with a proxy"});
        }
        server_->run();
        say(Level::note, "", "listening on " + address);
    }
    ~Impl() {
        try {
            stop();
        } catch (const Error&) {  // the journal has everything
        }
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] const std::string& address() const noexcept { return server_->address(); }

    bool reload() {
        const std::lock_guard one_at_a_time(reload_mutex_);
        try {
            exchange();
            return true;
        } catch (const Error& error) {
            say(Level::error, "", std::string(error.what()) + "; the old model stays in use");
            return false;
        }
    }

    void stop() {
        if (std::exchange(stopped_, true)) return;
        say(Level::note, "", "ending: what has begun is answered, then a last snapshot");
        endpoints_->stop();
        server_->stop(options_.grace_seconds);
        posting_->stop();
    }

 private:
    void say(Level level, std::string_view code, std::string_view line) {
        const std::lock_guard lock(log_mutex_);
        if (options_.log) options_.log(level, code, line);
    }

    void warn(const base::Warning& warning) { say(Level::warning, warning.code, warning.message); }

    std::unique_ptr<Journal> open_journal() const {
        return options_.data.empty() ? nullptr : std::make_unique<Journal>(options_.data);
    }

    Recommender load() {
        Recommender::Options options{.max_waiting = kMostWaiting, .kernel = options_.kernel};
        if (journal_) options.state = journal_->snapshot();
        try {
            return Recommender::load(options_.model, options);
        } catch (const Error& error) {
            if (options.state.empty() || error.code() != ErrorCode::schema) throw;
            // Counts otherwise, or knows more than the state: what it learned from goes first.
            options.state.clear();
            Recommender recommender = Recommender::load(options_.model, options);
            warn(base::Warning{
                "state_not_used",
                std::string(error.what()) + "; the service goes on from the history inside the model"});
            return recommender;
        }
    }

    void replay() {
        if (!journal_) return;
        std::vector<Recommender::Event> events;
        std::vector<Recommender::Taken> answers;
        std::uint64_t total = 0, taken = 0;
        const Replayed found = journal_->replay([&](std::string_view payload) {
            const std::int64_t received = read_record(payload, events);
            answers.assign(events.size(), Recommender::Taken::failed);
            total += events.size();
            taken += recommender_.observe(events, received, answers);
            if (recommender_.statistics().waiting > kMostWaiting / 2) recommender_.flush(received);
        });
        recommender_.flush(machine_time());
        if (found.lost_bytes > 0) {
            warn(base::Warning{
                "journal_cut",
                base::escaped(found.torn) + ": the last " + base::counted(found.lost_bytes, "byte") +
                    " are no whole record and were left out: a post that was never answered, or damage of "
                    "the disk"});
        }
        if (taken < total) {
            warn(base::Warning{"journal_not_taken", base::counted(total - taken, "event") + " of " +
                                                        base::format_count(total) +
                                                        " in the journal were not taken again; most "
                                                        "often because the model knows them already"});
        }
        if (total > 0) say(Level::note, "", base::counted(taken, "event") + " read from the journal");
    }

    /// Throws as swap_model; then nothing has changed.
    void exchange() {
        std::string digest = digest_of(options_.model);
        while (digest != models_.last()) {
            models_.add(digest);
            try {
                swap();
            } catch (...) {
                models_.take_back();
                throw;
            }
            say(Level::note, "", "model " + digest + " is in use");
            digest = digest_of(options_.model);  // replaced while it was read
        }
    }
    void swap() {
        if (recommender_.swap_model(options_.model) == Recommender::Swapped::history_kept) return;
        warn(base::Warning{"history_of_the_model",
                           "the new model counts otherwise than the old one, so the service goes on from "
                           "the history inside "
                           "it: what "
                           "came after that history is forgotten"});
    }

    const ServiceOptions options_;
    std::mutex log_mutex_, reload_mutex_;
    ModelsServed models_;
    std::unique_ptr<Journal> journal_;  // until posting_ has it
    Recommender recommender_;
    std::optional<Posting> posting_;
    std::optional<Endpoints> endpoints_;
    std::optional<HttpServer> server_;
    bool stopped_ = false;
};

Service::Service(ServiceOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Service::~Service() = default;
const std::string& Service::address() const noexcept {
    return impl_->address();
}
bool Service::reload() {
    return impl_->reload();
}
void Service::stop() {
    impl_->stop();
}

}  // namespace funnel::serve
