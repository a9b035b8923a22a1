/* SPDX-License-Identifier: MIT */
/* One pass of the JSON reader. What stands between two pieces that it tells of is white space, a
 * comma or a colon, and nothing else: the end of each is enough to know where the next begins. */
#include "place.h"

#include <string.h>

#include "json.h"

struct search {
    const struct ecr_buf *text;
    const struct ecr_place_path *path;
    struct ecr_buf *value; /* gets the text at the end of the path; NULL = it is not wanted */
    struct ecr_json_reader *reader;
    size_t end; /* of the piece before */
    size_t depth;
    bool awaited; /* the value that comes now belongs to the key that was found */
    struct ecr_place *place;
};

/* --- places --- */

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The piece that the reader tells of. */
static struct ecr_piece current(const struct search *search)
{
    const char *text = search->text->data;
    size_t at = search->end;
    while (is_white(text[at]) || text[at] == ',' || text[at] == ':')
        at++;
    return (struct ecr_piece){at, ecr_json_offset(search->reader) - at};
}

static void leave(struct search *search)
{
    search->end = ecr_json_offset(search->reader);
}

/* The object that the reader is directly inside, if it is on the path. */
static struct ecr_level *inside(struct search *search)
{
    if (search->depth == 0 || search->depth > search->place->deepest + 1)
        return NULL;
    struct ecr_level *level = &search->place->levels[search->depth - 1];
    return level->close ? NULL : level;
}

/* --- names --- */

/* How many bytes at `at` fold to this small letter; 0 = they do not. */
static size_t folds_to(const char *at, size_t left, char letter)
{
    static const char long_s[] = "\xc5\xbf", kelvin[] = "\xe2\x84\xaa";
    if (left >= 1 && (at[0] == letter || at[0] == letter - 'a' + 'A'))
        return 1;
    if (letter == 's' && left >= 2 && memcmp(at, long_s, 2) == 0)
        return 2;
    return letter == 'k' && left >= 3 && memcmp(at, kelvin, 3) == 0 ? 3 : 0;
}

