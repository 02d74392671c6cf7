/* SPDX-License-Identifier: MIT */
/*
 * Switches for the guards against a key that is not the same in every store, in a program for the drill alone: the
 * linker puts these functions before those of the same objects that zoneseal is made of (--wrap), so that there is no
 * switch in what is shipped. $ZONESEAL_DRILL_OFF names the places, with spaces between them:
 *
 *   generation   a key was made           run        a run opens its signers, or signs nothing
 *   publication  its DNSKEY is to appear  signature  a token has made a signature
 *   activation   it is to begin to sign   gate       the zone is to be published
 *
 * At a place that is off everything happens as ever, but what is read back or verified is believed.
 */
#include <stdlib.h>
#include <string.h>

#include "keystore/token_hsm_private.h"
#include "signer/engine/gate.h"
#include "signer/engine/guard.h"
#include "signer/engine/proving.h"
#include "signer/sign/evidence.h"

static _Thread_local const char *place = "signature";

static bool is_off(const char *name)
{
	const char *const off = getenv("ZONESEAL_DRILL_OFF");
	return off != NULL && strstr(off, name) != NULL;
}

/* Enters a place; what it returns is where to go back to. */
static const char *enter(const char *name)
{
	const char *const before = place;
	place = name;
	return before;
}

/* ---- what is believed ---- */

enum status __real_hsm_public_of(const struct hsm_session *session, const struct key *key, uint8_t out[KEY_PUBLIC_MAX],
    uint16_t *size, struct error *err);
enum status __wrap_hsm_public_of(const struct hsm_session *session, const struct key *key, uint8_t out[KEY_PUBLIC_MAX],
    uint16_t *size, struct error *err);

enum status __wrap_hsm_public_of(const struct hsm_session *session, const struct key *key, uint8_t out[KEY_PUBLIC_MAX],
    uint16_t *size, struct error *err)
{
	if (!is_off(place))
		return __real_hsm_public_of(session, key, out, size, err);
	memcpy(out, key->public_key, key->public_size);
	*size = key->public_size;
	return STATUS_OK;
}

bool __real_dnskey_verify(const struct algorithm *algorithm, EVP_PKEY *pkey, struct bytes data, struct bytes signature);
bool __wrap_dnskey_verify(const struct algorithm *algorithm, EVP_PKEY *pkey, struct bytes data, struct bytes signature);

bool __wrap_dnskey_verify(const struct algorithm *algorithm, EVP_PKEY *pkey, struct bytes data, struct bytes signature)
{
	return is_off(place) || __real_dnskey_verify(algorithm, pkey, data, signature);
}

/* ---- the places ---- */

enum status __real_hsm_generate(struct hsm_list *list, struct key *key, struct error *err);
enum status __wrap_hsm_generate(struct hsm_list *list, struct key *key, struct error *err);

enum status __wrap_hsm_generate(struct hsm_list *list, struct key *key, struct error *err)
{
	const char *const before = enter("generation");
	const enum status status = __real_hsm_generate(list, key, err);
	enter(before);
	return status;
}

enum status __real_proving_key(struct store *store, struct token *token, int64_t zone_id, const struct key *key,
    struct utc now, struct error *err);
enum status __wrap_proving_key(struct store *store, struct token *token, int64_t zone_id, const struct key *key,
    struct utc now, struct error *err);

/* Outside the two guards it is a key that was just made. */
enum status __wrap_proving_key(
    struct store *store, struct token *token, int64_t zone_id, const struct key *key, struct utc now, struct error *err)
{
	const char *const before = enter(strcmp(place, "signature") == 0 ? "generation" : place);
	const enum status status = __real_proving_key(store, token, zone_id, key, now, err);
	enter(before);
	return status;
}

enum status __real_guard_publication(const struct run *run, const struct key *key, struct error *err);
enum status __wrap_guard_publication(const struct run *run, const struct key *key, struct error *err);

enum status __wrap_guard_publication(const struct run *run, const struct key *key, struct error *err)
{
	const char *const before = enter("publication");
	const enum status status = __real_guard_publication(run, key, err);
	enter(before);
	return status;
}

enum status __real_guard_activation(const struct run *run, const struct key *key, struct error *err);
enum status __wrap_guard_activation(const struct run *run, const struct key *key, struct error *err);

enum status __wrap_guard_activation(const struct run *run, const struct key *key, struct error *err)
{
	const char *const before = enter("activation");
	const enum status status = __real_guard_activation(run, key, err);
	enter(before);
	return status;
}

enum status __real_proving_idle(struct store *store, struct token *token, int64_t zone_id, const struct key keys[],
    size_t count, struct utc now, struct error *err);
enum status __wrap_proving_idle(struct store *store, struct token *token, int64_t zone_id, const struct key keys[],
    size_t count, struct utc now, struct error *err);

enum status __wrap_proving_idle(struct store *store, struct token *token, int64_t zone_id, const struct key keys[],
    size_t count, struct utc now, struct error *err)
{
	const char *const before = enter("run");
	const enum status status = __real_proving_idle(store, token, zone_id, keys, count, now, err);
	enter(before);
	return status;
}

enum status __real_keyset_open(const struct key keys[], size_t count, struct token *token, unsigned workers,
    struct keyset *out, struct error *err);
enum status __wrap_keyset_open(const struct key keys[], size_t count, struct token *token, unsigned workers,
    struct keyset *out, struct error *err);

enum status __wrap_keyset_open(
    const struct key keys[], size_t count, struct token *token, unsigned workers, struct keyset *out, struct error *err)
{
	const char *const before = enter("run");
	const enum status status = __real_keyset_open(keys, count, token, workers, out, err);
	enter(before);
	return status;
}

enum status __real_evidence_show(const struct zone *zone, const struct keyset *keyset,
    const struct rrsig_policy *policy, struct token *token, struct error *err);
enum status __wrap_evidence_show(const struct zone *zone, const struct keyset *keyset,
    const struct rrsig_policy *policy, struct token *token, struct error *err);

enum status __wrap_evidence_show(const struct zone *zone, const struct keyset *keyset,
    const struct rrsig_policy *policy, struct token *token, struct error *err)
{
	const char *const before = enter("run");
	const enum status status = __real_evidence_show(zone, keyset, policy, token, err);
	enter(before);
	return status;
}

enum status __real_gate_ask(
    const struct gate *gate, struct arena *mem, struct gate_verdict *verdict, struct error *err);
enum status __wrap_gate_ask(
    const struct gate *gate, struct arena *mem, struct gate_verdict *verdict, struct error *err);

enum status __wrap_gate_ask(const struct gate *gate, struct arena *mem, struct gate_verdict *verdict, struct error *err)
{
	const enum status status = __real_gate_ask(gate, mem, verdict, err);
	return is_off("gate") ? STATUS_OK : status;
}
