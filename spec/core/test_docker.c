/* SPDX-License-Identifier: MIT */
/* What docker makes of the members is in cli/config/configfile/file.go and cli/config/types of
 * github.com/docker/cli. */
#include "docker.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "folder.h"

#define HOST "123456789012.dkr.ecr.us-east-1.amazonaws.com"
#define AUTH "QVdTOnNlY3JldA=="
static struct ecr_docker_entry entry_of(const char *registry, const char *value)
{
    return (struct ecr_docker_entry){registry, strlen(registry), value, strlen(value)};
}

/* The edited text, or the failure's message. */
static const char *edit(const char *text, enum ecr_docker_verb verb, const char *value)
{
    static char result[2000];
    const struct ecr_docker_entry entry = entry_of(HOST, value);
    const struct ecr_docker_edit wanted = {verb, &entry, 1};
    struct ecr_error error = {.message = ""};
    struct ecr_buf buf;
    size_t done;
    ecr_buf_init_secret(&buf, ECR_DOCKER_MAX_FILE);
    CHECK(ecr_buf_text(&buf, text) == ECR_OK);
    enum ecr_status status = ecr_docker_edit_text(&buf, &wanted, &done, &error);
    CHECK(status == ECR_OK || strcmp(error.code, "docker_config") == 0);
    CHECK(status == ECR_OK || status == (strstr(error.message, "base64") ? ECR_INPUT : ECR_CONFIG));
    snprintf(result, sizeof result, "%s", status == ECR_OK ? buf.data : error.message);
    ecr_buf_clear(&buf);
    return result;
}

TEST(sets_what_docker_logs_in_with)
{
    CHECK_TEXT(edit("{\"auths\":{\"" HOST "\":{}}}", ECR_DOCKER_SET, AUTH),
               "{\"auths\":{\"" HOST "\":{\"auth\":\"" AUTH "\"}}}");
    CHECK_TEXT(edit("{\n\t\"auths\": {\n\t\t\"other.example\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t}\n"
                    "\t},\n\t\"currentContext\": \"foo\"\n}",
                    ECR_DOCKER_SET, AUTH),
               "{\n\t\"auths\": {\n\t\t\"other.example\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t},\n"
               "\t\t\"" HOST "\": {\n\t\t\t\"auth\": \"" AUTH "\"\n\t\t}\n"
               "\t},\n\t\"currentContext\": \"foo\"\n}");
}

/* With an identity token docker asks for nothing else, with a registry token neither. */
TEST(drops_tokens_that_docker_prefers)
{
    CHECK_TEXT(edit("{\"auths\":{\"" HOST "\":{\"identitytoken\":\"a\",\"auth\":\"eDp5\","
                    "\"email\":\"e\",\"registrytoken\":\"b\"},\"x\":{\"identitytoken\":\"c\"}}}",
                    ECR_DOCKER_SET, AUTH),
               "{\"auths\":{\"" HOST "\":{\"auth\":\"" AUTH "\","
               "\"email\":\"e\"},\"x\":{\"identitytoken\":\"c\"}}}");
    CHECK(strstr(edit("{\"auths\":{\"" HOST "\":{\"IdentityToken\":\"a\"}}}", ECR_DOCKER_SET, AUTH),
                 "\"identitytoken\" is spelled in another way"));
}

TEST(takes_an_empty_file_for_nothing)
{
    static const char expected[] =
        "{\n\t\"auths\": {\n\t\t\"" HOST "\": {\n\t\t\t\"auth\": \"" AUTH "\"\n\t\t}\n\t}\n}";
    CHECK_TEXT(edit("", ECR_DOCKER_SET, AUTH), expected);
    CHECK_TEXT(edit(" \r\n\t", ECR_DOCKER_SET, AUTH), expected);
    CHECK_TEXT(edit("{}", ECR_DOCKER_SET, AUTH), expected);
}

