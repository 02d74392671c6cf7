/* SPDX-License-Identifier: MIT */
/* Real keys for a world's keys, and what it serves as real files: signed zones and DS sets. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "keystore/token.h"
#include "signer/dns/name.h"
#include "signer/sign/sign_zone.h"
#include "tests/unit/policies/world_inside.h"

#define WORLD_ORIGIN "nl.test."

enum { SIGNER_KEYS = 1024 };

struct world_signer {
	char folder[64]; /* of the private keys */
	struct token *token;
	uint8_t apex[NAME_WIRE];
	uint8_t algorithms[2];        /* that stand for the world's 13 and 15 */
	struct key keys[SIGNER_KEYS]; /* one for each key that the world ever had, by its id; [0] stands in */
	struct sign_parameters parameters;
	struct utc refresh_due; /* of the zone signed last */
	char *previous;         /* its text, or NULL */
};

/* `variant` chooses algorithms and NSEC or NSEC3. */
void world_signer_open(struct world_signer *signer, uint64_t variant);
void world_signer_close(struct world_signer *signer);

/* Signs the zone that the world's primary serves at `when` into a file; what still fits of the signatures of the zone
 * before is kept, as a real run does. */
void world_signer_zone(struct world_signer *signer, const struct world *world, int64_t when, const char *path);

/* Writes the parent's DS set into a file, empty if there is none. */
void world_signer_ds(struct world_signer *signer, const struct world *world, const char *path);
