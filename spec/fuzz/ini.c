/* SPDX-License-Identifier: MIT */
/* Fuzzing target: AWS's shared files. The input is the file, read once as each of the two. Whether
 * it is refused, and for which line, is worked out a second time, with regular expressions over
 * single lines. The rows are held against the input, and written out again they must read the
 * same. */
#include "ini.h"

#include <regex.h>
#include <string.h>

#include "fuzz.h"
#include "utf8.h"

#define SPACE   "[ \t\r]*"
#define NAME    "[A-Za-z0-9_.%@/:+-]"
#define SPACED  "[A-Za-z0-9_.%@/:+ -]"
#define ANY     "(" NAME "+|\"" SPACED "+\"|'" SPACED "+')"
#define PREFIX  "(profile|sso-session|services)[ \t]"
#define COMMENT "[#;]"
#define KEY     "([^ \t\r=]|[ \t\r]+[^ \t\r=#;])*"

enum { BLANK, HEADER, CLOSED, CONFIG, CREDENTIALS, INDENTED, SETTING, NAMED, EMPTY, RULES };

static const char *const rules[RULES] = {
    [BLANK] = "^" SPACE "(" COMMENT ".*)?$",
    [HEADER] = "^\\[",
    [CLOSED] = "^\\[[^]]*]" SPACE "(" COMMENT ".*)?$",
    [CONFIG] = "^\\[" SPACE "(default|" PREFIX SPACE ANY ")" SPACE "]",
    [CREDENTIALS] = "^\\[" SPACE ANY SPACE "]",
    [INDENTED] = "^[ \t\r]",
    [SETTING] = "^" SPACE "[^ \t\r=]" KEY SPACE "=",
    [NAMED] = "^" SPACE NAME "+" SPACE "=",
    [EMPTY] = "^" SPACE NAME "+" SPACE "=" SPACE "([ \t\r]" COMMENT ".*)?$",
};

static bool matches(int rule, const char *line)
{
    static regex_t compiled[RULES];
    static bool ready[RULES];
    if (!ready[rule])
        MUST(regcomp(&compiled[rule], rules[rule], REG_EXTENDED | REG_NOSUB) == 0);
    ready[rule] = true;
    return regexec(&compiled[rule], line, 0, NULL, 0) == 0;
}

/* --- the verdict, once more --- */

/* What an indented line would be: nothing, ignored, more of a value, a setting of its own. */
enum above { NOTHING, IGNORED, VALUE, BLOCK };

struct verdict {
    enum ecr_ini_file file;
    bool inside, skipping; /* a section; one that does not count */
    enum above above;
};

static bool takes_header(struct verdict *verdict, const char *line)
{
    verdict->inside = true;
    verdict->skipping = !matches(verdict->file == ECR_INI_CONFIG ? CONFIG : CREDENTIALS, line);
    verdict->above = NOTHING;
    return matches(CLOSED, line);
}

static bool takes(struct verdict *verdict, const char *line)
{
    if (matches(BLANK, line))
        return true;
    if (matches(HEADER, line))
        return takes_header(verdict, line);
    if (verdict->skipping)
        return true;
    if (!verdict->inside || !ecr_utf8_valid(line, strlen(line)))
        return false;
    if (matches(INDENTED, line) && verdict->above != BLOCK)
        return verdict->above != NOTHING;
    if (!matches(INDENTED, line))
        verdict->above = !matches(NAMED, line) ? IGNORED : matches(EMPTY, line) ? BLOCK : VALUE;
    return matches(SETTING, line);
}

/* The line to blame, 0 for none. The text is cut into lines. */
static size_t line_to_blame(char *text, enum ecr_ini_file file)
{
    struct verdict verdict = {.file = file};
    size_t number = 1;
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    for (char *feed; (feed = strchr(text, '\n')); text = feed + 1, number++) {
        *feed = '\0';
        if (!takes(&verdict, text))
            return number;
    }
    return takes(&verdict, text) ? 0 : number;
}

static void check_verdict(const uint8_t *data, size_t size, enum ecr_ini_file file,
                          enum ecr_status status, const char *message)
{
    char start[40];
    if (memchr(data, '\0', size)) /* what regular expressions do not see */
        return;
    char *text = malloc(size + 1);
    MUST(text);
    memcpy(text, data, size);
    text[size] = '\0';
    size_t number = line_to_blame(text, file);
    free(text);
    snprintf(start, sizeof start, "line %zu: ", number);
    MUST((number == 0) == (status == ECR_OK));
    MUST(number == 0 || strncmp(message, start, strlen(start)) == 0);
}

/* --- the rows --- */

static bool is_within(const char *set, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == '\0' || !strchr(set, text[i]))
            return false;
    return len > 0;
}

#define SMALL "abcdefghijklmnopqrstuvwxyz0123456789_.-%@/:+"

static void check_name(const struct ecr_ini_row *row, const char *name)
{
    const char *set = row->kind == ECR_INI_SECTION ? SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ " : SMALL;
    MUST(is_within(set, name, row->name.len));
}

