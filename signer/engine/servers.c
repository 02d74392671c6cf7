/* SPDX-License-Identifier: MIT */
#include "signer/engine/servers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signer/base/bytes.h"
#include "signer/dns/name.h"
#include "signer/dns/rrtype.h"
#include "signer/engine/folder.h"
#include "signer/engine/parent_servers.h"

enum {
	SOA_NUMBERS = 20,         /* serial and four more behind the two names (RFC 1035 3.3.13) */
	SIGNATURE_EXPIRATION = 8, /* RFC 4034 3.1 */
	SIGNATURE_FIXED = 18,     /* octets before the signer's name */
	BATCH = 50                /* servers at once, two questions each: as many as a server's TCP takes */
};

enum status servers_parse(const char *text, struct arena *mem, const char ***out, size_t *count, struct error *err)
{
	struct parent_servers servers;
	const enum status status = parent_servers_parse(text, mem, &servers, err);
	if (status != STATUS_OK)
		return status;
	if (servers.count > SERVERS_MOST)
		return error_set(err, STATUS_USAGE, "more than %d name servers", SERVERS_MOST);
	*out = arena_calloc(mem, servers.count + 1, sizeof(**out));
	for (size_t i = 0; i < servers.count; i++)
		(*out)[i] = servers.all[i].server.text;
	*count = servers.count;
	return STATUS_OK;
}

/* Why an answer is of no use; NULL: it is. */
static const char *useless(const struct query_job *job, struct arena *mem)
{
	char rcode[WIRE_RCODE];
	if (job->outcome != QUERY_ANSWERED)
		return job->words;
	if (job->answer.truncated)
		return "truncated over TCP";
	wire_rcode_text(job->answer.rcode, rcode);
	if (job->answer.rcode != WIRE_NOERROR)
		return arena_strdup(mem, rcode);
	return job->answer.authoritative ? NULL : "lame: an answer without authority (no AA)";
}

static const struct record *find(const struct query_job *job, const uint8_t *apex)
{
	for (size_t i = 0; i < job->answer.count[WIRE_ANSWER]; i++) {
		const struct record *const record = &job->answer.records[WIRE_ANSWER][i];
		if (record->type == job->type && name_equal(record->owner, apex))
			return record;
	}
	return NULL;
}

/* When the first signature of the RRset that was asked for ends; 0: there is none. The 32 bits of the time are nearest
 * to now (RFC 4034 3.1.5). */
static struct utc first_end(const struct query_job *job, const uint8_t *apex, struct utc now)
{
	struct utc first = { 0 };
	for (size_t i = 0; i < job->answer.count[WIRE_ANSWER]; i++) {
		const struct record *const record = &job->answer.records[WIRE_ANSWER][i];
		if (record->type != RRTYPE_RRSIG || record->rdata_size < SIGNATURE_FIXED ||
		    !name_equal(record->owner, apex) || bytes_get_u16(record->rdata) != job->type)
			continue;
		const int32_t left =
		    (int32_t)(bytes_get_u32(record->rdata + SIGNATURE_EXPIRATION) - (uint32_t)now.seconds);
		const struct utc end = utc_add(now, (struct span){ left });
		if (first.seconds == 0 || utc_before(end, first))
			first = end;
	}
	return first;
}

/* What is wrong with one answer; NULL: nothing is. `end` is that of its first signature. */
static const char *examine(const struct query_job *job, const uint8_t *apex, struct utc now, struct arena *mem,
    const struct record **record, struct utc *end)
{
	const char *const why = useless(job, mem);
	if (why != NULL)
		return why;
	*record = find(job, apex);
	*end = first_end(job, apex, now);
	if (*record == NULL)
		return "an answer without it";
	return end->seconds == 0 ? "served without a signature" : NULL;
}

