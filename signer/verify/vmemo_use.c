/* SPDX-License-Identifier: MIT */
#include "signer/verify/vmemo_use.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/base/build.h"

enum { LEAST_SAMPLES = 1000, ONE_IN = 64, RANDOM_OCTETS = 512, MOST_WORKERS = 256 };

struct vmemo_use {
	const struct vrun *run;
	struct vmemo_head head; /* of the new one */
	struct vmemo old;
	bool usable, wanted, written;
	char why[VMEMO_WHY]; /* not usable */
	char problem[VMEMO_WHY];
	struct vmemo_list lists[MOST_WORKERS];
	unsigned workers;
};

struct vmemo_worker {
	struct vmemo_use *use;
	struct vmemo_list *list;
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	struct vbuffer data;
	struct vmemo_sampled samples[LEAST_SAMPLES];
	size_t sample_count;
	uint64_t passed_over;
	uint8_t random[RANDOM_OCTETS];
	size_t random_left;
};

/* --- whose memo --- */

static bool add(EVP_MD_CTX *context, const void *data, size_t size)
{
	const uint64_t length = size;
	return EVP_DigestUpdate(context, &length, sizeof(length)) == 1 && EVP_DigestUpdate(context, data, size) == 1;
}

static bool add_key(EVP_MD_CTX *context, const struct vrun *run, size_t index)
{
	const struct vkey *const key = &run->known.all[index];
	const uint32_t role[] = { index < run->published, run->expected[index], key->uses };
	return add(context, role, sizeof(role)) && add(context, key->rdata, key->size);
}

/* The keys in the zone, those expected and what for, the parent's DS, and what the caller says of their states: any key
 * event changes one of them. */
static bool digest_keys(const struct vrun *run, uint8_t out[32])
{
	EVP_MD_CTX *const context = EVP_MD_CTX_new();
	bool good = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; good && i < run->known.count; i++)
		if (i < run->published || run->expected[i])
			good = add_key(context, run, i);
	for (size_t i = 0; good && i < run->anchor.count; i++)
		good = add(context, &run->anchor.records[i].type, sizeof(run->anchor.records[i].type)) &&
		       add(context, run->anchor.records[i].rdata, run->anchor.records[i].size);
	if (good && run->options->memo_state != NULL)
		good = add(context, run->options->memo_state, strlen(run->options->memo_state));
	good = good && EVP_DigestFinal_ex(context, out, NULL) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

/* Why a whole memo is not for this run; NULL: it is. */
static const char *stranger(const struct vmemo_head *old, const struct vmemo_head *ours, int64_t every, char *room)
{
	char when[UTC_TEXT];
	if (memcmp(old->build, ours->build, sizeof(old->build)) != 0)
		return "it is from another build";
	if (memcmp(old->zone, ours->zone, sizeof(old->zone)) != 0)
		return "it is of another zone";
	if (memcmp(old->keys, ours->keys, sizeof(old->keys)) != 0)
		return "the keys have changed";
	if (old->full.seconds < 0 || old->full.seconds > ours->full.seconds)
		return "its last full verification lies in the future: it or a clock is wrong";
	if (ours->full.seconds - old->full.seconds < every)
		return NULL;
	utc_format(old->full, when);
	snprintf(
	    room, VMEMO_WHY, "the last full verification was at %s, which is due every %llds", when, (long long)every);
	return room;
}

static uint64_t count_signatures(const struct vrun *run)
{
	uint64_t count = 0;
	for (size_t i = 0; i < run->zone.file.count; i++)
		count += run->zone.records[i].type == VTYPE_RRSIG;
	return count;
}

static void open_old(struct vmemo_use *use)
{
	/* A zone that lost most of its names in one change is computed anew; so is one whose memo was blown up. */
	enum { TIMES = 8, SMALL = 1 << 16 };
	const struct verify_options *const options = use->run->options;
	const uint64_t most = TIMES * count_signatures(use->run) + SMALL;
	const char *why = options->memo_problem != NULL ? options->memo_problem : "there is none yet";
	if (options->memo.name == NULL) {
		snprintf(use->why, VMEMO_WHY, "%s", why);
		return;
	}
	if (!vmemo_open(&options->memo, most, &use->old, use->why))
		return;
	char room[VMEMO_WHY];
	why = stranger(&use->old.head, &use->head, use->run->limits.full_verify_every, room);
	use->usable = why == NULL;
	if (why != NULL)
		snprintf(use->why, VMEMO_WHY, "%s", why);
}

struct vmemo_use *vmemo_use_new(struct vrun *run)
{
	const struct verify_options *const options = run->options;
	const bool wanted = options->memo_new.name != NULL || options->memo_out != NULL;
	if (!wanted && options->memo.name == NULL && options->memo_problem == NULL)
		return NULL;
	struct vmemo_use *const use = memory_calloc(1, sizeof(*use));
	use->run = run;
	use->wanted = wanted;
	use->head.full = options->times[0];
	memcpy(use->head.build, build_id(), VMEMO_BUILD);
	memcpy(use->head.zone, run->zone.apex, vname_size(run->zone.apex));
	if (digest_keys(run, use->head.keys)) {
		open_old(use);
	} else {
		use->wanted = false;
		snprintf(use->why, VMEMO_WHY, "libcrypto failed");
		snprintf(use->problem, VMEMO_WHY, "libcrypto failed");
	}
	if (use->usable)
		use->head.full = use->old.head.full;
	return use;
}

