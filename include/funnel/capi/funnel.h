/* SPDX-License-Identifier: MIT
 *
 * The recommender of funnel for C, and for every language that can call C: a model and what it knows of users
 * and items, fed with events as they happen, asked by many threads at once. funnel/recommender.hpp says more
 * of it.
 *
 *     funnel_shop *shop = NULL;
 *     if (funnel_load("shop.funnel", NULL, &shop) != FUNNEL_OK) return fail(funnel_last_error());
 *     funnel_event clicked = {.time = now, .kind = "click", .user = "u7", .item = "i42"};
 *     funnel_observe(shop, &clicked, 1, now, NULL);
 *
 *     funnel_scratch *scratch = funnel_scratch_new();                     // one per thread, kept
 *     funnel_item items[] = {{.id = "i1"}, {.id = "i2"}, {.id = "i42"}};
 *     funnel_request asked = {.now = now, .user = "u7"};
 *     uint32_t best[2];
 *     funnel_rank(shop, &asked, items, 3, "purchase", 2, scratch, best, NULL);
 *     funnel_scratch_free(scratch);
 *     funnel_free(shop);
 *
 * Texts are UTF-8 and end with a 0; they are borrowed for the length of a call. NULL and "" are "not given",
 * and so are 0 and NaN as price or position: a struct that was set to zero says nothing. Times are
 * microseconds since 1970 UTC; the host passes the time. No exception leaves a function and none ends the
 * process.
 *
 * Threads: functions of a shop may be called from any thread at any time, but funnel_free last. A scratch
 * belongs to one thread at a time.
 *
 * Names of functions and members of structs stay as they are while FUNNEL_ABI is what it is; the symbols of
 * the shared library carry its number.
 */
#ifndef FUNNEL_CAPI_FUNNEL_H
#define FUNNEL_CAPI_FUNNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FUNNEL_ABI 1

typedef struct funnel_shop funnel_shop;       /* a model, its history, its writer thread */
typedef struct funnel_scratch funnel_scratch; /* what a thread keeps between its calls */

/* What a function returns. funnel_last_error() says more. */
typedef int32_t funnel_status;
enum {
    FUNNEL_OK = 0,
    FUNNEL_INVALID = 1,        /* an argument outside its range, NULL where something is needed */
    FUNNEL_IO = 2,             /* cannot read or write */
    FUNNEL_FORMAT = 3,         /* no model or state, damaged, or of a newer version */
    FUNNEL_SCHEMA = 4,         /* a model of a table, or a state of another model */
    FUNNEL_MEMORY = 5,         /* memory was refused */
    FUNNEL_UNKNOWN_TARGET = 6, /* see funnel_target_name */
    FUNNEL_UNKNOWN_INPUT = 7,  /* an input that the model has not */
    FUNNEL_INTERNAL = 8        /* a bug in funnel */
};

/* What became of an event. */
enum {
    FUNNEL_TAKEN = 0,
    FUNNEL_LATE = 1,         /* older than an event in use */
    FUNNEL_AHEAD = 2,        /* further ahead of `now` than max_ahead */
    FUNNEL_DUPLICATE = 3,    /* its event_id was taken before */
    FUNNEL_NO_USER = 4,      /* without a user */
    FUNNEL_UNKNOWN_KIND = 5, /* neither we nor the model's log know the kind */
    FUNNEL_TOO_LONG = 6,     /* an id or text longer than max_id */
    FUNNEL_FULL = 7,         /* max_waiting events wait: try again, or let it go */
    /* Memory was refused. While funnel_statistics says failed = 0 nothing has changed: try again, with fewer
       events at a time. Otherwise save, and start anew. */
    FUNNEL_FAILED = 8
};

/* 0 and NULL take the default, which stands behind each. */
typedef struct funnel_options {
    const char* state;    /* file of funnel_save_state to go on from; the model's own history */
    int32_t allow_older;  /* 1: also a state that ends before the model's own history; 0 */
    int32_t no_reorder;   /* 1: events come into use at once; 0: when they are `reorder` old */
    int64_t reorder;      /* microseconds; 1 s */
    int64_t max_ahead;    /* microseconds; 60 s */
    uint64_t max_id;      /* bytes of the longest id or text; 256 */
    uint64_t max_users;   /* that are known at once; 5,000,000 */
    uint64_t max_items;   /* likewise; 2,000,000 */
    uint64_t max_texts;   /* different categories, brands and lists, each; 100,000 */
    uint64_t max_waiting; /* events that are taken but not in use; 100,000 */
    uint64_t event_ids;   /* last event ids that are known again; 1,000,000 */
    const char* kernel;   /* scalar, avx2, avx512, neon; the best one here */
} funnel_options;

