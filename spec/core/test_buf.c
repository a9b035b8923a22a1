/* SPDX-License-Identifier: MIT */
#include "buf.h"

#include "alloc.h"
#include "base64.h"
#include "secret.h"
#include "timestamp.h"
#include "unit.h"
#include "utf8.h"

TEST(grows_and_ends_in_a_zero)
{
    struct ecr_buf buf;
    ecr_buf_init(&buf, 1000);
    for (int i = 0; i < 100; i++)
        CHECK(ecr_buf_text(&buf, "abc") == ECR_OK);
    CHECK(buf.len == 300 && buf.data[300] == '\0');
    ecr_buf_clear(&buf);
}

TEST(stops_at_its_maximum)
{
    struct ecr_buf buf;
    ecr_buf_init(&buf, 4);
    CHECK(ecr_buf_text(&buf, "abcd") == ECR_OK);
    CHECK(ecr_buf_byte(&buf, 'e') == ECR_PROTOCOL);
    CHECK(ecr_buf_append(&buf, "", 0) == ECR_OK);
    CHECK_TEXT(buf.data, "abcd");
    CHECK(ecr_buf_reserve(&buf, (size_t)-1) == NULL);
    ecr_buf_clear(&buf);
}

TEST(survives_lack_of_memory)
{
    struct ecr_buf buf;
    ecr_buf_init_secret(&buf, 100000);
    CHECK(ecr_buf_text(&buf, "kept") == ECR_OK);
    ecr_alloc_fail_at(1);
    char large[500] = {0};
    CHECK(ecr_buf_append(&buf, large, sizeof large) == ECR_NOMEM);
    ecr_alloc_fail_at(0);
    CHECK_TEXT(buf.data, "kept");
    ecr_buf_clear(&buf);
}

/* The vectors of RFC 4648, section 10. */
TEST(encodes_base64)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ecr_buf text, bytes;
        ecr_buf_init(&text, 100);
        ecr_buf_init(&bytes, 100);
        CHECK(ecr_base64_encode(&text, rows[i][0], strlen(rows[i][0])) == ECR_OK);
        CHECK_TEXT(text.data ? text.data : "", rows[i][1]);
        CHECK(ecr_base64_decode(&bytes, rows[i][1], strlen(rows[i][1])) == ECR_OK);
        CHECK_TEXT(bytes.data ? bytes.data : "", rows[i][0]);
        ecr_buf_clear(&text);
        ecr_buf_clear(&bytes);
    }
}

TEST(refuses_what_is_no_base64)
{
    static const char *const rows[] = {"Z",    "Zg",       "Zg=",  "Zh==",   "Zm9=", "=Zg=",
                                       "Z===", "Zg==Zg==", "Zm 9", "Zm9v\n", "Zm-_", "===="};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ecr_buf bytes;
        ecr_buf_init(&bytes, 100);
        CHECK(ecr_base64_decode(&bytes, rows[i], strlen(rows[i])) == ECR_INPUT);
        ecr_buf_clear(&bytes);
    }
}

/* Seconds as `date -u -d ... +%s` gives them. */
TEST(reads_timestamps)
{
    static const struct {
        const char *text;
        double seconds;
    } rows[] = {{"1970-01-01T00:00:00Z", 0},
                {"2026-01-02T03:04:05Z", 1767323045},
                {"2024-02-29T12:00:00.500000+00:00", 1709208000.5},
                {"2025-12-13T10:11:12-05:00", 1765638672},
                {"1969-12-31T23:59:59Z", -1},
                {"2000-03-01T00:00:00+0100", 951865200},
                {"2026-01-02T03:04:05UTC", 1767323045},
                {"2026-01-02T03:04:05+02:00", 1767315845},
                {"2026-01-02T03:04:05.250-0530", 1767342845.25},
                {"2026-01-02T03:04:05+05:45", 1767302345}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double seconds = 0;
        CHECK(ecr_timestamp_parse(rows[i].text, strlen(rows[i].text), &seconds));
        CHECK(seconds - rows[i].seconds < 1e-6 && rows[i].seconds - seconds < 1e-6);
    }
}

TEST(refuses_what_is_no_timestamp)
{
    static const char *const rows[] = {"",
                                       "2026",
                                       "2026-13-01T00:00:00Z",
                                       "2026-01-01T24:00:00Z",
                                       "2026-01-01T00:00:00",
                                       "2026-01-01T00:00:00.Z",
                                       "2026-01-01T00:00:00Zx",
                                       "2026-01-01T00:00:00+25:00",
                                       "2026-01-01T00:00:00+01:60",
                                       "2026-01-01T00:00:00+1",
                                       "2026-01-01T00:00:00U",
                                       "2026-01-01T00:00:00UT",
                                       "2026-01-01T00:00:00UTC+01:00",
                                       "2026-01-01T00:00:00utc"};
    double seconds;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK(!ecr_timestamp_parse(rows[i], strlen(rows[i]), &seconds));
}

/* From the Unicode standard's table of well-formed sequences. */
TEST(knows_utf8)
{
    static const char *const good[] = {"",
                                       "a",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xc2",
                                      "\xe2\x82",
                                      "a\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(ecr_utf8_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!ecr_utf8_valid(bad[i], strlen(bad[i])));
    CHECK(ecr_utf8_count("h\xc3\xa9llo", 6) == 5);
}

TEST(counts_references_of_a_secret)
{
    struct ecr_secret *one = ecr_secret_new("x\0y", 3);
    struct ecr_secret *two = ecr_secret_ref(one);
    ecr_secret_free(one);
    CHECK(ecr_secret_len(two) == 3 && memcmp(ecr_secret_bytes(two), "x\0y", 4) == 0);
    ecr_secret_free(two);
    ecr_secret_free(NULL);
}

int main(void)
{
    RUN("a buffer grows and ends in a zero", grows_and_ends_in_a_zero);
    RUN("a buffer stops at its maximum", stops_at_its_maximum);
    RUN("a secret buffer survives lack of memory", survives_lack_of_memory);
    RUN("base64 is that of RFC 4648", encodes_base64);
    RUN("refuses what is no canonical base64", refuses_what_is_no_base64);
    RUN("reads timestamps as AWS writes them", reads_timestamps);
    RUN("refuses what is no timestamp", refuses_what_is_no_timestamp);
    RUN("knows well-formed UTF-8", knows_utf8);
    RUN("a secret lives until its last reference", counts_references_of_a_secret);
    return unit_end();
}