void vmemo_use_free(struct vmemo_use *use)
{
	if (use == NULL)
		return;
	for (unsigned i = 0; i < use->workers; i++)
		free(use->lists[i].entries);
	vmemo_close(&use->old);
	free(use);
}

/* --- one worker --- */

struct vmemo_worker *vmemo_worker_new(struct vmemo_use *use)
{
	if (use == NULL || use->workers == MOST_WORKERS)
		return NULL;
	struct vmemo_worker *const worker = memory_calloc(1, sizeof(*worker));
	worker->use = use;
	worker->list = &use->lists[use->workers++];
	worker->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	worker->digest = EVP_MD_CTX_new();
	return worker;
}

void vmemo_worker_end(struct vmemo_worker *worker)
{
	if (worker == NULL)
		return;
	EVP_MD_CTX_free(worker->digest);
	EVP_MD_free(worker->sha256);
	free(worker->data.octets);
	free(worker);
}

static bool make_entry(struct vmemo_worker *worker, const struct vsignature *signature, const struct vsubject *subject,
    size_t key, uint8_t out[VMEMO_DIGEST])
{
	if (worker->sha256 == NULL || worker->digest == NULL)
		return false;
	vsigned_data(signature, subject, &worker->data);
	return vmemo_entry(worker->digest, worker->sha256, &worker->use->run->known.all[key],
	    (struct bytes){ worker->data.octets, worker->data.size }, signature->bytes, out);
}

/* The key that would be tried first (vsig.c); with several of one tag the others' signatures are always computed. */
static size_t first_key(const struct vrun *run, const struct vsignature *signature)
{
	for (size_t i = 0; i < run->known.count; i++) {
		const struct vkey *const key = &run->known.all[i];
		if (key->key != NULL && key->tag == signature->tag && key->algorithm == signature->algorithm)
			return i;
	}
	return SIZE_MAX;
}

void vmemo_recall(struct vmemo_worker *worker, struct vsignature *signature, const struct vsubject *subject)
{
	const size_t key = worker == NULL ? SIZE_MAX : first_key(worker->use->run, signature);
	if (key == SIZE_MAX || !make_entry(worker, signature, subject, key, signature->entry))
		return;
	signature->entry_key = key;
	if (worker->use->usable && vmemo_has(&worker->use->old, signature->entry))
		signature->recalled = key;
}

void vmemo_keep(struct vmemo_worker *worker, const struct vsignature *signature, const struct vsubject *subject)
{
	uint8_t entry[VMEMO_DIGEST];
	if (worker == NULL || !worker->use->wanted)
		return;
	if (signature->entry_key == signature->key)
		vmemo_add(worker->list, signature->entry);
	else if (make_entry(worker, signature, subject, signature->key, entry))
		vmemo_add(worker->list, entry);
}

/* --- what is computed all the same --- */

/* False: there is no chance to be had. */
static bool draw(struct vmemo_worker *worker, size_t size, uint64_t *out)
{
	if (worker->random_left < size) {
		if (RAND_bytes(worker->random, RANDOM_OCTETS) != 1)
			return false;
		worker->random_left = RANDOM_OCTETS;
	}
	*out = 0;
	for (size_t i = 0; i < size; i++)
		*out = *out << 8 | worker->random[--worker->random_left];
	return true;
}

/* Each that chance passed over is among the LEAST_SAMPLES with the same probability, however many there will be. */
bool vmemo_sample(struct vmemo_worker *worker, const struct vsignature *signature, const struct vsubject *subject)
{
	uint64_t number;
	if (!draw(worker, 1, &number) || number % ONE_IN == 0)
		return true;
	uint64_t place = worker->passed_over++;
	if (place >= LEAST_SAMPLES) {
		if (!draw(worker, 8, &number))
			return true;
		place = number % worker->passed_over;
	} else {
		worker->sample_count++;
	}
	if (place < LEAST_SAMPLES)
		worker->samples[place] =
		    (struct vmemo_sampled){ subject->owner, signature->record, signature->recalled };
	return false;
}

const struct vmemo_sampled *vmemo_samples(const struct vmemo_worker *worker, size_t *count)
{
	*count = worker == NULL ? 0 : worker->sample_count;
	return worker == NULL ? NULL : worker->samples;
}

/* --- the end --- */

void vmemo_use_write(struct vmemo_use *use)
{
	if (use == NULL || !use->wanted || use->workers == 0)
		return;
	use->written = vmemo_write(&use->run->options->memo_new, use->run->options->memo_out, &use->head, use->lists,
	    use->workers, use->problem);
}

struct vmemo_account vmemo_account(const struct vmemo_use *use)
{
	return (struct vmemo_account){ .full = use->usable ? NULL : use->why,
		.last = use->head.full,
		.wanted = use->wanted,
		.written = use->written,
		.problem = use->problem[0] == '\0' ? NULL : use->problem };
}
