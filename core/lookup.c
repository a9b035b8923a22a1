/* SPDX-License-Identifier: MIT */
/* Finding things in the generated tables. */
#include <string.h>

#include "model.h"

static const struct ecr_operation *find_operation(const struct ecr_service *service,
                                                  const char *name)
{
    size_t low = 0, high = service->operation_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, service->operations[middle].name);
        if (order == 0)
            return &service->operations[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct ecr_operation *ecr_model_operation(const char *service, const char *operation)
{
    for (size_t i = 0; i < ecr_service_count; i++)
        if (strcmp(ecr_services[i].name, service) == 0)
            return find_operation(&ecr_services[i], operation);
    return NULL;
}

const struct ecr_shape *ecr_model_document(const char *name)
{
    for (size_t i = 0; i < ecr_document_count; i++)
        if (strcmp(ecr_documents[i].name, name) == 0)
            return ecr_documents[i].shape;
    return NULL;
}

const struct ecr_member *ecr_model_member(const struct ecr_shape *shape, const char *wire,
                                          size_t len)
{
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct ecr_member *member = &shape->members[i];
        if (member->wire_len == len && memcmp(member->wire, wire, len) == 0)
            return member;
    }
    return NULL;
}

const struct ecr_member *ecr_model_named(const struct ecr_shape *shape, const char *name,
                                         size_t len)
{
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct ecr_member *member = &shape->members[i];
        if (member->name_len == len && memcmp(member->name, name, len) == 0)
            return member;
    }
    return NULL;
}
