/* SPDX-License-Identifier: MIT */
/*
 * DNSSEC algorithms: number, name, and how OpenSSL calls them. One row each; nothing else in the program switches on a
 * number.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"

struct algorithm {
	uint8_t number;        /* IANA registry */
	const char *name;      /* "ECDSAP256SHA256" */
	const char *digest;    /* OpenSSL's name of the hash; NULL: the signature scheme has its own (RFC 8080) */
	const char *key_type;  /* "RSA", "EC", "ED25519", "ED448" */
	const char *curve;     /* for "EC": "P-256", "P-384" */
	unsigned default_bits; /* RSA: the modulus of a new key; else 0 */
	unsigned least_bits;   /* RSA: smallest and largest accepted modulus */
	unsigned most_bits;
	size_t signature_size; /* octets in an RRSIG; 0: that of the RSA modulus */
};

/* 8, 10, 13, 14, 15, 16; NULL for all else. */
const struct algorithm *alg_by_number(uint8_t number);

/* By mnemonic in any case, or by number as text. */
const struct algorithm *alg_by_name(const char *name);

/* The rows, for help texts and the policy schema. */
const struct algorithm *alg_table(size_t *count);
