/* SPDX-License-Identifier: MIT */
#include "signer/dns/zonetext_pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "signer/dns/rdata.h"

enum { MOST_THREADS = 256, ARENA_BLOCK = 1 << 20 };
enum { MOST_EXPECTED = 1 << 28 }; /* records that a file's size alone makes room for */
enum { LEAST_RECORD = 32 };       /* octets of text; a zone's average is above that */

struct slot {
	struct zonetext_chunk chunk;
	bool done;
};

struct helper {
	struct zonetext_pool *pool;
	struct zonetext_worker worker;
	pthread_t thread;
};

/* What was stated last in a file that is open: the joiner knows it, the pieces may not. */
struct stated {
	const uint8_t *owner;
	uint32_t ttl;
	bool ttl_known;
};

struct zonetext_pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a piece was submitted, or `closing` */
	pthread_cond_t done; /* a piece is done */
	struct slot *slots;
	size_t slot_count;
	uint64_t filled; /* pieces submitted, taken and joined so far; piece i lives in slot i modulo slot_count */
	uint64_t taken;
	uint64_t joined;
	bool closing;
	struct helper *helpers; /* the first is the caller itself */
	unsigned helper_count;
	struct stated stated[ZONETEXT_DEPTH];
	struct zonetext *out;
	size_t room; /* for records in out->records */
	size_t expected;
};

/* With the lock held: parses the next piece, if there is one. */
static bool parse_next(struct zonetext_pool *pool, struct helper *helper)
{
	if (pool->taken == pool->filled)
		return false;
	struct slot *const slot = &pool->slots[pool->taken++ % pool->slot_count];
	pthread_mutex_unlock(&pool->lock);
	zonetext_chunk_parse(&slot->chunk, &helper->worker);
	pthread_mutex_lock(&pool->lock);
	slot->done = true;
	pthread_cond_signal(&pool->done);
	return true;
}