/* decodeAuth of docker's refuses the whole file for one of these. */
TEST(refuses_what_docker_could_not_read)
{
    static const char *const auths[] = {"",     "QVdT" /* AWS */, "OnNlY3JldA==" /* :secret */,
                                        "AWS:", "QVdTOnNlY3JldA", "QVdT\nOnNlY3JldA=="};
    for (size_t i = 0; i < sizeof auths / sizeof *auths; i++)
        CHECK_TEXT(edit("{}", ECR_DOCKER_SET, auths[i]),
                   "what was given to log in with is no base64 of a user and a password");
    CHECK(strstr(edit("{}", ECR_DOCKER_SET, "QVdTOg=="), "\"QVdTOg==\"")); /* AWS: */
}

TEST(removes_an_entry)
{
    CHECK_TEXT(edit("{\"auths\": {\"" HOST "\": {\"auth\": \"eDp5\"}, \"https://" HOST "\": {}}}",
                    ECR_DOCKER_REMOVE, ""),
               "{\"auths\": {\"https://" HOST "\": {}}}");
    CHECK_TEXT(edit("{\"credHelpers\":{\"" HOST "\":\"x\"}}", ECR_DOCKER_REMOVE, ""),
               "{\"credHelpers\":{\"" HOST "\":\"x\"}}");
}

TEST(sets_a_helper)
{
    CHECK_TEXT(edit("{\"credsStore\":\"pass\"}", ECR_DOCKER_HELPER, "ecr-login"),
               "{\"credsStore\":\"pass\",\"credHelpers\":{\"" HOST "\":\"ecr-login\"}}");
    CHECK_TEXT(edit("{\"credHelpers\":{\"" HOST "\":\"pass\"}}", ECR_DOCKER_HELPER, "ecr-login"),
               "{\"credHelpers\":{\"" HOST "\":\"ecr-login\"}}");
}

TEST(forgets_a_helper)
{
    CHECK_TEXT(edit("{\"credHelpers\":{\"" HOST "\":\"pass\",\"b\":\"c\"},\"auths\":{}}",
                    ECR_DOCKER_FORGET, ""),
               "{\"credHelpers\":{\"b\":\"c\"},\"auths\":{}}");
    CHECK_TEXT(edit("{\"credsStore\":\"pass\"}", ECR_DOCKER_FORGET, ""),
               "{\"credsStore\":\"pass\"}");
}

/* The helper, or the failure's message. */
static const char *helper_in(const char *text)
{
    static char result[400];
    struct ecr_error error = {.message = ""};
    struct ecr_buf buf, helper;
    ecr_buf_init_secret(&buf, ECR_DOCKER_MAX_FILE);
    ecr_buf_init_secret(&helper, ECR_DOCKER_MAX_FILE);
    CHECK(ecr_buf_text(&buf, text) == ECR_OK);
    enum ecr_status status = ecr_docker_helper_in(&buf, HOST, strlen(HOST), &helper, &error);
    CHECK(status == ECR_OK || status == ECR_CONFIG);
    snprintf(result, sizeof result, "%s",
             status != ECR_OK ? error.message
             : helper.len     ? helper.data
                              : "");
    ecr_buf_clear(&helper);
    ecr_buf_clear(&buf);
    return result;
}

/* getConfiguredCredentialStore of docker's: a registry's own entry counts also when it is empty. */
TEST(finds_the_helper_that_docker_asks)
{
    CHECK_TEXT(helper_in(""), "");
    CHECK_TEXT(helper_in("{\"auths\":{}}"), "");
    CHECK_TEXT(helper_in("{\"credsStore\":\"pass\"}"), "pass");
    CHECK_TEXT(helper_in("{\"credsStore\":\"pass\",\"credHelpers\":{\"x\":\"y\"}}"), "pass");
    CHECK_TEXT(helper_in("{\"credsStore\":\"pass\",\"credHelpers\":{\"" HOST "\":\"a\"}}"), "a");
    CHECK_TEXT(helper_in("{\"credsStore\":\"pass\",\"credHelpers\":{\"" HOST "\":\"\"}}"), "");
    CHECK_TEXT(helper_in("{\"credsStore\":\"pass\",\"credHelpers\":{\"" HOST "\":null}}"), "");
    CHECK_TEXT(helper_in("{\"credsStore\":null,\"credHelpers\":null}"), "");
}