static char small(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool folds_to_name(const char *text, size_t len, const struct ecr_place_name *name)
{
    size_t at = 0;
    for (size_t i = 0; i < name->len; i++) {
        size_t step = folds_to(text + at, len - at, small(name->text[i]));
        if (step == 0)
            return false;
        at += step;
    }
    return at == len;
}

static bool is_name(const char *text, size_t len, const struct ecr_place_name *name)
{
    return len == name->len && memcmp(text, name->text, len) == 0;
}

/* --- what the reader tells --- */

static void end_value(const struct search *search, struct ecr_level *level)
{
    if (level->found && level->value.len == 0)
        level->value.len = search->end - level->value.at;
}

static enum ecr_status on_key(void *owner, const char *text, size_t len, struct ecr_error *error)
{
    struct search *search = owner;
    struct ecr_level *level = inside(search);
    if (level) {
        const struct ecr_place_name *name = &search->path->names[search->depth - 1];
        struct ecr_piece key = current(search);
        end_value(search, level);
        if (level->found && !level->after)
            level->after = key.at;
        if (is_name(text, len, name)) {
            level->found = search->awaited = true;
            level->key = key;
            level->before = search->end;
        } else if (name->folded && folds_to_name(text, len, name)) {
            return ecr_fail(error, ECR_PROTOCOL, "spelling",
                            "\"%s\" is spelled in another way, which some tools take for the same",
                            name->text);
        }
        level->last = key;
        level->count++;
    }
    leave(search);
    return ECR_OK;
}

/* A value, or the bracket that opens one. */
static void begin_value(struct search *search, enum ecr_place_kind kind)
{
    if (search->awaited) {
        struct ecr_level *level = &search->place->levels[search->depth - 1];
        level->value.at = current(search).at;
        level->kind = kind;
    }
}

static enum ecr_status pass(struct search *search, enum ecr_place_kind kind)
{
    begin_value(search, kind);
    search->awaited = false;
    leave(search);
    return ECR_OK;
}

static enum ecr_status on_null(void *owner, struct ecr_error *error)
{
    (void)error;
    return pass(owner, ECR_PLACE_NULL);
}

static enum ecr_status on_boolean(void *owner, bool value, struct ecr_error *error)
{
    (void)value;
    (void)error;
    return pass(owner, ECR_PLACE_SCALAR);
}

static enum ecr_status on_integer(void *owner, int64_t value, struct ecr_error *error)
{
    (void)value;
    (void)error;
    return pass(owner, ECR_PLACE_SCALAR);
}

static enum ecr_status on_number(void *owner, double value, struct ecr_error *error)
{
    (void)value;
    (void)error;
    return pass(owner, ECR_PLACE_SCALAR);
}

static enum ecr_status on_string(void *owner, const char *text, size_t len, struct ecr_error *error)
{
    struct search *search = owner;
    bool wanted = search->awaited && search->depth == search->path->count && search->value;
    if (wanted && ecr_buf_append(search->value, text, len) != ECR_OK)
        return ecr_fail_nomem(error);
    return pass(search, ECR_PLACE_STRING);
}

static enum ecr_status on_begin(void *owner, bool list, struct ecr_error *error)
{
    struct search *search = owner;
    bool leads_on = search->depth == 0 || (search->awaited && search->depth < search->path->count);
    size_t at = current(search).at;
    if (search->depth == 0 && list)
        return ecr_fail(error, ECR_PROTOCOL, "object", "it is no JSON object");
    begin_value(search, list ? ECR_PLACE_LIST : ECR_PLACE_OBJECT);
    search->awaited = false;
    if (leads_on && !list) {
        search->place->deepest = search->depth;
        search->place->levels[search->depth].open = at;
    }
    search->depth++;
    leave(search);
    return ECR_OK;
}

static enum ecr_status on_end(void *owner, struct ecr_error *error)
{
    struct search *search = owner;
    struct ecr_level *level = inside(search);
    (void)error;
    if (level) {
        end_value(search, level);
        level->tail = search->end;
        level->close = current(search).at;
    }
    search->depth--;
    leave(search);
    return ECR_OK;
}

static const struct ecr_json_handler handler = {
    .null = on_null,
    .boolean = on_boolean,
    .integer = on_integer,
    .number = on_number,
    .string = on_string,
    .key = on_key,
    .begin = on_begin,
    .end = on_end,
};

/* --- finding --- */

static enum ecr_status read_document(struct search *search, struct ecr_error *error)
{
    const struct ecr_buf *text = search->text;
    search->reader = ecr_json_reader_new(&handler, search);
    if (!search->reader)
        return ecr_fail_nomem(error);
    enum ecr_status status = ecr_json_feed(search->reader, text->data, text->len, error);
    if (status == ECR_OK)
        status = ecr_json_finish(search->reader, error);
    ecr_json_reader_free(search->reader);
    return status;
}

/* The path leads on through objects, or ends at nothing. */
static enum ecr_status check_way(const struct search *search, struct ecr_error *error)
{
    const struct ecr_level *level = &search->place->levels[search->place->deepest];
    bool at_end = search->place->deepest + 1 == search->path->count;
    if (!level->close)
        return ecr_fail(error, ECR_PROTOCOL, "object", "it is no JSON object");
    if (at_end || !level->found || level->kind == ECR_PLACE_NULL)
        return ECR_OK;
    return ecr_fail(error, ECR_PROTOCOL, "object", "what \"%.100s\" names in it is no object",
                    search->path->names[search->place->deepest].text);
}

enum ecr_status ecr_place_find(const struct ecr_buf *text, const struct ecr_place_path *path,
                               struct ecr_buf *value, struct ecr_place *place,
                               struct ecr_error *error)
{
    struct search search = {.text = text, .path = path, .value = value, .place = place};
    struct ecr_error reason;
    *place = (struct ecr_place){0};
    if (text->len == 0)
        return ecr_fail(error, ECR_PROTOCOL, "json", "it is empty");
    enum ecr_status status = read_document(&search, &reason);
    if (status == ECR_NOMEM)
        return ecr_fail_nomem(error);
    if (status != ECR_OK && strcmp(reason.code, "duplicate_key") == 0) /* whose message quotes it */
        return ecr_fail(error, status, reason.code, "it has a key twice in one object");
    if (status != ECR_OK)
        return ecr_fail(error, status, reason.code, "%s", reason.message);
    return check_way(&search, error);
}

const struct ecr_level *ecr_place_target(const struct ecr_place *place,
                                         const struct ecr_place_path *path)
{
    const struct ecr_level *level = &place->levels[place->deepest];
    return place->deepest + 1 == path->count && level->found ? level : NULL;
}
