/* SPDX-License-Identifier: MIT */
#include "decode.h"

#include "alloc.h"
#include "json.h"
#include "unit.h"

static const char *const document =
    "{\"imageDetails\":[{\"imageDigest\":\"sha256:\\u00e9\",\"imageSizeInBytes\":12,"
    "\"imagePushedAt\":\"2026-01-02T03:04:05Z\",\"unknown\":{\"a\":[1,2.5,null,true]},"
    "\"imageTags\":[\"v1\",\"v2\"]}],\"nextToken\":null}";

static const struct ecr_shape *describe_images(void)
{
    return ecr_model_operation("ecr", "DescribeImages")->output;
}

/* Decodes in pieces of `step` bytes. */
static enum ecr_status decode(const struct ecr_shape *shape, const char *text, size_t step,
                              struct ecr_tape *tape, struct ecr_error *error)
{
    struct ecr_decoder *decoder = ecr_decoder_new(shape, tape);
    size_t len = strlen(text);
    if (!decoder)
        return ECR_NOMEM;
    enum ecr_status status = ECR_OK;
    for (size_t at = 0; at < len && status == ECR_OK; at += step)
        status = ecr_decoder_feed(decoder, text + at, len - at < step ? len - at : step, error);
    if (status == ECR_OK)
        status = ecr_decoder_finish(decoder, error);
    ecr_decoder_free(decoder);
    return status;
}

/* Decodes `before`, `part` and `after`, without a model. */
static enum ecr_status decode_parts(const char *before, const char *part, const char *after)
{
    char text[64];
    struct ecr_tape tape;
    struct ecr_error error;
    snprintf(text, sizeof text, "%s%s%s", before, part, after);
    ecr_tape_init(&tape, 1000, 10000);
    enum ecr_status status = decode(&ecr_shape_any, text, 3, &tape, &error);
    ecr_tape_clear(&tape);
    return status;
}

TEST(gives_the_same_wherever_it_is_cut)
{
    struct ecr_tape whole, pieces;
    struct ecr_error error;
    ecr_tape_init(&whole, 1000, 10000);
    CHECK(decode(describe_images(), document, strlen(document), &whole, &error) == ECR_OK);
    for (size_t step = 1; step < 40; step++) {
        ecr_tape_init(&pieces, 1000, 10000);
        CHECK(decode(describe_images(), document, step, &pieces, &error) == ECR_OK);
        CHECK(pieces.count == whole.count && pieces.text.len == whole.text.len);
        CHECK(memcmp(pieces.text.data, whole.text.data, whole.text.len) == 0);
        for (size_t i = 0; i < whole.count && i < pieces.count; i++)
            CHECK(pieces.tokens[i].kind == whole.tokens[i].kind &&
                  pieces.tokens[i].count == whole.tokens[i].count);
        ecr_tape_clear(&pieces);
    }
    ecr_tape_clear(&whole);
}

TEST(seals_what_the_overlay_says)
{
    struct ecr_tape tape;
    struct ecr_error error;
    size_t secrets = 0;
    ecr_tape_init(&tape, 1000, 10000);
    CHECK(decode(ecr_model_operation("ecr", "GetAuthorizationToken")->output,
                 "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOng=\",\"expiresAt\":1}]}",
                 7, &tape, &error) == ECR_OK);
    for (size_t i = 0; i < tape.count; i++)
        secrets += tape.tokens[i].kind == ECR_TOKEN_SECRET;
    CHECK(secrets == 1);
    ecr_tape_clear(&tape);
}

TEST(fails_cleanly_at_every_allocation)
{
    long n = 1;
    for (; n < 10000; n++) {
        struct ecr_tape tape;
        struct ecr_error error;
        ecr_tape_init(&tape, 1000, 10000);
        ecr_alloc_fail_at(n);
        enum ecr_status status = decode(describe_images(), document, 5, &tape, &error);
        ecr_alloc_fail_at(0);
        ecr_tape_clear(&tape);
        if (status == ECR_OK)
            break;
        CHECK(status == ECR_NOMEM);
    }
    CHECK(n > 5 && n < 10000);
}

TEST(refuses_a_document_of_too_many_tokens)
{
    struct ecr_tape tape;
    struct ecr_error error;
    ecr_tape_init(&tape, 10, 10000);
    CHECK(decode(describe_images(), document, 100, &tape, &error) == ECR_PROTOCOL);
    CHECK_TEXT(error.code, "too_large");
    ecr_tape_clear(&tape);
}

TEST(stays_refused)
{
    struct ecr_tape tape;
    struct ecr_error error;
    ecr_tape_init(&tape, 100, 1000);
    struct ecr_decoder *decoder = ecr_decoder_new(describe_images(), &tape);
    CHECK(ecr_decoder_feed(decoder, "{]", 2, &error) == ECR_PROTOCOL);
    CHECK(ecr_decoder_feed(decoder, "{}", 2, &error) == ECR_PROTOCOL);
    CHECK(ecr_decoder_finish(decoder, &error) == ECR_PROTOCOL);
    ecr_decoder_free(decoder);
    ecr_tape_clear(&tape);
}

