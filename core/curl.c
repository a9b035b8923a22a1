/* SPDX-License-Identifier: MIT */
/* Loading libcurl. The table below is the whole of what we use of it. The loaded library is the one
 * process-wide thing the core has: libcurl's own initialisation is process-wide too. */
#include "curl.h"

#include <dlfcn.h>
#include <pthread.h>

#include "wipe.h"

#define LIBRARY "libcurl.so.4"

static struct ecr_curl loaded;
static struct ecr_error failure;
static pthread_once_t once = PTHREAD_ONCE_INIT;

struct symbol {
    const char *name;
    void **place;
};

static enum ecr_status resolve(void *library, const struct symbol *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *symbols[i].place = dlsym(library, symbols[i].name);
        if (!*symbols[i].place)
            return ecr_fail(&failure, ECR_CONFIG, "libcurl", "%s has no %s: it is too old", LIBRARY,
                            symbols[i].name);
    }
    return ECR_OK;
}

static void load(void)
{
    const struct symbol symbols[] = {
        {"curl_global_init_mem", (void **)&loaded.global_init_mem},
        {"curl_version", (void **)&loaded.version},
        {"curl_easy_strerror", (void **)&loaded.easy_strerror},
        {"curl_easy_init", (void **)&loaded.easy_init},
        {"curl_easy_cleanup", (void **)&loaded.easy_cleanup},
        {"curl_easy_setopt", (void **)&loaded.easy_setopt},
        {"curl_easy_getinfo", (void **)&loaded.easy_getinfo},
        {"curl_multi_init", (void **)&loaded.multi_init},
        {"curl_multi_cleanup", (void **)&loaded.multi_cleanup},
        {"curl_multi_setopt", (void **)&loaded.multi_setopt},
        {"curl_multi_add_handle", (void **)&loaded.multi_add_handle},
        {"curl_multi_remove_handle", (void **)&loaded.multi_remove_handle},
        {"curl_multi_socket_action", (void **)&loaded.multi_socket_action},
        {"curl_multi_assign", (void **)&loaded.multi_assign},
        {"curl_multi_info_read", (void **)&loaded.multi_info_read},
        {"curl_slist_append", (void **)&loaded.slist_append},
        {"curl_slist_free_all", (void **)&loaded.slist_free_all},
    };
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        ecr_fail(&failure, ECR_CONFIG, "libcurl", "libcurl cannot be loaded: %s", dlerror());
        return;
    }
    if (resolve(library, symbols, sizeof symbols / sizeof *symbols) != ECR_OK)
        return;
    if (loaded.global_init_mem(CURL_GLOBAL_ALL, ecr_wiping_malloc, ecr_wiping_free,
                               ecr_wiping_realloc, ecr_wiping_strdup, ecr_wiping_calloc))
        ecr_fail(&failure, ECR_CONFIG, "libcurl", "libcurl does not initialise");
}

enum ecr_status ecr_curl_load(const struct ecr_curl **curl, struct ecr_error *error)
{
    pthread_once(&once, load);
    if (failure.status != ECR_OK) {
        if (error)
            *error = failure;
        return failure.status;
    }
    *curl = &loaded;
    return ECR_OK;
}
