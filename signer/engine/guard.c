/* SPDX-License-Identifier: MIT */
#include "signer/engine/guard.h"

#include <string.h>

#include "signer/engine/proving.h"

const char *guard_check(const char *message)
{
	return strstr(message, "key.hsm-identical: ") != NULL ? "" : "key.proof: ";
}

/* `held` is what the key does not do, `zone` what that means for those who ask. */
static enum status refuse(const struct run *run, const struct key *key, const struct error *why, const char *held,
    const char *zone, struct error *err)
{
	const char *const name = run->zone.name;
	const char *const drop =
	    key->predecessor == 0 ? "" : arena_printf(run->mem, ", or zoneseal roll abort %s --key %u", name, key->tag);
	return error_set(err, STATUS_KEY,
	    "%s%s %u %s, it is not proven in every store: %s; %s; no key of the zone moves; look with zoneseal key "
	    "test %s, put the key right and run again%s",
	    guard_check(why->message), key_role_name(key->role), key->tag, held, why->message, zone, name, drop);
}

enum status guard_publication(const struct run *run, const struct key *key, struct error *err)
{
	struct error why;
	error_clear(&why);
	if (proving_key(run->store, run->token, run->zone.id, key, run_now(run), &why) == STATUS_OK)
		return STATUS_OK;
	return refuse(run, key, &why, "is not published", "no resolver has seen it, and what is published stays", err);
}

enum status guard_activation(const struct run *run, const struct key *key, struct error *err)
{
	struct error why;
	error_clear(&why);
	if (proving_key(run->store, run->token, run->zone.id, key, run_now(run), &why) == STATUS_OK)
		return STATUS_OK;
	return refuse(run, key, &why, "does not begin to sign",
	    "it signed nothing yet, and the zone stays valid by the keys that sign it now", err);
}