/* Each line of a value is a piece of the file, and begins and ends with more than space. */
static void check_value(const char *value, size_t len, const uint8_t *data, size_t size)
{
    MUST(ecr_utf8_valid(value, len) && !memchr(value, '\0', len));
    for (const char *end = value + len, *line = value, *feed; line < end; line = feed + 1) {
        feed = memchr(line, '\n', (size_t)(end - line));
        feed = feed ? feed : end;
        MUST(feed > line && !strchr(" \t\r", *line) && !strchr(" \t\r", feed[-1]));
        MUST(memmem(data, size, line, (size_t)(feed - line)));
    }
}

/* Of the two defaults one is there. */
static void check_default(const struct ecr_ini *ini)
{
    bool seen[2] = {false, false};
    for (size_t i = 0; i < ini->count; i++) {
        const struct ecr_ini_row *row = &ini->rows[i];
        bool named = row->name.len == strlen("default") &&
                     memcmp(ini->text.data + row->name.at, "default", row->name.len) == 0;
        MUST(!row->unprefixed || (named && row->kind == ECR_INI_SECTION));
        if (named && row->kind == ECR_INI_SECTION && row->section == ECR_INI_PROFILE)
            seen[row->unprefixed] = true;
    }
    MUST(!seen[false] || !seen[true]);
}

static void check_rows(const struct ecr_ini *ini, enum ecr_ini_file file, const uint8_t *data,
                       size_t size)
{
    const char *text = ini->text.data;
    for (size_t i = 0; i < ini->count; i++) {
        const struct ecr_ini_row *row = &ini->rows[i];
        MUST(row->name.at + row->name.len <= ini->text.len);
        MUST(row->value.at + row->value.len <= ini->text.len);
        MUST(i > 0 || row->kind == ECR_INI_SECTION);
        MUST(row->kind != ECR_INI_SUB || row[-1].kind == ECR_INI_BLOCK ||
             row[-1].kind == ECR_INI_SUB);
        MUST(file == ECR_INI_CONFIG || row->section == ECR_INI_PROFILE);
        check_name(row, text + row->name.at);
        check_value(text + row->value.at, row->value.len, data, size);
    }
}

/* --- written out and read again --- */

static void write_row(FILE *to, const struct ecr_ini *ini, const struct ecr_ini_row *row,
                      enum ecr_ini_file file)
{
    static const char *const kinds[] = {"profile ", "sso-session ", "services "};
    const char *name = ini->text.data + row->name.at, *value = ini->text.data + row->value.at;
    const char *kind = file == ECR_INI_CONFIG ? kinds[row->section] : "";
    int len = (int)row->name.len;
    if (row->kind == ECR_INI_SECTION && row->unprefixed) {
        fputs("[default]\n", to);
        return;
    }
    if (row->kind == ECR_INI_SECTION) {
        fprintf(to, "[%s\"%.*s\"]\n", kind, len, name);
        return;
    }
    fprintf(to, "%s%.*s=", row->kind == ECR_INI_SUB ? "  " : "", len, name);
    for (size_t i = 0; i < row->value.len; i++)
        fprintf(to, "%c%s", value[i], value[i] == '\n' ? " " : "");
    fputs(row->kind == ECR_INI_BLOCK ? "\n ! = skipped\n" : "\n", to);
}

static bool is_same(const struct ecr_ini *a, size_t i, const struct ecr_ini *b)
{
    const struct ecr_ini_row *x = &a->rows[i], *y = &b->rows[i];
    return x->kind == y->kind && x->section == y->section && x->unprefixed == y->unprefixed &&
           x->name.len == y->name.len && x->value.len == y->value.len &&
           memcmp(a->text.data + x->name.at, b->text.data + y->name.at, x->name.len) == 0 &&
           memcmp(a->text.data + x->value.at, b->text.data + y->value.at, x->value.len) == 0;
}

static void check_round_trip(const struct ecr_ini *ini, enum ecr_ini_file file)
{
    char *text = NULL;
    size_t size = 0;
    struct ecr_ini again;
    struct ecr_error error;
    FILE *to = open_memstream(&text, &size);
    MUST(to);
    for (size_t i = 0; i < ini->count; i++)
        write_row(to, ini, &ini->rows[i], file);
    MUST(fclose(to) == 0);
    ecr_ini_init(&again);
    MUST(ecr_ini_parse(text, size, file, &again, &error) == ECR_OK);
    MUST(again.count == ini->count);
    for (size_t i = 0; i < ini->count; i++)
        MUST(is_same(ini, i, &again));
    ecr_ini_clear(&again);
    free(text);
}

static void run(const uint8_t *data, size_t size, enum ecr_ini_file file)
{
    struct ecr_ini ini;
    struct ecr_error error = {.status = ECR_OK};
    ecr_ini_init(&ini);
    enum ecr_status status = ecr_ini_parse((const char *)data, size, file, &ini, &error);
    MUST(status == ECR_OK || (status == ECR_CONFIG && error.status == ECR_CONFIG));
    MUST(status == ECR_OK || (ini.count == 0 && !ini.rows && !ini.text.data));
    check_verdict(data, size, file, status, error.message);
    if (status == ECR_OK) {
        check_rows(&ini, file, data, size);
        check_default(&ini);
        check_round_trip(&ini, file);
    }
    ecr_ini_clear(&ini);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > ECR_INI_MAX_LINE) /* the limits have unit tests */
        return 0;
    run(data, size, ECR_INI_CONFIG);
    run(data, size, ECR_INI_CREDENTIALS);
    return 0;
}
