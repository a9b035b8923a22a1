/* SPDX-License-Identifier: MIT */
/* The text is cut in one place, and something put between. */
#include "member.h"

#include <string.h>

#include "json.h"

/* Keys are UTF-8: only memory and room can be short. */
static enum ecr_status fail_append(enum ecr_status status, struct ecr_error *error)
{
    return status == ECR_NOMEM ? ecr_fail_nomem(error)
                               : ecr_fail(error, ECR_PROTOCOL, "too_large", "it becomes too large");
}

/* Puts `made` in the place of a piece of the text. */
static enum ecr_status cut(struct ecr_buf *text, struct ecr_piece old, const struct ecr_buf *made,
                           struct ecr_error *error)
{
    struct ecr_buf edited;
    size_t rest = old.at + old.len;
    ecr_buf_init_secret(&edited, text->max);
    enum ecr_status status = ecr_buf_append(&edited, text->data, old.at);
    if (status == ECR_OK)
        status = ecr_buf_append(&edited, made->data, made->len);
    if (status == ECR_OK)
        status = ecr_buf_append(&edited, text->data + rest, text->len - rest);
    if (status != ECR_OK) {
        ecr_buf_clear(&edited);
        return fail_append(status, error);
    }
    ecr_buf_clear(text);
    *text = edited;
    return ECR_OK;
}

/* --- reading, and taking away --- */

enum ecr_status ecr_member_read(const struct ecr_buf *text, const struct ecr_place_path *path,
                                struct ecr_buf *value, enum ecr_member_kind *kind,
                                struct ecr_error *error)
{
    struct ecr_place place;
    enum ecr_status status = ecr_place_find(text, path, value, &place, error);
    const struct ecr_level *level = status == ECR_OK ? ecr_place_target(&place, path) : NULL;
    *kind = ECR_MEMBER_ABSENT;
    if (level && level->kind == ECR_PLACE_STRING)
        *kind = ECR_MEMBER_STRING;
    else if (level)
        *kind = level->kind == ECR_PLACE_NULL ? ECR_MEMBER_NULL : ECR_MEMBER_OTHER;
    return status;
}

enum ecr_status ecr_member_drop(struct ecr_buf *text, const struct ecr_place_path *path,
                                bool *dropped, struct ecr_error *error)
{
    struct ecr_buf nothing = {0};
    struct ecr_place place;
    enum ecr_status status = ecr_place_find(text, path, NULL, &place, error);
    const struct ecr_level *level = status == ECR_OK ? ecr_place_target(&place, path) : NULL;
    *dropped = false;
    if (!level)
        return status;
    size_t from = level->before, to = level->value.at + level->value.len;
    if (level->count == 1) {
        to = level->close;
    } else if (level->before == level->open + 1) {
        from = level->key.at;
        to = level->after;
    }
    status = cut(text, (struct ecr_piece){from, to - from}, &nothing, error);
    *dropped = status == ECR_OK;
    return status;
}

/* --- what is put looks like what is there --- */

struct span {
    const char *at;
    size_t len;
};

#define SPAN(literal) ((struct span){literal, sizeof literal - 1})

struct style {
    struct span line;  /* the end of a line and a member's indentation; empty = all on one line */
    struct span unit;  /* one step of indentation */
    struct span colon; /* what stands behind a colon */
};

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span white_before(const struct ecr_buf *text, size_t at)
{
    size_t from = at;
    while (from > 0 && is_white(text->data[from - 1]))
        from--;
    return (struct span){text->data + from, at - from};
}

/* The last line of white space with the end of the line above; empty when all is on one line. */
static struct span last_line(struct span white)
{
    const char *feed = memrchr(white.at, '\n', white.len), *end = white.at + white.len;
    if (!feed)
        return (struct span){end, 0};
    if (feed > white.at && feed[-1] == '\r')
        feed--;
    return (struct span){feed, (size_t)(end - feed)};
}

static struct span without_feed(struct span line)
{
    while (line.len > 0 && (*line.at == '\r' || *line.at == '\n')) {
        line.at++;
        line.len--;
    }
    return line;
}

static struct span behind_colon(const struct ecr_buf *text, struct ecr_piece key)
{
    const char *colon = memchr(text->data + key.at + key.len, ':', text->len - key.at - key.len);
    struct span white = {colon + 1, 0};
    while (is_white(white.at[white.len]))
        white.len++;
    return memchr(white.at, '\n', white.len) ? SPAN(" ") : white;
}

