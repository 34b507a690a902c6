// SPDX-License-Identifier: MIT
// The state of a history: written, read, continued and damaged.
#include <gtest/gtest.h>

#include <cstring>

#include "history/log_builder.hpp"

namespace funnel::history::test {
namespace {

History observed(const EventLog& log, const HistoryOptions& options) {
    History history(options);
    for (const std::uint64_t row : log.time_order())
        history.observe(log.event(row), log.session[row]);
    return history;
}

History reread(const History& history) {
    const std::vector<char> bytes = bytes_of(history);
    base::ByteReader in(bytes);
    History result = History::read(in);
    in.expect_end();
    return result;
}

HistoryOptions forgetful() {
    HistoryOptions options;
    options.forget = 2 * kDay;
    return options;
}

TEST(HistoryState, IsTheSameInOneRunAndInDailySteps) {
    for (const std::int64_t lag : {std::int64_t{0}, 3 * kHour}) {
        HistoryOptions options = forgetful();
        options.lag = lag;
        const EventLog log =
            random_log({.seed = 7, .events = 3000, .users = 60, .items = 20, .span = 30 * kDay});
        const History whole = observed(log, options);
        History daily(options);
        const std::int64_t begin = log.time.front();
        for (std::int64_t day = begin; day <= log.last_time(); day += kDay) {
            const EventLog today = part(log, day, day + kDay);
            for (const std::uint64_t row : today.time_order())
                daily.observe(today.event(row), today.session[row]);
            daily = reread(daily);
        }
        EXPECT_EQ(bytes_of(whole), bytes_of(daily));
    }
}

TEST(HistoryState, ForgetsSilentItemsAndWhatBelongsToThem) {
    History history(forgetful());
    std::int64_t time = 1'470'000'000 * kSecond;
    std::size_t most = 0;
    for (int i = 0; i < 20'000; ++i) {
        time += kMinute;
        const std::string item = "i" + std::to_string(i);
        for (const EventKind kind : {EventKind::impression, EventKind::click})
            history.observe({.time = time, .kind = kind, .user = "u" + std::to_string(i % 7), .item = item});
        most = std::max<std::size_t>(most, history.state().items.size());
    }
    EXPECT_LT(most, 5 * 24 * 60U) << "of 20,000: two days, one until the next sweep, and what is near them";
    const auto& s = history.state();
    EXPECT_EQ(s.item.size(), s.items.size());
    EXPECT_LE(s.neighbours.size(), s.items.size());
    EXPECT_LT(s.seen.size(), 5 * 24 * 60U);
    EXPECT_FALSE(history.known({.time = time, .user = "u1", .item = "i17"}).item);
    EXPECT_TRUE(history.known({.time = time, .user = "u1", .item = "i19990"}).item);
    EXPECT_EQ(bytes_of(reread(history)), bytes_of(history));
}

TEST(HistoryState, KeepsNoMoreUsersAndItemsThanTheHostAllows) {
    const EventLog log = random_log({.seed = 12, .events = 4000, .users = 300, .items = 200});
    History history;
    history.limit(64, 50);
    std::int64_t time = log.time.front();
    ASSERT_EQ(log.size(), 4000u);
    for (std::size_t row = 0; row < log.size(); ++row) {
        history.observe(log.event(row));
        EXPECT_LE(history.state().users.size(), 65U);
        ASSERT_LE(history.state().items.size(), 51U + history.state().waiting.size());
    }
    EXPECT_EQ(bytes_of(reread(history)), bytes_of(history)) << "every number is that of a row";
    // Junk that comes once does not push out who comes back.
    History shop;
    shop.limit(1000, 1000);
    for (int i = 0; i < 50'000; ++i) {
        time += kSecond;
        const std::string junk = "junk" + std::to_string(i), good = "good" + std::to_string(i % 100);
        shop.observe({.time = time, .kind = EventKind::click, .user = junk, .item = junk});
        if (i % 10 == 0) {
            shop.observe({.time = time,
                          .kind = EventKind::click,
                          .user = good,
                          .item = good,
                          .session = "s" + std::to_string(i / 1000)});
        }
    }
    EXPECT_LE(shop.state().users.size(), 1001U);
    for (int i = 0; i < 100; i += 10) {
        const std::string good = "good" + std::to_string(i);
        EXPECT_TRUE(shop.known({.time = time, .user = good, .item = good, .session = "new"}).user) << i;
        EXPECT_TRUE(shop.known({.time = time, .user = good, .item = good}).item) << i;
    }
}

TEST(HistoryState, GivesTheSameFeaturesAfterARoundTrip) {
    const EventLog log = random_log({.seed = 8});
    const History before = observed(log, {});
    const History after = reread(before);
    EXPECT_EQ(after.watermark(), before.watermark());
    ASSERT_EQ(log.size(), 600u);
    for (std::size_t row = 0; row < log.size(); ++row) {
        Event context = log.event(row);
        context.time = log.last_time() + kMinute;
        const Row a(before, context), b(after, context);
        ASSERT_EQ(a.numeric().size(), before.spec().numeric.size());
        EXPECT_EQ(0, std::memcmp(a.numeric().data(), b.numeric().data(), a.numeric().size() * sizeof(float)));
        EXPECT_EQ(a.categorical(), b.categorical());
    }
}

TEST(HistoryState, KeepsItsOptions) {
    HistoryOptions options = forgetful();
    options.funnel = Funnel::parse("view,signup,purchase");
    options.examples = events::ExampleMode::every;
    options.strengths.item = 7;
    options.groups = 5;
    const History history = reread(History(options));
    EXPECT_EQ(history.options().funnel.text(), "view,signup,purchase");
    EXPECT_EQ(history.options().examples, events::ExampleMode::every);
    EXPECT_EQ(history.options().strengths.item, 7);
    EXPECT_EQ(history.options().forget, 2 * kDay);
    EXPECT_EQ(history.options().groups, 5u);
}

TEST(HistoryState, RefusesBytesCutAnywhere) {
    const History history = observed(random_log({.seed = 9, .events = 60}), {});
    const std::vector<char> bytes = bytes_of(history);
    const std::size_t older = bytes.size() - sizeof(std::int64_t);  // what was written before gaps were kept
    ASSERT_GT(bytes.size(), 1000u);
    for (std::size_t size = 0; size < bytes.size(); size += 7) {
        if (size == older) continue;
        base::ByteReader in{std::span(bytes).first(size)};
        EXPECT_THROW(static_cast<void>(History::read(in)), Error) << size;
    }
}

TEST(HistoryState, KeepsTheLongestGapAndReadsOlderBytesWithoutIt) {
    History history(HistoryOptions{});
    for (const std::int64_t time : {std::int64_t{0}, kHour, kHour, 9 * kHour, 10 * kHour})
        history.observe({.time = time, .kind = EventKind::view, .user = "u", .item = "i"});
    EXPECT_EQ(history.longest_gap(), 8 * kHour);
    EXPECT_EQ(reread(history).longest_gap(), 8 * kHour);
    const std::vector<char> bytes = bytes_of(history);
    base::ByteReader older{std::span(bytes).first(bytes.size() - sizeof(std::int64_t))};
    const History before = History::read(older);
    EXPECT_EQ(before.longest_gap(), 0);
    EXPECT_EQ(before.watermark(), 10 * kHour);
}

TEST(HistoryState, SurvivesAnyChangedByte) {
    const EventLog log = random_log({.seed = 9, .events = 60});
    HistoryOptions options;
    options.lag = kHour;
    const std::vector<char> bytes = bytes_of(observed(log, options));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        std::vector<char> damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
        try {
            base::ByteReader in(damaged);
            History history = History::read(in);
            Event context = log.event(at % log.size());
            context.time = history.watermark();
            const Row row(history, context);
            history.observe(context);  // must not touch memory that is not its own: run under a sanitizer
        } catch (const Error&) {
        }
    }
}

/// The key that mix64 turns into `hash`: its steps backwards, with the inverses of its factors modulo 2^64.
std::uint64_t key_of(std::uint64_t hash) {
    std::uint64_t z = hash;
    z ^= (z >> 31) ^ (z >> 62);
    z *= 0x319642B2D24D8EC3ull;
    z ^= (z >> 27) ^ (z >> 54);
    z *= 0x96DE1B173F119089ull;
    return z ^ (z >> 30) ^ (z >> 60);
}

TEST(FlatMap, SpreadsKeysThatWereMadeToCollide) {
    ASSERT_EQ(base::mix64(key_of(12345)), 12345u);
    base::FlatMap<detail::PlaceRow> map;
    for (std::uint32_t i = 0; i < 40'000; ++i)
        ASSERT_EQ(map.insert({.key = key_of(i), .row = i}).row, i);
    base::ByteWriter out;
    map.write(out);
    base::ByteReader in(out.bytes());
    for (const auto& same : {map, base::FlatMap<detail::PlaceRow>::read(in)}) {
        EXPECT_LT(same.longest_probe(), 8192u);
        ASSERT_EQ(same.size(), 40'000u);
        for (std::uint32_t i = 0; i < 40'000; ++i)
            ASSERT_EQ(same.find(key_of(i))->row, i);
        EXPECT_EQ(same.find(key_of(40'000)), nullptr);
    }
}

TEST(FlatMapFile, WithAKeyTwiceOrTheKeyOfFreeSlotsIsRefused) {
    const auto read = [](std::uint64_t first, std::uint64_t second) {
        base::ByteWriter out;
        out.array(std::vector<detail::PlaceRow>{{.key = first}, {.key = second}});
        base::ByteReader in(out.bytes());
        return base::FlatMap<detail::PlaceRow>::read(in).size();
    };
    EXPECT_EQ(read(1, 2), 2u);
    EXPECT_THROW(static_cast<void>(read(1, 1)), Error);
    EXPECT_THROW(static_cast<void>(read(1, base::FlatMap<detail::PlaceRow>::kFree)), Error);
}

}  // namespace
}  // namespace funnel::history::test
