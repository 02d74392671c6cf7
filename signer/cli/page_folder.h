/* SPDX-License-Identifier: MIT */
/*
 * A folder of pages for a web server, perhaps one that others write into: it is opened once and is no link, each file
 * comes in one piece and takes the place of whatever has its name, link or not, and one command writes at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "signer/base/error.h"

/* Makes the folder if it is missing. STATUS_IO for a link or what is no folder; STATUS_BUSY if another command writes
 * there. `out` is a descriptor for close(2). */
enum status page_folder_open(const char *path, int *out, struct error *err) MUST_CHECK;

/* STATUS_REFUSED if a page there is of another keystore than this one, whose identity is in hex, or "" before it has
 * one. Pages of older versions do not say whose they are, and are nobody's. */
enum status page_folder_is_own(int folder, const char *path, const char *keystore, struct error *err) MUST_CHECK;

/* Removes the files named zone-*.html and index-*.html that are not among the `count` of `keep`, which is put in order
 * here, and whose beginning has `mark`: those that an earlier command made, and nobody else's. */
enum status page_folder_clean(
    int folder, const char *path, const char *mark, const char *keep[], size_t count, struct error *err) MUST_CHECK;

/* `name` has no slash. The file is for all to read. On failure the old one stands. */
enum status page_folder_write(
    int folder, const char *path, const char *name, const void *data, size_t size, struct error *err) MUST_CHECK;