/* As a member with this key is written. */
static struct style style_of(const struct ecr_buf *text, const struct ecr_place *place,
                             struct ecr_piece key)
{
    size_t top = place->levels[0].last.at;
    return (struct style){.line = last_line(white_before(text, key.at)),
                          .unit = without_feed(last_line(white_before(text, top))),
                          .colon = behind_colon(text, key)};
}

/* As docker writes a file, but for the ends of lines that are there already. */
static struct style own_style(const struct ecr_buf *text)
{
    const char *feed = memchr(text->data, '\n', text->len);
    bool is_crlf = feed && feed > text->data && feed[-1] == '\r';
    return (struct style){
        .line = is_crlf ? SPAN("\r\n") : SPAN("\n"), .unit = SPAN("\t"), .colon = SPAN(" ")};
}

/* --- putting --- */

struct writer {
    struct ecr_buf made;
    struct style style;
    enum ecr_status status;
};

static void add(struct writer *writer, struct span span)
{
    if (writer->status == ECR_OK)
        writer->status = ecr_buf_append(&writer->made, span.at, span.len);
}

static void add_line(struct writer *writer, size_t steps)
{
    if (writer->style.line.len == 0)
        return;
    add(writer, writer->style.line);
    for (size_t i = 0; i < steps; i++)
        add(writer, writer->style.unit);
}

static void add_key(struct writer *writer, const struct ecr_place_name *name)
{
    if (writer->status == ECR_OK)
        writer->status = ecr_json_quote(&writer->made, name->text, name->len);
    add(writer, SPAN(":"));
    add(writer, writer->style.colon);
}

/* The member of the path from this level on, with `opened` braces around it that are to be written
 * (0 or 1). */
static void add_members(struct writer *writer, const struct ecr_place_path *path, size_t level,
                        size_t opened, struct span value)
{
    size_t steps = 0;
    for (size_t i = level; i < path->count; i++) {
        if (i > level || opened) {
            add(writer, SPAN("{"));
            add_line(writer, ++steps);
        }
        add_key(writer, &path->names[i]);
    }
    add(writer, value);
    while (steps > 0) {
        add_line(writer, --steps);
        add(writer, SPAN("}"));
    }
}

/* Behind the last member of an object that has some. */
static struct ecr_piece add_behind(struct writer *writer, const struct ecr_buf *text,
                                   const struct ecr_place *place, const struct ecr_place_path *path,
                                   struct span value)
{
    const struct ecr_level *level = &place->levels[place->deepest];
    struct span white = white_before(text, level->last.at);
    writer->style = style_of(text, place, level->last);
    if (writer->style.line.len > 0)
        white = writer->style.line;
    else if (level->count == 1 && white.len == 0)
        white = writer->style.colon;
    add(writer, SPAN(","));
    add(writer, white);
    add_members(writer, path, place->deepest, 0, value);
    return (struct ecr_piece){level->tail, 0};
}

/* In the place of an object that is empty, or of a null that stands for one. */
static struct ecr_piece add_object(struct writer *writer, const struct ecr_buf *text,
                                   const struct ecr_place *place, const struct ecr_place_path *path,
                                   struct span value)
{
    const struct ecr_level *level = &place->levels[place->deepest];
    size_t first = place->deepest;
    if (level->found) {
        writer->style = style_of(text, place, level->key);
        add_members(writer, path, first + 1, 1, value);
        return level->value;
    }
    writer->style = first > 0 ? style_of(text, place, level[-1].key) : own_style(text);
    add_members(writer, path, first, 1, value);
    return (struct ecr_piece){level->open, level->close + 1 - level->open};
}

static struct ecr_piece add_all(struct writer *writer, const struct ecr_buf *text,
                                const struct ecr_place *place, const struct ecr_place_path *path,
                                struct span value)
{
    const struct ecr_level *target = ecr_place_target(place, path);
    const struct ecr_level *level = &place->levels[place->deepest];
    if (target) {
        add(writer, value);
        return target->value;
    }
    return level->count > 0 && !level->found ? add_behind(writer, text, place, path, value)
                                             : add_object(writer, text, place, path, value);
}

enum ecr_status ecr_member_put(struct ecr_buf *text, const struct ecr_place_path *path,
                               const char *value, size_t len, struct ecr_error *error)
{
    struct ecr_place place;
    struct writer writer = {.status = ECR_OK};
    enum ecr_status status = ecr_place_find(text, path, NULL, &place, error);
    if (status != ECR_OK)
        return status;
    ecr_buf_init_secret(&writer.made, text->max);
    struct ecr_piece old = add_all(&writer, text, &place, path, (struct span){value, len});
    status = writer.status == ECR_OK ? cut(text, old, &writer.made, error)
                                     : fail_append(writer.status, error);
    ecr_buf_clear(&writer.made);
    return status;
}
