/* SPDX-License-Identifier: MIT */
/*
 * A call into a token's module may never return: then a thread of ours ends the process, since nothing else ends such a
 * call without tearing the module's locks. What the run has not published by then is not published.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "keystore/token.h"

struct hsm_watch;

enum { HSM_PATIENCE = 120, HSM_PATIENCE_MOST = 3600 };

struct hsm_watch *hsm_watch_new(void);
void hsm_watch_free(struct hsm_watch *watch);

/* How long a call may take. */
void hsm_watch_set_patience(struct hsm_watch *watch, unsigned seconds);

/* Who ends the process; NULL: it is told on stderr and ends with STATUS_KEY. */
void hsm_watch_set_stop(struct hsm_watch *watch, token_stop *stop, void *context);

/* Around calls into the module of the store `name`, which outlives them. They may be nested. */
size_t hsm_watch_begin(struct hsm_watch *watch, const char *name);
void hsm_watch_end(struct hsm_watch *watch, size_t call);
