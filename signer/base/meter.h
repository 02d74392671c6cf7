/* SPDX-License-Identifier: MIT */
/*
 * How far a phase of the work has come, for whoever draws a progress line: written by workers, read by another thread.
 * Every function takes NULL for "nobody looks".
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct meter {
	atomic_uint_least64_t done, total;
	_Atomic(const char *) unit; /* static text in the plural; NULL: nothing is counted now */
	atomic_int file;            /* `done` is where this descriptor stands, which another program moves; -1: none */
};

/* Starts anew with nothing done; `total` 0: it is not known. */
void meter_begin(struct meter *meter, uint64_t total, const char *unit);

/* The same for octets of a file whose position a child process shares; until the next meter_begin. */
void meter_follow(struct meter *meter, int file, uint64_t total);

void meter_add(struct meter *meter, uint64_t done);

struct meter_reading {
	uint64_t done, total;
	const char *unit; /* or NULL */
};

struct meter_reading meter_read(struct meter *meter);
