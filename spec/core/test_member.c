/* SPDX-License-Identifier: MIT */
#include "member.h"

#include "alloc.h"
#include "unit.h"

#define MAX_TEXT 1000

/* "a/b" is two names; those in small letters are folded. */
static struct ecr_place_path path_of(const char *names)
{
    static char copies[ECR_PLACE_PATH][40];
    struct ecr_place_path path = {.count = 0};
    while (*names) {
        size_t len = strcspn(names, "/");
        char *copy = copies[path.count];
        snprintf(copy, sizeof copies[0], "%.*s", (int)len, names);
        path.names[path.count++] =
            (struct ecr_place_name){copy, len, copy[0] >= 'a' && copy[0] <= 'z'};
        names += len + (names[len] == '/');
    }
    return path;
}

static struct ecr_buf text_of(const char *text)
{
    struct ecr_buf buf;
    ecr_buf_init_secret(&buf, MAX_TEXT);
    CHECK(ecr_buf_text(&buf, text) == ECR_OK);
    return buf;
}

/* The edited text, or the code of the failure; `value` is put, NULL = the member is dropped. */
static const char *edit(const char *text, const char *names, const char *value)
{
    static char result[MAX_TEXT];
    struct ecr_place_path path = path_of(names);
    struct ecr_buf buf = text_of(text);
    struct ecr_error error = {.code = "none"};
    bool dropped = true;
    enum ecr_status status = value ? ecr_member_put(&buf, &path, value, strlen(value), &error)
                                   : ecr_member_drop(&buf, &path, &dropped, &error);
    CHECK(status == ECR_OK || (status == ECR_PROTOCOL && strcmp(buf.data, text) == 0));
    CHECK(status != ECR_OK || value || dropped == (strcmp(buf.data, text) != 0));
    snprintf(result, sizeof result, "%s", status == ECR_OK ? buf.data : error.code);
    ecr_buf_clear(&buf);
    return result;
}

TEST(replaces_a_value)
{
    CHECK_TEXT(edit("{\"a\":1}", "a", "[]"), "{\"a\":[]}");
    CHECK_TEXT(edit(" {\"x\" : 1.50, \"a\" : -1e5 ,\"b\":2 }\n", "a", "3"),
               " {\"x\" : 1.50, \"a\" : 3 ,\"b\":2 }\n");
    CHECK_TEXT(edit("{\"a\":{\"b\":[{\"b\":1}]}}", "a/b", "3"), "{\"a\":{\"b\":3}}");
    CHECK_TEXT(edit("{\"\\u0061\":\"\\\"}\"}", "a", "3"), "{\"\\u0061\":3}");
    CHECK_TEXT(edit("{\"x\":{\"a\":1},\"y\":[{\"a\":1}],\"a\":1,\"z\":{\"a\":1}}", "a", "3"),
               "{\"x\":{\"a\":1},\"y\":[{\"a\":1}],\"a\":3,\"z\":{\"a\":1}}");
    CHECK_TEXT(
        edit("{\"x\":{\"B\":1},\"a\":{\"x\":{\"B\":1},\"B\":2},\"z\":{\"B\":1}}", "a/B", "3"),
        "{\"x\":{\"B\":1},\"a\":{\"x\":{\"B\":1},\"B\":3},\"z\":{\"B\":1}}");
}

TEST(adds_a_member_like_its_neighbours)
{
    CHECK_TEXT(edit("{\"x\":1}", "a", "2"), "{\"x\":1,\"a\":2}");
    CHECK_TEXT(edit("{\"x\": 1}", "a", "2"), "{\"x\": 1, \"a\": 2}");
    CHECK_TEXT(edit("{ \"x\": 1 }", "a", "2"), "{ \"x\": 1, \"a\": 2 }");
    CHECK_TEXT(edit("{\"x\":1, \"y\":1}", "a", "2"), "{\"x\":1, \"y\":1, \"a\":2}");
    CHECK_TEXT(edit("{\n  \"x\": 1\n}\n", "a", "2"), "{\n  \"x\": 1,\n  \"a\": 2\n}\n");
    CHECK_TEXT(edit("{\n\n\t\"x\" :1}", "a", "2"), "{\n\n\t\"x\" :1,\n\t\"a\":2}");
    CHECK_TEXT(edit("{\r\n  \"x\":\r\n 1\r\n}", "a", "2"),
               "{\r\n  \"x\":\r\n 1,\r\n  \"a\": 2\r\n}");
    CHECK_TEXT(edit("{\n\t\"a\": {\n\t\t\"x\": {}\n\t}\n}", "a/B/c", "2"),
               "{\n\t\"a\": {\n\t\t\"x\": {},\n\t\t\"B\": {\n\t\t\t\"c\": 2\n\t\t}\n\t}\n}");
    CHECK_TEXT(edit("{\n \"x\":1}", "a/B", "2"), "{\n \"x\":1,\n \"a\":{\n  \"B\":2\n }}");
    CHECK_TEXT(edit("{\"x\":{}}", "a/B/c", "2"), "{\"x\":{},\"a\":{\"B\":{\"c\":2}}}");
    CHECK_TEXT(edit("{\"x\":1}", "Q\"\\", "2"), "{\"x\":1,\"Q\\\"\\\\\":2}");
}

