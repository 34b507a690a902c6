// SPDX-License-Identifier: MIT
// Output: an AtomicFile that compresses with gzip if its name ends in .gz.
//
//     files::Output file("rates.csv.gz");  // there when it is whole, packed by its name
//     file.append("item,rate\n");
//     file.commit();
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "funnel/files/atomic_file.hpp"

namespace funnel::files {

/// One thread at a time. Use as AtomicFile. A name that ends in ".gz" gets one gzip member without a time or
/// a name in its header, so the same text gives the same bytes from one build on one kind of processor.
class Output {
 public:
    /// Throws as AtomicFile.
    explicit Output(const std::string& path);
    ~Output();
    Output(Output&&) noexcept;
    Output& operator=(Output&&) noexcept;

    /// Throws Error(io) when the disk is full or a write fails.
    void append(std::string_view bytes);
    /// Ends the gzip member and puts the file in its place. Throws Error(io).
    void commit();

 private:
    struct Packer;
    AtomicFile file_;
    std::unique_ptr<Packer> packer_;  // none: the text is written as it is
};

}  // namespace funnel::files
