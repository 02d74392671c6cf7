/* SPDX-License-Identifier: MIT */
/* A signer in a folder of its own, for tests: keys, parameters, and zones signed with them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "signer/dns/name.h"
#include "signer/sign/sign_zone.h"

enum { SIGNED_KEYS = 8, SIGNED_FILES = 8 };

struct signed_zone {
	char folder[64];
	struct token *token;
	uint8_t apex[NAME_WIRE];
	struct key keys[SIGNED_KEYS];
	size_t key_count;
	struct sign_parameters parameters; /* of an ordinary zone; a test changes what it is about */
	bool replace_foreign;
	struct sign_result result;
	struct error err;
	char *text; /* of the zone signed last */
	char path[96];
	struct signed_file { /* of the versions signed last, in turn */
		uint8_t sha256[32];
		uint8_t *octets;
		size_t size;
	} files[SIGNED_FILES];
	size_t made; /* versions */
};

/* A KSK and a ZSK, or one CSK, of an algorithm. */
void signed_open(struct signed_zone *zone, const char *origin, uint8_t algorithm, bool csk);
void signed_close(struct signed_zone *zone);

/* One more key, omnipresent in all that its role does. */
struct key *signed_add_key(struct signed_zone *zone, enum key_role role, uint8_t algorithm);

/* Signs a zone's text into zone->path and zone->text. `previous` is the text of the zone published before, or NULL. If
 * it is one of those that were signed last, the zone is signed from the file of its signatures, too, and what comes of
 * both ways differs in new signatures and the ZONEMD over them at most. */
enum status signed_make(struct signed_zone *zone, const char *text, const char *previous);

/* The line of the text that begins with `start`, without its newline; the caller frees. NULL if there is none. */
char *signed_line(const char *text, const char *start);

/* How many lines of the text hold `part`. */
size_t signed_count(const char *text, const char *part);
