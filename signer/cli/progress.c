/* SPDX-License-Identifier: MIT */
#include "signer/cli/progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "signer/base/arena.h"

enum { SILENT_SECONDS = 2 };

struct progress {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t change;
	const char *zone, *phase;
	struct timespec began;
	bool ended, shown;
};

static long seconds_since(const struct timespec *began)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - began->tv_sec;
}

static void *show(void *context)
{
	struct progress *progress = context;
	pthread_mutex_lock(&progress->mutex);
	while (!progress->ended) {
		struct timespec next;
		clock_gettime(CLOCK_REALTIME, &next);
		next.tv_sec++;
		(void)pthread_cond_timedwait(&progress->change, &progress->mutex, &next);
		long seconds = seconds_since(&progress->began);
		if (progress->ended || seconds < SILENT_SECONDS)
			continue;
		fprintf(stderr, "\r%s %s, %lds \033[K", progress->zone, progress->phase, seconds);
		fflush(stderr);
		progress->shown = true;
	}
	pthread_mutex_unlock(&progress->mutex);
	return NULL;
}

/* The line's thread takes no signals: they are for the run. */
static int start_thread(struct progress *progress)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&progress->thread, NULL, show, progress);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

struct progress *progress_new(bool wanted, const char *zone)
{
	if (!wanted)
		return NULL;
	struct progress *progress = memory_calloc(1, sizeof(*progress));
	progress->zone = zone;
	progress->phase = "start";
	clock_gettime(CLOCK_MONOTONIC, &progress->began);
	pthread_mutex_init(&progress->mutex, NULL);
	pthread_cond_init(&progress->change, NULL);
	if (start_thread(progress) == 0)
		return progress;
	free(progress);
	return NULL;
}

void progress_phase(void *context, const char *phase)
{
	struct progress *progress = context;
	if (progress == NULL)
		return;
	pthread_mutex_lock(&progress->mutex);
	progress->phase = phase;
	pthread_mutex_unlock(&progress->mutex);
}

void progress_free(struct progress *progress)
{
	if (progress == NULL)
		return;
	pthread_mutex_lock(&progress->mutex);
	progress->ended = true;
	pthread_cond_signal(&progress->change);
	pthread_mutex_unlock(&progress->mutex);
	pthread_join(progress->thread, NULL);
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	pthread_mutex_destroy(&progress->mutex);
	pthread_cond_destroy(&progress->change);
	free(progress);
}
