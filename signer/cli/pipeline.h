/* SPDX-License-Identifier: MIT */
/* What `sign` and `run` share: options for the engine, and what its report says on stderr and in JSON. */
#pragma once

#include "signer/cli/cli.h"
#include "signer/engine/engine.h"

enum status pipeline_options(struct cli *cli, struct engine_options *out, struct error *err) MUST_CHECK;

/* engine_sign with a progress line. */
enum status pipeline_sign(struct cli *cli, struct store *store, const char *zone, struct engine_options *options,
    struct engine_report *report, struct error *err) MUST_CHECK;

/* The lines that say how it went; a failure's first line is the caller's. */
void pipeline_say(const struct cli *cli, const struct engine_report *report, enum status status);

struct report *pipeline_report(
    const struct cli *cli, const struct engine_report *report, enum status status, const struct error *err);