void servers_read(const struct query_job *soa, const struct query_job *dnskey, const uint8_t *apex, struct utc now,
    struct arena *mem, struct store_server *out)
{
	const struct record *first = NULL;
	const struct record *second = NULL;
	struct utc end[2] = { { 0 }, { 0 } };
	const char *why = examine(soa, apex, now, mem, &first, &end[0]);
	const char *what = "SOA";
	if (first != NULL && first->rdata_size >= SOA_NUMBERS) {
		out->has_serial = true;
		out->serial = bytes_get_u32(first->rdata + first->rdata_size - SOA_NUMBERS);
		out->expires = end[0];
	}
	if (why == NULL) {
		why = examine(dnskey, apex, now, mem, &second, &end[1]);
		what = "DNSKEY";
	}
	if (why == NULL && utc_before(end[1], end[0]))
		out->expires = end[1];
	out->failure = why == NULL ? NULL : arena_printf(mem, "%s: %s", what, why);
}

/* One server of one zone. */
struct asking {
	const struct store_zone *zone;
	uint32_t published;
	struct utc published_at;
	const uint8_t *apex;
	struct store_server row;
};

static int by_turn(const void *a, const void *b)
{
	const struct asking *const x = a;
	const struct asking *const y = b;
	return (x->row.asked.seconds > y->row.asked.seconds) - (x->row.asked.seconds < y->row.asked.seconds);
}

/* A trouble's beginning that is remembered; one in the future is a clock's that was ahead, and would outlast it. */
static struct utc since(struct utc remembered, struct utc now)
{
	return remembered.seconds == 0 || utc_before(now, remembered) ? now : remembered;
}

/* Since when it has been behind: since the version after the one that it serves was published. One that serves what
 * was never published here is behind since that was first seen, at the latest. */
static enum status judge_serial(struct store *store, struct asking *one, struct utc now, struct error *err)
{
	const struct utc before = one->row.behind_since;
	struct utc next = { 0 };
	one->row.behind_since = (struct utc){ 0 };
	/* RFC 1982: a serial that is not smaller is not behind. */
	if ((int32_t)(one->row.serial - one->published) >= 0)
		return STATUS_OK;
	const enum status status = store_published_after(store, one->zone->id, one->row.serial, &next, err);
	/* Nor does a version help whose publication a clock that was ahead dated: it would begin anew with each
	 * question. */
	if (next.seconds == 0 || utc_before(now, next))
		next = before.seconds != 0 ? before : one->published_at;
	one->row.behind_since = since(next, now);
	return status;
}

/* What one run goes on with. */
struct round {
	struct store *store;
	struct utc now;
	const char *
	    *silent; /* servers that were waited for in vain: once a run is enough, whose zone it ever was for */
	size_t silent_count;
};

static bool is_silent(const struct round *round, const char *server)
{
	for (size_t i = 0; i < round->silent_count; i++)
		if (strcmp(round->silent[i], server) == 0)
			return true;
	return false;
}

/* `jobs` is NULL for one that was silent before in this round. */
static enum status note(
    const struct round *round, struct asking *one, const struct query_job *jobs, struct arena *mem, struct error *err)
{
	const struct utc now = round->now;
	const struct utc failing = one->row.failing_since;
	struct store_server said = { .server = one->row.server, .failure = SERVERS_SILENT };
	enum status status = STATUS_OK;
	if (jobs != NULL)
		servers_read(&jobs[0], &jobs[1], one->apex, now, mem, &said);
	one->row.asked = now;
	one->row.failure = said.failure;
	one->row.failing_since = said.failure == NULL ? (struct utc){ 0 } : since(failing, now);
	if (said.failure == NULL)
		one->row.answered = now;
	if (said.has_serial) {
		one->row.has_serial = true;
		one->row.serial = said.serial;
		one->row.expires = said.expires;
		status = judge_serial(round->store, one, now, err);
	}
	return status == STATUS_OK ? store_note_server(round->store, one->zone->id, &one->row, err) : status;
}

/* Whether anything else than silence came from a server: a busy one leaves a question of many open. */
static bool has_spoken(const struct query_job jobs[], size_t count, const char *server)
{
	for (size_t i = 0; i < count; i++)
		if (jobs[i].outcome != QUERY_LATE && strcmp(jobs[i].server.text, server) == 0)
			return true;
	return false;
}

