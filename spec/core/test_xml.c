/* SPDX-License-Identifier: MIT */
#include "xml.h"

#include <stdlib.h>

#include "alloc.h"
#include "unit.h"

/* The form of the examples in the API reference of AWS STS. */
#define NAMESPACE " xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\""
static const char assumed[] =
    "<AssumeRoleResponse" NAMESPACE
    ">\n <AssumeRoleResult>\n  <SourceIdentity>Alice</SourceIdentity>\n"
    "  <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/demo/TestAR</Arn>\n"
    "   <AssumedRoleId>ARO123EXAMPLE123:TestAR</AssumedRoleId></AssumedRoleUser>\n"
    "  <Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId>\n"
    "   <SecretAccessKey>wJalrXUtnFEMI/K7MDENG&amp;bPxRfiCYzEXAMPLEKEY</SecretAccessKey>\n"
    "   <SessionToken>AQoDYXdzEPT&#x2F;&#47;==</SessionToken>\n"
    "   <Expiration> 2026-01-02T03:04:05.5Z </Expiration></Credentials>\n"
    "  <PackedPolicySize>\n 6 </PackedPolicySize>\n </AssumeRoleResult>\n"
    " <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>\n</AssumeRoleResponse>";

static const char refused[] =
    "<ErrorResponse" NAMESPACE "><Error><Type>Sender</Type><Code>AccessDenied</Code>\n"
    "<Message>User: &quot;x&quot; is not authorized</Message></Error>\n"
    "<RequestId>c6104cbe</RequestId></ErrorResponse>";

#define RESULT(inside) "<AResponse><AResult>" inside "</AResult></AResponse>"

/* A value of the tape as text: "name=value", secrets in brackets, structures in braces. */
static void describe(const struct ecr_tape *tape, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < tape->count && used < size; i++) {
        const struct ecr_token *token = &tape->tokens[i];
        const char *at = tape->text.data ? tape->text.data : "";
        int len = (int)token->count;
        char *to = text + used;
        size_t left = size - used;
        switch (token->kind) {
        case ECR_TOKEN_MAP:
            used += (size_t)snprintf(to, left, "{%d ", len);
            break;
        case ECR_TOKEN_END:
            used += (size_t)snprintf(to, left, "}");
            break;
        case ECR_TOKEN_NAME:
            used += (size_t)snprintf(to, left, "%.*s=", len, token->name);
            break;
        case ECR_TOKEN_STRING:
            used += (size_t)snprintf(to, left, "%.*s ", len, at + token->at);
            break;
        case ECR_TOKEN_SECRET:
            used += (size_t)snprintf(to, left, "[%.*s] ", len, at + token->at);
            break;
        case ECR_TOKEN_INTEGER:
            used += (size_t)snprintf(to, left, "%lld ", (long long)token->integer);
            break;
        default:
            used += (size_t)snprintf(to, left, "%.1f ", token->number);
            break;
        }
    }
}

/* Decodes in pieces of `step` bytes and describes what came out, or gives the error's code. */
static enum ecr_status decode(const struct ecr_shape *shape, const char *bytes, size_t len,
                              size_t step, char *text, size_t size)
{
    struct ecr_tape tape;
    struct ecr_error error = {.status = ECR_OK};
    enum ecr_status status = ECR_OK;
    ecr_tape_init(&tape, 1000, 10000);
    struct ecr_xml *xml = ecr_xml_new(shape, &tape);
    if (!xml)
        status = ecr_fail_nomem(&error);
    for (size_t at = 0; at < len && status == ECR_OK; at += step)
        status = ecr_xml_feed(xml, bytes + at, len - at < step ? len - at : step, &error);
    if (status == ECR_OK)
        status = ecr_xml_finish(xml, &error);
    if (status == ECR_OK)
        describe(&tape, text, size);
    else
        snprintf(text, size, "%s", error.code);
    CHECK(strstr(error.message, "canary") == NULL);
    ecr_xml_free(xml);
    ecr_tape_clear(&tape);
    return status;
}

static void check(const char *xml, const char *expected)
{
    char text[1000];
    decode(ecr_model_document("sts"), xml, strlen(xml), 7, text, sizeof text);
    CHECK_TEXT(text, expected);
}

TEST(decodes_an_assumed_role_wherever_it_is_cut)
{
    char text[1000];
    for (size_t step = 1; step < sizeof assumed; step++) {
        CHECK(decode(ecr_model_document("sts"), assumed, sizeof assumed - 1, step, text,
                     sizeof text) == ECR_OK);
        CHECK_TEXT(text, "{4 source_identity=Alice assumed_role_user={2 "
                         "arn=arn:aws:sts::123456789012:assumed-role/demo/TestAR "
                         "assumed_role_id=ARO123EXAMPLE123:TestAR }credentials={4 "
                         "access_key_id=ASIAIOSFODNN7EXAMPLE "
                         "secret_access_key=[wJalrXUtnFEMI/K7MDENG&bPxRfiCYzEXAMPLEKEY] "
                         "session_token=[AQoDYXdzEPT//==] expiration=1767323045.5 "
                         "}packed_policy_size=6 }");
    }
}

TEST(decodes_a_refusal)
{
    char text[1000];
    CHECK(decode(&ecr_xml_refusal, refused, sizeof refused - 1, 5, text, sizeof text) == ECR_OK);
    CHECK_TEXT(text, "{3 Code=AccessDenied Message=User: \"x\" is not authorized "
                     "RequestId=c6104cbe }");
    CHECK(decode(&ecr_xml_refusal, assumed, sizeof assumed - 1, 5, text, sizeof text) ==
          ECR_PROTOCOL);
    check(refused, "shape");
}

