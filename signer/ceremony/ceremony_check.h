/* SPDX-License-Identifier: MIT */
/*
 * The checks of a key ceremony. What they find is STATUS_NO, and nothing was done then.
 *
 * Of a request, on the side of the KSK: whoever made it holds each ZSK; it goes on from the last response; no gap, no
 * short overlap, no signature that lives too long or begins too late, nothing beyond the horizon; only keys that the
 * policy takes. Of a response, on the side of the zone: it answers the request that was made, bundle by bundle, and
 * every signature is good.
 */
#pragma once

#include "policies/policy.h"
#include "signer/ceremony/ceremony.h"
#include "signer/ceremony/ceremony_set.h"

struct ceremony_rules {
	const struct policy *policy;
	struct utc now;
	const struct ceremony_file *previous; /* the response before, or NULL */
	bool unproven;                        /* BIND's form has no proofs, and a person has compared the keys */
};

/* Times of bundles that BIND's form does not say: for a request until `until`, in bundles of the policy's interval. */
enum status ceremony_complete(struct ceremony_file *file, const struct policy *policy, struct utc until,
    struct arena *mem, struct error *err) MUST_CHECK;

enum status ceremony_check_request(const struct ceremony_file *file, const struct ceremony_rules *rules,
    struct arena *mem, struct error *err) MUST_CHECK;

/* `request`: the one that was made last, in our form. */
enum status ceremony_check_response(const struct ceremony_file *file, const struct ceremony_file *request,
    const struct ceremony_rules *rules, struct arena *mem, struct error *err) MUST_CHECK;

/* The bundle that is in use at a moment; NULL: none. */
const struct ceremony_bundle *ceremony_bundle_at(const struct ceremony_file *file, struct utc when);
