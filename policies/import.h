/* SPDX-License-Identifier: MIT */
/*
 * Reads the policy of another signer and writes ours: what is the same silently, each difference with its reason.
 *
 * Pure: text in, text out. The formats are those of the signers' own documents; contrib/doc/import.md has the table.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/bytes.h"
#include "signer/base/error.h"

enum import_peer { IMPORT_BIND, IMPORT_KNOT, IMPORT_OPENDNSSEC, IMPORT_CASCADE, IMPORT_PEERS };

enum { IMPORT_MOST_OCTETS = 1 << 20 /* of a file; named.conf and knot.conf hold more than policies */ };

enum import_kind {
	IMPORT_DEFAULT, /* not in the file: the other signer's own default is written out */
	IMPORT_OURS,    /* the other signer has no such option, or finds the value out: zoneseal's is written out */
	IMPORT_CHANGED, /* the value differs, or means something slightly else */
	IMPORT_DROPPED, /* has no counterpart */
	IMPORT_UNKNOWN, /* no option of that signer that is known here */
	IMPORT_KINDS,
};

/* Texts of the file are escaped. */
struct import_difference {
	enum import_kind kind;
	const char *option; /* of the other signer; NULL: it has none */
	const char *theirs; /* the value in the file; NULL: not given */
	const char *field;  /* path of ours; NULL: none */
	const char *ours;   /* its value; NULL: none */
	const char *why;
	uint64_t line; /* 0: nowhere */
};

/* What becomes of keys. The first key of a role is number 1. */
enum import_step {
	IMPORT_PUBLISHED, /* its DNSKEY comes */
	IMPORT_SIGNS,     /* the zone, instead of the one before */
	IMPORT_DS_WANTED, /* the parent is to have its DS */
	IMPORT_LEAVES,    /* the DNSKEY of the key before goes */
	IMPORT_STEPS,
};

/* A step by the other signer's documents, and by zoneseal's simulation; since both began to sign. Negative: not within
 * the time that was looked at. */
struct import_moment {
	enum key_role role;
	unsigned number;
	enum import_step step;
	struct span theirs, ours;
};

/* How long one thing takes or lasts. Negative: not known in advance. */
struct import_length {
	const char *what;
	struct span theirs, ours;
};

enum { IMPORT_MOMENTS = 24, IMPORT_LENGTHS = 8, IMPORT_NOTES = 4 };

struct import_timing {
	struct import_moment moment[IMPORT_MOMENTS];
	size_t moment_count;
	struct import_length length[IMPORT_LENGTHS];
	size_t length_count;
	const char *note[IMPORT_NOTES]; /* why the two differ, and what was assumed */
	size_t note_count;
};

struct import {
	enum import_peer peer;
	const char *name; /* of the policy in the file, escaped */
	uint64_t line;
	struct policy policy; /* policy_check has passed */
	const char *yaml;     /* policy_yaml_parse reads `policy` from it */
	const struct import_difference *differences;
	size_t count;
	struct import_timing timing;
};

/* "bind": as --format takes it; "BIND": as people write it. */
const char *import_peer_name(enum import_peer peer);
const char *import_peer_title(enum import_peer peer);
enum status import_peer_named(const char *name, enum import_peer *out, struct error *err) MUST_CHECK;

/* Which signer a text is for, by its form. STATUS_USAGE if it cannot be told. */
enum status import_guess(struct bytes text, enum import_peer *out, struct error *err) MUST_CHECK;

/* `file` names the text in messages, `name` the policy in it (NULL: the only one). STATUS_POLICY with the place if the
 * text cannot be read, or asks for something that zoneseal refuses to do; STATUS_USAGE if there is no policy of that
 * name, or several and no name. Everything is in `mem`. */
enum status import_policy(enum import_peer peer, const char *file, struct bytes text, const char *name,
    struct arena *mem, struct import *out, struct error *err) MUST_CHECK;
