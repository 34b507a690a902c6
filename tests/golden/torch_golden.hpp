// SPDX-License-Identifier: MIT
// Reads torch_training.txt: lines of a name, a count and as many numbers.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace funnel::testing {

class TorchGolden {
 public:
    TorchGolden() {
        std::ifstream file(std::string(FUNNEL_TEST_DIR) + "/golden/torch_training.txt");
        for (std::string line; std::getline(file, line);) {
            if (line.empty() || line[0] == '#') continue;
            std::istringstream words(line);
            std::string name, word;
            words >> name >> word;
            std::vector<double>& list = values_[name];
            while (words >> word) {
                double value = 0;
                std::from_chars(word.data(), word.data() + word.size(), value);
                list.push_back(value);
            }
        }
    }

    [[nodiscard]] const std::vector<double>& operator[](const std::string& name) const {
        return values_.at(name);
    }

    template <typename T>
    [[nodiscard]] std::vector<T> as(const std::string& name) const {
        std::vector<T> result;
        for (const double value : values_.at(name))
            result.push_back(static_cast<T>(value));
        return result;
    }

 private:
    std::map<std::string, std::vector<double>> values_;
};

}  // namespace funnel::testing