TEST(ignores_namespaces_attributes_and_what_it_does_not_know)
{
    check("<?xml version=\"1.0\"?><s:AResponse xmlns:s=\"u\"><s:AResult><s:Arn a=\"b\">x</s:Arn>"
          "</s:AResult></s:AResponse>",
          "{1 arn=x }");
    check("<q:AResponse><AResult/></q:AResponse>", "{0 }"); /* a prefix that nothing binds */
    check(RESULT("<New>text<Arn>no</Arn></New><Arn>yes</Arn>"), "{1 arn=yes }");
    check("<AResponse><Arn>no</Arn><AResult/><Other/></AResponse>", "{0 }");
}

TEST(keeps_text_as_it_stands)
{
    check(RESULT("<Arn> a\r\n<!-- no -->b<![CDATA[<c>]]>&#xe9;&lt;&gt;&apos; </Arn>"),
          "{1 arn= a\nb<c>\xc3\xa9<>'  }");
    check(RESULT("<Arn/><Account></Account>"), "{2 arn= account= }");
}

TEST(refuses_a_document_type)
{
    check("<!DOCTYPE a>" RESULT(""), "doctype");
    check("<!DOCTYPE a [<!ENTITY b \"canary\">]>" RESULT("<Arn>&b;</Arn>"), "doctype");
    check("<!DOCTYPE a SYSTEM \"file:///canary\">" RESULT(""), "doctype");
    check(RESULT("<Arn>&canary;</Arn>"), "xml");
}

TEST(refuses_what_has_another_form)
{
    check("", "xml");
    check("canary", "xml");
    check("<AResponse><AResult>", "xml");
    check(RESULT("") "<b/>", "xml");
    check(RESULT("<Arn>\xe9</Arn>"), "utf8");
    check(RESULT("<Arn>&#0;</Arn>"), "xml");
    check("<canary/>", "shape");
    check("<Response/>", "shape");
    check("<AResponse/>", "shape");
    check("<AResponse><BResult/></AResponse>", "shape");
    check("<AResponse><AResult/><AResult/></AResponse>", "shape");
    check(RESULT("<Arn>canary</Arn><Arn>canary</Arn>"), "shape");
    check(RESULT("<Arn>canary<b/></Arn>"), "shape");
    check(RESULT("canary"), "shape");
    check(RESULT("<Credentials>canary</Credentials>"), "shape");
    check(RESULT("<Credentials><Expiration>canary</Expiration></Credentials>"), "shape");
    check(RESULT("<PackedPolicySize>6.5</PackedPolicySize>"), "shape");
    check(RESULT("<PackedPolicySize> </PackedPolicySize>"), "shape");
    check(RESULT("<PackedPolicySize>9223372036854775808</PackedPolicySize>"), "shape");
}

/* "<AResponse><AResult>", `count` times `part`, and the ends. */
static void check_many(const char *part, size_t count, const char *after, const char *expected)
{
    size_t len = strlen(part);
    char *xml = malloc(100 + count * (len + strlen(after)));
    char text[100];
    char *at = xml + sprintf(xml, "<AResponse><AResult>");
    for (size_t i = 0; i < count; i++, at += len)
        memcpy(at, part, len);
    for (size_t i = 0; i < count; i++)
        at += sprintf(at, "%s", after);
    at += sprintf(at, "</AResult></AResponse>");
    decode(ecr_model_document("sts"), xml, (size_t)(at - xml), 4096, text, sizeof text);
    CHECK_TEXT(text, expected);
    free(xml);
}

TEST(has_limits)
{
    check_many("<b>", ECR_XML_DEPTH - 2, "</b>", "{0 }");
    check_many("<b>", ECR_XML_DEPTH - 1, "</b>", "too_deep");
    check_many("<b/>", ECR_XML_ELEMENTS - 2, "", "{0 }");
    check_many("<b/>", ECR_XML_ELEMENTS - 1, "", "too_large");
    check_many(" ", ECR_XML_BYTES - 42, "", "{0 }");
    check_many(" ", ECR_XML_BYTES - 41, "", "too_large");
}

TEST(fails_cleanly_at_every_allocation)
{
    long n = 1;
    char text[1000];
    for (bool reached = true; reached && n < 1000; n++) {
        long live = ecr_alloc_live();
        ecr_alloc_fail_at(n);
        enum ecr_status status =
            decode(ecr_model_document("sts"), assumed, sizeof assumed - 1, 100, text, sizeof text);
        reached = ecr_alloc_counted() >= n;
        ecr_alloc_fail_at(0);
        CHECK(status == (reached ? ECR_NOMEM : ECR_OK));
        CHECK(ecr_alloc_live() == live);
    }
    CHECK(n > 15 && n < 1000); /* expat's own are among them */
}

int main(void)
{
    RUN("decodes an assumed role, wherever it is cut", decodes_an_assumed_role_wherever_it_is_cut);
    RUN("decodes a refusal", decodes_a_refusal);
    RUN("ignores namespaces, attributes and elements that it does not know",
        ignores_namespaces_attributes_and_what_it_does_not_know);
    RUN("keeps text as it stands", keeps_text_as_it_stands);
    RUN("refuses a document type", refuses_a_document_type);
    RUN("refuses what has another form", refuses_what_has_another_form);
    RUN("has limits on depth, count and size", has_limits);
    RUN("fails cleanly when any allocation does", fails_cleanly_at_every_allocation);
    return unit_end();
}
