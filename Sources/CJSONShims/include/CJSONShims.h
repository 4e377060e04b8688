// cJSON as a second opinion in the tests of the strict reader of intake lines: what it takes, and what it makes of it.
// The agent does not link it (Sources/SensorSources/JSONTokens.swift gives the figures).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A parsed document; opaque.
struct cjson_document;

/// Parses; NULL when cJSON refuses. Bytes after the value are ignored, as cJSON_Parse does, unless `whole`.
struct cjson_document *cjson_document_parse(const uint8_t *bytes, size_t count, bool whole);
void cjson_document_free(struct cjson_document *document);
/// Members of the outermost object or array.
int32_t cjson_document_count(const struct cjson_document *document);
/// The length of the text of a member, as C sees it; -1 when it is no text.
int64_t cjson_document_text_length(const struct cjson_document *document, const char *key);
/// A member's number; 0 when it is none.
double cjson_document_number(const struct cjson_document *document, const char *key);
