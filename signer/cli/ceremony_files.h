/* SPDX-License-Identifier: MIT */
/* What the commands of key ceremonies share: files in and out, and what they say of them. */
#pragma once

#include <stddef.h>

#include "signer/ceremony/ceremony.h"
#include "signer/cli/cli.h"

/* The file that -i names, or stdin for "-"; at most what a ceremony file may have. */
enum status ceremony_file_take(
    struct cli *cli, const char **name, char **text, size_t *size, struct error *err) MUST_CHECK;

/* To the file that -o names (complete or not there), or to stdout. */
enum status ceremony_file_give(struct cli *cli, const char *text, struct error *err) MUST_CHECK;

/* --format zoneseal or bind. */
enum status ceremony_form_of(const struct cli *cli, enum ceremony_form *out, struct error *err) MUST_CHECK;

/* "zoneseal.ksr/1": number, period, bundles with their keys. */
struct report *ceremony_report(
    const char *schema, const char *zone, const struct ceremony_file *file, struct arena *mem);

/* The same for people. */
void ceremony_text(FILE *out, const char *zone, const struct ceremony_file *file, struct arena *mem);
