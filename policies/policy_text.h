/* SPDX-License-Identifier: MIT */
/* What a policy's text must be before YAML is read from it, and where in it libyaml's marks are. */
#pragma once

#include <stddef.h>

#include "signer/base/bytes.h"
#include "signer/base/error.h"

/* 1-based; the column counts octets. Line 0: nowhere. */
struct policy_place {
	size_t line;
	size_t column;
};

/* libyaml counts from 0, and columns in characters. */
struct policy_place policy_text_place(struct bytes text, size_t line, size_t column);

/* At most `most` octets of UTF-8 without control characters, byte order mark and line ends that editors do not count:
 * line numbers in messages are those of any editor. STATUS_POLICY with the place. */
enum status policy_text_check(const char *file, struct bytes text, size_t most, struct error *err) MUST_CHECK;
