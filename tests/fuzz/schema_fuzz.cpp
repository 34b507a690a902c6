// SPDX-License-Identifier: MIT
// Schema files: refused with Error(schema), or understood and the same after a way through their own JSON.
#include <cstdint>
#include <string>

#include "funnel/base/error.hpp"
#include "funnel/ingest/schema.hpp"
#include "fuzz/expect.hpp"
#include "fuzz/memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace funnel;
    std::string json;
    try {
        json = ingest::to_json(ingest::parse_schema(fuzz::text_of(data, size), "fuzz"));
    } catch (const Error& error) {
        const std::string message = error.what();
        fuzz::expect(error.code() == ErrorCode::schema, "the code is schema: " + message);
        fuzz::expect(message.find('\n') == std::string::npos, "one line");
        return 0;
    }
    fuzz::expect(ingest::to_json(ingest::parse_schema(json, "fuzz")) == json, "its own JSON means the same");
    return 0;
}
