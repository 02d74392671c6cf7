/* SPDX-License-Identifier: MIT */
/* Parts of the arranging of a zone, for a zone that is arranged in another way (vshare.h). */
#pragma once

#include "signer/verify/vzone.h"

/* Sorts an owner's records and marks copies. Returns how many there are. */
size_t varrange_sort(struct vrecord *records, size_t count);

/* What the owner is by itself; those that another hides are found later. */
void varrange_classify(const struct vzone *zone, struct vowner *owner);

/* Finds the apex' owner, and marks what lies below a cut or a DNAME. */
void varrange_hide(struct vzone *zone);

/* Fills in the fields of the SOA. */
void varrange_note_soa(struct vzone *zone);
