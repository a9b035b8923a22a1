/* SPDX-License-Identifier: MIT */
/* What the members mean, and the file around the text. */
#include "docker.h"

#include <string.h>

#include "base64.h"
#include "json.h"
#include "member.h"
#include "slurp.h"
#include "swap.h"

#define MAX_TRIES 64

/* Docker's and podman's own words are folded: Go reads them in any case. */
#define WORD(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1, true                                                          \
    }

/* --- checking --- */

static bool is_word(const char *text, size_t len, bool (*is_fine)(char c))
{
    for (size_t i = 0; i < len; i++)
        if (!is_fine(text[i]))
            return false;
    return len > 0 && len <= ECR_DOCKER_MAX_NAME;
}

static bool is_printable(char c)
{
    return c > ' ' && c < 0x7f;
}

static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool ecr_docker_is_registry(const char *text, size_t len)
{
    return is_word(text, len, is_printable);
}

bool ecr_docker_is_helper(const char *text, size_t len)
{
    return is_word(text, len, is_of_name);
}

enum ecr_status ecr_docker_check_auth(const char *text, size_t len, struct ecr_error *error)
{
    struct ecr_buf pair;
    ecr_buf_init_secret(&pair, ECR_DOCKER_MAX_AUTH);
    enum ecr_status status =
        len <= ECR_DOCKER_MAX_AUTH ? ecr_base64_decode(&pair, text, len) : ECR_INPUT;
    const char *colon = status == ECR_OK && pair.len > 0 ? memchr(pair.data, ':', pair.len) : NULL;
    bool is_pair = colon && colon > pair.data;
    ecr_buf_clear(&pair);
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    if (!is_pair)
        return ecr_fail(error, ECR_INPUT, "docker_config",
                        "what was given to log in with is no base64 of a user and a password");
    return ECR_OK;
}

/* --- editing a text --- */

static struct ecr_place_path entry_path(const struct ecr_docker_entry *entry)
{
    return (struct ecr_place_path){
        .names = {WORD("auths"), {entry->registry, entry->registry_len, false}}, .count = 2};
}

static enum ecr_status put_string(struct ecr_buf *text, const struct ecr_place_path *path,
                                  const struct ecr_docker_entry *entry, struct ecr_error *error)
{
    struct ecr_buf quoted;
    ecr_buf_init_secret(&quoted, 2 * ECR_DOCKER_MAX_AUTH);
    enum ecr_status status = ecr_json_quote(&quoted, entry->value, entry->len);
    if (status == ECR_OK)
        status = ecr_member_put(text, path, quoted.data, quoted.len, error);
    else
        status = status == ECR_NOMEM ? ecr_fail_nomem(error)
                                     : ecr_fail(error, status, NULL, "the value is no text");
    ecr_buf_clear(&quoted);
    return status;
}

static enum ecr_status set(struct ecr_buf *text, const struct ecr_docker_entry *entry, bool *done,
                           struct ecr_error *error)
{
    static const struct ecr_place_name auth = WORD("auth"),
                                       preferred[] = {WORD("identitytoken"), WORD("registrytoken")};
    struct ecr_place_path path = entry_path(entry);
    bool dropped;
    path.names[path.count++] = auth;
    enum ecr_status status = ecr_docker_check_auth(entry->value, entry->len, error);
    if (status == ECR_OK)
        status = put_string(text, &path, entry, error);
    for (size_t i = 0; i < sizeof preferred / sizeof *preferred && status == ECR_OK; i++) {
        path.names[path.count - 1] = preferred[i];
        status = ecr_member_drop(text, &path, &dropped, error);
    }
    *done = true;
    return status;
}

static enum ecr_status drop(struct ecr_buf *text, const struct ecr_docker_entry *entry, bool *done,
                            struct ecr_error *error)
{
    struct ecr_place_path path = entry_path(entry);
    return ecr_member_drop(text, &path, done, error);
}

static struct ecr_place_path helper_path(const struct ecr_docker_entry *entry)
{
    struct ecr_place_path path = entry_path(entry);
    path.names[0] = (struct ecr_place_name)WORD("credHelpers");
    return path;
}

static enum ecr_status drop_helper(struct ecr_buf *text, const struct ecr_docker_entry *entry,
                                   bool *done, struct ecr_error *error)
{
    struct ecr_place_path path = helper_path(entry);
    return ecr_member_drop(text, &path, done, error);
}

static enum ecr_status set_helper(struct ecr_buf *text, const struct ecr_docker_entry *entry,
                                  bool *done, struct ecr_error *error)
{
    struct ecr_place_path path = helper_path(entry);
    *done = true;
    return put_string(text, &path, entry, error);
}

/* Docker takes a file of nothing for one that says nothing. */
static enum ecr_status fill_empty(struct ecr_buf *text, struct ecr_error *error)
{
    if (text->len > 0 && strspn(text->data, " \t\r\n") < text->len)
        return ECR_OK;
    ecr_buf_reset(text);
    return ecr_buf_text(text, "{}") == ECR_OK ? ECR_OK : ecr_fail_nomem(error);
}

/* Of the text; the document's failures become ours. */
static enum ecr_status translate(enum ecr_status status, const struct ecr_error *reason,
                                 struct ecr_error *error)
{
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    return status == ECR_OK ? ECR_OK
                            : ecr_fail(error, status == ECR_PROTOCOL ? ECR_CONFIG : status,
                                       "docker_config", "%s", reason->message);
}

