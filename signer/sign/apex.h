/* SPDX-License-Identifier: MIT */
/* The RRsets that the signer puts at the apex: SOA, DNSKEY, NSEC3PARAM, CDS, CDNSKEY, ZONEMD. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/denial/nsec3.h"
#include "signer/zone/zone.h"

struct apex_parameters {
	uint32_t serial;
	uint32_t dnskey_ttl;                  /* of DNSKEY, CDS and CDNSKEY */
	const struct nsec3_parameters *nsec3; /* NULL: NSEC */
	bool cds;
	bool zonemd;
};

/* Makes them in `mem` and sets them at the zone's apex. `zonemd` points to the digest field of the ZONEMD's RDATA,
 * which is to be filled in when all else is signed; NULL if there is none. STATUS_KEY if no key is published. */
enum status apex_make(struct zone *zone, const struct apex_parameters *parameters, const struct key keys[],
    size_t key_count, struct arena *mem, uint8_t **zonemd, struct error *err) MUST_CHECK;

/* Fields of the SOA's RDATA. */
uint32_t apex_soa_serial(const struct record *soa);
uint32_t apex_soa_minimum(const struct record *soa);
