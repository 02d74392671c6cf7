/* SPDX-License-Identifier: MIT */
#include "keystore/token_hsm_lanes.h"

#include <sched.h>
#include <stdbool.h>
#include <time.h>

/* A token in this machine's memory is done in less time than a sleeping thread needs to wake up: there the next one is
 * better awake. For a device it would only take from the processors what others verify with. */
enum { TRIES = 400, BRIEF = 200 * 1000 };

static uint64_t nanoseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

void hsm_lanes_init(struct hsm_lanes *lanes)
{
	lanes->most = 0;
	atomic_init(&lanes->free, 0);
	atomic_init(&lanes->waiting, 0);
	atomic_init(&lanes->brief, false);
	pthread_mutex_init(&lanes->lock, NULL);
	pthread_cond_init(&lanes->wake, NULL);
}

void hsm_lanes_destroy(struct hsm_lanes *lanes)
{
	pthread_cond_destroy(&lanes->wake);
	pthread_mutex_destroy(&lanes->lock);
}

void hsm_lanes_set(struct hsm_lanes *lanes, unsigned most)
{
	lanes->most = most;
	atomic_store(&lanes->free, most);
}

static bool take(struct hsm_lanes *lanes)
{
	unsigned free = atomic_load(&lanes->free);
	while (free > 0)
		if (atomic_compare_exchange_weak(&lanes->free, &free, free - 1))
			return true;
	return false;
}

/* Who waits says so before it looks the last time, and who leaves gives before it looks for waiting ones: one of them
 * sees the other. */
static void sleep_until_taken(struct hsm_lanes *lanes)
{
	pthread_mutex_lock(&lanes->lock);
	atomic_fetch_add(&lanes->waiting, 1);
	while (!take(lanes))
		pthread_cond_wait(&lanes->wake, &lanes->lock);
	atomic_fetch_sub(&lanes->waiting, 1);
	pthread_mutex_unlock(&lanes->lock);
}

uint64_t hsm_lanes_enter(struct hsm_lanes *lanes)
{
	if (lanes->most == 0)
		return 0;
	bool taken = take(lanes);
	for (unsigned i = 0; !taken && i < TRIES && atomic_load(&lanes->brief); i++) {
		sched_yield();
		taken = take(lanes);
	}
	if (!taken)
		sleep_until_taken(lanes);
	return nanoseconds();
}

void hsm_lanes_leave(struct hsm_lanes *lanes, uint64_t entered)
{
	if (lanes->most == 0)
		return;
	const bool brief = nanoseconds() - entered < BRIEF;
	if (brief != atomic_load(&lanes->brief))
		atomic_store(&lanes->brief, brief);
	atomic_fetch_add(&lanes->free, 1);
	if (atomic_load(&lanes->waiting) == 0)
		return;
	pthread_mutex_lock(&lanes->lock);
	pthread_cond_signal(&lanes->wake);
	pthread_mutex_unlock(&lanes->lock);
}
