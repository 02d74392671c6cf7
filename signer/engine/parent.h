/* SPDX-License-Identifier: MIT */
/*
 * What the parent's servers say about a zone's DS, and what that means for its keys.
 *
 * Every server is asked; only when all of them agree has a DS been seen or is it gone. An answer that is malformed,
 * late, truncated, not authoritative, a referral, an error, or that does not validate under a trust anchor is "not
 * known": it is never taken for "gone", and it never counts as "seen".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "keystore/store.h"
#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

enum parent_answer { PARENT_NOT_KNOWN, PARENT_SHOWS, PARENT_ABSENT };

/* A DS record as a server shows it. */
struct parent_ds {
	uint16_t tag;
	uint8_t algorithm, digest_type;
	const uint8_t *digest;
	size_t digest_size;
	uint32_t ttl;
};

/* One address that was asked. */
struct parent_server {
	const char *address; /* "192.0.2.1", "2001:db8::1@5353" */
	const char *name;    /* of the name server it belongs to, or NULL: configured */
	size_t group;        /* addresses of one name server are one of the parent's servers */
	bool no_route;       /* this host cannot reach such addresses: the others of the group count alone */
	enum parent_answer answer;
	const struct parent_ds *ds; /* PARENT_SHOWS: the DS set */
	size_t count;
	uint32_t ttl;      /* the largest of the set; PARENT_ABSENT: of the denial (RFC 2308 5) */
	bool validated;    /* under the trust anchor */
	const char *words; /* "DS 20326 13 2", "no DS (NXDOMAIN)", "not known: SERVFAIL"; printable */
};

/* How a key's DS stands at the parent: servers are counted by group. */
enum parent_sight {
	PARENT_SIGHT_UNKNOWN, /* some server is not known, the others agree */
	PARENT_SIGHT_SEEN,    /* every server shows it */
	PARENT_SIGHT_GONE,    /* no server shows it, and all are known */
	PARENT_SIGHT_MIXED,   /* some show it, some do not */
};

enum parent_wish { PARENT_MAY, PARENT_MUST, PARENT_MUST_NOT };

struct parent_key {
	struct key key;
	enum parent_wish wish; /* what the keystore expects */
	enum parent_sight sight;
	size_t shows, lacks, unknown; /* servers; they add up to parent_view.groups */
};

struct parent_view {
	const char *zone;
	struct utc when;
	bool asked;     /* false: not due yet (parent.check-interval), or nothing to ask for; the rest is empty */
	struct utc due; /* if not asked: when it is */
	bool anchored;  /* a trust anchor was given */
	const struct parent_server *servers;
	size_t server_count, groups;
	struct parent_key *keys; /* that can have a DS: KSK and CSK, in order of id */
	size_t key_count;
	bool has_ttl;
	uint32_t largest_ttl; /* of every DS set seen: waits use it */
	size_t strangers;     /* groups that show a DS of no key of ours */
	size_t not_known;     /* groups */
	bool as_expected;     /* every group is known and shows what the keystore expects, no more and no less */
	bool differs;         /* some group shows what it should not, or lacks what it must show */
};

struct parent_options {
	const char *resolver; /* "ADDRESS[@PORT]" to discover servers with, or a file like resolv.conf, by its absolute
			       * path; NULL: /etc/resolv.conf */
	const char
	    *trust_anchor;  /* file with DS or DNSKEY lines of the parent zone; NULL: the policy's, if it has one */
	const char *config; /* folder that the policy's path is relative to */
	int timeout_milliseconds; /* for each round of questions; 0: 5000 */
	bool by_hand;             /* now, however short ago the last time was */
	bool record;              /* keep what was seen: key.ds_seen, key.ds_gone, the TTL */
};

/* Asks the parent's servers about the zone's DS set. Configured ones (zone->parents, "ADDRESS[@PORT]" separated by
 * spaces), else those that the resolver names for the parent zone. With options->record, and only when every server
 * agrees about a key, notes it in the store; `out` is then as after that; the caller
 * holds the zone's lock.
 *
 * STATUS_OK      whatever the servers said, also "nothing is known"
 * STATUS_USAGE   a configured address is none
 * STATUS_POLICY  the trust anchor is not usable
 * STATUS_BUSY    the parent's servers cannot be found out now
 * STATUS_MISSING there is no resolver to ask, or no such file */
enum status parent_check(struct store *store, const struct store_zone *zone, const struct policy *policy,
    struct utc now, const struct parent_options *options, struct arena *mem, struct parent_view *out,
    struct error *err) MUST_CHECK;

/* "13 servers; DS of KSK 20326 seen (13/13)". */
const char *parent_words(const struct parent_view *view, struct arena *mem);

/* "seen", "gone", "mixed", "not known". */
const char *parent_sight_name(enum parent_sight sight);
