/* SPDX-License-Identifier: MIT */
#include "signer/cli/progress.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "signer/base/arena.h"
#include "signer/base/meter.h"

enum { SILENT_SECONDS = 2 };

struct progress {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t change;
	const char *zone, *phase;
	struct timespec began, phase_began;
	struct meter meter;
	bool ended, shown;
};

static double seconds_since(const struct timespec *began)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

enum { NUMBER = 32 };

/* "812", "51.2k", "1.3M": as much as is needed to see that it moves. */
static void short_number(double number, char out[NUMBER])
{
	if (number < 10000)
		snprintf(out, NUMBER, "%.0f", number);
	else if (number < 1e6)
		snprintf(out, NUMBER, "%.1fk", number / 1e3);
	else
		snprintf(out, NUMBER, "%.1fM", number / 1e6);
}

/* With the mutex: how far the phase is, as far as that is known. */
static void show_reading(struct progress *progress)
{
	const struct meter_reading reading = meter_read(&progress->meter);
	double seconds = seconds_since(&progress->phase_began);
	char done[NUMBER], total[NUMBER], rate[NUMBER];
	if (reading.unit == NULL || reading.done == 0)
		return;
	short_number((double)reading.done, done);
	short_number((double)reading.total, total);
	short_number(seconds > 0 ? (double)reading.done / seconds : 0, rate);
	if (reading.total == 0)
		fprintf(stderr, ", %s %s, %s/s", done, reading.unit, rate);
	else if (reading.done < reading.total)
		fprintf(stderr, ", %.0f %% of %s %s, %s/s", 100 * (double)reading.done / (double)reading.total, total,
		    reading.unit, rate);
	else
		fprintf(stderr, ", all %s %s", total, reading.unit);
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
		double seconds = seconds_since(&progress->began);
		if (progress->ended || seconds < SILENT_SECONDS)
			continue;
		fprintf(stderr, "\r%s %s, %.0fs", progress->zone, progress->phase, seconds);
		show_reading(progress);
		fprintf(stderr, " \033[K");
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
	progress->phase_began = progress->began;
	meter_begin(&progress->meter, 0, NULL);
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
	clock_gettime(CLOCK_MONOTONIC, &progress->phase_began);
	pthread_mutex_unlock(&progress->mutex);
}

struct meter *progress_meter(struct progress *progress)
{
	return progress != NULL ? &progress->meter : NULL;
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
