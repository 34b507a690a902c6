// SPDX-License-Identifier: MIT
// A program that uses the header rooms, a compiled room and the error type of funnel.
#include "funnel/funnel.hpp"
#include "funnel/ingest/schema.hpp"

std::size_t count_events_in_second_unit();

int main() {
    if (count_events_in_second_unit() != 1) return 1;
    if (!funnel::ingest::preset("retailrocket")) return 2;
    try {
        funnel::EventLog().add({});
        return 3;
    } catch (const funnel::Error& error) {
        return error.code() == funnel::ErrorCode::invalid_argument ? 0 : 4;
    }
}
