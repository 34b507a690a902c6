// SPDX-License-Identifier: MIT
#include "ingest/log/draft_sample.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "funnel/base/error.hpp"
#include "ingest/csv/field_value.hpp"
#include "ingest/csv/record.hpp"
#include "ingest/csv/scan.hpp"
#include "ingest/json/json_line.hpp"
#include "ingest/log/log_plan.hpp"
#include "ingest/source/text_source.hpp"
#include "ingest/source/utf8_scan.hpp"

namespace funnel::ingest::detail {
namespace {

constexpr std::size_t kLookAt = std::size_t{1} << 20, kMostRows = 5000, kMostLine = std::size_t{1} << 20;

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_word(char c) {
    return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_plain_number(const std::string& text) {
    double value = 0;
    return parse_number(text, value) == NumberKind::number;
}

using Record = std::vector<std::string>;

std::vector<Record> records_of(std::string_view text, char delimiter, bool at_end) {
    RecordParser parser(Dialect{.delimiter = delimiter}, kMostLine);
    std::vector<Record> all;
    while (!text.empty() && all.size() <= kMostRows) {
        if (text.front() == '\n' || text.starts_with("\r\n")) {
            text.remove_prefix(text.front() == '\n' ? 1 : 2);
            continue;
        }
        const RecordStatus status = parser.parse(text, at_end);
        if (status == RecordStatus::need_more) break;
        const std::size_t size = status == RecordStatus::complete ? parser.size() : parser.first_line();
        if (status == RecordStatus::complete)
            all.emplace_back(parser.fields().begin(), parser.fields().end());
        if (size == 0) break;
        text.remove_prefix(size);
    }
    return all;
}

/// Records with as many fields as the first one.
std::size_t regular(const std::vector<Record>& records) {
    return static_cast<std::size_t>(std::ranges::count_if(
        records, [&](const Record& record) { return record.size() == records.front().size(); }));
}

/// Names are texts, differ, and are not what stands below them.
bool is_header(const std::vector<Record>& records) {
    const Record& first = records.front();
    if (std::ranges::any_of(first, is_plain_number)) return false;
    if (records.size() == 1) return true;
    return records[1] != first;
}

bool looks_like_taobao(const std::vector<Record>& records) {
    return std::ranges::all_of(records, [](const Record& record) {
        return record.size() == 5 && is_plain_number(record[0]) && is_plain_number(record[4]) &&
               (record[3] == "pv" || record[3] == "buy" || record[3] == "cart" || record[3] == "fav");
    });
}

void read_csv(std::string_view text, bool at_end, DraftSample& sample) {
    std::vector<Record> best;
    for (const char delimiter : {',', ';', '\t', '|'}) {
        std::vector<Record> records = records_of(text, delimiter, at_end);
        if (records.empty()) continue;
        const std::size_t wide = records.front().size();
        const bool better =
            best.empty() || (wide > best.front().size() && regular(records) * 10 > records.size() * 9);
        if (!better) continue;
        best = std::move(records);
        sample.delimiter = delimiter;
    }
    if (best.empty())
        throw Error(ErrorCode::parse,
                    escaped(sample.name) + ": expected a header and rows, got no record of CSV");
    if (looks_like_taobao(best)) sample.preset = "taobao";
    if (const auto schema = detect_schema(best.front())) sample.preset = schema->name;
    sample.header = is_header(best);
    const std::size_t columns = best.front().size();
    for (std::size_t i = 0; i < columns; ++i) {
        SampleColumn column;
        column.name = sample.header ? best.front()[i] : std::to_string(i + 1);
        for (std::size_t row = sample.header ? 1 : 0; row < best.size(); ++row) {
            if (best[row].size() == columns) column.values.push_back(best[row][i]);
        }
        sample.columns.push_back(std::move(column));
    }
}

using SampleJson = nlohmann::json;

std::string text_of(const SampleJson& value) {
    if (value.is_null() || value.is_structured()) return {};
    return value.is_string() ? value.get<std::string>() : value.dump();
}

/// What becomes of the lines: one row per line, lists by their first element.
class JsonSample {
 public:
    void add(const SampleJson& line) {
        object(line, "");
        ++rows_;
    }

    void finish(DraftSample& sample) {
        for (auto& [name, values] : values_) {
            values.resize(rows_);
            SampleColumn column;
            column.name = name;
            column.values = std::move(values);
            sample.columns.push_back(std::move(column));
        }
        std::size_t most = 0;
        for (const auto& [path, times] : lists_) {
            if (times > most) sample.explode = path;
            most = std::max(most, times);
        }
    }

 private:
    void object(const SampleJson& value, const std::string& prefix) {
        constexpr std::size_t kLongest = 200, kMostColumns = 2000;
        for (const auto& [key, member] : value.items()) {
            const std::string path = prefix + key;
            const bool plain = key.find_first_of(".[]") == std::string::npos && !key.empty();
            if (!plain || path.size() > kLongest || values_.size() > kMostColumns) continue;
            if (member.is_object()) {
                object(member, path + '.');
            } else if (member.is_array()) {
                list(member, path);
            } else {
                auto& values = values_[path];
                values.resize(rows_ + 1);
                values[rows_] = text_of(member);
            }
        }
    }
    void list(const SampleJson& value, const std::string& path) {
        if (value.empty() || !value.front().is_object()) return;
        if (value.front().contains("key") && value.front().contains("value"))
            return;  // parameters, no products
        for (const auto& [key, member] : value.front().items()) {
            const std::string joined =
                SampleColumn{.name = {}, .words = words_of(key), .values = {}, .kinds = {}}.joined();
            const bool product =
                joined == "itemid" || joined == "productid" || joined == "sku" || joined == "variantid";
            if (product) {
                ++lists_[path];
                return object(value.front(), path + '.');
            }
        }
    }

    std::map<std::string, std::vector<std::string>> values_;
    std::map<std::string, std::size_t> lists_;
    std::size_t rows_ = 0;
};

/// kPadding readable bytes follow the text.
void read_json(std::string_view text, DraftSample& sample) {
    sample.json = true;
    if (!reads_json_lines()) {
        throw Error(ErrorCode::parse, escaped(sample.name) +
                                          ": expected CSV text, got what looks like JSON; export it "
                                          "as CSV");
    }
    if (const auto schema = detect_json_schema(text)) {
        sample.preset = schema->name;
        return;
    }
    JsonSample values;
    std::size_t rows = 0;
    for (std::size_t at = 0; at < text.size() && rows < kMostRows;) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const SampleJson line =
            SampleJson::parse(text.begin() + static_cast<std::ptrdiff_t>(at),
                              text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
        at = end + 1;
        if (!line.is_object()) continue;
        values.add(line);
        ++rows;
    }
    if (rows == 0) {
        throw Error(ErrorCode::parse, escaped(sample.name) +
                                          ": expected JSON lines, got no object on a line; jq -c . "
                                          "writes one object a line");
    }
    values.finish(sample);
}

}  // namespace

std::size_t SampleColumn::filled() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(values, [](const std::string& value) { return !value.empty(); }));
}

