/* SPDX-License-Identifier: MIT */
/*
 * Key ceremonies as the keystore remembers them: the requests (KSR) that a signing side made and the responses (SKR)
 * that it took; on the side of the KSK, the responses that it signed. The texts are kept whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keystore/store.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"
#include "signer/base/utc.h"

enum store_ceremony_kind {
	STORE_CEREMONY_REQUEST,  /* a KSR made here */
	STORE_CEREMONY_SIGNED,   /* an SKR signed here */
	STORE_CEREMONY_RESPONSE, /* an SKR taken here */
};

struct store_ceremony {
	int64_t id;
	enum store_ceremony_kind kind;
	int64_t number;
	uint8_t sha256[32];
	struct utc begins, ends, made;
	struct utc replaced; /* not used from then on; 0: it is */
	const char *text;
};

/* All of a kind, oldest first. */
enum status store_ceremonies(struct store *store, int64_t zone_id, enum store_ceremony_kind kind, struct arena *mem,
    struct store_ceremony **out, size_t *count, struct error *err) MUST_CHECK;

/* Adds one, with an audit row. With `replaces`, what there is of its kind and reaches beyond its begin is replaced from
 * then on. */
enum status store_add_ceremony(struct store *store, int64_t zone_id, const struct store_ceremony *ceremony,
    bool replaces, const char *detail, struct utc now, struct error *err) MUST_CHECK;
