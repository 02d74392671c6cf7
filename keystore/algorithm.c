/* SPDX-License-Identifier: MIT */
#include "keystore/algorithm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* RFC 5702 2.1 allows RSA/SHA-256 from 512 bits; keys that short can be factored, so none below 1024 is taken. */
static const struct algorithm rows[] = {
	{ .number = 8,
	    .name = "RSASHA256",
	    .digest = "SHA2-256",
	    .key_type = "RSA",
	    .default_bits = 2048,
	    .least_bits = 1024,
	    .most_bits = 4096 },
	{ .number = 10,
	    .name = "RSASHA512",
	    .digest = "SHA2-512",
	    .key_type = "RSA",
	    .default_bits = 2048,
	    .least_bits = 1024,
	    .most_bits = 4096 },
	{ .number = 13,
	    .name = "ECDSAP256SHA256",
	    .digest = "SHA2-256",
	    .key_type = "EC",
	    .curve = "P-256",
	    .signature_size = 64 },
	{ .number = 14,
	    .name = "ECDSAP384SHA384",
	    .digest = "SHA2-384",
	    .key_type = "EC",
	    .curve = "P-384",
	    .signature_size = 96 },
	{ .number = 15, .name = "ED25519", .key_type = "ED25519", .signature_size = 64 },
	{ .number = 16, .name = "ED448", .key_type = "ED448", .signature_size = 114 },
};

const struct algorithm *alg_by_number(uint8_t number)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

const struct algorithm *alg_by_name(const char *name)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		char number[4];
		snprintf(number, sizeof(number), "%u", rows[i].number);
		if (strcasecmp(rows[i].name, name) == 0 || strcmp(number, name) == 0)
			return &rows[i];
	}
	return NULL;
}

const struct algorithm *alg_table(size_t *count)
{
	*count = COUNT(rows);
	return rows;
}
