/* SPDX-License-Identifier: MIT */
/*
 * The RRsets that the signer puts at the apex: SOA, DNSKEY, NSEC3PARAM, CDS, CDNSKEY, ZONEMD.
 *
 * CDS and CDNSKEY are both there or both not, and say the same (RFC 7344 4). A digest is SHA-256 for every algorithm:
 * all validators know it, and a DS set with one digest type cannot be followed in two ways (RFC 9904 4).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/key.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/denial/nsec3.h"
#include "signer/zone/zone.h"

/* When the parent is told by CDS and CDNSKEY which DS set is wanted. It may always be: asked for what it has, the
 * parent does nothing (RFC 7344 4.1). While nothing is to change, they may as well be gone. */
enum apex_cds {
	APEX_CDS_NONE,
	APEX_CDS_ALWAYS,
	APEX_CDS_ROLLOVER /* only while the DS of some key is being introduced or withdrawn */
};

struct apex_parameters {
	uint32_t serial;
	uint32_t dnskey_ttl;                  /* of DNSKEY, CDS and CDNSKEY */
	const struct nsec3_parameters *nsec3; /* NULL: NSEC */
	enum apex_cds cds;
	bool cds_delete;      /* the delete form and nothing else, whatever `cds` says */
	bool unsigned_output; /* only SOA and ZONEMD */
	bool zonemd;
};

/* Makes them in `mem` and sets them at the zone's apex. `zonemd` points to the digest field of the ZONEMD's RDATA,
 * which is to be filled in when all else is signed; NULL if there is none. STATUS_KEY if no key is published, though
 * the zone is to be signed. */
enum status apex_make(struct zone *zone, const struct apex_parameters *parameters, const struct key keys[],
    size_t key_count, struct arena *mem, uint8_t **zonemd, struct error *err) MUST_CHECK;

/* Fields of the SOA's RDATA. */
uint32_t apex_soa_serial(const struct record *soa);
uint32_t apex_soa_expire(const struct record *soa);
uint32_t apex_soa_minimum(const struct record *soa);
