/* SPDX-License-Identifier: MIT */
/* Where a master file may be cut, so that its pieces can be read apart (RFC 1035 5.1). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { VSPLIT_BYTES = 128 * 1024 }; /* a piece has so many, or more if no entry ends there */

struct vsplit {
	const char *text; /* begins with an entry */
	size_t size;
	bool breaks; /* what follows cannot be read: all whole entries are pieces */
	void (*piece)(void *context, size_t start, size_t end);
	void *context;
};

/* Tells each piece. Returns where the rest begins, which goes on in what follows. */
size_t vsplit(const struct vsplit *split);
