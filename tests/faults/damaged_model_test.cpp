// SPDX-License-Identifier: MIT
// Damaged model files: refused, or they score to the last bit as before; never a crash, much memory or much
// time.
#include <gtest/gtest.h>
#include <malloc.h>
#include <xxhash.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "faults/small_models.hpp"
#include "funnel/base/error.hpp"
#include "funnel/base/random.hpp"
#include "funnel/model/predictor.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/scorer.hpp"
#include "support/effort.hpp"

namespace {

std::atomic<std::size_t> in_use{0}, peak{0};

void* counted(void* p) {
    if (p == nullptr) throw std::bad_alloc();
    const std::size_t now = in_use += malloc_usable_size(p);
    std::size_t before = peak;
    while (now > before && !peak.compare_exchange_weak(before, now)) {
    }
    return p;
}

void release(void* p) noexcept {
    in_use -= malloc_usable_size(p);
    std::free(p);
}

}  // namespace

// Vectors allocate through these; the peak is what a damaged length costs.
void* operator new(std::size_t size) {
    return counted(std::malloc(std::max<std::size_t>(size, 1)));
}
void* operator new(std::size_t size, std::align_val_t align) {
    const auto to = static_cast<std::size_t>(align);
    return counted(std::aligned_alloc(to, (std::max<std::size_t>(size, 1) + to - 1) / to * to));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return operator new(size);
    } catch (...) {
        return nullptr;
    }
}
void operator delete(void* p) noexcept {
    if (p != nullptr) release(p);
}
void operator delete(void* p, std::size_t) noexcept {
    operator delete(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    operator delete(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    operator delete(p);
}

namespace funnel::faults {
namespace {

using Scores = std::vector<float>;

constexpr std::size_t kMostMemory = std::size_t{512} << 20;

/// Probabilities of a few fixed rows, whatever the model is of.
Scores score(const Bundle& bundle) {
    Scores p(bundle.heads.size()), all;
    const model::Predictor predictor(bundle);
    model::Predictor::Workspace workspace;
    const std::vector<std::string_view> texts(bundle.encoder.categorical_features().size(), "a");
    for (const float x : {0.0f, 3.5f, std::numeric_limits<float>::quiet_NaN()}) {
        const std::vector<float> numbers(bundle.encoder.numeric_features().size(), x);
        predictor.predict(numbers, texts, p, workspace);
        all.insert(all.end(), p.begin(), p.end());
    }
    if (!bundle.log) return all;
    const score::Scorer scorer(bundle);
    score::Scorer::Workspace scratch;
    Event event{.time = bundle.history->watermark() + 1,
                .kind = EventKind::impression,
                .user = "u7",
                .item = "p11",
                .session = "s"};
    for (const char* user : {"u7", "u9", "nobody"}) {
        event.user = user;
        scorer.score(*bundle.history, event, p, scratch);
        all.insert(all.end(), p.begin(), p.end());
    }
    return all;
}

bool same_bits(const Scores& a, const Scores& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

class DamagedModel : public testing::TestWithParam<const char*> {
 protected:
    const SmallModels& models_ = SmallModels::shared();
    const std::string path_ = std::string(GetParam()) == "log" ? models_.of_log : models_.of_table;
    const std::string whole_ = support::read_file(path_);
    const Scores scores_ = score(persist::load_model(path_));
    const support::TemporaryFolder folder_;

    /// Scores of the file with these bytes, or empty if it is refused, as it must be: with an Error that
    /// blames the file.
    std::optional<Scores> try_bytes(const std::string& bytes) {
        const std::string path = folder_.write("m", bytes);
        peak = in_use.load();
        const std::size_t before = peak;
        const std::clock_t start = std::clock();
        std::optional<Scores> got;
        try {
            got = score(persist::load_model(path));
        } catch (const Error& error) {
            EXPECT_TRUE(error.code() == ErrorCode::format || error.code() == ErrorCode::unsupported)
                << error.what();
            EXPECT_EQ(std::string(error.what()).find(path), 0u) << error.what();
        }
        EXPECT_LT(std::clock() - start, CLOCKS_PER_SEC) << "a second of CPU";
        EXPECT_LT(peak - before, kMostMemory);
        return got;
    }

    void expect_refused_or_the_same(const std::string& bytes, const std::string& what) {
        const auto got = try_bytes(bytes);
        EXPECT_TRUE(!got || same_bits(*got, scores_)) << what;
    }

    /// Right size and checksum, so that what is behind them is reached.
    static std::string forged(std::string bytes) {
        constexpr std::size_t kSizeAt = 16, kSum = sizeof(XXH128_canonical_t);
        const std::uint64_t size = bytes.size();
        std::memcpy(bytes.data() + kSizeAt, &size, sizeof size);
        XXH128_canonical_t sum;
        XXH128_canonicalFromHash(&sum, XXH3_128bits(bytes.data(), bytes.size() - kSum));
        std::memcpy(bytes.data() + bytes.size() - kSum, &sum, kSum);
        return bytes;
    }

    std::string mutated(Rng& random) const {
        std::string bytes = whole_;
        const std::size_t at = 24 + random.below(bytes.size() - 24 - 16);
        const auto put = [&](auto value) {
            if (at + sizeof value <= bytes.size() - 16) std::memcpy(bytes.data() + at, &value, sizeof value);
        };
        const std::size_t length = std::min<std::size_t>(1 + random.below(64), bytes.size() - 16 - at);
        switch (random.below(9)) {
            case 0:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
                break;
            case 1:
                put(std::uint64_t{1} << (31 + 16 * random.below(3)));
                break;
            case 2:
                put(~std::uint64_t{0} - random.below(2));
                break;
            case 3:
                put(random.below(2) == 0 ? std::numeric_limits<float>::quiet_NaN()
                                         : std::numeric_limits<float>::infinity());
                break;
            case 4:
                put(-1.0f);
                break;
            case 5:
                bytes.erase(at, length);
                break;
            case 6:
                bytes.insert(at, std::string(length, '['));
                break;
            case 7:
                bytes.insert(at, bytes.substr(at, length));
                break;
            default:
                put(static_cast<std::uint64_t>(random.below(100'000)));
        }
        return bytes;
    }
};

TEST_P(DamagedModel, IsRefusedAtEveryLength) {
    const int steps = support::effort(400, static_cast<int>(whole_.size()));
    for (int i = 0; i < steps; ++i) {
        const std::size_t size =
            static_cast<std::size_t>(i) * whole_.size() / static_cast<std::size_t>(steps);
        EXPECT_FALSE(try_bytes(whole_.substr(0, size))) << size;
    }
    for (std::size_t left = 1; left < 40; ++left)
        EXPECT_FALSE(try_bytes(whole_.substr(0, whole_.size() - left))) << left;
    EXPECT_TRUE(same_bits(*try_bytes(whole_), scores_));
}

TEST_P(DamagedModel, IsRefusedOrScoresTheSameWithAnyBitFlipped) {
    Rng random(1);
    for (int i = 0; i < support::effort(300, 5000); ++i) {
        std::string bytes = whole_;
        const std::size_t bit = random.below(bytes.size() * 8);
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
        expect_refused_or_the_same(bytes, "bit " + std::to_string(bit));
    }
}

TEST_P(DamagedModel, IsRefusedOrScoresTheSameWithBytesAddedRemovedOrDoubled) {
    Rng random(2);
    for (int i = 0; i < support::effort(300, 3000); ++i)
        expect_refused_or_the_same(mutated(random), "mutation " + std::to_string(i));
    expect_refused_or_the_same(whole_ + whole_, "twice");
    expect_refused_or_the_same(std::string(100'000, '['), "brackets");
}

TEST_P(DamagedModel, WithARightChecksumNeitherCrashesNorCostsMuch) {
    Rng random(3);
    int refused = 0;
    const int tries = support::effort(300, 3000);
    for (int i = 0; i < tries; ++i) {
        const auto got = try_bytes(forged(mutated(random)));
        refused += !got;
        if (!got) continue;
        for (const float p : *got)
            EXPECT_TRUE(p >= 0 && p <= 1) << "never a NaN: mutation " << i;
    }
    EXPECT_GT(refused, tries / 4);
}

INSTANTIATE_TEST_SUITE_P(, DamagedModel, testing::Values("log", "table"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
}  // namespace funnel::faults
