/* SPDX-License-Identifier: MIT */
/* Finding out whom to trust. */
#include "trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"

#define SYSTEM_CA_DIRECTORY "/etc/ssl/certs"

/* Whether OpenSSL can look certificates up by hash there ("5ed36f99.0"). */
static bool is_hashed_directory(const char *path)
{
    bool found = false;
    DIR *directory = opendir(path);
    if (!directory)
        return false;
    for (struct dirent *entry = readdir(directory); entry && !found; entry = readdir(directory))
        found = strspn(entry->d_name, "0123456789abcdef") == 8 && entry->d_name[8] == '.' &&
                strspn(entry->d_name + 9, "0123456789") == strlen(entry->d_name + 9);
    closedir(directory);
    return found;
}

static bool copy_text(const char *text, char **copy)
{
    *copy = text ? ecr_strndup(text, strlen(text)) : NULL;
    return !text || *copy;
}

static enum ecr_status choose_trust(struct ecr_trust *trust, const char *bundle,
                                    struct ecr_error *error)
{
    struct stat entry;
    bool copied = true;
    if (!bundle) {
        if (is_hashed_directory(SYSTEM_CA_DIRECTORY))
            copied = copy_text(SYSTEM_CA_DIRECTORY, &trust->ca_directory);
    } else if (stat(bundle, &entry) != 0) {
        return ecr_fail(error, ECR_CONFIG, "ca_bundle", "the CA bundle %s cannot be read: %s",
                        bundle, strerror(errno));
    } else {
        copied = copy_text(bundle, S_ISDIR(entry.st_mode) ? &trust->ca_directory : &trust->ca_file);
    }
    return copied ? ECR_OK : ecr_fail_nomem(error);
}

enum ecr_status ecr_trust_init(struct ecr_trust *trust, const char *bundle, const char *proxy,
                               const char *user_agent, struct ecr_error *error)
{
    enum ecr_status status = choose_trust(trust, bundle, error);
    if (status == ECR_OK &&
        (!copy_text(proxy, &trust->proxy) || !copy_text(user_agent, &trust->user_agent)))
        status = ecr_fail_nomem(error);
    return status;
}

void ecr_trust_clear(struct ecr_trust *trust)
{
    ecr_free(trust->ca_file);
    ecr_free(trust->ca_directory);
    ecr_free(trust->proxy);
    ecr_free(trust->user_agent);
    *trust = (struct ecr_trust){0};
}
