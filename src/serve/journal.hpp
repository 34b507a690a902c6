// SPDX-License-Identifier: MIT
// Journal: records that survive the end of the process, in a folder of numbered files. Snapshot number n
// holds what the journals below n say, so a start reads the last snapshot and the journals from its number
// on.
//
//     journal-0000000007.log     FUNNELJ, a version; records: size, sequence number, checksum, payload
//     snapshot-0000000007.state  as Recommender::save_state writes it
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "funnel/files/lock_file.hpp"

namespace funnel::serve {

/// What reading the journals found.
struct Replayed {
    std::uint64_t records = 0, bytes = 0;
    std::uint64_t lost_bytes = 0;  ///< of records that are not whole, behind the last one that is
    std::string torn;              ///< the file that had them
};

/// One thread at a time, except for what is said of forget.
class Journal {
 public:
    /// Makes the folder if there is none and keeps others out of it. Throws Error(io).
    explicit Journal(const std::string& folder);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// The last snapshot, or empty.
    [[nodiscard]] const std::string& snapshot() const noexcept { return snapshot_; }
    /// Every record behind it, once, in order. To be called before the first append. Throws Error(io),
    /// Error(format) for a file that is no journal, and what `visit` throws.
    Replayed replay(const std::function<void(std::string_view payload)>& visit);

    /// Adds a record to those that the next commit writes.
    void append(std::string_view payload);
    /// What was appended is on the disk when it returns. Throws Error(io); then it is still to be written,
    /// and the next call tries again.
    void commit();
    [[nodiscard]] bool has_uncommitted() const noexcept { return !buffer_.empty(); }
    /// Of the journals that no snapshot has.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

    /// Begins a new journal file and returns the path of the snapshot that holds all before it. Everything
    /// must be committed. Throws Error(io); then all is as it was.
    [[nodiscard]] std::string begin_snapshot();
    /// After the snapshot is written: removes what it holds. From any thread.
    void forget(const std::string& snapshot) noexcept;

 private:
    struct Found {
        std::uint64_t number;
        std::string path;
    };
    void find();
    void read_one(const Found& found, const std::function<void(std::string_view)>& visit, Replayed& result);
    /// A new file with its first bytes, not yet the one that is written.
    [[nodiscard]] int create(std::uint64_t number) const;
    [[nodiscard]] std::string path_of(std::string_view kind, std::uint64_t number,
                                      std::string_view ending) const;

    std::string folder_;
    files::LockFile lock_;
    std::string snapshot_;
    std::vector<Found> journals_;  // from the snapshot's number on
    std::uint64_t number_ = 0;     // of the file that is written, or of the last one there was
    int fd_ = -1;
    std::uint64_t offset_ = 0;    // what is on the disk of it
    std::uint64_t sequence_ = 0;  // of the last record
    std::uint64_t bytes_ = 0;
    std::string buffer_;
};

}  // namespace funnel::serve
