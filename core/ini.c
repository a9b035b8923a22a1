/* SPDX-License-Identifier: MIT */
/* One pass over the lines. What the lines above leave to know is small: whether there is a section
 * and whether it counts, and the same of the setting that an indented line would continue, which is
 * the last row. */
#include "ini.h"

#include <ctype.h>
#include <string.h>

#include "alloc.h"
#include "slurp.h"
#include "utf8.h"

static const char byte_order_mark[] = "\xef\xbb\xbf";

enum state {
    NONE,    /* there was none */
    SKIPPED, /* its name is none */
    OPEN,
};

struct reader {
    struct ecr_ini *ini;
    enum ecr_ini_file file;
    enum state section, setting;
    size_t line;
    struct ecr_error *error;
};

struct span {
    const char *at;
    size_t len;
};

/* --- text --- */

/* A carriage return in front of a line feed is one at a line's end. */
static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_comment(char c)
{
    return c == '#' || c == ';';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_space(text.at[text.len - 1]))
        text.len--;
    while (text.len > 0 && is_space(*text.at)) {
        text.at++;
        text.len--;
    }
    return text;
}

static struct span without_comment(struct span line)
{
    for (size_t i = 1; i < line.len; i++)
        if (is_comment(line.at[i]) && is_space(line.at[i - 1]))
            return (struct span){line.at, i};
    return line;
}

/* The two sides of the first of these bytes; false when there is none. */
static bool split(struct span text, const char *bytes, struct span *before, struct span *after)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\0' || !strchr(bytes, text.at[i]))
            continue;
        *before = trim((struct span){text.at, i});
        *after = trim((struct span){text.at + i + 1, text.len - i - 1});
        return true;
    }
    return false;
}

static bool is_name(struct span text, bool spaces)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || !strchr("_.-%@/:+", c)) && !(spaces && c == ' '))
            return false;
    }
    return text.len > 0;
}

static bool is_word(struct span text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

/* --- rows --- */

static enum ecr_status refuse(const struct reader *reader, const char *why)
{
    return ecr_fail(reader->error, ECR_CONFIG, "config_file", "line %zu: %s", reader->line, why);
}

/* The text is never longer than the file, so that only memory can be short. */
static enum ecr_status keep(struct reader *reader, struct span text, struct ecr_ini_piece *piece)
{
    *piece = (struct ecr_ini_piece){reader->ini->text.len, text.len};
    return ecr_buf_append(&reader->ini->text, text.at, text.len) == ECR_OK
               ? ECR_OK
               : ecr_fail_nomem(reader->error);
}

static enum ecr_status push(struct reader *reader, struct ecr_ini_row row)
{
    struct ecr_ini *ini = reader->ini;
    if (ini->count == ECR_INI_MAX_ROWS)
        return refuse(reader, "there are too many sections and settings");
    if (ini->count == ini->cap) {
        size_t cap = ini->cap ? ini->cap * 2 : 64;
        struct ecr_ini_row *rows = ecr_realloc(ini->rows, cap * sizeof *rows);
        if (!rows)
            return ecr_fail_nomem(reader->error);
        ini->rows = rows;
        ini->cap = cap;
    }
    ini->rows[ini->count++] = row;
    return ECR_OK;
}

/* --- sections --- */

/* What the quotes hold; names with a space in them have some. */
static bool read_name(struct span text, struct span *name)
{
    char quote = text.len > 1 ? *text.at : '\0';
    bool quoted = (quote == '"' || quote == '\'') && text.at[text.len - 1] == quote;
    *name = quoted ? (struct span){text.at + 1, text.len - 2} : text;
    return is_name(*name, quoted);
}

/* `[kind name]`, or `[default]`. False for what does not count. */
static bool read_config_header(struct span header, struct ecr_ini_row *row, struct span *name)
{
    static const char *const kinds[] = {[ECR_INI_PROFILE] = "profile",
                                        [ECR_INI_SSO_SESSION] = "sso-session",
                                        [ECR_INI_SERVICES] = "services"};
    struct span kind, rest;
    row->unprefixed = is_word(header, "default");
    *name = header;
    if (row->unprefixed)
        return true;
    if (!split(header, " \t", &kind, &rest))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        row->section = (enum ecr_ini_section)i;
        if (is_word(kind, kinds[i]))
            return read_name(rest, name);
    }
    return false;
}