TEST(refuses_a_helper_that_is_none)
{
    CHECK_TEXT(helper_in("{\"credsStore\":\"../canary\"}"),
               "the helper it names in \"credsStore\" is none");
    CHECK_TEXT(helper_in("{\"credHelpers\":{\"" HOST "\":[\"canary\"]}}"),
               "the helper it names in \"credHelpers\" is none");
    CHECK_TEXT(helper_in("{\"credHelpers\":[]}"), "what \"credHelpers\" names in it is no object");
    CHECK_TEXT(helper_in("{\"canary\":1,\"canary\":1}"), "it has a key twice in one object");
}

static bool holds(const char *path, const char *expected)
{
    static char text[200000];
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
    return file && strstr(text, expected);
}

static enum ecr_status edit_file(const char *path, enum ecr_docker_verb verb, const char *registry,
                                 size_t *done, struct ecr_error *error)
{
    const struct ecr_docker_entry entry = entry_of(registry, AUTH);
    const struct ecr_docker_edit wanted = {verb, &entry, 1};
    return ecr_docker_edit_file(path, &wanted, done, error);
}

TEST(makes_a_file)
{
    struct ecr_error error;
    struct stat there;
    size_t done;
    const char *path = at(".docker/config.json");
    CHECK(edit_file(path, ECR_DOCKER_REMOVE, HOST, &done, &error) == ECR_OK && done == 0);
    CHECK(stat(path, &there) != 0);
    CHECK(edit_file(path, ECR_DOCKER_SET, HOST, &done, &error) == ECR_OK && done == 1);
    CHECK(stat(path, &there) == 0 && (there.st_mode & 07777) == 0600);
    CHECK(stat(at(".docker"), &there) == 0 && (there.st_mode & 07777) == 0700);
    path = at(".docker/config.json");
    CHECK(chmod(path, 0644) == 0);
    CHECK(edit_file(path, ECR_DOCKER_REMOVE, HOST, &done, &error) == ECR_OK && done == 1);
    CHECK(stat(path, &there) == 0 && (there.st_mode & 07777) == 0600);
    CHECK(holds(path, "{\n\t\"auths\": {}\n}"));
    unlink(path);
    rmdir(at(".docker"));
}

TEST(says_of_which_file_it_cannot_be_done)
{
    struct ecr_error error;
    size_t done;
    static const char *const texts[] = {"[\"canary\"]", "{\"canary\":1,\"canary\":2}", "canary",
                                        "{\"auths\":\"canary\"}", "{}canary"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *path = at("config.json");
        put(path, texts[i]);
        CHECK(edit_file(path, ECR_DOCKER_SET, HOST, &done, &error) == ECR_CONFIG);
        CHECK_TEXT(error.code, "docker_config");
        CHECK(strstr(error.message, path) && !strstr(error.message, "canary"));
        CHECK(holds(path, texts[i]));
    }
    CHECK(edit_file(directory, ECR_DOCKER_SET, HOST, &done, &error) == ECR_CONFIG);
    CHECK_TEXT(error.code, "docker_config");
    unlink(at("config.json"));
}

TEST(refuses_a_file_that_is_too_large)
{
    struct ecr_error error;
    size_t done;
    const char *path = at("config.json");
    put(path, "{}");
    CHECK(truncate(path, 4 * 1024 * 1024 + 1) == 0);
    CHECK(edit_file(path, ECR_DOCKER_SET, HOST, &done, &error) == ECR_CONFIG);
    CHECK_TEXT(error.code, "docker_config");
    CHECK(strstr(error.message, path) && strstr(error.message, "larger"));
    unlink(path);
}