TEST(fills_an_empty_object)
{
    CHECK_TEXT(edit("{}", "a", "2"), "{\n\t\"a\": 2\n}");
    CHECK_TEXT(edit(" { \t}\n", "a/B", "2"), " {\n\t\"a\": {\n\t\t\"B\": 2\n\t}\n}\n");
    CHECK_TEXT(edit("{}\r\n", "a", "2"), "{\r\n\t\"a\": 2\r\n}\r\n");
    CHECK_TEXT(edit("{\"a\":{ }}", "a/B", "2"), "{\"a\":{\"B\":2}}");
    CHECK_TEXT(edit("{\n  \"a\": {},\n  \"x\": 1\n}", "a/B", "2"),
               "{\n  \"a\": {\n    \"B\": 2\n  },\n  \"x\": 1\n}");
}

TEST(takes_null_for_nothing)
{
    CHECK_TEXT(edit("{\"a\":null}", "a/B/c", "2"), "{\"a\":{\"B\":{\"c\":2}}}");
    CHECK_TEXT(edit("{\n  \"a\": null\n}", "a/B", "2"), "{\n  \"a\": {\n    \"B\": 2\n  }\n}");
    CHECK_TEXT(edit("{\"a\":{\"B\":null,\"C\":1}}", "a/B/c", "2"),
               "{\"a\":{\"B\":{\"c\":2},\"C\":1}}");
    CHECK_TEXT(edit("{\"a\":null}", "a", "2"), "{\"a\":2}");
    CHECK_TEXT(edit("{\"a\":null}", "a/B", NULL), "{\"a\":null}");
}

TEST(takes_a_member_away)
{
    CHECK_TEXT(edit("{\"a\":1}", "a", NULL), "{}");
    CHECK_TEXT(edit("{\n\t\"a\": [1,\n2]\n}\n", "a", NULL), "{}\n");
    CHECK_TEXT(edit("{\n\t\"a\": 1,\n\t\"x\": 2\n}", "a", NULL), "{\n\t\"x\": 2\n}");
    CHECK_TEXT(edit("{\n\t\"x\": 2 ,\n\t\"a\": {\"b\": 1}\n}", "a", NULL), "{\n\t\"x\": 2\n}");
    CHECK_TEXT(edit("{\"x\":2, \"a\":1, \"y\":3}", "a", NULL), "{\"x\":2, \"y\":3}");
    CHECK_TEXT(edit("{\"a\":{\"B\":1},\"B\":2}", "a/B", NULL), "{\"a\":{},\"B\":2}");
    CHECK_TEXT(edit("{\"a\":{\"C\":1},\"B\":2}", "a/B", NULL), "{\"a\":{\"C\":1},\"B\":2}");
    CHECK_TEXT(edit("{\"x\":1}", "a/B/c", NULL), "{\"x\":1}");
    CHECK_TEXT(edit("{}", "a", NULL), "{}");
}

TEST(refuses_a_text_that_is_no_document)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "[]",
                                        "1",
                                        "\"a\"",
                                        "null",
                                        "{\"a\":1",
                                        "{}x",
                                        "{} {}",
                                        "{\"a\":1,}",
                                        "{\"a\":01}",
                                        "{\"x\":\"\xff\"}",
                                        "{\"x\":1,\"x\":1}",
                                        "{\"z\":{\"x\":1,\"\\u0078\":1}}",
                                        "\xef\xbb\xbf{}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(strpbrk(edit(texts[i], "a", "1"), "{}[]") == NULL);
        CHECK(strpbrk(edit(texts[i], "a", NULL), "{}[]") == NULL);
    }
}

TEST(refuses_a_way_through_something_else)
{
    static const char *const values[] = {"1", "true", "\"\"", "[]", "[{\"B\":1}]"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[50];
        snprintf(text, sizeof text, "{\"a\":%s}", values[i]);
        CHECK_TEXT(edit(text, "a/B", "1"), "object");
        CHECK_TEXT(edit(text, "a/B", NULL), "object");
        snprintf(text, sizeof text, "{\"a\":{\"B\":%s}}", values[i]);
        CHECK_TEXT(edit(text, "a/B/c", "1"), "object");
        CHECK_TEXT(edit(text, "a/B/c", NULL), "object");
    }
}

/* What strings.EqualFold and encoding/json of Go hold to be one word: capitals, U+017F for "s",
 * U+212A for "k". */
