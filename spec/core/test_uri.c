/* SPDX-License-Identifier: MIT */
#include "uri.h"

#include "alloc.h"
#include "unit.h"

static void check_host(const char *url, const char *host, const char *path)
{
    struct ecr_uri uri;
    struct ecr_buf buf;
    struct ecr_error error;
    ecr_buf_init(&buf, 1000);
    CHECK(ecr_uri_parse(url, &uri, &error) == ECR_OK);
    CHECK(ecr_uri_host(&uri, &buf) == ECR_OK);
    CHECK_TEXT(buf.data, host);
    CHECK_TEXT(uri.path, path);
    ecr_buf_clear(&buf);
    ecr_uri_clear(&uri);
}

TEST(names_the_port_only_when_it_is_odd)
{
    check_host("https://A.example", "a.example", "/");
    check_host("https://a.example:443/x", "a.example", "/x");
    check_host("http://a.example:80/", "a.example", "/");
    check_host("http://localhost:4566?q=1", "localhost:4566", "/");
    check_host("https://[::1]:8443/a/b", "[::1]:8443", "/a/b");
}

TEST(encodes_all_but_the_unreserved)
{
    struct ecr_buf buf;
    ecr_buf_init(&buf, 1000);
    CHECK(ecr_uri_encode(&buf, "aZ09-._~ /%\xc3\xa9", 13, false) == ECR_OK);
    CHECK_TEXT(buf.data, "aZ09-._~%20%2F%25%C3%A9");
    ecr_buf_reset(&buf);
    CHECK(ecr_uri_encode(&buf, "/a b", 4, true) == ECR_OK);
    CHECK_TEXT(buf.data, "/a%20b");
    ecr_buf_clear(&buf);
}

TEST(leaves_nothing_behind_without_memory)
{
    struct ecr_uri uri;
    struct ecr_error error;
    long n = 1;
    for (bool reached = true; reached; n++) {
        long live = ecr_alloc_live();
        ecr_alloc_fail_at(n);
        enum ecr_status status = ecr_uri_parse("https://a.example/x?y", &uri, &error);
        reached = ecr_alloc_counted() >= n;
        ecr_alloc_fail_at(0);
        CHECK(status == (reached ? ECR_NOMEM : ECR_OK));
        CHECK(!reached || (uri.host == NULL && uri.path == NULL && uri.query == NULL));
        ecr_uri_clear(&uri);
        CHECK(ecr_alloc_live() == live);
    }
    CHECK(n > 3); /* host, path and query are copied */
}

int main(void)
{
    RUN("the host header names the port only when it is not the scheme's",
        names_the_port_only_when_it_is_odd);
    RUN("encodes all but the unreserved characters", encodes_all_but_the_unreserved);
    RUN("an address leaves nothing behind without memory", leaves_nothing_behind_without_memory);
    return unit_end();
}
