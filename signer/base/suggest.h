/* SPDX-License-Identifier: MIT */
/* "Did you mean": the known word that is nearest to one that is not known. */
#pragma once

#include <stddef.h>

/* The word of names[0..count) with the fewest single-letter changes (insertion, deletion, replacement, swap of
 * neighbours) from `word`; NULL if even that one differs in more than a third of its letters. Case does not count.
 * Words over 63 characters match nothing. */
const char *suggest_nearest(const char *word, const char *const names[], size_t count);
