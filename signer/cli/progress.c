/* SPDX-License-Identifier: MIT */
#include "signer/cli/progress.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "signer/base/arena.h"
#include "signer/base/meter.h"
#include "signer/base/utc.h"

enum { SILENT_SECONDS = 2, LINE = 640, LONGEST = 100 * 86400 };

struct progress {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t change;
	const char *label, *phase;
	struct timespec began, phase_began;
	struct meter meter;
	bool ended, has_thread;
	bool shown; /* something is on the terminal */
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

/* ", 45 % of 1.0M signatures, 51.2k/s, 12s left", as far as that is known. */
static void write_reading(struct progress *progress, char *out, size_t size)
{
	const struct meter_reading reading = meter_read(&progress->meter);
	const double seconds = seconds_since(&progress->phase_began);
	char done[NUMBER], total[NUMBER], rate[NUMBER], left[SPAN_TEXT];
	out[0] = '\0';
	if (reading.unit == NULL || reading.done == 0 || seconds <= 0)
		return;
	const double each = (double)reading.done / seconds;
	short_number((double)reading.done, done);
	short_number((double)reading.total, total);
	short_number(each, rate);
	if (reading.total == 0) {
		snprintf(out, size, ", %s %s, %s/s", done, reading.unit, rate);
	} else if (reading.done < reading.total) {
		const double rest = (double)(reading.total - reading.done) / each;
		span_format_short((struct span){ rest < LONGEST ? (int64_t)rest + 1 : LONGEST }, left);
		snprintf(out, size, ", %.0f %% of %s %s, %s/s, %s left",
		    100 * (double)reading.done / (double)reading.total, total, reading.unit, rate, left);
	} else {
		snprintf(out, size, ", all %s %s", total, reading.unit);
	}
}

/* With the mutex: the line, without its end. */
static void write_line(struct progress *progress, char out[LINE])
{
	char reading[LINE / 2];
	write_reading(progress, reading, sizeof(reading));
	snprintf(out, LINE, "%.300s %s, %.0fs%s", progress->label, progress->phase, seconds_since(&progress->began),
	    reading);
}

static void *show(void *context)
{
	struct progress *progress = context;
	pthread_mutex_lock(&progress->mutex);
	while (!progress->ended) {
		struct timespec next;
		char line[LINE];
		clock_gettime(CLOCK_REALTIME, &next);
		next.tv_sec++;
		(void)pthread_cond_timedwait(&progress->change, &progress->mutex, &next);
		if (progress->ended || seconds_since(&progress->began) < SILENT_SECONDS)
			continue;
		write_line(progress, line);
		fprintf(stderr, "\r%s \033[K", line);
		fflush(stderr);
		progress->shown = true;
	}
	pthread_mutex_unlock(&progress->mutex);
	return NULL;
}

/* Nobody who does not read may keep the process from its end. */
static void write_now(const char *text, size_t size)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 && write(STDERR_FILENO, text, size) < 0)
		return;
}

void progress_notice(void *context, int number)
{
	struct progress *progress = context;
	struct timespec limit;
	char line[LINE], text[2 * LINE];
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec++;
	/* Its holder may stand before a terminal that is stopped. */
	if (progress == NULL || pthread_mutex_timedlock(&progress->mutex, &limit) != 0)
		return;
	const char *const wipe = progress->shown ? "\r\033[K" : "";
	write_line(progress, line);
	const int size = number == SIGUSR1 ? snprintf(text, sizeof(text), "%s%s\n", wipe, line)
					   : snprintf(text, sizeof(text),
						 "%szoneseal: %.300s stopped by signal %d (%s) at %s; the next run "
						 "goes on from what is published\n",
						 wipe, progress->label, number, sigabbrev_np(number), progress->phase);
	write_now(text, (size_t)size);
	pthread_mutex_unlock(&progress->mutex);
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

struct progress *progress_new(bool shown, const char *label)
{
	struct progress *progress = memory_calloc(1, sizeof(*progress));
	progress->label = label;
	progress->phase = "start";
	clock_gettime(CLOCK_MONOTONIC, &progress->began);
	progress->phase_began = progress->began;
	meter_begin(&progress->meter, 0, NULL);
	pthread_mutex_init(&progress->mutex, NULL);
	pthread_cond_init(&progress->change, NULL);
	progress->has_thread = shown && start_thread(progress) == 0;
	return progress;
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
	return &progress->meter;
}

void progress_free(struct progress *progress)
{
	pthread_mutex_lock(&progress->mutex);
	progress->ended = true;
	pthread_cond_signal(&progress->change);
	pthread_mutex_unlock(&progress->mutex);
	if (progress->has_thread)
		pthread_join(progress->thread, NULL);
	if (progress->shown)
		fprintf(stderr, "\r\033[K");
	pthread_mutex_destroy(&progress->mutex);
	pthread_cond_destroy(&progress->change);
	free(progress);
}
