/* SPDX-License-Identifier: MIT */
/* What a ticket stands for, whatever does the work: the head that a transfer and a process have in
 * common, with the answer, and lists of such heads. A list owns what is in it. http.c keeps them;
 * nobody else sees one. */
#pragma once

#include "http.h"

struct ecr_flight {
    struct ecr_flight *next, *previous;
    /* Of the whole that this is the first member of; what still goes on is stopped. */
    void (*free)(struct ecr_flight *flight);
    struct ecr_http_answer answer;
};

struct ecr_flights {
    struct ecr_flight *first, *last; /* oldest first */
    size_t count;
};

void ecr_flights_append(struct ecr_flights *list, struct ecr_flight *flight);
/* Takes it out; it must be there. */
void ecr_flights_remove(struct ecr_flights *list, struct ecr_flight *flight);
/* NULL when no flight there has this ticket. */
struct ecr_flight *ecr_flights_find(const struct ecr_flights *list, uint64_t ticket);
/* Takes out and frees the one with this ticket; false when there is none. */
bool ecr_flights_cancel(struct ecr_flights *list, uint64_t ticket);
/* Frees all. */
void ecr_flights_drop(struct ecr_flights *list);

/* The one whose answer this is. */
struct ecr_flight *ecr_flight_of(const struct ecr_http_answer *answer);
/* Frees what the answer holds of headers and body. */
void ecr_flight_clear(struct ecr_http_answer *answer);
