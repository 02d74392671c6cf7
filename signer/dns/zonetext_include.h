/* SPDX-License-Identifier: MIT */
/*
 * Opens the files that $INCLUDE names, and no others. Private to the zone reader.
 */
#pragma once

#include "signer/base/error.h"

/* Opens `path` for reading, beneath `folder`: neither "..", nor an absolute path, nor a symbolic link can lead out of
 * it, and only a regular file is opened. */
enum status zonetext_include_open(const char *folder, const char *path, int *out, struct error *err) MUST_CHECK;