static enum ecr_status read_section(struct reader *reader, struct span line)
{
    struct ecr_ini_row row = {.kind = ECR_INI_SECTION, .section = ECR_INI_PROFILE};
    struct span header, rest, name;
    line = (struct span){line.at + 1, line.len - 1};
    if (!split(line, "]", &header, &rest))
        return refuse(reader, "the section's name has no closing bracket");
    if (rest.len > 0 && !is_comment(*rest.at))
        return refuse(reader, "there is something behind the section's closing bracket");
    bool counts = reader->file == ECR_INI_CONFIG ? read_config_header(header, &row, &name)
                                                 : read_name(header, &name);
    reader->section = counts ? OPEN : SKIPPED;
    reader->setting = NONE;
    if (!counts)
        return ECR_OK;
    enum ecr_status status = keep(reader, name, &row.name);
    return status == ECR_OK ? push(reader, row) : status;
}

/* --- settings --- */

static void lower(struct ecr_ini *ini, struct ecr_ini_piece piece)
{
    for (char *c = ini->text.data + piece.at; piece.len > 0; c++, piece.len--)
        *c = (char)tolower((unsigned char)*c);
}

/* A row of this kind, unless its name is none; *counts says whether. */
static enum ecr_status read_setting(struct reader *reader, struct span line, enum ecr_ini_kind kind,
                                    bool *counts)
{
    struct ecr_ini_row row = {.kind = kind};
    struct span key, value;
    if (!split(without_comment(line), "=", &key, &value))
        return refuse(reader, "a setting needs an equals sign");
    if (key.len == 0)
        return refuse(reader, "there is no name in front of the equals sign");
    *counts = is_name(key, false);
    if (!*counts)
        return ECR_OK;
    enum ecr_status status = keep(reader, key, &row.name);
    if (status == ECR_OK)
        status = keep(reader, value, &row.value);
    if (status != ECR_OK)
        return status;
    lower(reader->ini, row.name);
    return push(reader, row);
}

/* The last row's value is the end of the text. */
static enum ecr_status lengthen(struct reader *reader, struct ecr_ini_row *row, struct span line)
{
    struct ecr_ini_piece feed, more;
    enum ecr_status status = keep(reader, (struct span){"\n", 1}, &feed);
    if (status == ECR_OK)
        status = keep(reader, line, &more);
    if (status == ECR_OK)
        row->value.len += feed.len + more.len;
    return status;
}

static enum ecr_status read_indented(struct reader *reader, struct span line)
{
    bool counts;
    if (reader->setting == NONE)
        return refuse(reader, "an indented line continues a setting, and there is none above it");
    if (reader->setting == SKIPPED)
        return ECR_OK;
    struct ecr_ini_row *last = &reader->ini->rows[reader->ini->count - 1];
    if (last->kind == ECR_INI_VALUE && last->value.len > 0)
        return lengthen(reader, last, line);
    if (last->kind == ECR_INI_VALUE)
        last->kind = ECR_INI_BLOCK;
    return read_setting(reader, line, ECR_INI_SUB, &counts);
}

static enum ecr_status read_outdented(struct reader *reader, struct span line)
{
    bool counts = false;
    if (reader->section == NONE)
        return refuse(reader, "it stands before the first section");
    enum ecr_status status = read_setting(reader, line, ECR_INI_VALUE, &counts);
    reader->setting = counts ? OPEN : SKIPPED;
    return status;
}

/* --- lines --- */

static enum ecr_status read_line(struct reader *reader, struct span line)
{
    struct span text = trim(line);
    if (line.len > ECR_INI_MAX_LINE)
        return refuse(reader, "the line is too long");
    if (text.len == 0 || is_comment(*text.at))
        return ECR_OK;
    if (*line.at == '[')
        return read_section(reader, line);
    if (reader->section == SKIPPED)
        return ECR_OK;
    if (memchr(text.at, '\0', text.len) || !ecr_utf8_valid(text.at, text.len))
        return refuse(reader, "it is not UTF-8 text");
    return is_space(*line.at) ? read_indented(reader, text) : read_outdented(reader, text);
}