static void keep_silent(struct round *round, const struct query_job jobs[], size_t count, struct arena *keep)
{
	for (size_t i = 0; i < count; i++)
		if (!is_silent(round, jobs[i].server.text) && !has_spoken(jobs, count, jobs[i].server.text))
			round->silent[round->silent_count++] = arena_strdup(keep, jobs[i].server.text);
}

static enum status ask_batch(
    struct round *round, struct asking all[], size_t count, struct arena *keep, struct arena *mem, struct error *err)
{
	struct query_job *const jobs = arena_calloc(mem, 2 * count, sizeof(*jobs));
	const struct query_job **const of = arena_calloc(mem, count, sizeof(*of));
	size_t used = 0;
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		if (is_silent(round, all[i].row.server))
			continue;
		of[i] = &jobs[used];
		jobs[used++] = (struct query_job){ .name = all[i].apex, .type = RRTYPE_SOA };
		jobs[used++] = (struct query_job){ .name = all[i].apex, .type = RRTYPE_DNSKEY };
		status = query_server_parse(all[i].row.server, &jobs[used - 2].server, err);
		jobs[used - 1].server = jobs[used - 2].server;
	}
	if (status == STATUS_OK && used > 0)
		status = query_ask(jobs, used, SERVERS_PATIENCE, mem, err);
	if (status == STATUS_OK)
		status = store_group_begin(round->store, err);
	if (status != STATUS_OK)
		return status;
	keep_silent(round, jobs, used, keep);
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = note(round, &all[i], of[i], mem, err);
	return store_group_end(round->store, status, err);
}

/* Adds a zone's servers, if it is published. */
static enum status add_zone(struct store *store, const struct store_zone *zone, struct arena *mem, struct asking **all,
    size_t *count, size_t *room, struct error *err)
{
	struct store_server *rows = NULL;
	struct store_version last;
	const char *name;
	size_t row_count = 0;
	bool published = false;
	uint8_t *const apex = arena_calloc(mem, 1, NAME_WIRE);
	enum status status = store_servers(store, zone->id, mem, &rows, &row_count, err);
	if (status != STATUS_OK || row_count == 0)
		return status;
	status = store_last_version(store, zone->id, mem, &last, &published, err);
	if (status == STATUS_OK)
		status = folder_zone_name(zone->name, mem, &name, apex, err);
	for (size_t i = 0; status == STATUS_OK && published && i < row_count; i++) {
		if (*count == *room) {
			struct asking *const more = arena_calloc(mem, 2 * *room + BATCH, sizeof(*more));
			if (*count > 0)
				memcpy(more, *all, *count * sizeof(*more));
			*all = more;
			*room = 2 * *room + BATCH;
		}
		(*all)[(*count)++] = (struct asking){ zone, last.serial, last.published, apex, rows[i] };
	}
	return status;
}

static int64_t milliseconds(void)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum status servers_ask(struct store *store, const struct store_zone zones[], size_t count, struct utc now,
    struct arena *mem, size_t *left, struct error *err)
{
	struct asking *all = NULL;
	size_t have = 0;
	size_t room = 0;
	size_t done = 0;
	const int64_t end = milliseconds() + SERVERS_ALL_PATIENCE;
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count; i++)
		status = add_zone(store, &zones[i], mem, &all, &have, &room, err);
	if (have > 0)
		qsort(all, have, sizeof(*all), by_turn);
	struct round round = { store, now, arena_calloc(mem, have + 1, sizeof(*round.silent)), 0 };
	struct arena *const scratch = arena_new(0);
	while (status == STATUS_OK && done < have && milliseconds() < end) {
		const size_t some = have - done < BATCH ? have - done : BATCH;
		status = ask_batch(&round, all + done, some, mem, scratch, err);
		done += some;
		arena_reset(scratch);
	}
	arena_free(scratch);
	*left = have - done;
	return status;
}
