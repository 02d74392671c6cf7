/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "signer/denial/bitmap.h"
#include "signer/denial/nsec3.h"
#include "signer/dns/rrtype.h"
#include "signer/engine/proof.h"
#include "signer/zone/order.h"

enum {
	MOST_RECORDS = 16,     /* NSEC or NSEC3 records that an answer may need */
	MOST_ITERATIONS = 100, /* RFC 9276 3.2 */
	NSEC3_SHA1 = 1,
	NSEC3_HEAD = 5, /* algorithm, flags, iterations, length of the salt */
	NSEC3_OPT_OUT = 1,
};

/* A validated link of the chain. */
struct link {
	const uint8_t *owner, *next; /* NSEC: names; NSEC3: hashes */
	struct bytes types;
	bool opt_out;
};

struct chain {
	const uint8_t *apex;
	struct link links[MOST_RECORDS];
	size_t count;
	struct nsec3_hasher *hasher; /* NULL: NSEC */
};

static bool has(const struct link *link, uint16_t type)
{
	return bitmap_has(link->types.data, link->types.size, type);
}

/* The name is there, in the parent, and has no DS. */
static bool denies_ds(const struct link *link)
{
	return !has(link, RRTYPE_DS) && !has(link, RRTYPE_CNAME) && !has(link, RRTYPE_SOA);
}

/* Nothing below such a name is the zone's to deny (RFC 6840 4.1, RFC 5155 8.3). */
static bool is_end_of_zone(const struct link *link)
{
	return has(link, RRTYPE_DNAME) || (has(link, RRTYPE_NS) && !has(link, RRTYPE_SOA));
}

/* ---- NSEC ---- */

static const struct link *nsec_match(const struct chain *chain, const uint8_t *name)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (name_equal(chain->links[i].owner, name))
			return &chain->links[i];
	}
	return NULL;
}

static const struct link *nsec_cover(const struct chain *chain, const uint8_t *name)
{
	for (size_t i = 0; i < chain->count; i++) {
		const struct link *const link = &chain->links[i];
		const bool is_last = name_compare(link->next, link->owner) <= 0;
		if (name_compare(link->owner, name) >= 0 || (!is_last && name_compare(name, link->next) >= 0))
			continue;
		if (!name_is_within(name, link->owner) || !is_end_of_zone(link))
			return link;
	}
	return NULL;
}

/* "*" and the last `labels` labels of a name. */
static bool wildcard_of(const uint8_t *name, unsigned labels, uint8_t out[NAME_WIRE])
{
	const uint8_t *const encloser = name_skip(name, name_labels(name) - labels);
	const size_t size = name_size(encloser);
	if (size + 2 > NAME_WIRE)
		return false;
	out[0] = 1;
	out[1] = '*';
	memcpy(out + 2, encloser, size);
	return true;
}

static const char *nsec_proves(const struct chain *chain, const uint8_t *name)
{
	uint8_t wildcard[NAME_WIRE];
	const struct link *const same = nsec_match(chain, name);
	if (same != NULL)
		return denies_ds(same) ? NULL : "its own NSEC says that there is a DS";
	const struct link *const cover = nsec_cover(chain, name);
	if (cover == NULL)
		return "no NSEC covers the zone's name";
	if (name_is_within(cover->next, name))
		return NULL; /* an empty non-terminal */
	const unsigned before = order_common_labels(cover->owner, name);
	const unsigned behind = order_common_labels(cover->next, name);
	if (!wildcard_of(name, before > behind ? before : behind, wildcard))
		return NULL; /* there can be no such wildcard */
	const struct link *const star = nsec_match(chain, wildcard);
	if (star != NULL ? denies_ds(star) : nsec_cover(chain, wildcard) != NULL)
		return NULL;
	return "no NSEC denies the wildcard";
}

/* ---- NSEC3 ---- */

static bool hash_of(const struct chain *chain, const uint8_t *name, uint8_t out[NSEC3_HASH])
{
	struct error ignored;
	return nsec3_hash(chain->hasher, name, out, &ignored) == STATUS_OK;
}

static const struct link *nsec3_match(const struct chain *chain, const uint8_t *name)
{
	uint8_t hash[NSEC3_HASH];
	if (!hash_of(chain, name, hash))
		return NULL;
	for (size_t i = 0; i < chain->count; i++) {
		if (memcmp(chain->links[i].owner, hash, NSEC3_HASH) == 0)
			return &chain->links[i];
	}
	return NULL;
}

static const struct link *nsec3_cover(const struct chain *chain, const uint8_t *name)
{
	uint8_t hash[NSEC3_HASH];
	if (!hash_of(chain, name, hash))
		return NULL;
	for (size_t i = 0; i < chain->count; i++) {
		const struct link *const link = &chain->links[i];
		const bool behind = memcmp(link->owner, hash, NSEC3_HASH) < 0;
		const bool before = memcmp(hash, link->next, NSEC3_HASH) < 0;
		const bool is_last = memcmp(link->next, link->owner, NSEC3_HASH) <= 0;
		if (is_last ? behind || before : behind && before)
			return link;
	}
	return NULL;
}

