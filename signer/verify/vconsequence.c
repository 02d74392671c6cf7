/* SPDX-License-Identifier: MIT */
#include "signer/verify/vconsequence.h"

#include <string.h>

/* Answers are made of signatures and of chains of names: where those are broken, so is each answer with them. */
static const char *const of_signatures[] = { "sig.", "time.", "key.", "chain.", NULL };
static const char *const of_chains[] = { "denial.", NULL };
static const char *const of_answers[] = { "response.", NULL };

static bool is_among(const struct vfinding *finding, const char *const groups[])
{
	size_t count;
	const char *const id = verify_checks(&count)[finding->check].id;
	for (size_t i = 0; groups[i] != NULL; i++)
		if (strncmp(id, groups[i], strlen(groups[i])) == 0)
			return true;
	return false;
}

static bool refuses(const struct verify_verdict *verdict, const struct vfinding *finding)
{
	return finding->expected == NULL && verdict_result(verdict, finding->check) == VRESULT_FAIL;
}

/* What breaks most of what the answer is made of, else the first of answers with the same fault. */
static const struct vfinding *cause_of(const struct verify_verdict *verdict, const struct vfinding *finding)
{
	const struct vreport *const report = verdict->run.report;
	const bool by_signature = strstr(finding->what, "signature") != NULL;
	const struct vfinding *worst = NULL;
	for (const struct vfinding *one = report->findings; one < finding; one++)
		if (refuses(verdict, one) && is_among(one, by_signature ? of_signatures : of_chains) &&
		    (worst == NULL || one->count > worst->count))
			worst = one;
	if (worst != NULL)
		return worst;
	for (const struct vfinding *one = report->findings; one < finding; one++)
		if (refuses(verdict, one) && is_among(one, of_answers) && strcmp(one->what, finding->what) == 0)
			return one;
	return NULL;
}

void vconsequence_find(struct verify_verdict *verdict)
{
	struct vreport *const report = verdict->run.report;
	for (unsigned i = 0; i < report->finding_count; i++) {
		struct vfinding *const finding = &report->findings[i];
		if (is_among(finding, of_answers) && refuses(verdict, finding) && finding->check != VC_RESPONSE_OPT_OUT)
			finding->follows = cause_of(verdict, finding);
	}
}
