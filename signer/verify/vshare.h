/* SPDX-License-Identifier: MIT */
/*
 * A zone that was read beside another and has nearly all of its records: the version published last. It shares them
 * with the other, so that it takes little memory, and only owners that differ are put together and sorted.
 */
#pragma once

#include "signer/verify/vzone.h"

/* Whether the records of a file that is read beside `like` may be shared: they are then in vfile.shared. */
bool vshare_may(const struct vzone *like);

/*
 * Makes the owners of `zone`, whose file was read so. What differs goes into the room behind like's records, and over
 * what was there: one at a time shares with a zone. False: too much differs, or an owner has a record twice; the file
 * must be read again without sharing. Of the zone's fields, those of the SOA, the apex and the owners are filled in;
 * `records` is like's, for use with an owner's `first` and `count` alone.
 */
bool vshare_arrange(struct vzone *zone, const struct vzone *like);
