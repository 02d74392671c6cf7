/* SPDX-License-Identifier: MIT */
/*
 * A policy as a value, with every default filled in: how a zone is signed and published. Names follow
 * policy-parameters.md.
 *
 * The part that rollovers follow becomes a struct rollover_policy in policy_rollover.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "policies/policy_window.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

enum policy_denial { POLICY_NSEC, POLICY_NSEC3 };
enum policy_serial { POLICY_SERIAL_INCREMENT, POLICY_SERIAL_UNIXTIME, POLICY_SERIAL_DATE_COUNTER, POLICY_SERIAL_KEEP };

/* What becomes of the DS of a KSK: zoneseal asks the parent's servers, a person says what they show, or the parent
 * takes none. */
enum policy_ds { POLICY_DS_CHECK, POLICY_DS_BY_HAND, POLICY_DS_NONE };

/* When CDS and CDNSKEY are published: never, always, or only while some DS is to come or to go. */
enum policy_cds { POLICY_CDS_NONE, POLICY_CDS_ALWAYS, POLICY_CDS_ROLLOVER };

enum {
	POLICY_ROLES = 3, /* of enum key_role */
	POLICY_NAME = 64, /* with the terminating NUL */
	POLICY_SALT = 255,
	POLICY_PATH = 256,          /* with the terminating NUL */
	POLICY_HOOK = 1024,         /* octets of a hook's words, each with its NUL, and one NUL more */
	POLICY_HOOK_WORDS = 32,     /* at most, the program among them */
	POLICY_VERIFIERS = 3,       /* further ones, beside zoneseal-verify */
	POLICY_SOURCES = 8,         /* time servers, at most */
	POLICY_TTL_MOST = INT32_MAX /* RFC 2181 8 */
};

/* most_ppm of a limit that is off. */
#define POLICY_UNLIMITED UINT32_MAX

/* How much one publication may change: `floor` items and parts per million of the previous count (at most 1000000), or
 * POLICY_UNLIMITED. The floor is there because in a small zone one delegation is a large part. */
struct policy_limit {
	uint32_t most_ppm;
	uint32_t floor;
};

/* A program that must agree, or may remark, before a zone is published. */
struct policy_verifier {
	char command[POLICY_HOOK]; /* words, as hook_publish; none: no such verifier */
	struct span timeout;
	bool advisory; /* its no is told and refuses nothing */
};

struct policy {
	char name[POLICY_NAME];
	/* keys */
	bool csk; /* one combined key instead of KSK and ZSK */
	uint8_t algorithm;
	unsigned ksk_bits, zsk_bits; /* RSA, else 0; the CSK uses ksk_bits */
	uint32_t dnskey_ttl;         /* of DNSKEY, CDS and CDNSKEY */
	/* rollovers; arrays by enum key_role */
	struct span lifetime[POLICY_ROLES]; /* from the first signature of a key; 0: unlimited */
	unsigned method[POLICY_ROLES];      /* minimize bits of rollover.h */
	bool strict;                        /* algorithm rolls keep to the conservative order (RFC 6781 4.1.4) */
	bool manual;                        /* each step of a rollover waits for an operator */
	struct span publish_safety, retire_safety;
	struct span purge_after; /* a removed key's private half is destroyed this long after; 0: never */
	unsigned standby_ksk, standby_zsk;
	unsigned pool_ksk, pool_zsk; /* keys made ahead, in no zone; pool_ksk is that of CSKs too */
	bool require_backup;         /* no key is used before a person says that a backup holds it */
	bool shared;                 /* a key may be imported that another zone has, whose policy says so too */
	char stores[POLICY_ROLES]
		   [POLICY_HOOK]; /* by enum key_role: names, as hook_publish; none: as stores.conf says */
	struct policy_windows no_key_events;
	/* key ceremonies */
	bool offline_ksk; /* the KSK's private half is elsewhere; what it signs comes in an SKR */
	struct span skr_period, skr_interval, skr_overlap, skr_horizon, skr_alarm;
	/* signatures */
	struct span validity, validity_dnskey, inception_offset, jitter, refresh;
	unsigned roll_runs;        /* in so many runs the signatures of a new key take the place of the old one's */
	struct span roll_interval; /* and not sooner after one another than this */
	/* denial */
	enum policy_denial denial;
	bool opt_out;
	uint16_t iterations;
	uint8_t salt[POLICY_SALT];
	uint8_t salt_size;
	/* zone */
	bool insecure; /* the goal is a zone without DNSSEC */
	enum policy_serial serial;
	uint32_t max_zone_ttl; /* a zone with a larger TTL is refused */
	bool zonemd;
	struct span zone_propagation; /* until all secondaries serve what is published */
	/* parent */
	enum policy_cds cds;
	enum policy_ds ds;
	uint32_t ds_ttl; /* until the parent's own answer is known */
	struct span parent_propagation, registration, check_interval;
	char
	    trust_anchor[POLICY_PATH]; /* of the parent's zone: absolute, or below the configuration folder; "": none */
	char hook_ds_submit[POLICY_HOOK], hook_ds_withdraw[POLICY_HOOK]; /* words, as hook_publish */
	bool require_sandbox; /* zoneseal-verify gives no verdict where the kernel lacks Landlock or seccomp */
	struct policy_verifier verifier[POLICY_VERIFIERS];
	struct span full_verify_every; /* at least this often all signatures are computed; 0: in each run */
	/* publication */
	unsigned keep_versions;
	char hook_publish[POLICY_HOOK]; /* words, each ended by NUL, an empty one at the end; see policy_hook_words */
	struct span hook_timeout;       /* of every hook */
	/* clock */
	struct span max_clock_jump;     /* forward, between two runs; more completes no step of a rollover */
	char time_sources[POLICY_HOOK]; /* addresses of time servers, as hook_publish; none: no other clock is asked */
	struct span clock_tolerance;    /* how far they, or a step within a run, may be off */
	unsigned clock_quorum;          /* how many of them must agree; policy_complete fills it in */
	/* what one publication may change; the records of a zone are its size */
	struct policy_limit delegations_removed, ds_removed, size_change;
};

/* The built-in defaults, which are also those of keys that a policy file leaves out: P-256, KSK and ZSK, NSEC, ZONEMD.
 */
void policy_defaults(struct policy *policy);

/* Fills in what follows from other fields: the sizes of RSA keys that are 0, validity_dnskey where it is 0, and how
 * many time servers must agree: more than half, and at least 3 if there are as many. */
void policy_complete(struct policy *policy);

/* Rules between fields: refresh and jitter within validity, refresh above what caches and secondaries may hold,
 * lifetimes above what their own rollover takes, NSEC3 parameters only with NSEC3, key sizes only with RSA.
 * STATUS_POLICY; the message starts with the path of the field to change ("signatures.refresh: ..."). */
enum status policy_check(const struct policy *policy, struct error *err) MUST_CHECK;

/* The same, with the path apart (static text) and not in the message. */
enum status policy_check_field(const struct policy *policy, const char **path, struct error *err) MUST_CHECK;

/* Points words[] at the words of a hook and ends them with NULL, as execv wants it; returns how many, 0 if there is no
 * hook. The words live in `hook`. */
size_t policy_hook_words(const char hook[POLICY_HOOK], const char *words[POLICY_HOOK_WORDS + 1]);
