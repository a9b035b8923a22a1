/* SPDX-License-Identifier: MIT */
/* A list of names and values in one of three spellings. Values hold no control characters: what
 * credentials are made of was checked when they were. */
#include "export.h"

#include <string.h>

#include "json.h"
#include "timestamp.h"

/* One member: its name in JSON and in an environment, either of them NULL where it has none. */
struct member {
    const char *json, *variable;
    const char *value;
    size_t len;
};

#define MEMBERS 5

static const char *const form_names[] = {
    [ECR_EXPORT_PROCESS] = "process",
    [ECR_EXPORT_ENV] = "env",
    [ECR_EXPORT_PLAIN] = "env-no-export",
};

bool ecr_export_form(const char *name, enum ecr_export *form)
{
    for (size_t i = 0; i < sizeof form_names / sizeof *form_names; i++) {
        if (strcmp(form_names[i], name) == 0) {
            *form = (enum ecr_export)i;
            return true;
        }
    }
    return false;
}

static struct member of_text(const char *json, const char *variable, const char *text)
{
    return (struct member){json, variable, text, strlen(text)};
}

static struct member of_secret(const char *json, const char *variable,
                               const struct ecr_secret *secret)
{
    return (struct member){json, variable, secret ? ecr_secret_bytes(secret) : "",
                           secret ? ecr_secret_len(secret) : 0};
}

/* Those of the credentials; what they do not have is empty. */
static void collect(const struct ecr_creds *creds, const char *expiration,
                    struct member members[MEMBERS])
{
    members[0] = of_text("AccessKeyId", "AWS_ACCESS_KEY_ID", ecr_creds_id(creds));
    members[1] = of_secret("SecretAccessKey", "AWS_SECRET_ACCESS_KEY", ecr_creds_key(creds));
    members[2] = of_secret("SessionToken", "AWS_SESSION_TOKEN", ecr_creds_token(creds));
    members[3] = of_text("Expiration", "AWS_CREDENTIAL_EXPIRATION", expiration);
    members[4] = of_text("AccountId", NULL, ecr_creds_account(creds));
}

/* ,"name":"value" */
static enum ecr_status append_json(struct ecr_buf *buf, const struct member *member)
{
    enum ecr_status status = ecr_buf_text(buf, ",\"");
    if (status == ECR_OK)
        status = ecr_buf_text(buf, member->json);
    if (status == ECR_OK)
        status = ecr_buf_text(buf, "\":");
    return status == ECR_OK ? ecr_json_quote(buf, member->value, member->len) : status;
}

/* Whether a shell takes the value for one word as it is. */
static bool is_word(const struct member *member)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "/+=_.:@%^,-";
    return strspn(member->value, plain) == member->len;
}

static enum ecr_status append_quoted(struct ecr_buf *buf, const struct member *member)
{
    enum ecr_status status = ecr_buf_byte(buf, '\'');
    for (size_t i = 0; i < member->len && status == ECR_OK; i++) {
        if (member->value[i] == '\'')
            status = ecr_buf_text(buf, "'\\''");
        else
            status = ecr_buf_byte(buf, member->value[i]);
    }
    return status == ECR_OK ? ecr_buf_byte(buf, '\'') : status;
}

static enum ecr_status append_line(struct ecr_buf *buf, const struct member *member, bool shell)
{
    enum ecr_status status = ecr_buf_text(buf, shell ? "export " : "");
    if (status == ECR_OK)
        status = ecr_buf_text(buf, member->variable);
    if (status == ECR_OK)
        status = ecr_buf_byte(buf, '=');
    if (status == ECR_OK && shell && !is_word(member))
        status = append_quoted(buf, member);
    else if (status == ECR_OK)
        status = ecr_buf_append(buf, member->value, member->len);
    return status == ECR_OK ? ecr_buf_byte(buf, '\n') : status;
}

enum ecr_status ecr_export_append(struct ecr_buf *buf, const struct ecr_creds *creds,
                                  enum ecr_export form)
{
    struct member members[MEMBERS];
    char expiration[ECR_TIMESTAMP_SIZE] = "";
    bool json = form == ECR_EXPORT_PROCESS;
    if (ecr_creds_expires(creds) != ECR_CREDS_NEVER)
        ecr_timestamp_format(ecr_creds_expires(creds), expiration);
    collect(creds, expiration, members);
    enum ecr_status status = ecr_buf_text(buf, json ? "{\"Version\":1" : "");
    for (size_t i = 0; i < MEMBERS && status == ECR_OK; i++) {
        if (members[i].len == 0)
            continue;
        if (json)
            status = append_json(buf, &members[i]);
        else if (members[i].variable)
            status = append_line(buf, &members[i], form == ECR_EXPORT_ENV);
    }
    return status == ECR_OK ? ecr_buf_text(buf, json ? "}\n" : "") : status;
}
