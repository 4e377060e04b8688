#include "CJSONShims.h"

#include <cjson/cJSON.h>
#include <string.h>

// The opaque type is cJSON's own node under another name.
static const cJSON *node(const struct cjson_document *document) { return (const cJSON *)document; }

struct cjson_document *cjson_document_parse(const uint8_t *bytes, size_t count, bool whole) {
    const char *text = (const char *)bytes;
    const char *end = NULL;
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, count, &end, false);
    if (parsed == NULL || !whole) return (struct cjson_document *)parsed;
    while (end < text + count && strchr(" \t\r\n", *end) != NULL) end++;
    if (end == text + count) return (struct cjson_document *)parsed;
    cJSON_Delete(parsed);
    return NULL;
}

void cjson_document_free(struct cjson_document *document) { cJSON_Delete((cJSON *)document); }

int32_t cjson_document_count(const struct cjson_document *document) { return cJSON_GetArraySize(node(document)); }

int64_t cjson_document_text_length(const struct cjson_document *document, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(node(document), key));
    return text == NULL ? -1 : (int64_t)strlen(text);
}

double cjson_document_number(const struct cjson_document *document, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node(document), key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}
