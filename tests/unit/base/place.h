/* SPDX-License-Identifier: MIT */
/* A folder of its own for each test of publish, and what is looked at in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "signer/base/publish.h"

struct place {
	char folder[64];
	char target[512];
	char other[512];
};

struct place place_new(void);

/* Removes the folder and what is in it, one level deep. */
void place_free(const struct place *place);

/* How many names the folder holds; `remove` removes them. */
size_t count_names(const char *folder, bool remove);

void put(const char *path, const char *text);
void assert_content(const char *path, const char *text);

/* publish_open that must succeed, with mode 0640. */
void begin(const char *path, struct publish *publish);
