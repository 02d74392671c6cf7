/* SPDX-License-Identifier: MIT */
/*
 * Inside the token module only: the file of a private key that is wrapped for tokens (RFC 5649), whose content only an
 * AES key of theirs opens. Text, one way to write each thing:
 *
 *   zoneseal-wrapped 1
 *   algorithm NUMBER
 *   public BASE64       the public key field of the DNSKEY: what the key is proved by once it is unwrapped
 *   under LABEL         of the AES key
 *   wrapped BASE64      PKCS#8
 *   end SHA256          of all lines before, against accidents
 */
#pragma once

#include "keystore/token_hsm.h"
#include "keystore/token_pem.h"
#include "signer/base/bytes.h"

enum { WRAPPED_LABEL = 64 };

struct wrapped {
	uint8_t algorithm;
	uint16_t public_size;
	uint8_t public_key[KEY_PUBLIC_MAX];
	char label[WRAPPED_LABEL];
	size_t size;
	uint8_t octets[HSM_WRAPPED];
};

/* By its name: it ends in ".wrapped". */
bool token_is_wrapped(const char *path);

/* 1 to 63 printable ASCII characters. */
bool wrapped_label_is_good(const char *label);

enum status wrapped_write(
    const struct key *key, const char *label, struct bytes wrapped, struct secret *out, struct error *err) MUST_CHECK;

/* Brings the key into the stores of its role, and proves it there; not with `dry`, which only looks that all is there
 * that this needs. */
enum status wrapped_open(
    struct hsm_list *tokens, const char *path, bool dry, struct key *key, struct error *err) MUST_CHECK;
