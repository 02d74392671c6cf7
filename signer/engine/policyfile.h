/* SPDX-License-Identifier: MIT */
/* Where a policy's text comes from: a path, the operator's policies, else those that zoneseal ships. */
#pragma once

#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

struct policyfile {
	const char *path;
	const char *text; /* as it stands in the file */
	struct policy policy;
};

/* `name` with a "/" or ending in ".yaml" is a path, "-" is stdin; else <config>/policies/<name>.yaml, then the shipped
 * one. STATUS_POLICY if there is none of that name (with those there are), or if it is wrong. */
enum status policyfile_load(const char *name, const char *config_folder, struct arena *mem, struct policyfile *out,
    struct error *err) MUST_CHECK;

/* The folder of the policies that zoneseal ships: installed, or in the source tree for a program run from the build. */
const char *policyfile_shipped(struct arena *mem);