/* Each of several processes logs in to registries of its own. */
static void log_in(const char *path, int process, int times)
{
    for (int i = 0; i < times; i++) {
        struct ecr_error error;
        char registry[30];
        size_t done;
        snprintf(registry, sizeof registry, "%d.%d.example", process, i);
        CHECK(edit_file(path, ECR_DOCKER_SET, registry, &done, &error) == ECR_OK);
    }
    _exit(unit_broken != 0);
}

TEST(loses_no_login_to_another_process)
{
    enum { PROCESSES = 5, TIMES = 8 };
    pid_t children[PROCESSES];
    int status;
    const char *path = at("config.json");
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0)
            log_in(path, i, TIMES);
    }
    for (int i = 0; i < PROCESSES; i++)
        CHECK(waitpid(children[i], &status, 0) == children[i] && status == 0);
    for (int i = 0; i < PROCESSES * TIMES; i++) {
        char expected[30];
        snprintf(expected, sizeof expected, "\"%d.%d.example\": {", i / TIMES, i % TIMES);
        CHECK(holds(path, expected));
    }
    unlink(path);
}

TEST(knows_names)
{
    CHECK(ecr_docker_is_registry(HOST, strlen(HOST)));
    CHECK(ecr_docker_is_registry("https://index.docker.io/v1/", 27));
    CHECK(!ecr_docker_is_registry("", 0) && !ecr_docker_is_registry("a b", 3));
    CHECK(!ecr_docker_is_registry("a\n", 2) && !ecr_docker_is_registry("a\0b", 3));
    CHECK(ecr_docker_is_helper("ecr-login", 9) && !ecr_docker_is_helper("a/b", 3));
    CHECK(!ecr_docker_is_helper("", 0));
}

TEST(leaves_no_memory_behind)
{
    long n = 1;
    const char *path = at("config.json");
    for (bool reached = true; reached; n++) {
        struct ecr_error error;
        size_t done;
        long live = ecr_alloc_live();
        put(path, "{\"auths\":{\"" HOST "\":{\"identitytoken\":\"\"}}}");
        ecr_alloc_fail_at(n);
        enum ecr_status status = edit_file(path, ECR_DOCKER_SET, HOST, &done, &error);
        reached = ecr_alloc_counted() >= n;
        ecr_alloc_fail_at(0);
        CHECK(status == ECR_OK || (reached && status == ECR_NOMEM));
        CHECK(ecr_alloc_live() == live);
        CHECK(holds(path, status == ECR_OK ? AUTH : "\"identitytoken\":\"\""));
    }
    CHECK(n > 20);
    unlink(path);
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    RUN("what docker logs in with is set", sets_what_docker_logs_in_with);
    RUN("tokens that docker prefers go", drops_tokens_that_docker_prefers);
    RUN("an empty file is taken for nothing", takes_an_empty_file_for_nothing);
    RUN("what docker could not read is refused", refuses_what_docker_could_not_read);
    RUN("an entry is removed by its exact name", removes_an_entry);
    RUN("a helper is set", sets_a_helper);
    RUN("a helper is forgotten", forgets_a_helper);
    RUN("the helper that docker asks is found", finds_the_helper_that_docker_asks);
    RUN("a helper that is none is refused", refuses_a_helper_that_is_none);
    RUN("a file is made when there is something to put", makes_a_file);
    RUN("a refusal names the file and shows nothing of it", says_of_which_file_it_cannot_be_done);
    RUN("a file that is too large is refused", refuses_a_file_that_is_too_large);
    RUN("no login is lost to another process", loses_no_login_to_another_process);
    RUN("names of registries and helpers are known", knows_names);
    RUN("memory that is short leaves the file as it was", leaves_no_memory_behind);
    CHECK(rmdir(directory) == 0);
    return unit_end();
}
