/* SPDX-License-Identifier: MIT */
/*
 * Runs a job over an index range on several threads. Work is handed out in ranges from one atomic counter; workers
 * share const data and write to their own slots, so the result does not depend on the number of threads.
 */
#pragma once

#include <stddef.h>

#include "signer/base/error.h"

/* Does items [first, end). `worker` is 0 .. threads-1, for per-worker contexts. Anything but STATUS_OK stops the
 * handing out of further ranges; ranges under way are finished. `err` is the worker's own. */
typedef enum status workers_job(void *context, unsigned worker, size_t first, size_t end, struct error *err);

/* Cores this process may use (sched_getaffinity), at least 1, at most 256. */
unsigned workers_default(void);

/* Runs `job` over [0, count) in ranges of `range` items on `threads` threads (the caller is one of them). Returns
 * STATUS_OK, or the status and error of the failed range with the lowest index. Failing to start a thread is no error:
 * fewer work. */
enum status workers_run(
    unsigned threads, size_t count, size_t range, workers_job *job, void *context, struct error *err) MUST_CHECK;
