/* SPDX-License-Identifier: MIT */
/* The drop-in that lets the systemd service write where a zone is published. */
#pragma once

#include "signer/base/arena.h"
#include "signer/base/error.h"

/* The text for zoneseal@ZONE.service.d/output.conf, with the place it belongs to in its first line. `output` is the
 * path that is published to; its folder must exist (STATUS_IO). */
enum status unit_drop_in(
    const char *zone, const char *output, struct arena *mem, char **out, struct error *err) MUST_CHECK;
