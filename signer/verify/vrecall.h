/* SPDX-License-Identifier: MIT */
/*
 * Names of name servers that were read before: as they were written, and where their wire form is. In a TLD a few
 * thousand servers stand in millions of NS records, so most need be neither parsed nor stored again.
 *
 * A table of fixed size whose entries give way to newer ones; what it does not know is only slower. Texts are compared
 * octet by octet, so whoever chooses names can make it forget and nothing else. For one thread.
 */
#pragma once

#include "signer/base/bytes.h"

struct vrecall;

/* About so many names are kept, 64 octets for each. */
struct vrecall *vrecall_new(size_t names);
void vrecall_free(struct vrecall *recall);

/* The wire form of what was written so; size 0: not known. */
struct bytes vrecall_find(const struct vrecall *recall, const char *text, size_t size);

/* `wire` must stay where it is until vrecall_forget. The text must mean the same wherever it stands. */
void vrecall_keep(struct vrecall *recall, const char *text, size_t size, struct bytes wire);

void vrecall_forget(struct vrecall *recall);
