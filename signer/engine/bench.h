/* SPDX-License-Identifier: MIT */
/* How fast the stores of keys/stores.conf sign; no zone and no keystore takes part. */
#pragma once

#include "keystore/token.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

/* token_bench for a store of the state folder. */
enum status bench_store(const char *state, const char *store, unsigned sessions, double seconds, struct arena *mem,
    struct token_rate out[TOKEN_RATES], size_t *count, struct error *err) MUST_CHECK;
