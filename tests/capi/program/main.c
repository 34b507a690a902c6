/* SPDX-License-Identifier: MIT
 * A shop from a model, some events, and what it says of three items: one line each. capi_test.cpp and shop.py beside this folder make
 * the same calls. */
#include <funnel/capi/funnel.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, funnel_last_error());
    return 1;
}

static int ask(funnel_shop *shop, int64_t now) {
    const funnel_item items[] = {{.id = "p1011", .position = 1}, {.id = "p1009", .price = 20}, {.id = "new"}};
    const funnel_request request = {.now = now, .user = "u8", .session = "s900", .list = "Category"};
    funnel_scratch *scratch = funnel_scratch_new();
    uint32_t order[3];
    float scores[3], p[8];
    if (funnel_rank(shop, &request, items, 3, "click", 3, scratch, order, scores) != FUNNEL_OK) return fail("rank");
    for (int i = 0; i < 3; ++i)
        printf("%" PRIu32 " %s %.9g\n", order[i], items[order[i]].id, (double)scores[order[i]]);
    if (funnel_score(shop, &request, &items[1], scratch, p, 8) != FUNNEL_OK) return fail("score");
    for (size_t t = 0; t < funnel_targets(shop); ++t) {
        char name[32];
        funnel_target_name(shop, t, name, sizeof name);
        printf("%s %.9g\n", name, (double)p[t]);
    }
    if (funnel_rank(shop, &request, items, 3, "nothing", 3, scratch, order, scores) != FUNNEL_UNKNOWN_TARGET)
        return fail("a target that is none");
    funnel_scratch_free(scratch);
    return 0;
}

int main(int argc, char **argv) {
    const int64_t now = INT64_C(1705320000000000); /* 2024-01-15 12:00 UTC */
    const funnel_event events[] = {
        {.time = now - 3000000, .kind = "click", .user = "u8", .item = "p1009", .session = "s900"},
        {.time = now - 2000000, .kind = "cart_add", .user = "u8", .item = "p1009", .session = "s900"},
        {.time = now - 1000000, .kind = "click", .item = "p1009"},
        {.time = now + INT64_C(864000000000), .kind = "click", .user = "u8", .item = "p1009"}};
    funnel_shop *shop = NULL;
    funnel_statistics statistics;
    uint8_t answers[4];
    memset(&statistics, 0, sizeof statistics);
    if (argc != 2) return 2;
    if (funnel_abi() != FUNNEL_ABI) return fail("abi");
    if (funnel_load("there is no such file", NULL, &shop) != FUNNEL_IO || shop != NULL) return fail("no file");
    if (funnel_load(argv[1], NULL, &shop) != FUNNEL_OK) return fail("load");
    if (funnel_observe(shop, events, 4, now, answers) != 2) return fail("observe");
    printf("%d %d %d %d\n", answers[0], answers[1], answers[2], answers[3]);
    if (funnel_flush(shop, now) != FUNNEL_OK) return fail("flush");
    if (funnel_statistics_of(shop, &statistics) != FUNNEL_OK) return fail("statistics");
    printf("%" PRIu64 " in use, %" PRIu64 " ahead\n", statistics.in_use, statistics.ahead);
    if (ask(shop, now) != 0) return 1;
    funnel_free(shop);
    return 0;
}