std::string SampleColumn::joined(std::size_t last) const {
    std::string all;
    for (std::size_t i = words.size() - std::min(last, words.size()); i < words.size(); ++i)
        all += words[i];
    return all;
}

bool SampleColumn::all_numbers() const {
    return !kinds.empty() && std::ranges::all_of(values, [](const std::string& value) {
        return value.empty() || is_plain_number(value);
    });
}

bool SampleColumn::all_flags() const {
    return !kinds.empty() && kinds.size() <= 2 &&
           std::ranges::all_of(kinds, [](const std::string& value) { return value == "0" || value == "1"; });
}

bool SampleColumn::all_amounts(const base::NumberFormat& format) const {
    return !kinds.empty() && std::ranges::all_of(values, [&](const std::string& value) {
        return is_missing(value) || base::parse_number(value, format).has_value();
    });
}

std::vector<std::string> words_of(const std::string& name) {
    std::vector<std::string> words;
    bool open = false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        const bool lower_before = i > 0 && !is_upper(name[i - 1]) && is_word(name[i - 1]);
        const bool lower_behind = i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z';
        if (is_upper(c) && (lower_before || (i > 0 && is_upper(name[i - 1]) && lower_behind))) open = false;
        if (!is_word(c)) {
            open = false;
            continue;
        }
        if (!std::exchange(open, true)) words.emplace_back();
        words.back() += is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    return words;
}

DraftSample read_sample(const std::string& path) {
    DraftSample sample;
    sample.name = path;
    TextSource source(path, std::size_t{1} << 18, false, true);
    std::string text(kLookAt, '\0');
    text.resize(source.read(text));
    const bool at_end = text.size() < kLookAt;
    if (!at_end && text.find('\n') != std::string::npos) text.resize(text.rfind('\n') + 1);
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        throw Error(ErrorCode::parse, escaped(path) + ": the file is empty; expected a header and rows");
    if (source.is_json()) {
        const std::size_t size = text.size();
        text.append("\n").append(kPadding, ' ');
        read_json(std::string_view(text).substr(0, size), sample);
    } else {
        read_csv(text, at_end, sample);
    }
    for (SampleColumn& column : sample.columns) {
        column.words = words_of(column.name);
        column.kinds = column.values;
        std::ranges::sort(column.kinds);
        const auto twice = std::unique(column.kinds.begin(), column.kinds.end());
        column.kinds.erase(twice, column.kinds.end());
        std::erase(column.kinds, "");
        if (column.kinds.size() > SampleColumn::kMostKinds) column.kinds.resize(SampleColumn::kMostKinds);
    }
    return sample;
}

}  // namespace funnel::ingest::detail
