/* SPDX-License-Identifier: MIT */
/*
 * A file that was not touched since it was last read need not be read again to know what it holds: same device, inode,
 * size, mtime and ctime. A program can set mtime back, but not ctime. So it is with an input, and with what stands at
 * the output path; that is enough to see that nothing is due, and whatever is due reads both.
 *
 * A stamp counts only if it was at least two seconds old when the file was read: a change in the same tick of the file
 * system's clock would leave it as it is. On a virtual clock nothing is known, since files live in real time.
 */
#pragma once

#include "keystore/store_files.h"
#include "signer/base/publish.h"
#include "signer/engine/run.h"

/* Whether the file at `path` is known to hold `sha256` and, if it is an input, an SOA with `serial`. A keystore that
 * cannot be asked knows nothing. */
bool known_file(const struct run *run, enum store_purpose purpose, const char *path, const struct file_stamp *stamp,
    uint8_t sha256[32], uint32_t *serial);

/* It was read: `stamp` is from before, `file` is still open. What cannot be remembered is read again next time. */
void known_file_note(const struct run *run, enum store_purpose purpose, const char *path, int file,
    const struct file_stamp *stamp, const uint8_t sha256[32], uint32_t serial);
