/* SPDX-License-Identifier: MIT */
#include "keystore/token_hsm_watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "signer/base/arena.h"

enum { CALLS = 1024, MESSAGE = 400 };

/* `since` in monotonic seconds; FREE and EXPIRED besides. */
enum { FREE = 0, EXPIRED = -1 };

/* Each in a line of the cache of its own, or threads that call at the same time would wait for each other's. */
struct call {
	_Atomic int64_t since;
	_Atomic(const char *) name;
	char apart[48];
};

struct hsm_watch {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool runs, ended; /* under the mutex */
	atomic_bool started;
	unsigned patience;
	token_stop *stop;
	void *context;
	struct call calls[CALLS];
};

/* Never FREE. */
static int64_t seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec + 1;
}

static void end_process(struct hsm_watch *watch, const char *name)
{
	char message[MESSAGE];
	snprintf(message, sizeof(message),
	    "store %s: it has not answered a call for %u seconds, so the run ends here; what is not published yet is "
	    "not published, and what is published stays; see to that token, then run again (keys/stores.conf: "
	    "patience)",
	    name, watch->patience);
	if (watch->stop != NULL)
		watch->stop(watch->context, message);
	dprintf(STDERR_FILENO, "zoneseal: %s\n", message);
	_exit(STATUS_KEY);
}

/* A call that is taken here does not return to its caller any more: hsm_watch_end waits for the end. */
static void look(struct hsm_watch *watch)
{
	const int64_t now = seconds_now();
	for (size_t i = 0; i < CALLS; i++) {
		int64_t since = atomic_load(&watch->calls[i].since);
		if (since > FREE && now - since > (int64_t)watch->patience &&
		    atomic_compare_exchange_strong(&watch->calls[i].since, &since, EXPIRED))
			end_process(watch, atomic_load(&watch->calls[i].name));
	}
}

static void *keep_looking(void *context)
{
	struct hsm_watch *const watch = context;
	pthread_mutex_lock(&watch->mutex);
	while (!watch->ended) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		(void)pthread_cond_timedwait(&watch->wake, &watch->mutex, &until);
		if (!watch->ended)
			look(watch);
	}
	pthread_mutex_unlock(&watch->mutex);
	return NULL;
}

struct hsm_watch *hsm_watch_new(void)
{
	struct hsm_watch *const watch = memory_calloc(1, sizeof(*watch));
	pthread_condattr_t monotonic;
	watch->patience = HSM_PATIENCE;
	pthread_mutex_init(&watch->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return watch;
}

void hsm_watch_free(struct hsm_watch *watch)
{
	if (watch == NULL)
		return;
	pthread_mutex_lock(&watch->mutex);
	watch->ended = true;
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->mutex);
	if (watch->runs)
		pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->mutex);
	free(watch);
}

void hsm_watch_set_patience(struct hsm_watch *watch, unsigned seconds)
{
	watch->patience = seconds;
}

void hsm_watch_set_stop(struct hsm_watch *watch, token_stop *stop, void *context)
{
	watch->stop = stop;
	watch->context = context;
}

/* With the first call, so that who has no keys in tokens has no thread for them. Without a thread a call may hang. */
static void start(struct hsm_watch *watch)
{
	pthread_mutex_lock(&watch->mutex);
	if (!watch->runs)
		watch->runs = pthread_create(&watch->thread, NULL, keep_looking, watch) == 0;
	atomic_store(&watch->started, watch->runs);
	pthread_mutex_unlock(&watch->mutex);
}

/* Threads begin to look in different places, by where their stacks are. */
static size_t first_place(const void *on_stack)
{
	return (uint32_t)((uint32_t)((uintptr_t)on_stack >> 12) * 2654435761U) % CALLS;
}

size_t hsm_watch_begin(struct hsm_watch *watch, const char *name)
{
	if (!atomic_load(&watch->started))
		start(watch);
	const int64_t now = seconds_now();
	const size_t first = first_place(&now);
	for (size_t k = 0; k < CALLS; k++) {
		const size_t i = (first + k) % CALLS;
		int64_t none = FREE;
		/* Not EXPIRED before the name is there: patience is a second at least. */
		if (atomic_load(&watch->calls[i].since) != FREE ||
		    !atomic_compare_exchange_strong(&watch->calls[i].since, &none, now))
			continue;
		atomic_store(&watch->calls[i].name, name);
		return i;
	}
	return CALLS;
}

void hsm_watch_end(struct hsm_watch *watch, size_t call)
{
	if (call == CALLS)
		return;
	int64_t since = atomic_load(&watch->calls[call].since);
	if (since != EXPIRED && atomic_compare_exchange_strong(&watch->calls[call].since, &since, FREE))
		return;
	while (pause() != 0)
		continue;
}
