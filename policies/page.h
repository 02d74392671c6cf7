/* SPDX-License-Identifier: MIT */
/* A text that grows in an arena: YAML and reference pages are written into it. Starts as { .mem = ... }. */
#pragma once

#include <stddef.h>

#include "signer/base/arena.h"

struct page {
	struct arena *mem;
	char *text; /* terminated; NULL until something is added */
	size_t used, room;
};

void page_add(struct page *page, const char *text);

/* Two spaces for each level. */
void page_indent(struct page *page, size_t depth);
