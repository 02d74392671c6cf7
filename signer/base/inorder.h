/* SPDX-License-Identifier: MIT */
/*
 * Makes items on several threads, and has what was made taken in order: a digest or a file is one chain of octets that
 * is made in many places.
 *
 * Threads stay for all of the work, and each does what there is to do: takes for a taker that is free, else makes.
 * Slots hold what is made and not yet taken, so memory is bounded.
 */
#pragma once

#include <stddef.h>

#include "signer/base/error.h"

/* Makes an item into a slot, which is this item's until all takers have had it. `worker` is 0 .. threads-1. */
typedef enum status inorder_make(void *context, unsigned worker, size_t item, size_t slot, struct error *err);

/* Takes the next item; called for items in order, by one thread at a time, while other takers have other items. */
typedef enum status inorder_take(void *context, size_t slot, struct error *err);

enum { INORDER_TAKERS = 2 };

struct inorder {
	size_t items;
	size_t slots; /* at least 1; with twice the threads none of them waits for long */
	inorder_make *make;
	inorder_take *take[INORDER_TAKERS]; /* each has all items; NULL: there is no second one */
	void *context;
};

/* Anything but STATUS_OK ends it, after the items under way; what is returned is that of the lowest item. */
enum status inorder_run(unsigned threads, const struct inorder *work, struct error *err) MUST_CHECK;
