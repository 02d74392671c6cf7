/* SPDX-License-Identifier: MIT */
#include "keystore/token_hsm_crew.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/dnskey.h"
#include "signer/base/arena.h"

/* A table costs as much as it saves in that many signatures; of those that it finds good, four of 256 are judged again.
 */
enum { TABLE_AFTER = 500, AGAIN = 4 };

struct hsm_seat {
	struct hsm_session session;
	CK_OBJECT_HANDLE object;
	struct hsm_seat *next;
	uint64_t taken;
};

/* ---- sessions ---- */

/* With a lane of its token. It may have no session yet, or none any more. */
static struct hsm_seat *take_seat(struct hsm_crew *crew, struct hsm_desk *desk)
{
	const uint64_t taken = hsm_lanes_enter(&desk->hsm->lanes);
	pthread_mutex_lock(&crew->lock);
	struct hsm_seat *seat = desk->idle;
	if (seat != NULL)
		desk->idle = seat->next;
	pthread_mutex_unlock(&crew->lock);
	if (seat == NULL) {
		seat = memory_calloc(1, sizeof(*seat));
		seat->session.hsm = desk->hsm;
	}
	seat->taken = taken;
	return seat;
}

static void give_seat(struct hsm_crew *crew, struct hsm_desk *desk, struct hsm_seat *seat)
{
	const uint64_t taken = seat->taken;
	pthread_mutex_lock(&crew->lock);
	seat->next = desk->idle;
	desk->idle = seat;
	pthread_mutex_unlock(&crew->lock);
	hsm_lanes_leave(&desk->hsm->lanes, taken);
}

static enum status open_seat(const struct hsm_crew *crew, struct hsm_seat *seat, struct error *err)
{
	if (seat->session.open)
		return STATUS_OK;
	enum status status = hsm_session_open(seat->session.hsm, false, &seat->session, err);
	if (status == STATUS_OK)
		status = hsm_find_private(&seat->session, &crew->key, &seat->object, err);
	if (status != STATUS_OK)
		hsm_session_close(&seat->session);
	return status;
}

enum status hsm_crew_public(
    struct hsm_crew *crew, struct hsm_desk *desk, uint8_t out[KEY_PUBLIC_MAX], uint16_t *size, struct error *err)
{
	struct hsm_seat *const seat = take_seat(crew, desk);
	enum status status = open_seat(crew, seat, err);
	if (status == STATUS_OK)
		status = hsm_public_of(&seat->session, &crew->key, out, size, err);
	give_seat(crew, desk, seat);
	return status;
}

/* ---- signing ---- */

EVP_MD *hsm_digest_of(const struct algorithm *algorithm)
{
	return algorithm->digest == NULL ? NULL : EVP_MD_fetch(NULL, algorithm->digest, NULL);
}

/* What the token is to sign: the digest for ECDSA, the DigestInfo for RSA (RFC 8017 9.2), the data for EdDSA. */
bool hsm_make_input(const struct hsm_kind *kind, const EVP_MD *digest, EVP_MD_CTX *hash, struct bytes data,
    uint8_t room[HSM_INPUT], struct bytes *out)
{
	unsigned size = 0;
	if (digest == NULL) {
		*out = data;
		return true;
	}
	if (kind->prefix_size > 0)
		memcpy(room, kind->prefix, kind->prefix_size);
	if (hash == NULL || EVP_DigestInit_ex2(hash, digest, NULL) != 1 ||
	    EVP_DigestUpdate(hash, data.data, data.size) != 1 ||
	    EVP_DigestFinal_ex(hash, room + kind->prefix_size, &size) != 1)
		return false;
	*out = (struct bytes){ room, kind->prefix_size + size };
	return true;
}

static CK_RV ask(
    const struct hsm_crew *crew, const struct hsm_seat *seat, struct bytes input, uint8_t *out, CK_ULONG *out_size)
{
	CK_MECHANISM mechanism = { crew->kind->sign, NULL, 0 };
	CK_FUNCTION_LIST *const module = seat->session.hsm->module;
	struct hsm *const hsm = seat->session.hsm;
	const size_t call = hsm_watch_begin(hsm->watch, hsm->name);
	CK_RV rv = module->C_SignInit(seat->session.handle, &mechanism, seat->object);
	if (rv == CKR_OK)
		rv = module->C_Sign(seat->session.handle, (CK_BYTE *)input.data, input.size, out, out_size);
	hsm_watch_end(hsm->watch, call);
	return rv;
}

