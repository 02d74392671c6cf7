/* SPDX-License-Identifier: MIT */
#include "signer/engine/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/arena.h"
#include "signer/engine/process.h"

struct signals {
	pthread_t thread;
	pthread_mutex_t mutex;
	signals_notice *notice; /* or NULL */
	void *context;
	sigset_t set, before;
	bool held;
	atomic_bool ended;
	int folder;
	char temporary[sizeof(((struct publish *)NULL)->temporary)];
};

/* SIGUSR1 is a question, and signals_free wakes the thread with it. What nohup and the like have us ignore stays
 * ignored. */
static sigset_t watched(void)
{
	static const int deadly[] = { SIGTERM, SIGINT, SIGHUP };
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		struct sigaction present;
		if (sigaction(deadly[i], NULL, &present) != 0 || present.sa_handler != SIG_IGN)
			sigaddset(&set, deadly[i]);
	}
	return set;
}

static void die_of(int number)
{
	sigset_t set;
	(void)signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	(void)kill(getpid(), number);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	_exit(128 + number);
}

static void tell(const struct signals *signals, int number)
{
	if (signals->notice != NULL)
		signals->notice(signals->context, number);
}

static void *wait_for_signal(void *context)
{
	struct signals *signals = context;
	int number = 0;
	for (;;) {
		if (sigwait(&signals->set, &number) != 0)
			return NULL;
		/* An answer does not wait for a step that holds signals off. */
		if (number == SIGUSR1 && !atomic_load(&signals->ended)) {
			tell(signals, number);
			continue;
		}
		pthread_mutex_lock(&signals->mutex);
		const bool ended = atomic_load(&signals->ended);
		if (!ended && number != SIGUSR1)
			break;
		pthread_mutex_unlock(&signals->mutex);
		if (ended)
			return NULL;
	}
	if (signals->temporary[0] != '\0')
		(void)unlinkat(signals->folder, signals->temporary, 0);
	process_end_all();
	tell(signals, number);
	die_of(number);
	return NULL;
}

enum status signals_watch(signals_notice *notice, void *context, struct signals **out, struct error *err)
{
	struct signals *signals = memory_calloc(1, sizeof(*signals));
	signals->notice = notice;
	signals->context = context;
	signals->set = watched();
	pthread_mutex_init(&signals->mutex, NULL);
	(void)pthread_sigmask(SIG_BLOCK, &signals->set, &signals->before);
	int failed = pthread_create(&signals->thread, NULL, wait_for_signal, signals);
	if (failed != 0) {
		(void)pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
		pthread_mutex_destroy(&signals->mutex);
		free(signals);
		return error_set(err, STATUS_INTERNAL, "cannot start a thread: %s", strerror(failed));
	}
	*out = signals;
	return STATUS_OK;
}

void signals_hold(struct signals *signals)
{
	if (signals == NULL)
		return;
	pthread_mutex_lock(&signals->mutex);
	signals->held = true;
}

/* `held` is the run's own thread's: the waiting thread never looks at it. */
void signals_guard(struct signals *signals, const struct publish *publish)
{
	if (signals == NULL)
		return;
	if (!signals->held)
		pthread_mutex_lock(&signals->mutex);
	signals->held = false;
	signals->temporary[0] = '\0';
	if (publish != NULL) {
		signals->folder = publish->folder;
		memcpy(signals->temporary, publish->temporary, sizeof(signals->temporary));
	}
	pthread_mutex_unlock(&signals->mutex);
}

/* Who ends the process keeps the mutex. */
void signals_pass(struct signals *signals)
{
	if (signals == NULL || signals->held)
		return;
	pthread_mutex_lock(&signals->mutex);
	pthread_mutex_unlock(&signals->mutex);
}

void signals_stop(struct signals *signals, int code)
{
	if (signals != NULL) {
		pthread_mutex_lock(&signals->mutex);
		if (signals->temporary[0] != '\0')
			(void)unlinkat(signals->folder, signals->temporary, 0);
	}
	process_end_all();
	_exit(code);
}

void signals_free(struct signals *signals)
{
	if (signals == NULL)
		return;
	pthread_mutex_lock(&signals->mutex);
	atomic_store(&signals->ended, true);
	pthread_mutex_unlock(&signals->mutex);
	(void)pthread_kill(signals->thread, SIGUSR1);
	pthread_join(signals->thread, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
	pthread_mutex_destroy(&signals->mutex);
	free(signals);
}
