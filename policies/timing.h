/* SPDX-License-Identifier: MIT */
/*
 * How long to wait: one named function for each interval of RFC 7583, so that each can be laid beside the text.
 *
 * All waits use TTLs that were really served (the ledger), never the TTL that a policy asks for now.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "signer/base/utc.h"

/* A TTL of one class of records, and when the primary last served it. */
struct ttl_served {
	uint32_t ttl;    /* seconds */
	struct utc last; /* UTC_NEVER: it is being served */
};

/* The TTLs of one class over time, in any order. */
struct ttl_ledger {
	const struct ttl_served *served;
	size_t count;
};

/* The TTL to wait for after a change at `from`: the largest that is served, or what is left at `from` of an older,
 * larger one. A lowered TTL so counts only after the larger one has expired from caches. Zero for an empty ledger. */
struct span ttl_ledger_wait(const struct ttl_ledger *ledger, struct utc from);

/* The largest TTL that any cache may still hold at `now`. Zero for an empty ledger. */
struct span ttl_ledger_largest(const struct ttl_ledger *ledger, struct utc now);

/* Lengths that hold for one change. Symbols as in RFC 7583 2 to 3.3. */
struct timing {
	struct span propagation;        /* Dprp, DprpC: until all servers of the zone have a new version */
	struct span parent_propagation; /* DprpP */
	struct span registration; /* Dreg: from handing in a DS to its publication; an estimate, for planning only */
	struct span sign_all; /* Dsgn: until every RRset has a signature of the new key; 0 if all are made at once */
	struct span ttl_key;  /* TTLkey */
	struct span ttl_ds;   /* TTLds */
	struct span ttl_sig;  /* TTLsig: largest TTL of any RRset that the ZSK signs */
	struct span negative; /* Ingc: how long absence may be cached (RFC 2308 5) */
	struct span publish_safety; /* added to publication intervals; not in the RFC */
	struct span retire_safety;  /* added to retire intervals; not in the RFC */
};

/* ZSK: pre-publication (RFC 7583 3.2.1), double signature (3.2.2), double RRSIG (2.1, worked out from the caches). */
struct span timing_zsk_publication(const struct timing *t);      /* Ipub = Dprp + TTLkey */
struct span timing_first_publication(const struct timing *t);    /* Dprp + max(TTLkey, Ingc): the absence of a DNSKEY
								  * RRset may be cached */
struct span timing_zsk_retire(const struct timing *t);           /* Iret = Dsgn + Dprp + TTLsig */
struct span timing_zsk_double_signature(const struct timing *t); /* Iret = Dsgn + Dprp + max(TTLkey, TTLsig) */
struct span timing_zsk_double_rrsig(const struct timing *t);     /* Dsgn + Dprp + TTLsig, then Dprp + TTLkey */

/* KSK: double-KSK (3.3.1), double-DS (3.3.2), double-RRset (3.3.3). */
struct span timing_ksk_publication(const struct timing *t);  /* IpubC = DprpC + TTLkey */
struct span timing_ksk_retire(const struct timing *t);       /* Iret = DprpP + TTLds */
struct span timing_ds_publication(const struct timing *t);   /* IpubP = DprpP + TTLds */
struct span timing_ksk_double_rrset(const struct timing *t); /* Ipub = max(Dreg + IpubP, IpubC) */
