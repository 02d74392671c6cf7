/* SPDX-License-Identifier: MIT */
/*
 * A policy as a value, with every default filled in: how a zone is signed, and how its keys live. Names follow
 * policy-parameters.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "signer/base/error.h"
#include "signer/base/utc.h"

enum policy_denial { POLICY_NSEC, POLICY_NSEC3 };
enum policy_serial { POLICY_SERIAL_INCREMENT, POLICY_SERIAL_UNIXTIME, POLICY_SERIAL_DATE_COUNTER, POLICY_SERIAL_KEEP };

enum { POLICY_NAME = 64, POLICY_SALT = 255 };

/* Limits on how much one publication may change; 0 to 1000000 parts per million of the previous count, and a floor of
 * records below which no limit applies. */
struct policy_limit {
	uint32_t most_ppm;
	uint32_t floor;
};

struct policy {
	char name[POLICY_NAME];
	/* keys */
	bool csk; /* one combined key instead of KSK and ZSK */
	uint8_t algorithm;
	unsigned ksk_bits, zsk_bits;            /* RSA; the CSK uses ksk_bits */
	struct span ksk_lifetime, zsk_lifetime; /* 0: unlimited; carried out by the rollover engine */
	/* signatures */
	struct span validity, validity_dnskey, inception_offset, jitter, refresh;
	/* denial */
	enum policy_denial denial;
	bool opt_out;
	uint16_t iterations;
	uint8_t salt[POLICY_SALT];
	uint8_t salt_size;
	/* records */
	uint32_t dnskey_ttl;   /* of DNSKEY, CDS and CDNSKEY */
	uint32_t max_zone_ttl; /* a zone with a larger TTL is refused */
	bool zonemd;
	bool cds; /* publish CDS and CDNSKEY; by the rollover engine */
	enum policy_serial serial;
	/* timing of the world, for the rollover engine and the gate */
	struct span zone_propagation, parent_propagation, parent_ds_ttl, publish_safety, retire_safety;
	/* publication */
	unsigned keep_versions;
	struct span max_clock_jump;
	struct policy_limit delegations_removed, ds_removed, size_change;
	char hook_publish[1024]; /* argv joined with NUL, ended by an empty string; see policy_argv */
	struct span hook_timeout;
};

/* The built-in defaults: P-256, KSK and ZSK, NSEC, ZONEMD. */
void policy_defaults(struct policy *policy);

/* Rules between fields (lifetime against waits, refresh below validity, jitter below validity, NSEC3 parameters only
 * with NSEC3, ...). STATUS_POLICY with the path of the field to change. */
enum status policy_check(const struct policy *policy, struct error *err) MUST_CHECK;