enum ecr_status ecr_docker_edit_text(struct ecr_buf *text, const struct ecr_docker_edit *edit,
                                     size_t *done, struct ecr_error *error)
{
    static enum ecr_status (*const verbs[])(struct ecr_buf *, const struct ecr_docker_entry *,
                                            bool *, struct ecr_error *) = {
        [ECR_DOCKER_SET] = set,
        [ECR_DOCKER_REMOVE] = drop,
        [ECR_DOCKER_HELPER] = set_helper,
        [ECR_DOCKER_FORGET] = drop_helper};
    struct ecr_error reason;
    enum ecr_status status = fill_empty(text, &reason);
    *done = 0;
    for (size_t i = 0; i < edit->count && status == ECR_OK; i++) {
        bool made_a_difference;
        status = verbs[edit->verb](text, &edit->entries[i], &made_a_difference, &reason);
        *done += status == ECR_OK && made_a_difference;
    }
    return translate(status, &reason, error);
}

/* --- helpers --- */

/* Into `helper` what this member says; *is_there also when that is nothing. */
static enum ecr_status read_helper(const struct ecr_buf *text, const struct ecr_place_path *path,
                                   struct ecr_buf *helper, bool *is_there, struct ecr_error *error)
{
    enum ecr_member_kind kind;
    enum ecr_status status = ecr_member_read(text, path, helper, &kind, error);
    if (status != ECR_OK)
        return status;
    *is_there = kind != ECR_MEMBER_ABSENT;
    if (kind == ECR_MEMBER_OTHER ||
        (helper->len > 0 && !ecr_docker_is_helper(helper->data, helper->len)))
        return ecr_fail(error, ECR_PROTOCOL, "helper", "the helper it names in \"%s\" is none",
                        path->names[0].text);
    return ECR_OK;
}

enum ecr_status ecr_docker_helper_in(const struct ecr_buf *text, const char *registry, size_t len,
                                     struct ecr_buf *helper, struct ecr_error *error)
{
    const struct ecr_place_path own = {.names = {WORD("credHelpers"), {registry, len, false}},
                                       .count = 2},
                                everyones = {.names = {WORD("credsStore")}, .count = 1};
    struct ecr_error reason;
    bool is_there;
    if (text->len == 0 || strspn(text->data, " \t\r\n") == text->len)
        return ECR_OK;
    enum ecr_status status = read_helper(text, &own, helper, &is_there, &reason);
    if (status == ECR_OK && !is_there)
        status = read_helper(text, &everyones, helper, &is_there, &reason);
    return translate(status, &reason, error);
}

/* --- the file --- */

static enum ecr_status name_file(const char *path, enum ecr_status status,
                                 const struct ecr_error *reason, struct ecr_error *error)
{
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    return ecr_fail(error, status, "docker_config", "%.150s: %.150s", path, reason->message);
}

/* Makes *text a secret buffer, which its owner clears also after a failure. */
static enum ecr_status read_file(const char *path, struct ecr_buf *text, bool *found,
                                 struct ecr_error *error)
{
    struct ecr_error reason;
    enum ecr_status status = ecr_slurp(path, ECR_DOCKER_MAX_FILE, text, found, &reason);
    text->max = ECR_DOCKER_MAX_FILE;
    if (status == ECR_OK)
        return ECR_OK;
    return status == ECR_NOMEM ? ecr_fail_nomem(error)
                               : ecr_fail(error, ECR_CONFIG, "docker_config", "%s", reason.message);
}

static enum ecr_status edit_and_swap(const char *path, const struct ecr_buf *before,
                                     const struct ecr_buf *text, const struct ecr_docker_edit *edit,
                                     size_t *done, bool *swapped, struct ecr_error *error)
{
    struct ecr_error reason;
    struct ecr_buf edited;
    ecr_buf_init_secret(&edited, text->max);
    enum ecr_status status = ecr_buf_append(&edited, text->data, text->len);
    if (status != ECR_OK)
        return ecr_fail_nomem(error);
    status = ecr_docker_edit_text(&edited, edit, done, &reason);
    if (status != ECR_OK)
        status = name_file(path, status, &reason, error);
    else if (*done > 0)
        status = ecr_swap(path, before, edited.data, edited.len, swapped, error);
    else
        *swapped = true;
    ecr_buf_clear(&edited);
    return status;
}

enum ecr_status ecr_docker_edit_file(const char *path, const struct ecr_docker_edit *edit,
                                     size_t *done, struct ecr_error *error)
{
    for (int tries = 0; tries < MAX_TRIES; tries++) {
        struct ecr_buf text;
        bool found, swapped = false;
        enum ecr_status status = read_file(path, &text, &found, error);
        if (status == ECR_OK)
            status = edit_and_swap(path, found ? &text : NULL, &text, edit, done, &swapped, error);
        ecr_buf_clear(&text);
        if (status != ECR_OK || swapped)
            return status;
    }
    return ecr_fail(error, ECR_CONFIG, "docker_config", "%.200s: others change it all the time",
                    path);
}

enum ecr_status ecr_docker_helper_of(const char *path, const char *registry, size_t len,
                                     struct ecr_buf *helper, struct ecr_error *error)
{
    struct ecr_error reason;
    struct ecr_buf text;
    bool found;
    enum ecr_status status = read_file(path, &text, &found, error);
    if (status == ECR_OK) {
        status = ecr_docker_helper_in(&text, registry, len, helper, &reason);
        if (status != ECR_OK)
            status = name_file(path, status, &reason, error);
    }
    ecr_buf_clear(&text);
    return status;
}
