/* SPDX-License-Identifier: MIT */
/* Zones as text, for tests of the rooms above the reader. */
#pragma once

#include <stdint.h>

#include "signer/dns/zonetext_read.h"
#include "signer/zone/zone.h"

/* A name in wire form from its absolute text; static storage in rotation, good for 8 names at a time. */
const uint8_t *text_name(const char *text);

/* Reads a zone from a string; the test fails if it cannot be read. The file's name in messages is "zone". */
void text_read(const char *text, const char *origin, struct zonetext *out);

/* Reads and builds. The caller frees both. */
enum status text_build(
    const char *text, const char *origin, unsigned threads, struct zonetext *read, struct zone *out, struct error *err);