/* What happened. user and kind are required. */
typedef struct funnel_event {
    int64_t time;
    const char* kind; /* "impression", "click", ..., or what the model's own log calls it */
    const char* user;
    const char* item;
    const char* session; /* the visit; without one, 30 minutes of silence end a visit */
    const char* category;
    const char* brand;
    const char* list;     /* where the item was shown */
    double position;      /* its place there, from 1 */
    double price;         /* per unit */
    const char* event_id; /* a second event with the same id is a duplicate */
} funnel_event;

/* A further input of the model: a column of the log, or "item.color" of a side table. A text, or else the
 * number. */
typedef struct funnel_input {
    const char* name;
    const char* text;
    double number; /* NaN: missing */
} funnel_input;

/* Who is asking. */
typedef struct funnel_request {
    int64_t now;
    const char* user;
    const char* session;
    const char* list;           /* of all items that have none of their own */
    const funnel_input* inputs; /* of all items that do not give them */
    size_t n_inputs;
} funnel_request;

/* What may be shown. What is not given is taken from what is known of the item. */
typedef struct funnel_item {
    const char* id;
    const char* category;
    const char* brand;
    const char* list;
    double position;
    double price;
    const funnel_input* inputs;
    size_t n_inputs;
} funnel_item;

typedef struct funnel_statistics {
    uint64_t taken, in_use; /* events */
    uint64_t late, ahead, duplicate, refused, full;
    uint64_t texts_dropped; /* beyond max_texts */
    uint64_t waiting;       /* taken, not yet in use */
    uint64_t users, items;  /* that are known */
    int64_t watermark;      /* of the last event in use; the smallest number if there was none */
    uint64_t swaps;
    int32_t failed; /* 1: memory was refused, no event comes into use any more */
} funnel_statistics;

/* "0.1.0", and the FUNNEL_ABI that the library was built with. */
const char* funnel_version(void);
int32_t funnel_abi(void);

/* What went wrong in this thread's last call that did not return FUNNEL_OK; "" before the first. Valid until
 * the thread's next call. */
const char* funnel_last_error(void);

/* A shop from a model file, or from its bytes. options: NULL for the defaults. *shop is NULL unless it is
 * FUNNEL_OK. */
funnel_status funnel_load(const char* path, const funnel_options* options, funnel_shop** shop);
funnel_status funnel_load_bytes(const void* model, size_t size, const funnel_options* options,
                                funnel_shop** shop);
/* Waits until what is due is in use. NULL does nothing. */
void funnel_free(funnel_shop* shop);

/* n events; now: the host's clock. Never waits for those who ask. answers: NULL, or n places for FUNNEL_TAKEN
 * and its like. Returns how many were taken. */
size_t funnel_observe(funnel_shop* shop, const funnel_event* events, size_t n, int64_t now, uint8_t* answers);
/* Waits until every event that was taken before and is due at `now` is in use. */
funnel_status funnel_flush(const funnel_shop* shop, int64_t now);

/* NULL when memory was refused. */
funnel_scratch* funnel_scratch_new(void);
void funnel_scratch_free(funnel_scratch* scratch);

/* The k best of n items for a target, the best first, equal ones in the order given: order gets min(k, n)
 * indices. scores: NULL, or n places for the probability of every item in the order given. */
funnel_status funnel_rank(const funnel_shop* shop, const funnel_request* request, const funnel_item* items,
                          size_t n, const char* target, size_t k, funnel_scratch* scratch, uint32_t* order,
                          float* scores);
/* One item, all targets: p gets funnel_targets() probabilities; `room` says how many p has place for. */
funnel_status funnel_score(const funnel_shop* shop, const funnel_request* request, const funnel_item* item,
                           funnel_scratch* scratch, float* p, size_t room);

/* How many targets the present model has, and the name of one. The name ends with a 0 and is cut to `room`
 * bytes; returns its whole length without the 0, or 0 if there is none. */
size_t funnel_targets(const funnel_shop* shop);
size_t funnel_target_name(const funnel_shop* shop, size_t target, char* name, size_t room);

/* Another model in place of this one. Calls go on; no event is lost. history_kept: NULL, or gets 1 if the
 * history goes on and 0 if the new model's own stands, because it counts otherwise. */
funnel_status funnel_swap(funnel_shop* shop, const char* path, int32_t* history_kept);

/* Writes what is known, for funnel_options.state and for `funnel-train --state`. Whole or not at all. */
funnel_status funnel_save_state(const funnel_shop* shop, const char* path);

funnel_status funnel_statistics_of(const funnel_shop* shop, funnel_statistics* statistics);

#ifdef __cplusplus
}
#endif

#endif
