/* SPDX-License-Identifier: MIT */
/* What of a signature is judged without computing: its form, and which keys it may be by. */
#pragma once

#include "signer/verify/vrun.h"
#include "signer/verify/vsigned.h"

/* Signer's name and Labels (RFC 4034 3.1.3, 3.1.7). */
void vsigner_form(struct vrun *run, const struct vsignature *s, const struct vowner *owner);

/* TTLs of RRSIG and RRset, and the Original TTL (RFC 4034 3, 3.1.4). */
void vsigner_ttl(struct vrun *run, const struct vsignature *s, const struct vset *set);

/* Whether its tag and algorithm are those of a published key, or of one that is expected and not published. */
bool vsigner_published(const struct vrun *run, const struct vsignature *s);
bool vsigner_expected(const struct vrun *run, const struct vsignature *s);

/* Reports one whose time is empty. */
void vsigner_never(struct vrun *run, const struct vsignature *s, struct vplace at);

/* Reports what signature->key should not have signed: it is revoked, or known to have another role. */
void vsigner_role(struct vrun *run, const struct vsignature *s, struct vplace at, uint16_t type);
