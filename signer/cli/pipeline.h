/* SPDX-License-Identifier: MIT */
/* What `sign` and `run` share: options for the engine, and what its report says on stderr and in JSON. */
#pragma once

#include "signer/cli/cli.h"
#include "signer/engine/engine.h"

enum status pipeline_options(struct cli *cli, struct engine_options *out, struct error *err) MUST_CHECK;

/* "nl.test", or "[3/1500] nl.test": which of how many it is. Escaped. */
char *pipeline_label(const struct cli *cli, const char *zone, size_t number, size_t count);

/* engine_sign with a progress line, in which the zone is called `label`. */
enum status pipeline_sign(struct cli *cli, struct store *store, const char *zone, const char *label,
    struct engine_options *options, struct engine_report *report, struct error *err) MUST_CHECK;

/* The lines that say how it went; a failure's first line is the caller's. */
void pipeline_say(const struct cli *cli, const struct engine_report *report, enum status status);

struct report *pipeline_report(
    const struct cli *cli, const struct engine_report *report, enum status status, const struct error *err);

/* All that a command for one zone says of it: the report on stdout if JSON is wanted and `stdout_is_free`, a failure's
 * first line, and pipeline_say. Returns `status`, or that of the printing where only that failed; `err` is said then.
 */
enum status pipeline_tell(struct cli *cli, const struct engine_report *report, bool stdout_is_free, enum status status,
    struct error *err) MUST_CHECK;
