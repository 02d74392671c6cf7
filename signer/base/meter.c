/* SPDX-License-Identifier: MIT */
#include "signer/base/meter.h"

#include <stddef.h>
#include <unistd.h>

static void begin(struct meter *meter, int file, uint64_t total, const char *unit)
{
	atomic_store(&meter->unit, NULL);
	atomic_store(&meter->file, file);
	atomic_store(&meter->done, 0);
	atomic_store(&meter->total, total);
	atomic_store(&meter->unit, unit);
}

void meter_begin(struct meter *meter, uint64_t total, const char *unit)
{
	if (meter != NULL)
		begin(meter, -1, total, unit);
}

void meter_follow(struct meter *meter, int file, uint64_t total)
{
	if (meter != NULL)
		begin(meter, file, total, "octets");
}

void meter_add(struct meter *meter, uint64_t done)
{
	if (meter != NULL)
		atomic_fetch_add_explicit(&meter->done, done, memory_order_relaxed);
}

struct meter_reading meter_read(struct meter *meter)
{
	struct meter_reading reading = { .unit = atomic_load(&meter->unit), .total = atomic_load(&meter->total) };
	const int file = atomic_load(&meter->file);
	const off_t at = file >= 0 ? lseek(file, 0, SEEK_CUR) : -1;
	reading.done = at >= 0 ? (uint64_t)at : atomic_load(&meter->done);
	return reading;
}