static void *help(void *argument)
{
	struct helper *const helper = argument;
	struct zonetext_pool *const pool = helper->pool;
	pthread_mutex_lock(&pool->lock);
	while (!pool->closing) {
		if (!parse_next(pool, helper))
			pthread_cond_wait(&pool->work, &pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void start_helpers(struct zonetext_pool *pool, unsigned threads, enum marks_kind kind)
{
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < threads; i++) {
		struct helper *const helper = &pool->helpers[i];
		helper->pool = pool;
		helper->worker.arena = arena_new(ARENA_BLOCK);
		helper->worker.scratch = memory_alloc(RDATA_MAX);
		helper->worker.marks.kind = kind;
		pool->helper_count++;
		if (i > 0 && pthread_create(&helper->thread, NULL, help, helper) != 0) {
			arena_free(helper->worker.arena);
			free(helper->worker.scratch);
			pool->helper_count--;
			break;
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct zonetext_pool *zonetext_pool_new(unsigned threads, enum marks_kind kind, uint64_t expected, struct zonetext *out)
{
	if (threads < 1)
		threads = 1;
	if (threads > MOST_THREADS)
		threads = MOST_THREADS;
	struct zonetext_pool *const pool = memory_calloc(1, sizeof(*pool));
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->done, NULL);
	pool->slot_count = threads == 1 ? 1 : 2 * (size_t)threads;
	pool->slots = memory_calloc(pool->slot_count, sizeof(*pool->slots));
	pool->helpers = memory_calloc(threads, sizeof(*pool->helpers));
	pool->out = out;
	pool->expected = (size_t)(expected / LEAST_RECORD < MOST_EXPECTED ? expected / LEAST_RECORD : MOST_EXPECTED);
	start_helpers(pool, threads, kind);
	return pool;
}

static void add_error(struct zonetext *out, const struct error *err)
{
	if (out->error_count < ZONETEXT_ERRORS)
		out->errors[out->error_count++] = *err;
}

static void add_record_error(
    struct zonetext *out, const struct zonetext_chunk *chunk, const struct record *record, const char *what)
{
	struct error err;
	(void)error_set_at(&err, STATUS_MALFORMED, chunk->file_name, record->line, 1, "%s", what);
	add_error(out, &err);
}

/* Fills in what the piece could not know. */
static void complete(struct zonetext_pool *pool, struct zonetext_chunk *chunk)
{
	struct stated *const stated = &pool->stated[chunk->level];
	struct zonetext *const out = pool->out;
	if (chunk->first)
		*stated = chunk->level == 0 ? (struct stated){ 0 } : pool->stated[chunk->level - 1];
	if (chunk->first)
		stated->owner = NULL;
	if (chunk->ownerless > 0 && stated->owner == NULL && out->error_count == 0)
		add_record_error(
		    out, chunk, &chunk->records[0], "no owner: no record before this one states it (RFC 1035 5.1)");
	if (chunk->ttlless > 0 && !stated->ttl_known && out->error_count == 0)
		add_record_error(out, chunk, &chunk->records[0],
		    "no TTL: neither the record nor $TTL nor a record before it states one (RFC 2308 4)");
	for (size_t i = 0; i < chunk->ownerless; i++)
		chunk->records[i].owner = stated->owner;
	for (size_t i = 0; i < chunk->ttlless; i++)
		chunk->records[i].ttl = stated->ttl;
	if (chunk->last_owner != NULL)
		stated->owner = chunk->last_owner;
	if (chunk->last_ttl_known) {
		stated->ttl = chunk->last_ttl;
		stated->ttl_known = true;
	}
}

/* The first room is what a file of this size may need, so that growing never copies; most of it may stay unused. */
static void make_room(struct zonetext_pool *pool, size_t count)
{
	struct zonetext *const out = pool->out;
	size_t room = pool->room < 4096 ? 4096 : 2 * pool->room;
	while (room - out->count < count)
		room *= 2;
	if (out->records == NULL && pool->expected >= room && pool->expected * sizeof(*out->records) >= MEMORY_LARGE) {
		room = pool->expected;
		out->records = memory_alloc_large(room * sizeof(*out->records));
	} else {
		out->records = memory_resize(out->records, room, sizeof(*out->records));
	}
	pool->room = room;
}

static void append(struct zonetext_pool *pool, const struct zonetext_chunk *chunk)
{
	struct zonetext *const out = pool->out;
	if (pool->room - out->count < chunk->count)
		make_room(pool, chunk->count);
	if (chunk->count > 0)
		memcpy(out->records + out->count, chunk->records, chunk->count * sizeof(*chunk->records));
	out->count += chunk->count;
}

/* The order of errors is that of the text, so an open owner comes before what the piece found itself. */
static void join_one(struct zonetext_pool *pool, struct zonetext_chunk *chunk)
{
	complete(pool, chunk);
	for (size_t i = 0; i < chunk->error_count; i++)
		add_error(pool->out, &chunk->errors[i]);
	if (pool->out->error_count == 0)
		append(pool, chunk);
}

/* With the lock held. */
static void join_ready(struct zonetext_pool *pool)
{
	while (pool->joined < pool->filled) {
		struct slot *const slot = &pool->slots[pool->joined % pool->slot_count];
		if (!slot->done)
			return;
		join_one(pool, &slot->chunk);
		slot->done = false;
		pool->joined++;
	}
}

/* With the lock held: does something useful until `joined` moves, or all is joined. */
static void advance(struct zonetext_pool *pool)
{
	const uint64_t before = pool->joined;
	join_ready(pool);
	while (pool->joined == before && pool->joined < pool->filled) {
		if (!parse_next(pool, &pool->helpers[0]))
			pthread_cond_wait(&pool->done, &pool->lock);
		join_ready(pool);
	}
}

struct zonetext_chunk *zonetext_pool_next(struct zonetext_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->filled - pool->joined == pool->slot_count)
		advance(pool);
	struct zonetext_chunk *const chunk = &pool->slots[pool->filled % pool->slot_count].chunk;
	pthread_mutex_unlock(&pool->lock);
	return chunk;
}

void zonetext_pool_submit(struct zonetext_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->filled++;
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

void zonetext_pool_drain(struct zonetext_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->joined < pool->filled)
		advance(pool);
	pthread_mutex_unlock(&pool->lock);
}

void zonetext_pool_error(struct zonetext_pool *pool, const struct error *err)
{
	zonetext_pool_drain(pool);
	add_error(pool->out, err);
}

bool zonetext_pool_is_over(const struct zonetext_pool *pool)
{
	return pool->out->error_count >= ZONETEXT_ERRORS;
}

static void free_slots(struct zonetext_pool *pool)
{
	for (size_t i = 0; i < pool->slot_count; i++) {
		free(pool->slots[i].chunk.text);
		free(pool->slots[i].chunk.records);
	}
	free(pool->slots);
}

void zonetext_pool_free(struct zonetext_pool *pool, struct arena *names)
{
	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	struct zonetext *const out = pool->out;
	out->arenas = memory_calloc(pool->helper_count + 1, sizeof(struct arena *));
	out->arena_count = pool->helper_count + 1;
	out->arenas[pool->helper_count] = names;
	for (unsigned i = 0; i < pool->helper_count; i++) {
		if (i > 0)
			pthread_join(pool->helpers[i].thread, NULL);
		out->arenas[i] = pool->helpers[i].worker.arena;
		free(pool->helpers[i].worker.scratch);
		marks_free(&pool->helpers[i].worker.marks);
	}
	free_slots(pool);
	free(pool->helpers);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
