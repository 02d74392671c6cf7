/* SPDX-License-Identifier: MIT */
/*
 * A run with a proof memo (vmemo.h): what is taken from the old one, what is computed all the same, what the new one
 * gets.
 *
 * The old one is taken if it is whole, of this build, zone and key set, and the last verdict for which everything was
 * computed is younger than full_verify_every and not in the future; else all is computed, and the verdict says why.
 * Of what is taken, each signature is computed again with a chance of 1 in 64, and whatever chance says a thousand of
 * each worker at least (or all, if they are fewer): one that does not verify voids memo and verdict.
 */
#pragma once

#include "signer/verify/vmemo.h"
#include "signer/verify/vrun.h"
#include "signer/verify/vsigned.h"

/* One of the run; workers share it. */
struct vmemo_use;

/* NULL if the run has no memo at all. In the end vmemo_use_free. */
struct vmemo_use *vmemo_use_new(struct vrun *run);
void vmemo_use_free(struct vmemo_use *use);

/* One worker's part. NULL if `use` is NULL, which the functions below take. */
struct vmemo_worker;
struct vmemo_worker *vmemo_worker_new(struct vmemo_use *use);

/* Sets signature->recalled to the key with which the memo knows it. */
void vmemo_recall(struct vmemo_worker *worker, struct vsignature *signature, const struct vsubject *subject);

/* Whether a recalled signature is to be computed now; if not, it may still come later by vmemo_sampled. */
bool vmemo_sample(struct vmemo_worker *worker, const struct vsignature *signature, const struct vsubject *subject);

/* The new memo gets a signature that has been verified by signature->key. */
void vmemo_keep(struct vmemo_worker *worker, const struct vsignature *signature, const struct vsubject *subject);

/* A signature that is to be computed when all have been judged. */
struct vmemo_sampled {
	const struct vowner *owner;
	const struct vrecord *record;
	size_t key;
};
const struct vmemo_sampled *vmemo_samples(const struct vmemo_worker *worker, size_t *count);

/* Ends the worker; what the new memo gets from it stays with `use`. */
void vmemo_worker_end(struct vmemo_worker *worker);

/* Writes the new memo, if one is wanted: only for a good verdict on the whole zone. */
void vmemo_use_write(struct vmemo_use *use);

/* What the verdict says about it. */
struct vmemo_account {
	const char *full;    /* why all was computed; NULL: the memo was used */
	struct utc last;     /* when all was last computed */
	bool wanted;         /* a new one was to be written */
	bool written;        /* and was */
	const char *problem; /* why not, or NULL */
};
struct vmemo_account vmemo_account(const struct vmemo_use *use);
