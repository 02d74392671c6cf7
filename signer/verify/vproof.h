/* SPDX-License-Identifier: MIT */
/*
 * Proves most signatures of a large zone in batches, with a table for each key that signs much of it (vp256.h).
 *
 * A proof decides in the place of EVP, for good only: what is not proven is judged by EVP as if nothing had been tried,
 * so nothing is refused for what is found here. EVP judges a sample of the proofs again, which nobody can foretell, and
 * one that it does not share voids the verdict (vsig.c): that finds a processor or a library that computes wrongly, not
 * one single signature.
 */
#pragma once

#include "signer/verify/vrun.h"
#include "signer/verify/vsigned.h"

/* The tables of a run; threads share them. */
struct vproofs;

/* Makes tables as run->options->tables says; before the first, the path through them tests itself on a built-in zone.
 */
enum status vproofs_make(const struct vrun *run, struct vproofs **out, struct error *err) MUST_CHECK;
void vproofs_free(struct vproofs *proofs);

/* One worker's batch. */
struct vprover;
struct vprover *vprover_new(const struct vproofs *proofs);
void vprover_free(struct vprover *prover);

/* Takes a signature over `subject` into the batch, if its key has a table. Both must stay where they are until
 * vprover_finish; some time before that signature->proven is set if a proof is found. */
void vprover_add(struct vprover *prover, struct vsignature *signature, const struct vsubject *subject);
void vprover_finish(struct vprover *prover);

/* Whether EVP has to judge this proven signature too: the first few of each worker, then one in 256 at random. */
bool vprover_sample(struct vprover *prover);
