/* SPDX-License-Identifier: MIT */
/* One line on a terminal that says what goes on, once a run takes longer than two seconds. */
#pragma once

#include <stdbool.h>

struct progress;

/* Starts the line's thread; NULL if `wanted` is false. `zone` must live as long. */
struct progress *progress_new(bool wanted, const char *zone);

/* A phase begins (engine_options.progress). */
void progress_phase(void *progress, const char *phase);

/* Ends the thread and wipes the line. NULL is legal. */
void progress_free(struct progress *progress);
