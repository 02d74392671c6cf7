/* SPDX-License-Identifier: MIT */
#include "signer/base/inorder.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "signer/base/arena.h"
#include "signer/base/workers.h"

struct taker {
	size_t next; /* item */
	bool busy;
};

/* All but `work` is for who has the lock. */
struct line {
	const struct inorder *work;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned waiting;
	bool *made;  /* of the item that a slot is for */
	size_t next; /* item to be made */
	struct taker takers[INORDER_TAKERS];
	size_t taker_count;
	bool stop;
	size_t failed_at;
	enum status status;
	struct error err;
};

static void tell(struct line *line)
{
	if (line->waiting > 0)
		pthread_cond_broadcast(&line->changed);
}

static void end_item(struct line *line, size_t item, enum status status, const struct error *err)
{
	if (status != STATUS_OK && (!line->stop || item < line->failed_at)) {
		line->stop = true;
		line->failed_at = item;
		line->status = status;
		line->err = *err;
	}
	tell(line);
}

/* The lowest item that a taker has not had. */
static size_t first_kept(const struct line *line)
{
	size_t first = line->work->items;
	for (size_t i = 0; i < line->taker_count; i++)
		if (line->takers[i].next < first)
			first = line->takers[i].next;
	return first;
}

static struct taker *taker_with_work(struct line *line)
{
	for (size_t i = 0; i < line->taker_count; i++) {
		struct taker *const taker = &line->takers[i];
		if (!taker->busy && taker->next < line->next && line->made[taker->next % line->work->slots])
			return taker;
	}
	return NULL;
}

static void take(struct line *line, struct taker *taker)
{
	const size_t item = taker->next;
	struct error err;
	error_clear(&err);
	taker->busy = true;
	pthread_mutex_unlock(&line->lock);
	const enum status status =
	    line->work->take[taker - line->takers](line->work->context, item % line->work->slots, &err);
	pthread_mutex_lock(&line->lock);
	taker->busy = false;
	taker->next++;
	end_item(line, item, status, &err);
}

static void make(struct line *line, unsigned worker)
{
	const size_t item = line->next++;
	const size_t slot = item % line->work->slots;
	struct error err;
	error_clear(&err);
	line->made[slot] = false;
	pthread_mutex_unlock(&line->lock);
	const enum status status = line->work->make(line->work->context, worker, item, slot, &err);
	pthread_mutex_lock(&line->lock);
	line->made[slot] = status == STATUS_OK;
	end_item(line, item, status, &err);
}

/* Takers first: theirs are the chains that nobody can shorten. */
static enum status work_job(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	(void)first;
	(void)end;
	(void)err;
	struct line *const line = context;
	pthread_mutex_lock(&line->lock);
	while (!line->stop && first_kept(line) < line->work->items) {
		struct taker *const taker = taker_with_work(line);
		if (taker != NULL) {
			take(line, taker);
		} else if (line->next < line->work->items && line->next - first_kept(line) < line->work->slots) {
			make(line, worker);
		} else {
			line->waiting++;
			pthread_cond_wait(&line->changed, &line->lock);
			line->waiting--;
		}
	}
	pthread_mutex_unlock(&line->lock);
	return STATUS_OK;
}

enum status inorder_run(unsigned threads, const struct inorder *work, struct error *err)
{
	struct line line = { .work = work };
	const unsigned jobs = threads < 1 ? 1 : threads;
	while (line.taker_count < INORDER_TAKERS && work->take[line.taker_count] != NULL)
		line.taker_count++;
	line.made = memory_calloc(work->slots, sizeof(*line.made));
	pthread_mutex_init(&line.lock, NULL);
	pthread_cond_init(&line.changed, NULL);
	/* A job for each thread, which does all that it finds: one thread that does all of it will do. */
	enum status status = workers_run(jobs, jobs, 1, work_job, &line, err);
	pthread_cond_destroy(&line.changed);
	pthread_mutex_destroy(&line.lock);
	free(line.made);
	if (status == STATUS_OK && line.stop) {
		status = line.status;
		if (err != NULL)
			*err = line.err;
	}
	return status;
}