/* The bytes of RFC 3629, sections 3 and 4: what is UTF-8 and what only looks like it. */
TEST(takes_strict_utf8_alone)
{
    static const char *const good[] = {"\xc2\x80",     "\xe0\xa0\x80",     "\xed\x9f\xbf",
                                       "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\xc0\xaf",         "\xc1\xbf",         "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\x80",         "\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(decode_parts("[\"", good[i], "\"]") == ECR_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(decode_parts("[\"", bad[i], "\"]") == ECR_PROTOCOL);
        CHECK(decode_parts("{\"", bad[i], "\":1}") == ECR_PROTOCOL);
    }
}

/* "next_token" of the wire would stand where Lua looks for nextToken, of any type. */
TEST(refuses_a_member_under_its_lua_name)
{
    struct ecr_tape tape;
    struct ecr_error error;
    ecr_tape_init(&tape, 1000, 10000);
    CHECK(decode(describe_images(), "{\"next_token\":[]}", 7, &tape, &error) == ECR_PROTOCOL);
    CHECK_TEXT(error.code, "shape");
    CHECK(strstr(error.message, "nextToken is spelled \"next_token\""));
    ecr_tape_clear(&tape);
}

/* RFC 8259, section 2: a text is one value and white space. */
TEST(refuses_bytes_behind_the_value)
{
    static const char *const behind[] = {"x", "{}", "1", ",", "tru", "\"a\"", "\"a", "\"", "\"\\"};
    CHECK(decode_parts("{}", " \t\r\n", "") == ECR_OK);
    CHECK(decode_parts("1", "2", "") == ECR_OK);
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        CHECK(decode_parts("{}", behind[i], "") == ECR_PROTOCOL);
        CHECK(decode_parts("1 ", behind[i], "") == ECR_PROTOCOL);
    }
}

/* RFC 8259, section 2: white space is these four, and no other control stands anywhere. */
TEST(takes_four_bytes_for_white_space)
{
    CHECK(decode_parts("[1,", " \t\r\n", "2]") == ECR_OK);
    for (char c = 1; c < ' '; c++) {
        const char control[] = {c, '\0'};
        bool is_white = strchr("\t\r\n", c) != NULL;
        CHECK(decode_parts("[1,", control, "2]") == (is_white ? ECR_OK : ECR_PROTOCOL));
        CHECK(decode_parts("1", control, "") == (is_white ? ECR_OK : ECR_PROTOCOL));
        CHECK(decode_parts("[\"", control, "\"]") == ECR_PROTOCOL);
    }
}

/* --- where the pieces of a document end --- */

static char ends[16];

/* Writes a bar under the last byte of the piece. */
static enum ecr_status mark(void *owner)
{
    ends[ecr_json_offset(*(struct ecr_json_reader **)owner) - 1] = '|';
    return ECR_OK;
}

static enum ecr_status mark_null(void *owner, struct ecr_error *error)
{
    (void)error;
    return mark(owner);
}

static enum ecr_status mark_boolean(void *owner, bool value, struct ecr_error *error)
{
    (void)value;
    (void)error;
    return mark(owner);
}

static enum ecr_status mark_integer(void *owner, int64_t value, struct ecr_error *error)
{
    (void)value;
    (void)error;
    return mark(owner);
}

static enum ecr_status mark_text(void *owner, const char *text, size_t len, struct ecr_error *error)
{
    (void)text;
    (void)len;
    (void)error;
    return mark(owner);
}

TEST(tells_where_pieces_end)
{
    static const struct ecr_json_handler handler = {.null = mark_null,
                                                    .boolean = mark_boolean,
                                                    .integer = mark_integer,
                                                    .string = mark_text,
                                                    .key = mark_text,
                                                    .begin = mark_boolean,
                                                    .end = mark_null};
    static const char text[] = "{\"\\n\":[12 ,0]}\n", bars[] = "|   | | |  |||";
    for (size_t step = 1; step <= sizeof text; step++) {
        struct ecr_json_reader *reader = NULL;
        struct ecr_error error;
        memset(ends, ' ', sizeof ends);
        reader = ecr_json_reader_new(&handler, &reader);
        for (size_t at = 0; at < strlen(text); at += step) {
            size_t left = strlen(text) - at;
            CHECK(ecr_json_feed(reader, text + at, left < step ? left : step, &error) == ECR_OK);
        }
        CHECK(ecr_json_finish(reader, &error) == ECR_OK);
        CHECK(memcmp(ends, bars, strlen(bars)) == 0);
        ecr_json_reader_free(reader);
    }
}

int main(void)
{
    RUN("decodes the same wherever the bytes are cut", gives_the_same_wherever_it_is_cut);
    RUN("seals what the overlay says", seals_what_the_overlay_says);
    RUN("fails cleanly when any allocation does", fails_cleanly_at_every_allocation);
    RUN("refuses a document of too many tokens", refuses_a_document_of_too_many_tokens);
    RUN("stays refused after the first error", stays_refused);
    RUN("takes strict UTF-8 alone, in text and in keys", takes_strict_utf8_alone);
    RUN("refuses a member under its Lua name", refuses_a_member_under_its_lua_name);
    RUN("refuses bytes behind the value", refuses_bytes_behind_the_value);
    RUN("takes four bytes for white space", takes_four_bytes_for_white_space);
    RUN("tells where each piece ends, wherever the bytes are cut", tells_where_pieces_end);
    return unit_end();
}
