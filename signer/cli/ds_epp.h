/* SPDX-License-Identifier: MIT */
/* DS data as the extension of an EPP command to the parent's registry (RFC 5910 5.2.1, 5.2.5, DS data interface). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ds_epp {
	uint16_t tag;
	uint8_t algorithm, digest_type;
	const char *digest; /* hexadecimal */
};

/* Of a <create> command: the whole set. */
void ds_epp_create(FILE *out, const struct ds_epp set[], size_t count);

/* Of an <update> command: what goes and what comes. One of both must not be empty. */
void ds_epp_update(
    FILE *out, const struct ds_epp removed[], size_t removed_count, const struct ds_epp added[], size_t added_count);
