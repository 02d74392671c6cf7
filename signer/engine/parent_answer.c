/* SPDX-License-Identifier: MIT */
#include "signer/engine/parent_answer.h"

#include <string.h>

#include "signer/base/bytes.h"
#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"

enum { DS_HEAD = 4, SHOWN = 8 /* DS records that the words name */ };

static void unknown(struct parent_server *out, const char *why, struct arena *mem)
{
	out->answer = PARENT_NOT_KNOWN;
	out->ds = NULL;
	out->count = 0;
	out->ttl = 0;
	out->words = arena_printf(mem, "not known: %s", why);
}

void parent_answer_doubt(struct parent_server *server, const char *why, struct arena *mem)
{
	unknown(server, why, mem);
}

/* The first record of a type and owner (NULL: any) in a section. */
static const struct record *find(
    const struct wire_answer *answer, enum wire_section section, uint16_t type, const uint8_t *owner)
{
	for (size_t i = 0; i < answer->count[section]; i++) {
		const struct record *const record = &answer->records[section][i];
		if (record->type == type && (owner == NULL || name_equal(record->owner, owner)))
			return record;
	}
	return NULL;
}

/* Why an answer does not count before its records are looked at; NULL: it does. */
static const char *useless(const struct query_job *job, const uint8_t *apex, struct arena *mem)
{
	const struct wire_answer *const answer = &job->answer;
	char rcode[WIRE_RCODE];
	if (job->outcome != QUERY_ANSWERED)
		return job->words;
	if (answer->truncated)
		return "truncated over TCP";
	if (answer->rcode != WIRE_NOERROR && answer->rcode != WIRE_NXDOMAIN) {
		wire_rcode_text(answer->rcode, rcode);
		return arena_strdup(mem, rcode);
	}
	const struct record *const referral = find(answer, WIRE_AUTHORITY, RRTYPE_NS, NULL);
	if (!answer->authoritative && referral != NULL && name_equal(referral->owner, apex))
		return "lame: it refers to the zone's own servers";
	if (!answer->authoritative && referral != NULL && answer->count[WIRE_ANSWER] == 0)
		return "lame: it refers elsewhere";
	if (!answer->authoritative)
		return "lame: an answer without authority (no AA)";
	return NULL;
}

/* RFC 4035 3.1.4.1, RFC 2308 2: a denial comes with the SOA of the zone that denies, which must be the parent. The
 * child's own servers deny too, and mean nothing by it. */
static void read_denial(const struct query_job *job, const uint8_t *apex, const uint8_t *parent, struct arena *mem,
    struct parent_server *out)
{
	enum { SOA_TAIL = 4 };
	const struct record *const soa = find(&job->answer, WIRE_AUTHORITY, RRTYPE_SOA, NULL);
	if (soa == NULL) {
		unknown(out, "a denial without SOA (RFC 2308 2)", mem);
		return;
	}
	if (name_equal(soa->owner, apex)) {
		unknown(out, "lame: it answers for the zone itself, not for its parent", mem);
		return;
	}
	if (!name_is_within(apex, soa->owner) || (parent != NULL && !name_equal(soa->owner, parent))) {
		unknown(out, "lame: a denial by another zone than the parent", mem);
		return;
	}
	const uint32_t minimum = bytes_get_u32(soa->rdata + soa->rdata_size - SOA_TAIL);
	out->answer = PARENT_ABSENT;
	out->ttl = soa->ttl < minimum ? soa->ttl : minimum;
	out->words = job->answer.rcode == WIRE_NXDOMAIN ? "no DS, not even the name (NXDOMAIN)" : "no DS";
}

static const char *describe(const struct parent_server *server, struct arena *mem)
{
	char ttl[SPAN_TEXT];
	const char *out = "DS";
	for (size_t i = 0; i < server->count && i < SHOWN; i++)
		out = arena_printf(mem, "%s%s %u %u %u", out, i > 0 ? "," : "", server->ds[i].tag,
		    server->ds[i].algorithm, server->ds[i].digest_type);
	if (server->count > SHOWN)
		out = arena_printf(mem, "%s and %zu more", out, server->count - SHOWN);
	span_format((struct span){ server->ttl }, ttl);
	return arena_printf(mem, "%s, TTL %s", out, ttl);
}

void parent_answer_ds_set(
    const struct record records[], size_t count, const uint8_t *apex, struct arena *mem, struct parent_server *out)
{
	struct parent_ds *const ds = arena_calloc(mem, count + 1, sizeof(*ds));
	out->count = 0;
	out->ttl = 0;
	for (size_t i = 0; i < count; i++) {
		const struct record *const record = &records[i];
		if (record->type != RRTYPE_DS || !name_equal(record->owner, apex))
			continue;
		const size_t digest_size = record->rdata_size - (size_t)DS_HEAD;
		uint8_t *const digest = arena_octets(mem, digest_size);
		memcpy(digest, record->rdata + DS_HEAD, digest_size);
		ds[out->count++] = (struct parent_ds){ .tag = bytes_get_u16(record->rdata),
			.algorithm = record->rdata[2],
			.digest_type = record->rdata[3],
			.digest = digest,
			.digest_size = digest_size,
			.ttl = record->ttl };
		out->ttl = record->ttl > out->ttl ? record->ttl : out->ttl;
	}
	out->ds = ds;
}

void parent_answer_read(const struct query_job *job, const uint8_t *apex, const uint8_t *parent, struct arena *mem,
    struct parent_server *out)
{
	const char *const why = useless(job, apex, mem);
	out->no_route = job->outcome == QUERY_NO_ROUTE;
	if (why != NULL) {
		unknown(out, why, mem);
		return;
	}
	if (find(&job->answer, WIRE_ANSWER, RRTYPE_CNAME, NULL) != NULL ||
	    find(&job->answer, WIRE_ANSWER, RRTYPE_DNAME, NULL) != NULL) {
		unknown(out, "an alias stands where the zone should be delegated", mem);
		return;
	}
	parent_answer_ds_set(job->answer.records[WIRE_ANSWER], job->answer.count[WIRE_ANSWER], apex, mem, out);
	if (out->count == 0) {
		read_denial(job, apex, parent, mem, out);
		return;
	}
	if (job->answer.rcode == WIRE_NXDOMAIN) {
		unknown(out, "DS records with NXDOMAIN", mem);
		return;
	}
	out->answer = PARENT_SHOWS;
	out->words = describe(out, mem);
}
