/* SPDX-License-Identifier: MIT */
/*
 * Looks at the key stores of stores.conf and says in words what is wrong and what to do. Changes nothing, on a token
 * either, and gives a PIN at most once, and never where the token says that few tries are left.
 */
#pragma once

#include <stddef.h>

#include "keystore/key.h"
#include "keystore/token.h"
#include "signer/base/error.h"

enum token_grade { TOKEN_FINE, TOKEN_DOUBTFUL, TOKEN_WRONG };

/* `what` is "module", "token", "PIN", "session", "mechanisms", "keys", "room". */
typedef void token_tell(void *context, enum token_grade grade, const char *store, const char *what, const char *text);

/* One store by name, or all with NULL; `keys` are all keys of the keystore. STATUS_MISSING if there is no such store.
 */
enum status token_examine(struct token *token, const char *store, const struct key keys[], size_t count,
    token_tell *tell, void *context, struct error *err) MUST_CHECK;
