/* SPDX-License-Identifier: MIT */
/* Rows of the shared files. What they mean together is in spec/bind/ini_spec.lua, with the table of
 * cases that AWS's SDKs share; here are the rows themselves, limits, memory and files. */
#include "ini.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"
#include "setting.h"
#include "unit.h"

/* "[0 foo] a=1 s3{ b=2" */
static void dump(const struct ecr_ini *ini, char *to, size_t size)
{
    size_t used = 0;
    to[0] = '\0';
    for (size_t i = 0; i < ini->count && used < size; i++) {
        const struct ecr_ini_row *row = &ini->rows[i];
        const char *text = ini->text.data, *space = i > 0 ? " " : "";
        const char *name = text + row->name.at, *value = text + row->value.at;
        int name_len = (int)row->name.len, value_len = (int)row->value.len;
        char *at = to + used;
        if (row->kind == ECR_INI_SECTION)
            used += (size_t)snprintf(at, size - used, "%s[%d %.*s]", space, (int)row->section,
                                     name_len, name);
        else if (row->kind == ECR_INI_BLOCK)
            used += (size_t)snprintf(at, size - used, "%s%.*s{", space, name_len, name);
        else
            used += (size_t)snprintf(at, size - used, "%s%.*s=%.*s", space, name_len, name,
                                     value_len, value);
    }
}

static void check_rows(enum ecr_ini_file file, const char *text, size_t len, const char *expected)
{
    char rows[1000];
    struct ecr_ini ini;
    struct ecr_error error = {.status = ECR_OK};
    char *exact = malloc(len ? len : 1); /* so that a byte too many is seen */
    memcpy(exact, text, len);
    ecr_ini_init(&ini);
    CHECK(ecr_ini_parse(exact, len, file, &ini, &error) == ECR_OK);
    CHECK_TEXT(error.message, "");
    dump(&ini, rows, sizeof rows);
    CHECK_TEXT(rows, expected);
    ecr_ini_clear(&ini);
    free(exact);
}

#define ROWS_OF(file, text, expected) check_rows(file, text, sizeof(text) - 1, expected)
#define ROWS(text, expected)          ROWS_OF(ECR_INI_CONFIG, text, expected)

static void check_refusal(const char *text, size_t len, const char *start)
{
    struct ecr_ini ini;
    struct ecr_error error = {.status = ECR_OK};
    ecr_ini_init(&ini);
    CHECK(ecr_ini_parse(text, len, ECR_INI_CONFIG, &ini, &error) == ECR_CONFIG);
    CHECK_TEXT(error.code, "config_file");
    CHECK(strncmp(error.message, start, strlen(start)) == 0);
    CHECK(!strstr(error.message, "hunter2"));
    CHECK(ini.count == 0 && !ini.rows && !ini.text.data);
    ecr_ini_clear(&ini);
}

#define REFUSED(text, start) check_refusal(text, sizeof(text) - 1, start)

TEST(reads_rows_in_the_order_of_the_file)
{
    ROWS("", "");
    ROWS("[profile a]\nx = 1\nY=2\n[sso-session a]\nz =\n[services s]\necr =\n  endpoint_url = u\n"
         "[profile a]\nx = 3",
         "[0 a] x=1 y=2 [1 a] z= [2 s] ecr{ endpoint_url=u [0 a] x=3");
    ROWS_OF(ECR_INI_CREDENTIALS, "[a]\nx=1\n[default]\n[profile b]\ny=2\n",
            "[0 a] x=1 [0 default]");
}

TEST(skips_names_that_are_none)
{
    ROWS("[profile a b]\nx\n y\n[profile c]\nno key = 1\n 2\n s = 3\nz = 4", "[0 c] z=4");
    ROWS("[default]\ns3 =\n no key = 1\n[other]\n", "[0 default] s3{");
}

TEST(tells_comments_from_values)
{
    ROWS("[default] # c\n ; c\na=1#2;3 # c\n # c\nb=;1\nc = ;1\nd=1\n 2 ; 3",
         "[0 default] a=1#2;3 b=;1 c= d=1\n2 ; 3");
}

TEST(keeps_of_two_defaults_the_prefixed_one)
{
    ROWS("[default]\na=1\n[profile b]\n[default]\nc=1\n", "[0 default] a=1 [0 b] [0 default] c=1");
    ROWS(
        "[default]\na=1\n[profile b]\nb=1\n[profile default]\n[default]\ns3=\n c=1\n[services s]\n",
        "[0 b] b=1 [0 default] [2 s]");
    ROWS("[sso-session default]\n[default]\na=1\n", "[1 default] [0 default] a=1");
}

TEST(takes_marks_line_ends_and_no_line_end)
{
    ROWS("\xef\xbb\xbf[default]\r\na = 1\r\n  2\r\n\r\nb = 3\r", "[0 default] a=1\n2 b=3");
    ROWS("\xef\xbb\xbf", "");
    ROWS("\n\r\n \t\n", "");
}

