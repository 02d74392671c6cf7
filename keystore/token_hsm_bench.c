/* SPDX-License-Identifier: MIT */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "keystore/dnskey.h"
#include "keystore/token_hsm_crew.h"
#include "signer/base/workers.h"

enum { DATA = 200, SIGNATURE = 512, FLAGS_ZONE = 256, BEFORE_CHECKS = 1000 };

static const uint8_t algorithms[] = { 8, 13, 14, 15 };

/* One algorithm: every item of the work is a thread that signs until the time is over. */
struct race {
	struct hsm *hsm;
	EVP_MD *digest;
	const struct algorithm *algorithm;
	const struct hsm_kind *kind;
	const struct key *key;
	struct hsm_signer *signer; /* NULL: the calls alone */
	size_t batch;              /* signatures that each thread asks for at once */
	double seconds;
	pthread_mutex_t lock;
	uint64_t made;
};

static double clock_of(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double clock_now(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

static enum status sign_bare(const struct race *race, EVP_MD_CTX *hash, const struct hsm_session *session,
    CK_OBJECT_HANDLE object, struct bytes data, struct error *err)
{
	uint8_t room[HSM_INPUT];
	uint8_t signature[SIGNATURE];
	CK_ULONG size = sizeof(signature);
	struct bytes input;
	CK_MECHANISM mechanism = { race->kind->sign, NULL, 0 };
	if (!hsm_make_input(race->kind, race->digest, hash, data, room, &input))
		return error_set(err, STATUS_KEY, "hashing failed");
	const size_t call = hsm_watch_begin(session->hsm->watch, session->hsm->name);
	CK_RV rv = session->hsm->module->C_SignInit(session->handle, &mechanism, object);
	if (rv == CKR_OK)
		rv = session->hsm->module->C_Sign(session->handle, (CK_BYTE *)input.data, input.size, signature, &size);
	hsm_watch_end(session->hsm->watch, call);
	return rv == CKR_OK ? STATUS_OK : hsm_refuse(session->hsm, err, rv, "signing failed");
}

static enum status run_bare(struct race *race, struct bytes data, uint64_t *made, struct error *err)
{
	struct hsm_session session = { .hsm = race->hsm };
	CK_OBJECT_HANDLE object = 0;
	EVP_MD_CTX *const hash = EVP_MD_CTX_new();
	enum status status = hsm_session_open(race->hsm, false, &session, err);
	if (status == STATUS_OK)
		status = hsm_find_private(&session, race->key, &object, err);
	for (const double end = clock_now() + race->seconds; status == STATUS_OK && clock_now() < end; ++*made)
		status = sign_bare(race, hash, &session, object, data, err);
	hsm_session_close(&session);
	EVP_MD_CTX_free(hash);
	return status;
}

static enum status run_proved(struct race *race, struct bytes data, uint64_t *made, struct error *err)
{
	uint8_t signatures[TOKEN_BATCH][SIGNATURE];
	struct token_task tasks[TOKEN_BATCH];
	enum status status = STATUS_OK;
	pthread_mutex_lock(&race->lock);
	struct hsm_signer *const signer = hsm_signer_copy(race->signer);
	pthread_mutex_unlock(&race->lock);
	for (const double end = clock_now() + race->seconds; status == STATUS_OK && clock_now() < end;) {
		for (size_t i = 0; i < race->batch; i++)
			tasks[i] = (struct token_task){ .data = data, .out = signatures[i] };
		status = hsm_sign(signer, tasks, race->batch, err);
		*made += race->batch;
	}
	hsm_signer_free(signer);
	return status;
}

static enum status run_thread(void *context, unsigned worker, size_t first, size_t end, struct error *err)
{
	struct race *const race = context;
	uint8_t data[DATA];
	uint64_t made = 0;
	(void)worker;
	(void)first;
	(void)end;
	if (RAND_bytes(data, sizeof(data)) != 1)
		return error_set(err, STATUS_KEY, "no random octets");
	const struct bytes octets = { data, sizeof(data) };
	const enum status status =
	    race->signer == NULL ? run_bare(race, octets, &made, err) : run_proved(race, octets, &made, err);
	pthread_mutex_lock(&race->lock);
	race->made += made;
	pthread_mutex_unlock(&race->lock);
	return status;
}

static enum status run_race(struct race *race, unsigned threads, double *rate, struct error *err)
{
	race->made = 0;
	const double begun = clock_now();
	const enum status status = workers_run(threads, threads, 1, run_thread, race, err);
	if (status == STATUS_OK)
		*rate = (double)race->made / (clock_now() - begun);
	return status;
}

/* One thread, after as many that a table is there if there will be one; by its own time on the processor. */
static enum status run_checks(struct hsm_signer *signer, double seconds, double *rate, struct error *err)
{
	static const uint8_t data[DATA] = { 1 };
	uint8_t signature[SIGNATURE];
	uint64_t made = 0;
	struct token_task task = { .data = { data, sizeof(data) }, .out = signature };
	const enum status status = hsm_sign(signer, &task, 1, err);
	const struct bytes octets = task.data, made_of_it = { signature, task.size };
	bool good = status == STATUS_OK;
	for (unsigned i = 0; i < BEFORE_CHECKS && good; i++)
		good = hsm_check(signer, octets, made_of_it);
	const double begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
	for (; good && clock_of(CLOCK_THREAD_CPUTIME_ID) < begun + seconds; made++)
		good = hsm_check(signer, octets, made_of_it);
	*rate = (double)made / (clock_of(CLOCK_THREAD_CPUTIME_ID) - begun);
	return status == STATUS_OK && !good ? error_set(err, STATUS_KEY, "a good signature was found bad") : status;
}

/* With the pair in place, first the calls alone, then as a zone is signed. */
static enum status measure(struct hsm_list *list, struct hsm *hsm, const struct key *key, unsigned sessions,
    double seconds, struct token_rate *out, struct error *err)
{
	EVP_PKEY *published = NULL;
	struct hsm_signer *signer = NULL;
	struct race race = { .hsm = hsm,
		.algorithm = alg_by_number(key->algorithm),
		.kind = hsm_kind_of(key->algorithm),
		.digest = hsm_digest_of(alg_by_number(key->algorithm)),
		.key = key,
		.seconds = seconds,
		.lock = PTHREAD_MUTEX_INITIALIZER };
	enum status status = dnskey_public_to_pkey(race.algorithm, key->public_key, key->public_size, &published, err);
	if (status == STATUS_OK)
		status = hsm_signer_new(list, key, published, &signer, err);
	if (status == STATUS_OK)
		status = run_race(&race, sessions, &out->bare, err);
	const struct token_plan plan = token_plan_of(sessions, workers_default());
	race.signer = signer;
	race.batch = plan.batch;
	if (status == STATUS_OK)
		status = run_race(&race, plan.threads, &out->verified, err);
	if (status == STATUS_OK)
		status = run_checks(signer, seconds / 4, &out->checked, err);
	hsm_signer_free(signer);
	EVP_PKEY_free(published);
	EVP_MD_free(race.digest);
	return status;
}

static enum status bench_one(struct hsm_list *list, struct hsm *hsm, uint8_t number, unsigned sessions, double seconds,
    struct token_rate *out, struct error *err)
{
	const struct algorithm *const algorithm = alg_by_number(number);
	struct key key = { .role = KEY_ZSK, .algorithm = number, .flags = FLAGS_ZONE, .bits = algorithm->default_bits };
	struct hsm_session session = { .hsm = hsm };
	struct hsm_pair pair = { 0, 0 };
	*out = (struct token_rate){ .algorithm = algorithm->name, .bits = key.bits };
	snprintf(key.locator, sizeof(key.locator), HSM_SCHEME "%s", hsm->name);
	enum status status = hsm_session_open(hsm, true, &session, err);
	if (status != STATUS_OK)
		return status;
	/* A token that does not know the algorithm is no failure. */
	out->known = hsm_make_pair(&session, &key, false, false, &pair, err) == STATUS_OK;
	if (out->known)
		status = hsm_identify(&session, &pair, &key, err);
	if (out->known && status == STATUS_OK)
		status = hsm_name_pair(&session, &key, &pair, err);
	if (out->known && status == STATUS_OK)
		status = measure(list, hsm, &key, sessions, seconds, out, err);
	hsm_session_close(&session); /* and the pair is gone */
	return status;
}

enum status hsm_bench(struct hsm_list *list, const char *name, unsigned sessions, double seconds,
    struct token_rate out[TOKEN_RATES], size_t *count, struct error *err)
{
	struct hsm *hsm = NULL;
	for (size_t i = 0; list != NULL && i < list->count; i++)
		if (strcmp(list->all[i]->name, name) == 0)
			hsm = list->all[i];
	if (hsm == NULL)
		return error_set(err, STATUS_MISSING, "there is no store %.64s in %s", name,
		    list == NULL ? "keys/stores.conf, which is not there" : list->path);
	enum status status = STATUS_OK;
	hsm_lanes_set(&hsm->lanes, sessions);
	for (*count = 0; *count < COUNT(algorithms) && status == STATUS_OK; ++*count)
		status = bench_one(list, hsm, algorithms[*count], sessions, seconds, &out[*count], err);
	return status;
}
