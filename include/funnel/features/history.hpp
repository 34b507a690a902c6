// SPDX-License-Identifier: MIT
// History: everything about users and items that happened strictly before now, kept event by event.
// Training, batch scoring and online calls run this same code. Features: docs/features.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "funnel/base/bytes.hpp"
#include "funnel/features/history_options.hpp"

namespace funnel::features {

/// Who was known at the time of an example.
struct Known {
    bool user = false;  ///< has an event in an earlier visit before t
    bool item = false;  ///< has any event before t
};

/// Const calls may run concurrently as long as nobody observes; changes need a lock.
class History {
 public:
    explicit History(HistoryOptions options = {});

    /// Takes in one event. Times must not decrease: Error(invalid_argument). With a lag the event waits until
    /// advance() passes its time + lag.
    void observe(const Event& event) { observe(event, events::session_key(event.session)); }
    /// As observe, with the visit's key as an EventLog holds it.
    void observe(const Event& event, std::uint64_t session);
    /// Says that it is `time` now: events before time - lag come into use. Needed only with a lag.
    void advance(std::int64_t time);

    /// The row of a context: the S0 event itself (user, item, time, session, list, position, category, brand,
    /// price as far as known). numeric: spec().numeric.size(), NaN = missing; categorical: likewise, empty =
    /// missing, views into the context or into this history, valid until the next observe.
    /// Does not allocate. All of `context.time` must be featured before any event of that time is observed.
    void features(const Event& context, std::span<float> numeric,
                  std::span<std::string_view> categorical) const {
        features(context, events::session_key(context.session), numeric, categorical);
    }
    void features(const Event& context, std::uint64_t session, std::span<float> numeric,
                  std::span<std::string_view> categorical) const;

    /// n rows of one user, visit and time for n items; of each of `items` the item, list, position, category,
    /// brand and price count. The user part is computed once; rows equal those of features() byte for byte.
    /// numeric: n x d, categorical: n x c, row-major.
    void features_for_items(const Event& context, std::span<const Event> items, std::span<float> numeric,
                            std::span<std::string_view> categorical) const;

    [[nodiscard]] Known known(const Event& context, std::uint64_t session) const;

    /// The time of the last event taken in; the smallest integer if there was none.
    [[nodiscard]] std::int64_t watermark() const noexcept;
    [[nodiscard]] const FeatureSpec& spec() const noexcept;
    [[nodiscard]] const HistoryOptions& options() const noexcept;

    /// Exact: features and later states are the same after a round trip; same events, same bytes.
    void write(base::ByteWriter& out) const;
    /// Throws Error(format) if the bytes are damaged.
    [[nodiscard]] static History read(base::ByteReader& in);
};

}  // namespace funnel::features
