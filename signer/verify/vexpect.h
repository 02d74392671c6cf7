/* SPDX-License-Identifier: MIT */
/* The keys that the key states expect: the file format is in verify.h. */
#pragma once

#include "signer/verify/vrun.h"

/* Adds the keys of text[0..size) to run->known, with their uses; RDATA lives in run->expect_text. */
enum status vexpect_read(
    struct vrun *run, const char *name, const char *text, size_t size, struct error *err) MUST_CHECK;