TEST(refuses_another_spelling_of_a_folded_name)
{
    CHECK_TEXT(edit("{\"ASK\":1}", "ask", "1"), "spelling");
    CHECK_TEXT(edit("{\"aSk\":1,\"ask\":2}", "ask", "1"), "spelling");
    CHECK_TEXT(edit("{\"ask\":1,\"Ask\":2}", "ask", NULL), "spelling");
    CHECK_TEXT(edit("{\"a\xc5\xbfk\":1}", "ask", "1"), "spelling");
    CHECK_TEXT(edit("{\"a\\u017fk\":1}", "ask", "1"), "spelling");
    CHECK_TEXT(edit("{\"as\xe2\x84\xaa\":1}", "ask", "1"), "spelling");
    CHECK_TEXT(edit("{\"asks\":1,\"as\":1,\"a\xc5\xbf\":1}", "ask", NULL),
               "{\"asks\":1,\"as\":1,\"a\xc5\xbf\":1}");
    CHECK_TEXT(edit("{\"b\":{\"ASK\":1}}", "ask", NULL), "{\"b\":{\"ASK\":1}}");
    CHECK_TEXT(edit("{\"HOST\":1}", "Host", NULL), "{\"HOST\":1}");
}

static const char *read_at(const char *text, const char *names, enum ecr_member_kind expected)
{
    static char result[50];
    struct ecr_place_path path = path_of(names);
    struct ecr_buf buf = text_of(text), value;
    struct ecr_error error;
    enum ecr_member_kind kind;
    ecr_buf_init_secret(&value, MAX_TEXT);
    CHECK(ecr_member_read(&buf, &path, &value, &kind, &error) == ECR_OK && kind == expected);
    snprintf(result, sizeof result, "%s", value.len ? value.data : "");
    ecr_buf_clear(&value);
    ecr_buf_clear(&buf);
    return result;
}

TEST(reads_what_is_there)
{
    CHECK_TEXT(read_at("{\"a\":\"x\\u00e9\"}", "a", ECR_MEMBER_STRING), "x\xc3\xa9");
    CHECK_TEXT(read_at("{\"x\":\"y\",\"a\":{\"B\":\"z\"}}", "a/B", ECR_MEMBER_STRING), "z");
    CHECK_TEXT(read_at("{\"a\":[\"x\"]}", "a", ECR_MEMBER_OTHER), "");
    CHECK_TEXT(read_at("{\"a\":{\"a\":\"x\"}}", "a", ECR_MEMBER_OTHER), "");
    CHECK_TEXT(read_at("{\"a\":null}", "a", ECR_MEMBER_NULL), "");
    CHECK_TEXT(read_at("{\"a\":null}", "a/B", ECR_MEMBER_ABSENT), "");
    CHECK_TEXT(read_at("{\"b\":\"x\"}", "a", ECR_MEMBER_ABSENT), "");
}

TEST(keeps_to_the_maximum)
{
    char text[MAX_TEXT + 1], value[MAX_TEXT + 1];
    memset(value, '1', sizeof value);
    value[MAX_TEXT - 5] = '\0'; /* {"a": and } are six */
    CHECK_TEXT(edit("{\"a\":1}", "a", value), "too_large");
    CHECK_TEXT(edit("{}", "a", value), "too_large");
    snprintf(text, sizeof text, "{\"a\":1}%*s", MAX_TEXT - 7, "");
    CHECK_TEXT(edit(text, "a", "12"), "too_large");
    CHECK_TEXT(edit(text, "x", "1"), "too_large");
    text[MAX_TEXT - 2] = '\0';
    CHECK(strlen(edit(text, "a", "12")) == MAX_TEXT - 1);
}

TEST(leaves_the_text_without_memory)
{
    static const char before[] = "{\n\t\"a\": {\"x\": \"y\"}\n}";
    struct ecr_place_path path = path_of("a/B/c");
    long n = 1;
    for (bool reached = true; reached; n++) {
        struct ecr_buf buf = text_of(before);
        struct ecr_error error;
        long live = ecr_alloc_live();
        ecr_alloc_fail_at(n);
        enum ecr_status status = ecr_member_put(&buf, &path, "1", 1, &error);
        reached = ecr_alloc_counted() >= n;
        ecr_alloc_fail_at(0);
        CHECK(status == (reached ? ECR_NOMEM : ECR_OK) && ecr_alloc_live() == live);
        CHECK(!reached || strcmp(buf.data, before) == 0);
        ecr_buf_clear(&buf);
    }
    CHECK(n > 5);
}

int main(void)
{
    RUN("a value is replaced where it stands", replaces_a_value);
    RUN("a new member is written like its neighbours", adds_a_member_like_its_neighbours);
    RUN("an empty object is filled as the member above it is indented", fills_an_empty_object);
    RUN("null is taken for nothing", takes_null_for_nothing);
    RUN("a member is taken away with its comma", takes_a_member_away);
    RUN("a text that is no document is refused", refuses_a_text_that_is_no_document);
    RUN("a way through something else is refused", refuses_a_way_through_something_else);
    RUN("another spelling of a name that Go folds is refused",
        refuses_another_spelling_of_a_folded_name);
    RUN("a string is read, and what is none is named", reads_what_is_there);
    RUN("the text keeps to its maximum", keeps_to_the_maximum);
    RUN("the text is as it was without memory", leaves_the_text_without_memory);
    return unit_end();
}
