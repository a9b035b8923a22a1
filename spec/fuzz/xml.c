/* SPDX-License-Identifier: MIT */
/* Fuzzing target: an answer or a refusal of STS. An input is one byte and the XML. The byte's low
 * four bits and one are the size of the pieces; bit 6 makes the tape a small one, bit 5 the
 * document a refusal. */
#include "xml.h"

#include <stdbool.h>
#include <string.h>

#include "conform.h"
#include "fuzz.h"
#include "utf8.h"

#define SMALL_TAPE 0x40
#define REFUSAL    0x20

struct sample {
    const struct ecr_shape *shape;
    const char *xml;
    size_t len, step;
    size_t max_tokens, max_text;
};

/* Leaves the tape for the caller to look at and to clear. */
static enum ecr_status decode(const struct sample *sample, size_t step, struct ecr_tape *tape)
{
    struct ecr_error error = {.status = ECR_OK};
    enum ecr_status status = ECR_OK;
    ecr_tape_init(tape, sample->max_tokens, sample->max_text);
    struct ecr_xml *xml = ecr_xml_new(sample->shape, tape);
    MUST(xml);
    for (size_t at = 0; at < sample->len && status == ECR_OK; at += step) {
        size_t left = sample->len - at;
        status = ecr_xml_feed(xml, sample->xml + at, left < step ? left : step, &error);
    }
    if (status == ECR_OK)
        status = ecr_xml_finish(xml, &error);
    MUST(status == ECR_OK || (status == ECR_PROTOCOL && error.status == ECR_PROTOCOL));
    MUST(status == ECR_OK || (error.code[0] && error.message[0]));
    MUST(status == ECR_OK || ecr_xml_feed(xml, " ", 1, &error) == status);
    MUST(status == ECR_OK || ecr_xml_finish(xml, &error) == status);
    MUST(tape->count <= sample->max_tokens && tape->text.len <= sample->max_text);
    ecr_xml_free(xml);
    return status;
}

static bool holds(const struct sample *sample, const char *text)
{
    return memmem(sample->xml, sample->len, text, strlen(text));
}

/* Entities of XML are never shorter than what they stand for, so text does not grow. */
static void check_accepted(const struct sample *sample, const struct ecr_tape *tape)
{
    bool hidden = holds(sample, "<!--") || holds(sample, "<![CDATA[") || holds(sample, "<?");
    MUST(ecr_utf8_valid(sample->xml, sample->len));
    MUST(holds(sample, sample->shape == &ecr_xml_refusal ? "Error" : "Result"));
    MUST(holds(sample, "Response"));
    MUST(hidden || !holds(sample, "<!"));
    MUST(tape->text.len <= sample->len);
    conform_check(tape, sample->shape);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ecr_tape whole, pieces;
    if (size == 0)
        return 0;
    bool small = data[0] & SMALL_TAPE;
    struct sample sample = {
        .shape = data[0] & REFUSAL ? &ecr_xml_refusal : ecr_model_document("sts"),
        .xml = (const char *)data + 1,
        .len = size - 1,
        .step = (data[0] & 15u) + 1,
        .max_tokens = small ? 8 : 1u << 20,
        .max_text = small ? 24 : 1u << 20,
    };
    enum ecr_status status = decode(&sample, sample.len ? sample.len : 1, &whole);
    MUST(decode(&sample, sample.step, &pieces) == status);
    MUST(whole.count == pieces.count && whole.text.len == pieces.text.len);
    if (status == ECR_OK)
        check_accepted(&sample, &whole);
    ecr_tape_clear(&whole);
    ecr_tape_clear(&pieces);
    return 0;
}
