/* SPDX-License-Identifier: MIT */
/*
 * A key as a value. A key is its public key's octets: rows refer to it by id, proofs by the SHA-256 of the public key;
 * the tag is for people to read.
 *
 * The record states are those of rollover.md (HIDDEN, RUMOURED, OMNIPRESENT, UNRETENTIVE). What a key does in a zone
 * version follows from them and is stored nowhere else: it is published if DNSKEY is RUMOURED or OMNIPRESENT, signs the
 * DNSKEY RRset if KRRSIG is, signs the rest if ZRRSIG is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "signer/base/utc.h"

enum key_role { KEY_KSK, KEY_ZSK, KEY_CSK };

enum key_record { KEY_DNSKEY, KEY_ZRRSIG, KEY_KRRSIG, KEY_DS, KEY_RECORDS };

enum key_state { KEY_NA, KEY_HIDDEN, KEY_RUMOURED, KEY_OMNIPRESENT, KEY_UNRETENTIVE };

enum { KEY_ALL_PPM = 1000000, KEY_PUBLIC_MAX = 520, KEY_LOCATOR = 256, KEY_FLAG_REVOKE = 0x0080 /* RFC 5011 7 */ };

struct key {
	int64_t id; /* row id; 0 before it is stored */
	enum key_role role;
	uint8_t algorithm;
	uint16_t flags; /* of the DNSKEY: 256, or 257 with SEP; never with REVOKE, see key_published_flags */
	uint16_t tag;   /* RFC 4034 Appendix B; with the REVOKE bit set it is revoked_tag (RFC 5011 2.1) */
	uint16_t revoked_tag;
	unsigned bits;        /* RSA modulus; else the curve's size */
	uint16_t public_size; /* the public key field of the DNSKEY RDATA */
	uint8_t public_key[KEY_PUBLIC_MAX];
	uint8_t fingerprint[32];   /* SHA-256 of the public key field: identity */
	char locator[KEY_LOCATOR]; /* where the private key is: "file:<64 hex>.pem" in the state folder's keys/ */
	bool goal_present;         /* the engine's aim: OMNIPRESENT, else HIDDEN */
	enum key_state state[KEY_RECORDS]; /* KEY_NA where the role has no such record */
	struct utc since[KEY_RECORDS];     /* when that state began, by publication, not by intention */
	struct utc created;
	struct utc active; /* first publication with signatures of its own; 0 if not yet */
	/* What the rollover engine remembers. */
	int64_t predecessor;            /* row id of the key that it replaces, or 0 */
	struct utc ds_seen;             /* since when every parent server shows its DS; 0: not */
	struct utc ds_gone;             /* since when no parent server shows it; 0: not */
	struct utc signatures_complete; /* since when every RRset carries its signature, or none does once it is
					   withdrawn; 0: unknown. While some are left: since when no more are */
	uint32_t signatures_left;       /* of a roll that is spread over runs: on how many of a million RRsets the old
					   key's signature is to stay, for now. The same of the old key and of the new */
	bool was_full[KEY_RECORDS];     /* the record was OMNIPRESENT when it became UNRETENTIVE; else it may cover for
					   nothing */
	bool standby;                   /* published, but neither signs (ZSK) nor has a DS (KSK) until it is promoted */
	bool foreign; /* its private half is another signer's: it is published and counted, and never signs here */
	bool shared;  /* to store_add_keys: other zones may have it too. Not stored */
	struct utc
	    backed_up; /* since when a person says that a backup holds it; 0: nobody did. By store_backup_done alone */
	struct utc purging; /* when the destruction of its private half was begun; 0: not */
	struct utc purged;  /* when it was done; 0: not. Both change through store_purge_* alone */
	struct utc dropped; /* since when it is to leave at once, whatever caches hold: it may be stolen; 0: not */
	struct utc revoked; /* since when it is to be published with the REVOKE bit (RFC 5011 2.1); 0: not */
};

const char *key_role_name(enum key_role role);    /* "KSK", "ZSK", "CSK" */
const char *key_state_name(enum key_state state); /* "hidden", "rumoured", ... */

/* The key as it is once the time is known to be `now`: what was recorded later is taken to have begun now, and the end
 * of a wait that a clock ahead of the world told of is not believed. Its records in the zone stay what they are. */
void key_forget_future(struct key *key, struct utc now);

/* The states of a key that was never used: HIDDEN where its role has the record, NA elsewhere. */
void key_hide(struct key *key, struct utc since);

bool key_is_hidden(const struct key *key);    /* no record of it is in any cache */
bool key_is_published(const struct key *key); /* its DNSKEY is in the zone */
bool key_signs_keys(const struct key *key);   /* it signs DNSKEY, and CDS and CDNSKEY unless it is revoked */
bool key_signs_zone(const struct key *key);   /* it signs all other RRsets; never a revoked one */
bool key_takes_over_from(const struct key *key, const struct key *old); /* its signatures take the place of those, run
									 * by run */
bool key_stays_on_zone(const struct key *key); /* it makes no signature of them any more, and some of those stay */

/* In a locator: what follows is where the key was and a copy of it still is. Nothing is signed from there. */
#define KEY_LEFT '|'

/* Its private half is where key ceremonies are held: what it signs comes from there. */
#define KEY_OFFLINE "offline:"
bool key_is_offline(const struct key *key);

bool key_is_revoked(const struct key *key);
uint16_t key_published_flags(const struct key *key);
uint16_t key_published_tag(const struct key *key);
