/* SPDX-License-Identifier: MIT */
/* Doubly linked lists of flights. */
#include "flight.h"

void ecr_flights_append(struct ecr_flights *list, struct ecr_flight *flight)
{
    flight->next = NULL;
    flight->previous = list->last;
    if (list->last)
        list->last->next = flight;
    else
        list->first = flight;
    list->last = flight;
    list->count++;
}

void ecr_flights_remove(struct ecr_flights *list, struct ecr_flight *flight)
{
    if (flight->previous)
        flight->previous->next = flight->next;
    else
        list->first = flight->next;
    if (flight->next)
        flight->next->previous = flight->previous;
    else
        list->last = flight->previous;
    flight->next = flight->previous = NULL;
    list->count--;
}

struct ecr_flight *ecr_flights_find(const struct ecr_flights *list, uint64_t ticket)
{
    struct ecr_flight *flight = list->first;
    while (flight && flight->answer.ticket != ticket)
        flight = flight->next;
    return flight;
}

bool ecr_flights_cancel(struct ecr_flights *list, uint64_t ticket)
{
    struct ecr_flight *flight = ecr_flights_find(list, ticket);
    if (!flight)
        return false;
    ecr_flights_remove(list, flight);
    flight->free(flight);
    return true;
}

void ecr_flights_drop(struct ecr_flights *list)
{
    while (list->first) {
        struct ecr_flight *flight = list->first;
        ecr_flights_remove(list, flight);
        flight->free(flight);
    }
}

struct ecr_flight *ecr_flight_of(const struct ecr_http_answer *answer)
{
    return (struct ecr_flight *)((char *)answer - offsetof(struct ecr_flight, answer));
}

void ecr_flight_clear(struct ecr_http_answer *answer)
{
    ecr_buf_clear(&answer->headers);
    ecr_sink_clear(&answer->sink);
}
