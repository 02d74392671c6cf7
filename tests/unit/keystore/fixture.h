/* SPDX-License-Identifier: MIT */
/* What the tests of this room share: hexadecimal to octets, a key from a vector, a temporary folder. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include "keystore/dnskey.h"
#include "tests/unit/keystore/vectors.h"

/* Decodes; fails the test if the text is not hexadecimal. */
size_t unhex(const char *text, uint8_t *out, size_t capacity);

/* The key of a vector, identified, with the locator of the soft token. */
struct key key_of_vector(const struct vector *vector);

/* A new folder (0700) beneath $TMPDIR, /dev/shm or /tmp, and its removal with all files in it. */
void fixture_folder(char out[64]);
void folder_remove(const char *folder);

/* Writes a file with a mode. */
void file_make(const char *path, const void *data, size_t size, unsigned mode);

/* Reads a file; the caller frees. */
uint8_t *file_take(const char *path, size_t *size);
