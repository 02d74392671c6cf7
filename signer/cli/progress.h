/* SPDX-License-Identifier: MIT */
/* One line on a terminal that says what goes on, how far and how fast, once a run takes longer than two seconds. */
#pragma once

#include <stdbool.h>

struct meter;
struct progress;

/* Starts the line's thread; NULL if `wanted` is false. `zone` must live as long. */
struct progress *progress_new(bool wanted, const char *zone);

/* A phase begins (engine_options.progress). */
void progress_phase(void *progress, const char *phase);

/* What engine_options.meter is to be; NULL for NULL. */
struct meter *progress_meter(struct progress *progress);

/* Ends the thread and wipes the line. NULL is legal. */
void progress_free(struct progress *progress);
