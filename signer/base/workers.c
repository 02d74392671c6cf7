/* SPDX-License-Identifier: MIT */
#include "signer/base/workers.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "signer/base/arena.h"
#include "signer/base/cpulimit.h"

enum { MOST_THREADS = 256 };

struct shared {
	workers_job *job;
	void *context;
	size_t count;
	size_t range;
	atomic_size_t next;
	atomic_bool stop;
};

struct worker {
	struct shared *shared;
	unsigned number;
	enum status status;
	size_t failed_at;
	struct error err;
};

unsigned workers_default(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	const unsigned limit = cpulimit_processors("");
	unsigned cores = (unsigned)CPU_COUNT(&set);
	if (limit > 0 && limit < cores)
		cores = limit;
	if (cores < 1)
		return 1;
	return cores > MOST_THREADS ? MOST_THREADS : cores;
}

static void *work(void *argument)
{
	struct worker *const worker = argument;
	struct shared *const shared = worker->shared;
	while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
		const size_t first = atomic_fetch_add_explicit(&shared->next, shared->range, memory_order_relaxed);
		if (first >= shared->count)
			break;
		const size_t left = shared->count - first;
		const size_t end = first + (left < shared->range ? left : shared->range);
		worker->status = shared->job(shared->context, worker->number, first, end, &worker->err);
		if (worker->status != STATUS_OK) {
			worker->failed_at = first;
			atomic_store(&shared->stop, true);
			break;
		}
	}
	return NULL;
}

enum status workers_run(
    unsigned threads, size_t count, size_t range, workers_job *job, void *context, struct error *err)
{
	if (threads < 1)
		threads = 1;
	if (threads > MOST_THREADS)
		threads = MOST_THREADS;
	if (range < 1)
		range = 1;
	if (count / range < threads)
		threads = (unsigned)(count / range + 1);
	struct shared shared = { .job = job, .context = context, .count = count, .range = range };
	atomic_init(&shared.next, 0);
	atomic_init(&shared.stop, false);
	struct worker *const workers = memory_calloc(threads, sizeof(*workers));
	pthread_t *const ids = memory_calloc(threads, sizeof(*ids));
	/* Signals belong to the caller's thread: workers start with all blocked. */
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	unsigned started = 1;
	for (unsigned i = 0; i < threads; i++) {
		workers[i].shared = &shared;
		workers[i].number = i;
		workers[i].failed_at = SIZE_MAX;
	}
	while (started < threads && pthread_create(&ids[started], NULL, work, &workers[started]) == 0)
		started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	work(&workers[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(ids[i], NULL);
	enum status status = STATUS_OK;
	size_t lowest = SIZE_MAX;
	for (unsigned i = 0; i < started; i++) {
		if (workers[i].status == STATUS_OK || workers[i].failed_at >= lowest)
			continue;
		lowest = workers[i].failed_at;
		status = workers[i].status;
		if (err != NULL)
			*err = workers[i].err;
	}
	free(ids);
	free(workers);
	return status;
}