/* `in_use`: not once the token is quarantined, which may happen at any moment where it has several lanes. */
static enum status ask_often(const struct hsm_crew *crew, struct hsm_seat *seat, bool in_use, struct bytes input,
    uint8_t out[HSM_SIGNATURE], CK_ULONG *size, struct error *err)
{
	CK_RV rv = CKR_OK;
	for (unsigned attempt = 0; attempt < HSM_TRIES; attempt++) {
		if (hsm_is_busy(rv))
			hsm_wait(attempt - 1);
		if (in_use && hsm_is_quarantined(crew, seat->session.hsm, err))
			return STATUS_KEY;
		const enum status status = open_seat(crew, seat, err);
		if (status != STATUS_OK)
			return status;
		*size = HSM_SIGNATURE;
		rv = ask(crew, seat, input, out, size);
		if (!hsm_is_lost(rv) && !hsm_is_busy(rv))
			break;
		/* Also where it is busy: CKR_OPERATION_ACTIVE is the session's. */
		hsm_session_close(&seat->session);
	}
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(seat->session.hsm, err, rv, "signing failed");
}

/* ---- verifying ---- */

/* The one thread that comes as number TABLE_AFTER makes the table, while the others go on without it. */
static const struct hsm_table *table_of(struct hsm_crew *crew)
{
	struct hsm_table *table = atomic_load(&crew->table);
	if (table != NULL || atomic_fetch_add(&crew->judged, 1) != TABLE_AFTER)
		return table;
	table = hsm_table_new(crew->algorithm, &crew->key);
	atomic_store(&crew->table, table);
	return table;
}

/* Without a die all are. */
static bool is_judged_again(struct hsm_signer *signer)
{
	if (signer->random_left == 0) {
		if (RAND_bytes(signer->random, sizeof(signer->random)) != 1)
			return true;
		signer->random_left = sizeof(signer->random);
	}
	return signer->random[--signer->random_left] < AGAIN;
}

/* By EVP, which has the last word, unless the key's table finds it good; for ECDSA `input` is the digest. */
static bool is_good(struct hsm_signer *signer, struct bytes data, struct bytes input, struct bytes signature)
{
	struct hsm_crew *const crew = signer->crew;
	const struct hsm_table *const table = crew->algorithm->curve == NULL ? NULL : table_of(crew);
	if (table != NULL && signer->place == NULL)
		signer->place = hsm_table_place_new(table);
	if (table != NULL && signer->place != NULL && hsm_table_proves(table, signer->place, input, signature) &&
	    !is_judged_again(signer))
		return true;
	return dnskey_verify(crew->algorithm, crew->published, data, signature);
}

static bool make_input(struct hsm_signer *signer, struct bytes data, uint8_t room[HSM_INPUT], struct bytes *out)
{
	const struct hsm_crew *const crew = signer->crew;
	return (crew->digest != NULL || crew->algorithm->digest == NULL) &&
	       hsm_make_input(crew->kind, crew->digest, signer->hash, data, room, out);
}

bool hsm_check(struct hsm_signer *signer, struct bytes data, struct bytes signature)
{
	uint8_t room[HSM_INPUT];
	struct bytes input;
	return make_input(signer, data, room, &input) && is_good(signer, data, input, signature);
}

/* What one thread asks for while it has a seat. */
struct batch {
	struct token_task *tasks;
	struct bytes inputs[TOKEN_BATCH];
	CK_ULONG sizes[TOKEN_BATCH];
	bool made[TOKEN_BATCH]; /* and not proved */
	uint8_t rooms[TOKEN_BATCH][HSM_INPUT];
	size_t count;
	bool in_use;
};

static enum status make_inputs(struct hsm_signer *signer, struct batch *batch, struct error *err)
{
	for (size_t i = 0; i < batch->count; i++)
		if (!make_input(signer, batch->tasks[i].data, batch->rooms[i], &batch->inputs[i]))
			return error_set(err, STATUS_KEY, "hashing failed");
	return STATUS_OK;
}

/* A token that fails is quarantined before its lane is left: who waits for the lane comes too late to ask it. */
static enum status ask_all(
    struct hsm_signer *signer, struct hsm_desk *desk, struct batch *batch, bool *reached, struct error *err)
{
	enum status status = STATUS_OK;
	struct hsm_seat *const seat = take_seat(signer->crew, desk);
	for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
		if (batch->tasks[i].size > 0)
			continue;
		status = ask_often(
		    signer->crew, seat, batch->in_use, batch->inputs[i], batch->tasks[i].out, &batch->sizes[i], err);
		batch->made[i] = status == STATUS_OK;
	}
	*reached = seat->session.open;
	if (status != STATUS_OK && batch->in_use)
		hsm_condemn(signer->crew, desk->hsm, err);
	give_seat(signer->crew, desk, seat);
	return status;
}

