/* SPDX-License-Identifier: MIT */
/*
 * Takes over a zone that another signer signs today: its keys, and what of it is in the caches of the world.
 *
 * States come from the published file and are never ahead of it: what is there is RUMOURED from the moment of the
 * adoption, so every wait of a rollover begins then, also of one that the other signer began and that is ended here.
 * The file becomes the zone's first version, so the serial goes on from it and its signatures are kept while they are
 * fresh: the first signature by zoneseal meets nothing that it does not know.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/engine/setup.h"

struct adopt_request {
	const char *state;
	struct setup_zone zone;       /* as zone add takes it; the policy must want the keys that the zone has */
	const char *published;        /* the signed zone file as it is served now */
	const char *const *key_paths; /* K*.private and PEM files, and folders of them */
	size_t key_path_count;
	const char *passphrase_file; /* of the private keys here, and of PEM that is encrypted; or NULL */
	const char *verifier;        /* or NULL */
	struct utc now;
	bool dry_run;
};

/* A DNSKEY of the published zone. */
struct adopted_key {
	struct key key;   /* as it is stored */
	const char *file; /* of its private half; NULL: none was given, and it signs nothing */
	bool signs_keys, signs_zone, signs_soa;
	bool asked_for;                     /* a CDS names it */
	bool leaving;                       /* another one takes its place */
	const struct adopted_key *replaces; /* or NULL */
	bool told, told_leaving;            /* what the other signer's K*.state says, if there is one */
	uint16_t told_predecessor;          /* tag, or 0 */
};

struct adopt_answer {
	const char *zone;
	struct adopted_key *keys;
	size_t count;
	uint32_t serial;
	struct utc first_expiry; /* of the published zone's signatures: the first run comes before */
	uint64_t records, signatures, checks;
};

/* All or nothing, as far as the zone goes; private keys that were copied before a failure stay in the keys folder and
 * harm nothing.
 *
 * STATUS_NO         the gate refuses the published zone: adopt nothing that validators may refuse
 * STATUS_KEY        a key that signs has no private half among the files
 * STATUS_REFUSED    the zone is here already with keys, two keys have one tag, which key of a rollover is the new
 *                   one cannot be told, or the policy wants other keys than the zone has
 * STATUS_MALFORMED  the file is no zone */
enum status adopt_zone(struct store *store, const struct adopt_request *request, struct arena *mem,
    struct adopt_answer *out, struct error *err) MUST_CHECK;
