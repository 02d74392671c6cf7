/* SPDX-License-Identifier: MIT */
/*
 * Policy text to policy value, and back. One table of fields binds libyaml's events, prints the effective policy, and
 * makes schema/policy.schema.json.
 */
#pragma once

#include <stddef.h>

#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

/* Reads one policy. `file` names it in messages ("file:line:column: path: what"). Refused (STATUS_POLICY): unknown keys
 * (with "did you mean"), duplicate keys, anchors, aliases, tags, a second document, over-deep or over-long input,
 * values of the wrong kind. policy_check has passed. */
enum status policy_yaml_parse(
    const char *file, const char *text, size_t size, struct policy *out, struct error *err) MUST_CHECK;

/* All effective values as YAML that policy_yaml_parse reads back; durations as "1d2h" with a comment where it helps. */
char *policy_yaml_print(const struct policy *policy, struct arena *mem);

/* The JSON Schema; tests compare it with schema/policy.schema.json. */
char *policy_yaml_schema(struct arena *mem);
