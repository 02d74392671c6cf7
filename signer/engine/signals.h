/* SPDX-License-Identifier: MIT */
/*
 * SIGTERM, SIGINT and SIGHUP during a run: the temporary file goes, the lock file stays, and the process dies of the
 * signal, as if it had been killed between two steps. A thread waits for them, so no step is torn inside.
 */
#pragma once

#include "signer/base/error.h"
#include "signer/base/publish.h"

struct signals;

/* Blocks the signals and starts the waiting thread; call it before other threads start. */
enum status signals_watch(struct signals **out, struct error *err) MUST_CHECK;

/* Holds signals off while a temporary file is being made; signals_guard ends that. NULL is legal for both. */
void signals_hold(struct signals *signals);

/* The temporary file to remove if a signal comes; NULL: none (any more). */
void signals_guard(struct signals *signals, const struct publish *publish);

/* Ends the process at once with this code, the temporary file removed as for a signal; from any thread. */
void signals_stop(struct signals *signals, int code);

/* Ends the thread and lets the signals through again. NULL is legal. */
void signals_free(struct signals *signals);
