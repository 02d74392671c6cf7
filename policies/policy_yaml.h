/* SPDX-License-Identifier: MIT */
/*
 * Policy text to policy value, and back. One table of fields (policy_field.h) binds libyaml's events, prints the
 * effective policy, and makes schema/policy.schema.json and contrib/doc/policy.md.
 */
#pragma once

#include <stddef.h>

#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

enum { POLICY_YAML_MOST = 64 * 1024 /* octets of a policy file */ };

/* Reads one policy. `file` names it in messages ("file:line:column: path: what") and, without its folder and ".yaml",
 * is the policy's name if the text gives none. Refused (STATUS_POLICY): unknown keys (with "did you mean"), duplicate
 * keys, anchors, aliases, tags, merge keys, directives, a second document, over-deep or over-long input, values of the
 * wrong kind, NUL and what is not UTF-8. policy_check has passed. */
enum status policy_yaml_parse(
    const char *file, const char *text, size_t size, struct policy *out, struct error *err) MUST_CHECK;

/* All effective values as YAML that policy_yaml_parse reads back to the same policy, durations as "1d2h", and the
 * waits that follow from them as comments at the end. */
char *policy_yaml_print(const struct policy *policy, struct arena *mem);

/* The JSON Schema (draft 7); tests compare it with schema/policy.schema.json. */
char *policy_yaml_schema(struct arena *mem);

/* The reference page in Markdown; tests compare it with contrib/doc/policy.md. */
char *policy_yaml_reference(struct arena *mem);
