/* SPDX-License-Identifier: MIT */
/* Reads zone text from memory and writes it back, for the tests of signer/dns. */
#pragma once

#include <stddef.h>

#include "signer/base/error.h"
#include "signer/dns/zonetext_read.h"

/* Reads text[0..size) as a zone of example. on `threads` threads in pieces of `chunk` octets. Returns what was read as
 * text in our own form, types by name; or, if it was refused, one line for each error. The caller frees it.
 *
 * It is read the general way and by the best marks that this processor has; a difference ends the program. */
char *text_read(const char *text, size_t size, size_t chunk, unsigned threads, const char *folder);