TEST(names_the_line_and_not_what_is_in_it)
{
    REFUSED("key = hunter2", "line 1: ");
    REFUSED(" hunter2", "line 1: ");
    REFUSED("\n# x\n[default]\nhunter2\n", "line 4: ");
    REFUSED("[default]\n\n= hunter2\n", "line 3: ");
    REFUSED("[default]\nkey : hunter2\n", "line 2: ");
    REFUSED("[default]\nkey # = hunter2\n", "line 2: ");
    REFUSED("[default]\n hunter2", "line 2: ");
    REFUSED("[default]\nx=1\n[default]\n hunter2\n", "line 4: ");
    REFUSED("[default]\nx=1\n[default]\n y = hunter2\n", "line 4: ");
    REFUSED("[default]\ns3 =\n hunter2\n", "line 3: ");
    REFUSED("[default]\ns3 =\n = hunter2\n", "line 3: ");
    REFUSED("[profile hunter2", "line 1: ");
    REFUSED("[profile a] hunter2", "line 1: ");
}

TEST(refuses_what_is_no_text)
{
    REFUSED("[default]\nkey = hunter2\0", "line 2: ");
    REFUSED("[default]\nk\0y = hunter2", "line 2: ");
    REFUSED("[default]\nkey = \xff\n", "line 2: ");
    REFUSED("[default]\nkey = a\n  \xc0\x80\n", "line 3: ");
    REFUSED("\xff\xfe[\0d\0e\0f\0a\0u\0l\0t\0]\0", "line 1: ");
    ROWS("# \xff\0\n[default] # \xff\n[profile \xff]\nx\0 = \xfe\n[x\0y]\n", "[0 default]");
    ROWS("[default]\nregion = \xc3\xa9", "[0 default] region=\xc3\xa9");
}

/* `count` copies of a text. */
static char *repeat(const char *text, size_t count, size_t *len)
{
    size_t size = strlen(text);
    char *all = malloc(size * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(all + i * size, text, size);
    *len = size * count;
    all[*len] = '\0';
    return all;
}

static enum ecr_status parse(const char *text, size_t len, char *message, size_t size)
{
    struct ecr_ini ini;
    struct ecr_error error = {.status = ECR_OK};
    ecr_ini_init(&ini);
    enum ecr_status status = ecr_ini_parse(text, len, ECR_INI_CREDENTIALS, &ini, &error);
    snprintf(message, size, "%s", error.message);
    ecr_ini_clear(&ini);
    return status;
}

TEST(has_limits)
{
    char message[400];
    size_t len;
    char *text = repeat("#", ECR_INI_MAX_LINE, &len);
    CHECK(parse(text, len, message, sizeof message) == ECR_OK);
    free(text);
    text = repeat("#", ECR_INI_MAX_LINE + 1, &len);
    CHECK(parse(text, len, message, sizeof message) == ECR_CONFIG);
    CHECK_TEXT(message, "line 1: the line is too long");
    free(text);
    text = repeat("\n", ECR_INI_MAX_FILE, &len);
    CHECK(parse(text, len, message, sizeof message) == ECR_OK);
    free(text);
    text = repeat("\n", ECR_INI_MAX_FILE + 1, &len);
    CHECK(parse(text, len, message, sizeof message) == ECR_CONFIG);
    CHECK_TEXT(message, "it is larger than 1048576 bytes");
    free(text);
    text = repeat("[a]\n", ECR_INI_MAX_ROWS, &len);
    CHECK(parse(text, len, message, sizeof message) == ECR_OK);
    free(text);
    text = repeat("[a]\n", ECR_INI_MAX_ROWS + 1, &len);
    CHECK(parse(text, len, message, sizeof message) == ECR_CONFIG);
    CHECK_TEXT(message, "line 100001: there are too many sections and settings");
    free(text);
}

/* A value that fills the file is kept whole. */
TEST(keeps_a_long_value)
{
    struct ecr_ini ini;
    struct ecr_error error;
    size_t len;
    char *text = repeat(" 0123456789\n", ECR_INI_MAX_FILE / 12, &len);
    memcpy(text, "[a]\nk=value\n", 12);
    ecr_ini_init(&ini);
    CHECK(ecr_ini_parse(text, len, ECR_INI_CREDENTIALS, &ini, &error) == ECR_OK);
    CHECK(ini.count == 2 && ini.rows[1].value.len == 5 + 11 * (ECR_INI_MAX_FILE / 12 - 1));
    ecr_ini_clear(&ini);
    free(text);
}

TEST(leaves_nothing_behind_without_memory)
{
    static const char text[] = "[a]\nx=1\n 2\n[b]\ns3=\n y=1\n";
    struct ecr_ini ini;
    struct ecr_error error;
    long n = 1;
    for (bool reached = true; reached; n++) {
        long live = ecr_alloc_live();
        ecr_ini_init(&ini);
        ecr_alloc_fail_at(n);
        enum ecr_status status =
            ecr_ini_parse(text, sizeof text - 1, ECR_INI_CREDENTIALS, &ini, &error);
        reached = ecr_alloc_counted() >= n;
        ecr_alloc_fail_at(0);
        CHECK(status == (reached ? ECR_NOMEM : ECR_OK));
        CHECK(!reached || (!ini.rows && !ini.text.data));
        ecr_ini_clear(&ini);
        CHECK(ecr_alloc_live() == live);
    }
    CHECK(n > 2); /* rows and text */
}

/* --- files --- */

static char folder[] = "/tmp/ecr-ini-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static enum ecr_status read_file(const char *path, bool *found, size_t *rows,
                                 struct ecr_error *error)
{
    struct ecr_ini ini;
    long live = ecr_alloc_live();
    error->message[0] = '\0';
    ecr_ini_init(&ini);
    enum ecr_status status = ecr_ini_read(path, ECR_INI_CONFIG, &ini, found, error);
    *rows = ini.count;
    ecr_ini_clear(&ini);
    CHECK(ecr_alloc_live() == live);
    return status;
}

