/* SPDX-License-Identifier: MIT */
/* The drop-in that lets the systemd service write where a zone is published. */
#pragma once

#include <stdbool.h>

#include "signer/base/arena.h"
#include "signer/base/error.h"

/* What stands between "zoneseal@" and ".service" for a zone: its name without the final dot. */
const char *unit_instance(const char *zone, struct arena *mem) MUST_CHECK;

/* The text for zoneseal@ZONE.service.d/output.conf, with the place it belongs to in its first line. `output` is the
 * path that is published to; its folder must exist (STATUS_IO). */
enum status unit_drop_in(
    const char *zone, const char *output, struct arena *mem, char **out, struct error *err) MUST_CHECK;

/* Whether some drop-in of zoneseal@ZONE.service below `root` (before the paths of the system: "", but for tests) names
 * the folder of `output`, or one above it. True too where the unit itself was replaced: then nobody can tell from here.
 * The folder that could not be written to goes to *folder. */
bool unit_lets_write(
    const char *root, const char *zone, const char *output, struct arena *mem, const char **folder) MUST_CHECK;