enum status hsm_sign_at(struct hsm_signer *signer, struct hsm_desk *desk, bool in_use, struct token_task tasks[],
    size_t count, bool *reached, struct error *err)
{
	const struct hsm_crew *const crew = signer->crew;
	struct batch batch = { .tasks = tasks, .count = count, .in_use = in_use };
	*reached = false;
	enum status status = make_inputs(signer, &batch, err);
	if (status != STATUS_OK)
		return status;
	status = ask_all(signer, desk, &batch, reached, err);
	for (size_t i = 0; i < count; i++) {
		if (!batch.made[i])
			continue;
		if (is_good(signer, tasks[i].data, batch.inputs[i], (struct bytes){ tasks[i].out, batch.sizes[i] }))
			tasks[i].size = batch.sizes[i];
		else
			status = error_set(err, STATUS_KEY,
			    "store %s: it made a signature that does not verify under the public key of %s %u: it "
			    "holds another key, or is broken",
			    desk->hsm->name, key_role_name(crew->key.role), crew->key.tag);
	}
	return status;
}

/* ---- members ---- */

static struct hsm_signer *join(struct hsm_crew *crew, size_t first)
{
	struct hsm_signer *const signer = memory_calloc(1, sizeof(*signer));
	signer->crew = crew;
	signer->first = first;
	signer->hash = EVP_MD_CTX_new();
	pthread_mutex_lock(&crew->lock);
	crew->members++;
	pthread_mutex_unlock(&crew->lock);
	return signer;
}

enum status hsm_crew_signer(
    struct hsm_list *list, const struct key *key, EVP_PKEY *published, struct hsm_signer **out, struct error *err)
{
	struct hsm *tokens[HSM_MOST];
	size_t count = 0;
	if (list == NULL)
		return error_set(err, STATUS_KEY,
		    "%s %u is on tokens (%s), and there is no keys/stores.conf in the state folder that says which",
		    key_role_name(key->role), key->tag, key->locator);
	if (hsm_kind_of(key->algorithm) == NULL)
		return error_set(err, STATUS_KEY, "algorithm %u is not used with tokens", key->algorithm);
	const enum status status = hsm_places(list, key, false, tokens, &count, err);
	if (status != STATUS_OK)
		return status;
	struct hsm_crew *const crew = memory_calloc(1, sizeof(*crew));
	crew->key = *key;
	crew->algorithm = alg_by_number(key->algorithm);
	crew->kind = hsm_kind_of(key->algorithm);
	crew->published = EVP_PKEY_up_ref(published) == 1 ? published : NULL;
	crew->digest = hsm_digest_of(crew->algorithm);
	crew->ledger = list->ledger;
	crew->count = count;
	crew->least = list->least == 0 || list->least > count ? count : list->least;
	pthread_mutex_init(&crew->lock, NULL);
	for (size_t i = 0; i < count; i++)
		crew->desks[i].hsm = tokens[i];
	*out = join(crew, 0);
	return STATUS_OK;
}

struct hsm_signer *hsm_signer_copy(struct hsm_signer *signer)
{
	return join(signer->crew, (signer->first + ++signer->copies) % signer->crew->count);
}

static void free_crew(struct hsm_crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		for (struct hsm_seat *seat = crew->desks[i].idle, *next; seat != NULL; seat = next) {
			next = seat->next;
			hsm_session_close(&seat->session);
			free(seat);
		}
	hsm_table_free(atomic_load(&crew->table));
	pthread_mutex_destroy(&crew->lock);
	EVP_MD_free(crew->digest);
	EVP_PKEY_free(crew->published);
	free(crew);
}

void hsm_signer_free(struct hsm_signer *signer)
{
	if (signer == NULL)
		return;
	struct hsm_crew *const crew = signer->crew;
	hsm_table_place_free(signer->place);
	EVP_MD_CTX_free(signer->hash);
	free(signer);
	pthread_mutex_lock(&crew->lock);
	const size_t left = --crew->members;
	pthread_mutex_unlock(&crew->lock);
	if (left == 0)
		free_crew(crew);
}