static void write_file(const char *path, const char *text, size_t copies)
{
    FILE *file = fopen(path, "wb");
    for (size_t i = 0; i < copies; i++)
        fputs(text, file);
    fclose(file);
}

TEST(reads_a_file)
{
    bool found;
    size_t rows;
    struct ecr_error error;
    const char *path = in_folder("config");
    write_file(path, "[default]\nregion=us-east-1\n", 300); /* more than one read */
    CHECK(read_file(path, &found, &rows, &error) == ECR_OK && found && rows == 600);
    CHECK(read_file("/dev/null", &found, &rows, &error) == ECR_OK && found && rows == 0);
    unlink(path);
}

TEST(calls_a_missing_file_no_error)
{
    bool found = true;
    size_t rows;
    struct ecr_error error;
    CHECK(read_file(in_folder("nothing"), &found, &rows, &error) == ECR_OK && !found);
    found = true;
    CHECK(read_file("/dev/null/config", &found, &rows, &error) == ECR_OK && !found);
}

static void check_unreadable(const char *path, const char *why)
{
    bool found;
    size_t rows;
    char expected[400];
    struct ecr_error error;
    CHECK(read_file(path, &found, &rows, &error) == ECR_CONFIG && rows == 0);
    CHECK_TEXT(error.code, "config_file");
    snprintf(expected, sizeof expected, "%s%s", path, why);
    CHECK_TEXT(error.message, expected);
}

TEST(says_which_file_is_to_blame)
{
    char path[100];
    snprintf(path, sizeof path, "%s", in_folder("x"));
    check_unreadable(folder, " cannot be read: it is a directory");
    CHECK(mkfifo(path, 0600) == 0);
    check_unreadable(path, " cannot be read: it is no file");
    unlink(path);
    CHECK(symlink("x", path) == 0);
    check_unreadable(path, " cannot be read: Too many levels of symbolic links");
    unlink(path);
    check_unreadable("/dev/zero", " cannot be read: it is larger than 1048576 bytes");
    write_file(path, "################\n", ECR_INI_MAX_FILE / 17 + 1);
    check_unreadable(path, " cannot be read: it is larger than 1048576 bytes");
    write_file(path, "[default]\nhunter2\n", 1);
    check_unreadable(path, ", line 2: a setting needs an equals sign");
    unlink(path);
}

TEST(knows_harmless_settings_and_takes_the_rest_for_secrets)
{
    CHECK(ecr_setting_is_harmless("region", 6));
    CHECK(ecr_setting_is_harmless("aws_access_key_id", 17));
    CHECK(ecr_setting_is_harmless("web_identity_token_file", 23));
    CHECK(!ecr_setting_is_harmless("region", 5) && !ecr_setting_is_harmless("regions", 7));
    CHECK(!ecr_setting_is_harmless("aws_secret_access_key", 21));
    CHECK(!ecr_setting_is_harmless("aws_session_token", 17));
    CHECK(!ecr_setting_is_harmless("", 0));
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    RUN("rows come in the order of the file", reads_rows_in_the_order_of_the_file);
    RUN("sections and settings whose names are none are skipped", skips_names_that_are_none);
    RUN("what looks like a comment without white space before it belongs to the value",
        tells_comments_from_values);
    RUN("of [default] and [profile default] the latter counts",
        keeps_of_two_defaults_the_prefixed_one);
    RUN("byte order mark, CRLF and a missing line end are taken",
        takes_marks_line_ends_and_no_line_end);
    RUN("a refusal names the line and shows nothing of it", names_the_line_and_not_what_is_in_it);
    RUN("zero bytes and bad UTF-8 are refused in lines that count", refuses_what_is_no_text);
    RUN("file, line and rows have a maximum", has_limits);
    RUN("a value of many lines is kept whole", keeps_a_long_value);
    RUN("parsing leaves nothing behind without memory", leaves_nothing_behind_without_memory);
    RUN("a file is read whole, and /dev/null is an empty one", reads_a_file);
    RUN("a missing file is no error", calls_a_missing_file_no_error);
    RUN("a file that cannot be read is an error that names it", says_which_file_is_to_blame);
    RUN("settings that nobody knows are secrets",
        knows_harmless_settings_and_takes_the_rest_for_secrets);
    rmdir(folder);
    return unit_end();
}
