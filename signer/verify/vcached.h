/* SPDX-License-Identifier: MIT */
/* What caches hold of the versions published before, and what a resolver makes of it beside the new zone. */
#pragma once

#include "signer/verify/vrun.h"
#include "signer/verify/vsigned.h"

/* Reads each --previous, judges its serial and its signatures, and keeps its keys and the newest version. Before the
 * signatures are judged. */
enum status vcached_check(struct vrun *run, struct error *err) MUST_CHECK;

/* Whether an RRset of the zone, with the signatures over it, is validated by each DNSKEY RRset that caches may hold. */
void vcached_judge(
    struct vrun *run, const struct vset *set, const struct vsignature *all, size_t count, struct vsig_stats *stats);
