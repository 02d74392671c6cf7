/* SPDX-License-Identifier: MIT */
/*
 * A private key of the software store as a file for another program: what BIND and ldns read (K*.private with its
 * K*.key), or PKCS#8 in PEM. Only files are written, 0600, in a folder that only its owner may enter, and none is ever
 * replaced.
 */
#pragma once

#include "keystore/token.h"

enum token_form { TOKEN_BIND, TOKEN_PEM, TOKEN_WRAPPED };

enum { TOKEN_EXPORT_NAME = 320 };

struct token_export {
	const char *zone;     /* as in file names, without the final dot; "" for the root */
	const char *folder;   /* 0700, or it is made so */
	enum token_form form; /* TOKEN_PEM is encrypted if the token was opened with a passphrase */
	const char *under;    /* TOKEN_WRAPPED: the label of the tokens' AES key that it is wrapped under */
	const char *record;   /* TOKEN_BIND: the DNSKEY as a line of a zone file */
};

/* Writes the key's files; `name` is that of the private one. STATUS_PERMISSION if the folder lets others in,
 * STATUS_REFUSED if a file of that name is there, STATUS_KEY if the private half is not a file of this store. */
enum status token_export(struct token *token, const struct key *key, const struct token_export *wanted,
    char name[TOKEN_EXPORT_NAME], struct error *err) MUST_CHECK;
