/* SPDX-License-Identifier: MIT */
/*
 * The state folder: keystore.db, keys/, zones/, archive/, locks/ (interface.md, "Files and system"); and the two forms
 * of a zone's name, for people and in file names.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/dns/name.h"

/* Makes the folder and those in it that are missing: 0750, keys/ 0700. What is there is left as it is. */
enum status folder_make(const char *state, struct error *err) MUST_CHECK;

/* "<state>/<name>". */
char *folder_path(const char *state, const char *name, struct arena *mem);

/* A zone's name in any case, the final dot optional, as wire form and as text in lower case with the final dot.
 * STATUS_USAGE if it is no domain name. */
enum status folder_zone_name(
    const char *text, struct arena *mem, const char **name, uint8_t apex[NAME_WIRE], struct error *err) MUST_CHECK;

/* The name in file names: no final dot, each octet outside [a-z0-9_.-] as %XX, the root as "@". */
char *folder_zone_file(const char *zone, struct arena *mem);

/* Where a zone is published if nothing else is said: "<state>/zones/<file>.zone". */
char *folder_zone_output(const char *state, const char *zone, struct arena *mem);

/* An absolute path without following links: relative ones get the working folder. "-" and NULL stay. */
const char *folder_absolute(const char *path, struct arena *mem);

/* Whether `path` (absolute) is in or below the folder `state`, by name. */
bool folder_holds(const char *state, const char *path, struct arena *mem);
