/* SPDX-License-Identifier: MIT */
/*
 * Two of the places where a key that is not the same everywhere must stop: before its DNSKEY enters the zone, and
 * before it makes its first signature. Each proves the key anew on every store that it is in. Others are where it is
 * made (keystore/token_hsm_make.c, zonekeys.h), where signers are opened (signer/sign/evidence.h), at each signature
 * (keystore/token_hsm_sign.c), and the gate.
 */
#pragma once

#include "keystore/key.h"
#include "signer/base/error.h"
#include "signer/engine/run.h"

enum status guard_publication(const struct run *run, const struct key *key, struct error *err) MUST_CHECK;
enum status guard_activation(const struct run *run, const struct key *key, struct error *err) MUST_CHECK;

/* How a refusal begins that a key caused whose proof failed with `message`: the id of the check, unless it is in there.
 */
const char *guard_check(const char *message);
