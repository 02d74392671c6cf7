/* SPDX-License-Identifier: MIT */
/*
 * The response view: what the world is told by servers of this zone, judged as resolvers judge it. Every name, and
 * names made up between and below them, are asked for; vserver.h answers, vresolver.h judges.
 */
#pragma once

#include "signer/verify/vrun.h"
#include "signer/verify/vsigned.h"

/* Notes whether a resolver finds a signature of the RRset that validates; called as each RRset is judged. */
void vresponse_trust(struct vrun *run, const struct vsubject *subject, const struct vsignature *all, size_t count);

/* After the signatures were judged. */
enum status vresponse_check(struct vrun *run, struct error *err) MUST_CHECK;
