/* SPDX-License-Identifier: MIT */
/*
 * What a simulation shows, in people's words: one line for all that happens to one key at one moment.
 *
 * Feed it as the watcher of simulate_run, then print.
 */
#pragma once

#include <stdio.h>

#include "policies/simulate.h"
#include "signer/base/arena.h"
#include "signer/report/report.h"

/* What was simulated. */
struct simulation_subject {
	const char *name; /* of the policy, or of the zone and the policy */
	const struct simulate_world *world;
	bool parent_by_hand; /* people hand in and withdraw the DS */
};

struct simulation;

struct simulation *simulation_new(const struct simulation_subject *subject, struct arena *mem);
simulate_watcher simulation_watch; /* its context is the simulation */

/* `failure` is what simulate_run said if the cache check failed, else NULL. */
void simulation_text(FILE *out, const struct simulation *simulation, const char *failure);
struct report *simulation_report(const struct simulation *simulation, const char *failure);
