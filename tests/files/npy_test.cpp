// SPDX-License-Identifier: MIT
// .npy files as numpy 1.24 writes them, byte by byte, and damaged ones.
#include "funnel/files/npy.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "funnel/base/error.hpp"
#include "support/temporary_folder.hpp"

namespace funnel::files {
namespace {

/// What numpy.save writes: magic, version 1.0, length, a header padded to 64 bytes, the numbers.
std::string npy(const std::string& type, const std::string& order, const std::string& shape,
                const std::string& numbers) {
    std::string header =
        "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
    header.append(128 - 10 - 1 - header.size(), ' ');
    header += '\n';
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header + numbers;
}

template <typename T>
std::string bytes(const std::vector<T>& numbers) {
    std::string text(numbers.size() * sizeof(T), '\0');
    std::memcpy(text.data(), numbers.data(), text.size());
    return text;
}

const std::vector<float> kNumbers{1.5F, -2, 0, 3e10F, 0.25F, 7};

ErrorCode code_of(const std::string& content) {
    const support::TemporaryFolder folder;
    try {
        (void)read_npy(folder.write("m.npy", content));
    } catch (const Error& error) {
        return error.code();
    }
    return ErrorCode::internal;  // nothing was thrown
}

TEST(Npy, ReadsFloatsAndDoubles) {
    const support::TemporaryFolder folder;
    const NpyMatrix floats = read_npy(folder.write("f.npy", npy("<f4", "False", "(3, 2)", bytes(kNumbers))));
    EXPECT_EQ(floats.rows, 3u);
    EXPECT_EQ(floats.columns, 2u);
    EXPECT_EQ(floats.values, kNumbers);
    const std::vector<double> wide(kNumbers.begin(), kNumbers.end());
    const NpyMatrix doubles = read_npy(folder.write("d.npy", npy("<f8", "False", "(2, 3)", bytes(wide))));
    EXPECT_EQ(doubles.rows, 2u);
    EXPECT_EQ(doubles.values, kNumbers);
}

TEST(Npy, RefusesWhatItCannotRead) {
    const std::string numbers = bytes(kNumbers);
    EXPECT_EQ(code_of(npy("<i4", "False", "(3, 2)", numbers)), ErrorCode::schema);
    EXPECT_EQ(code_of(npy(">f4", "False", "(3, 2)", numbers)), ErrorCode::schema);
    EXPECT_EQ(code_of(npy("<f4", "True", "(3, 2)", numbers)), ErrorCode::schema);
    EXPECT_EQ(code_of(npy("<f4", "False", "(6,)", numbers)), ErrorCode::schema);
    EXPECT_EQ(code_of(npy("<f4", "False", "(1, 3, 2)", numbers)), ErrorCode::schema);
    EXPECT_EQ(code_of(npy("<f4", "False", "(3, 3)", numbers)), ErrorCode::schema);
    EXPECT_EQ(code_of(npy("<f4", "False", "(9999999999999999999, 2)", numbers)), ErrorCode::schema);
    EXPECT_EQ(code_of(npy("<f4", "False", "(6148914691236517206, 3)", numbers)), ErrorCode::schema);
    EXPECT_EQ(code_of("item_id,v0\na,1\n"), ErrorCode::schema);
    EXPECT_EQ(code_of(""), ErrorCode::schema);
    EXPECT_THROW((void)read_npy("/nowhere/m.npy"), Error);
}

TEST(Npy, EveryCutIsRefused) {
    const std::string whole = npy("<f4", "False", "(3, 2)", bytes(kNumbers));
    ASSERT_FALSE(whole.empty());
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_EQ(code_of(whole.substr(0, length)), ErrorCode::schema) << length;
}

}  // namespace
}  // namespace funnel::files