/* RFC 5155 8.3 from the name upward; the first hash that is there is the closest encloser's. */
static const char *nsec3_proves(const struct chain *chain, const uint8_t *name)
{
	uint8_t wildcard[NAME_WIRE];
	const struct link *const same = nsec3_match(chain, name);
	if (same != NULL)
		return denies_ds(same) ? NULL : "its own NSEC3 says that there is a DS";
	const unsigned labels = name_labels(name);
	for (unsigned up = 1; up <= labels - name_labels(chain->apex); up++) {
		const struct link *const encloser = nsec3_match(chain, name_skip(name, up));
		if (encloser == NULL)
			continue;
		if (is_end_of_zone(encloser))
			return "the closest encloser is a delegation or DNAME";
		const struct link *const cover = nsec3_cover(chain, name_skip(name, up - 1));
		if (cover == NULL)
			return "no NSEC3 covers the next closer name";
		if (cover->opt_out || !wildcard_of(name, labels - up, wildcard))
			return NULL;
		const struct link *const star = nsec3_match(chain, wildcard);
		if (star != NULL ? denies_ds(star) : nsec3_cover(chain, wildcard) != NULL)
			return NULL;
		return "no NSEC3 denies the wildcard";
	}
	return "no NSEC3 is that of a closest encloser";
}

/* ---- what the answer brings along ---- */

static struct link nsec_link(const struct record *record)
{
	const size_t next = name_size(record->rdata);
	return (struct link){ .owner = record->owner,
		.next = record->rdata,
		.types = { record->rdata + next, record->rdata_size - next } };
}

/* False: of another kind than the chain's, or not understood (RFC 5155 8.1, 8.2). */
static bool nsec3_link(
    const struct record *record, struct chain *chain, const struct record *first, struct arena *mem, struct link *out)
{
	uint8_t *const hash = arena_octets(mem, NSEC3_HASH);
	const size_t salt = record->rdata[4];
	const size_t head = NSEC3_HEAD + salt;
	const size_t same = 2; /* what follows: iterations and salt */
	if (record->rdata[0] != NSEC3_SHA1 || record->rdata[head] != NSEC3_HASH || record->owner[0] != NSEC3_LABEL ||
	    !name_equal(name_skip(record->owner, 1), chain->apex) ||
	    bytes_from_base32hex((const char *)record->owner + 1, NSEC3_LABEL, hash, NSEC3_HASH) != NSEC3_HASH)
		return false;
	if (first->rdata[4] != salt || memcmp(first->rdata + same, record->rdata + same, head - same) != 0)
		return false;
	const uint8_t *const next = record->rdata + head + 1;
	*out = (struct link){ .owner = hash,
		.next = next,
		.types = { next + NSEC3_HASH, record->rdata_size - head - 1 - NSEC3_HASH },
		.opt_out = (record->rdata[1] & NSEC3_OPT_OUT) != 0 };
	return true;
}

static const char *start_hashing(const struct record *first, struct chain *chain)
{
	struct error ignored;
	const struct nsec3_parameters parameters = { .iterations = bytes_get_u16(first->rdata + 2),
		.salt = first->rdata + NSEC3_HEAD,
		.salt_size = first->rdata[4] };
	if (parameters.iterations > MOST_ITERATIONS)
		return "NSEC3 with more than 100 iterations (RFC 9276 3.2)";
	return nsec3_hasher_new(&parameters, &chain->hasher, &ignored) == STATUS_OK ? NULL : "SHA-1 is not to be had";
}

/* Collects the links of one type whose signatures hold; why the last did not, else NULL. */
static const char *collect(const struct wire_answer *answer, uint16_t type, const struct proof_keys *keys,
    struct utc now, struct arena *mem, struct chain *chain)
{
	const char *why = NULL;
	const struct record *first = NULL;
	unsigned seen = 0;
	for (size_t i = 0; i < answer->count[WIRE_AUTHORITY] && seen < MOST_RECORDS; i++) {
		const struct record *const record = &answer->records[WIRE_AUTHORITY][i];
		struct link link;
		if (record->type != type)
			continue;
		seen++;
		const struct proof_rrset rrset = { answer, WIRE_AUTHORITY, record->owner, type };
		const char *wrong = proof_rrset_holds(&rrset, chain->apex, keys, now, mem);
		if (wrong == NULL && type == RRTYPE_NSEC3 && first == NULL) {
			first = record;
			wrong = start_hashing(first, chain);
		}
		why = wrong != NULL ? wrong : why;
		if (wrong != NULL)
			continue;
		if (type == RRTYPE_NSEC)
			link = nsec_link(record);
		else if (!nsec3_link(record, chain, first, mem, &link))
			continue;
		chain->links[chain->count++] = link;
	}
	return why;
}

const char *proof_no_ds(const struct wire_answer *answer, const uint8_t *name, const uint8_t *apex,
    const struct proof_keys *keys, struct utc now, struct arena *mem)
{
	struct chain nsec = { .apex = apex };
	struct chain nsec3 = { .apex = apex };
	const char *why = collect(answer, RRTYPE_NSEC, keys, now, mem, &nsec);
	if (nsec.count > 0)
		why = nsec_proves(&nsec, name);
	if (nsec.count > 0 && why == NULL)
		return NULL;
	const char *const why3 = collect(answer, RRTYPE_NSEC3, keys, now, mem, &nsec3);
	if (nsec3.hasher != NULL && nsec3.count > 0) {
		why = nsec3_proves(&nsec3, name);
		nsec3_hasher_free(nsec3.hasher);
		return why;
	}
	nsec3_hasher_free(nsec3.hasher);
	if (why == NULL)
		why = why3;
	return why == NULL ? "no NSEC or NSEC3" : why;
}
