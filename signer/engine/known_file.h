/* SPDX-License-Identifier: MIT */
/*
 * An input that was not touched since it was last read need not be read again to know what it holds: same device,
 * inode, size, mtime and ctime. A program can set mtime back, but not ctime.
 *
 * A stamp counts only if it was at least two seconds old when the file was read: a change in the same tick of the file
 * system's clock would leave it as it is. On a virtual clock nothing is known, since files live in real time.
 */
#pragma once

#include "signer/base/publish.h"
#include "signer/engine/run.h"

/* Whether the input at `path` is known to hold `sha256` and an SOA with `serial`. A keystore that cannot be asked knows
 * nothing. */
bool known_file_input(
    const struct run *run, const char *path, const struct file_stamp *stamp, uint8_t sha256[32], uint32_t *serial);

/* It was read: `stamp` is from before, `file` is still open. What cannot be remembered is read again next time. */
void known_file_note_input(const struct run *run, const char *path, int file, const struct file_stamp *stamp,
    const uint8_t sha256[32], uint32_t serial);
