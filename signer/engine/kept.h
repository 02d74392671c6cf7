/* SPDX-License-Identifier: MIT */
/*
 * The file of the last published zone's signatures (signer/sign/sigfile.h): zones/<zone>.signatures in the state
 * folder, readable by nobody else.
 *
 * It is written once a publication has its receipt, as a whole or not at all, and never stands in the way of one: a
 * run without it, or with one that cannot be used, finds the signatures in the published text, as those before it did,
 * and says so. So a kill at any moment, a full disk and a program of an older version cost time and nothing else; the
 * zone's lock keeps two runs apart. What is read is used only for the version whose SHA-256 was taken of the published
 * file in this run.
 */
#pragma once

#include <stdbool.h>

#include "keystore/store.h"
#include "signer/engine/run.h"
#include "signer/sign/sigfile.h"
#include "signer/sign/sigfile_write.h"

/* That of the last published version. False: it cannot be used, and run->report->signatures_note says why. */
bool kept_open(struct run *run, struct sigfile *out);

/* That of `version`, which has just been published; the note says what keeps it from being written. */
void kept_write(struct run *run, const struct sigfile_draft *draft, const struct store_version *version);

/* The gate refused a zone that holds signatures from it: the next run takes them from the text. */
void kept_forget(const struct run *run);
