// SPDX-License-Identifier: MIT
// Model and state files. The size and the checksum are put right first, so that damage reaches what is behind
// them.
#include <xxhash.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "funnel/persist/model_file.hpp"
#include "funnel/score/scorer.hpp"
#include "fuzz/expect.hpp"
#include "fuzz/memory_file.hpp"

namespace {

using namespace funnel;

std::string with_right_checksum(std::string bytes) {
    constexpr std::size_t kSizeAt = 16, kSum = sizeof(XXH128_canonical_t);
    if (bytes.size() < 24 + kSum) return bytes;
    const std::uint64_t size = bytes.size();
    std::memcpy(bytes.data() + kSizeAt, &size, sizeof size);
    XXH128_canonical_t sum;
    XXH128_canonicalFromHash(&sum, XXH3_128bits(bytes.data(), bytes.size() - kSum));
    std::memcpy(bytes.data() + bytes.size() - kSum, &sum, kSum);
    return bytes;
}

/// What loads must score without harm, whatever it says.
void use(const Bundle& bundle) {
    if (!bundle.log) return;
    const score::Scorer scorer(bundle);
    score::Scorer::Workspace workspace;
    std::vector<float> p(scorer.targets());
    history::History history = *bundle.history;
    Event event{.time = 1'709'287'200'000'000,
                .kind = EventKind::impression,
                .user = "u1",
                .item = "i1",
                .session = "s"};
    for (int i = 0; i < 3; ++i, event.time += 60'000'000) {
        if (event.time <= history.watermark()) event.time = history.watermark() / 2 + 1'709'287'200'000'000;
        scorer.score(history, event, p, workspace);
        if (event.time > history.watermark()) history.observe(event);
        event.item = "p2";
        event.user = "u2";
    }
}

template <typename Read>
void attempt(Read&& read) {
    try {
        read();
    } catch (const Error& error) {
        fuzz::expect(error.code() != ErrorCode::internal, std::string("no internal error: ") + error.what());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static fuzz::MemoryFile file;
    const std::string path = file.holding(with_right_checksum(std::string(fuzz::text_of(data, size))));
    attempt([&] { use(persist::load_model(path)); });
    attempt([&] { (void)persist::load_state(path); });
    return 0;
}
