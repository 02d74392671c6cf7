/* SPDX-License-Identifier: MIT */
/*
 * How far a run is, how fast, and how long it will take: one line on a terminal once it takes longer than two seconds,
 * and anywhere for whoever sends SIGUSR1.
 */
#pragma once

#include <stdbool.h>

struct meter;
struct progress;

/* `shown`: with the line on the terminal. `label` says what the run is about, and must live as long; escaped. */
struct progress *progress_new(bool shown, const char *label);

/* A phase begins (engine_options.progress). */
void progress_phase(void *progress, const char *phase);

/* A signal came (engine_options.notice): SIGUSR1 gets the line, one that ends the process a last word. */
void progress_notice(void *progress, int number);

/* What engine_options.meter is to be. */
struct meter *progress_meter(struct progress *progress);

/* Ends the thread and wipes the line. */
void progress_free(struct progress *progress);
