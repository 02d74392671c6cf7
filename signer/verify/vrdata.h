/* SPDX-License-Identifier: MIT */
/*
 * RDATA from text to canonical wire form (RFC 4034 6.2), driven by the shapes of vtype.h; and the generic form of
 * RFC 3597, which is checked and brought to the same canonical form.
 */
#pragma once

#include "signer/verify/vtoken.h"
#include "signer/verify/vtype.h"

enum { VRDATA_MAX = 65535 };

/* A field reader's place: tokens in, octets out. `origin` may be NULL; `relative` is set when a name needed it. */
struct vrdata {
	struct vtokens *in;
	const uint8_t *origin;
	bool relative;
	uint8_t *out; /* VRDATA_MAX octets */
	size_t size;
	const char *why;
};

/* Reads the fields of one record up to the end of the entry. `type` may be NULL: then only the generic form is
 * accepted. On false `why` is set. */
bool vrdata_read(struct vrdata *rdata, const struct vtype *type);

/* Parts shared with the special forms (vrdata_special.c). All return false with `why` set. */
bool vrdata_fail(struct vrdata *rdata, const char *why);
bool vrdata_put(struct vrdata *rdata, const void *data, size_t size);
bool vrdata_put_number(struct vrdata *rdata, uint32_t value, unsigned octets);
bool vrdata_token(struct vrdata *rdata, struct vtoken *out);
bool vrdata_field(struct vrdata *rdata, char letter);

/* A form of its own, by its letter. */
bool vrdata_special(struct vrdata *rdata, char letter);

/* Walks data[0..size) by the type's shape, lower-casing names where canonical form wants it. False if malformed. */
bool vrdata_canonical(const struct vtype *type, uint8_t *data, size_t size);

/* What RDATA whose octets fit its type still may not say (vrdata_sense.c): why, or NULL. */
const char *vrdata_judge(uint16_t type, const uint8_t *data, size_t size);
