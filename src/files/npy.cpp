// SPDX-License-Identifier: MIT
#include "funnel/files/npy.hpp"

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>
#include <system_error>

#include "funnel/base/error.hpp"
#include "funnel/base/utf8.hpp"

namespace funnel::files {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = std::size_t{1} << 20;

class NpyReader {
 public:
    explicit NpyReader(const std::string& path) : path_(path), file_(path, std::ios::binary) {
        std::error_code error;
        left_ = std::filesystem::file_size(path, error);
        if (!file_ || error) throw Error(ErrorCode::io, base::escaped(path) + ": cannot be opened");
    }

    [[nodiscard]] FileDigest digest() const { return digest_.result(path_); }
    [[nodiscard]] NpyMatrix read() {
        const std::string header = read_header();
        const bool is_double = type_of(header);
        if (value_of(header, "fortran_order") != "False")
            unusable("C order", "another; save a copy in C order");
        NpyMatrix matrix;
        read_shape(value_of(header, "shape"), matrix);
        const std::size_t size = is_double ? sizeof(double) : sizeof(float);
        const std::size_t most = std::numeric_limits<std::size_t>::max() / size;
        if (matrix.columns != 0 && matrix.rows > most / matrix.columns) unusable("numbers", "too many");
        if (left_ != matrix.rows * matrix.columns * size)
            unusable("as many numbers as the shape says", "another length; was it written to its end?");
        matrix.values.resize(matrix.rows * matrix.columns);
        if (is_double)
            read_doubles(matrix.values);
        else
            take(matrix.values.data(), matrix.values.size() * sizeof(float));
        return matrix;
    }

 private:
    [[noreturn]] void unusable(const std::string& expected, const std::string& got) const {
        throw Error(ErrorCode::schema,
                    base::escaped(path_) + ": expected a .npy file with " + expected + ", got " + got);
    }
    void take(void* to, std::size_t bytes) {
        if (bytes > left_) unusable("a whole header", "its end");
        file_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes));
        if (static_cast<std::size_t>(file_.gcount()) != bytes)
            throw Error(ErrorCode::io, base::escaped(path_) + ": cannot be read");
        left_ -= bytes;
        digest_.add({static_cast<const char*>(to), bytes});
    }
    [[nodiscard]] std::string read_header() {
        char magic[6];
        std::uint8_t version[2], length[4] = {};
        take(magic, sizeof magic);
        take(version, sizeof version);
        if (std::string_view(magic, sizeof magic) != kMagic || version[0] < 1 || version[0] > 3)
            unusable("its first bytes", "others");
        take(length, version[0] == 1 ? 2 : 4);
        const std::size_t bytes = std::size_t{length[0]} | std::size_t{length[1]} << 8 |
                                  std::size_t{length[2]} << 16 | std::size_t{length[3]} << 24;
        if (bytes > kLongestHeader) unusable("a header", "too long a one");
        std::string header(bytes, '\0');
        take(header.data(), bytes);
        return header;
    }
    /// What stands after 'name': up to the comma of its level.
    [[nodiscard]] std::string_view value_of(std::string_view header, const std::string& name) const {
        const std::size_t key = header.find("'" + name + "'");
        const std::size_t colon = key == std::string_view::npos ? key : header.find(':', key);
        if (colon == std::string_view::npos) unusable("\"" + name + "\" in its header", "none");
        const std::size_t begin = header.find_first_not_of(' ', colon + 1);
        if (begin == std::string_view::npos) unusable("a value of \"" + name + "\"", "none");
        const std::size_t end =
            header[begin] == '(' ? header.find(')', begin) + 1 : header.find_first_of(",}", begin);
        if (end == std::string_view::npos || end <= begin) unusable("a whole header", "its end");
        return header.substr(begin, end - begin);
    }
    /// True for float64.
    [[nodiscard]] bool type_of(std::string_view header) const {
        const std::string_view type = value_of(header, "descr");
        if (type == "'<f8'") return true;
        if (type != "'<f4'") {
            unusable("<f4 or <f8 numbers",
                     base::escaped(std::string(type)) + "; convert them with astype('<f4')");
        }
        return false;
    }
    void read_shape(std::string_view shape, NpyMatrix& matrix) const {
        const char *at = shape.data() + 1, *end = shape.data() + shape.size();
        std::size_t* const sizes[] = {&matrix.rows, &matrix.columns};
        for (std::size_t* size : sizes) {
            while (at != end && (*at == ' ' || *at == ','))
                ++at;
            const auto [next, error] = std::from_chars(at, end, *size);
            if (error != std::errc{}) unusable("two dimensions", base::escaped(std::string(shape)));
            at = next;
        }
        while (at != end && (*at == ' ' || *at == ','))
            ++at;
        if (at == end || *at != ')') unusable("two dimensions", base::escaped(std::string(shape)));
    }
    void read_doubles(std::vector<float>& values) {
        std::vector<double> block(4096);
        for (std::size_t first = 0; first < values.size(); first += block.size()) {
            const std::size_t n = std::min(block.size(), values.size() - first);
            take(block.data(), n * sizeof(double));
            for (std::size_t i = 0; i < n; ++i)
                values[first + i] = static_cast<float>(block[i]);
        }
    }

    const std::string& path_;
    std::ifstream file_;
    std::uint64_t left_ = 0;
    Digest digest_;
};

}  // namespace

NpyMatrix read_npy(const std::string& path, FileDigest* digest) {
    static_assert(std::endian::native == std::endian::little);
    NpyReader reader(path);
    NpyMatrix matrix = reader.read();
    if (digest != nullptr) *digest = reader.digest();
    return matrix;
}

}  // namespace funnel::files
