/* SPDX-License-Identifier: MIT */
/*
 * SIGTERM, SIGINT and SIGHUP during a run: the temporary file goes, the lock file stays, and the process dies of the
 * signal between two steps, and with it the programs that it has started and what those have started. From the intent
 * to the receipt of a publication is one step: what has begun there is brought to its end first. SIGUSR1 asks how far
 * the run is. A thread waits for them, so no step is torn inside.
 */
#pragma once

#include "signer/base/error.h"
#include "signer/base/publish.h"

struct signals;

/* Told of a signal before anything is done about it, by the waiting thread; it must not wait for anybody. */
typedef void signals_notice(void *context, int number);

/* Blocks the signals and starts the waiting thread; call it before other threads start. `notice` may be NULL. */
enum status signals_watch(signals_notice *notice, void *context, struct signals **out, struct error *err) MUST_CHECK;

/* Holds signals off while a temporary file is being made, or in the step that publishes; signals_guard ends that. NULL
 * is legal for both. */
void signals_hold(struct signals *signals);

/* The temporary file to remove if a signal comes; NULL: none (any more). */
void signals_guard(struct signals *signals, const struct publish *publish);

/* After a program that was waited for: a signal that ends this process has perhaps ended that first, and nothing is to
 * be concluded from it. Then this never returns. NULL is legal. */
void signals_pass(struct signals *signals);

/* Ends the process at once with this code, the temporary file removed as for a signal; from any thread. */
void signals_stop(struct signals *signals, int code);

/* Ends the thread and lets the signals through again. NULL is legal. */
void signals_free(struct signals *signals);