static enum ecr_status read_lines(struct reader *reader, struct span rest)
{
    enum ecr_status status = ECR_OK;
    while (rest.len > 0 && status == ECR_OK) {
        const char *feed = memchr(rest.at, '\n', rest.len);
        size_t len = feed ? (size_t)(feed - rest.at) : rest.len;
        size_t step = feed ? len + 1 : len;
        reader->line++;
        status = read_line(reader, (struct span){rest.at, len});
        rest = (struct span){rest.at + step, rest.len - step};
    }
    return status;
}

static bool is_prefixed_default(const struct ecr_ini *ini, const struct ecr_ini_row *row)
{
    struct span name = {ini->text.data + row->name.at, row->name.len};
    return row->kind == ECR_INI_SECTION && row->section == ECR_INI_PROFILE && !row->unprefixed &&
           is_word(name, "default");
}

/* In the config file one `[profile default]` is enough to make every `[default]` go. */
static void choose_default(struct ecr_ini *ini)
{
    size_t i = 0, kept = 0;
    bool dropping = false;
    while (i < ini->count && !is_prefixed_default(ini, &ini->rows[i]))
        i++;
    if (i == ini->count)
        return;
    for (i = 0; i < ini->count; i++) {
        if (ini->rows[i].kind == ECR_INI_SECTION)
            dropping = ini->rows[i].unprefixed;
        if (!dropping)
            ini->rows[kept++] = ini->rows[i];
    }
    ini->count = kept;
}

void ecr_ini_init(struct ecr_ini *ini)
{
    *ini = (struct ecr_ini){0};
    ecr_buf_init_secret(&ini->text, ECR_INI_MAX_FILE);
}

void ecr_ini_clear(struct ecr_ini *ini)
{
    ecr_free(ini->rows);
    ini->rows = NULL;
    ini->count = ini->cap = 0;
    ecr_buf_clear(&ini->text);
}

enum ecr_status ecr_ini_parse(const char *bytes, size_t len, enum ecr_ini_file file,
                              struct ecr_ini *ini, struct ecr_error *error)
{
    struct reader reader = {.ini = ini, .file = file, .error = error};
    size_t mark = sizeof byte_order_mark - 1;
    if (len > ECR_INI_MAX_FILE)
        return ecr_fail(error, ECR_CONFIG, "config_file", "it is larger than %zu bytes",
                        ECR_INI_MAX_FILE);
    if (len < mark || memcmp(bytes, byte_order_mark, mark) != 0)
        mark = 0;
    enum ecr_status status = read_lines(&reader, (struct span){bytes + mark, len - mark});
    if (status != ECR_OK)
        ecr_ini_clear(ini);
    else if (file == ECR_INI_CONFIG)
        choose_default(ini);
    return status;
}

static const char *bytes_of(const struct ecr_buf *buf)
{
    return buf->data ? buf->data : "";
}

enum ecr_status ecr_ini_read(const char *path, enum ecr_ini_file file, struct ecr_ini *ini,
                             bool *found, struct ecr_error *error)
{
    struct ecr_buf buf;
    struct ecr_error reason;
    enum ecr_status status = ecr_slurp(path, ECR_INI_MAX_FILE, &buf, found, &reason);
    if (status == ECR_CONFIG)
        ecr_fail(error, ECR_CONFIG, "config_file", "%s", reason.message);
    if (status == ECR_OK) {
        status = ecr_ini_parse(bytes_of(&buf), buf.len, file, ini, &reason);
        if (status == ECR_CONFIG)
            ecr_fail(error, ECR_CONFIG, "config_file", "%.200s, %.100s", path, reason.message);
    }
    ecr_buf_clear(&buf);
    return status == ECR_NOMEM ? ecr_fail_nomem(error) : status;
}
