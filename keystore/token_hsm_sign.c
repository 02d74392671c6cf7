/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "keystore/token_hsm_crew.h"

void hsm_quarantine(const struct hsm_crew *crew, struct hsm *hsm, unsigned shown, const struct error *why)
{
	ledger_fail(crew->ledger, &crew->key, hsm->name, shown, why);
	pthread_mutex_lock(&hsm->lock);
	if (!atomic_load(&hsm->quarantined))
		snprintf(hsm->why, sizeof(hsm->why), "%.*s", (int)sizeof(hsm->why) - 1, why->message);
	atomic_store(&hsm->quarantined, true);
	pthread_mutex_unlock(&hsm->lock);
}

size_t hsm_working(const struct hsm_crew *crew)
{
	size_t count = 0;
	for (size_t i = 0; i < crew->count; i++)
		count += !atomic_load(&crew->desks[i].hsm->quarantined);
	return count;
}

bool hsm_is_quarantined(const struct hsm_crew *crew, struct hsm *hsm, struct error *why)
{
	if (!atomic_load(&hsm->quarantined))
		return false;
	pthread_mutex_lock(&hsm->lock);
	error_set(why, STATUS_KEY, "no store of %s %u can be used; %s", key_role_name(crew->key.role), crew->key.tag,
	    hsm->why);
	pthread_mutex_unlock(&hsm->lock);
	return true;
}

void hsm_condemn(const struct hsm_crew *crew, struct hsm *hsm, const struct error *why)
{
	if (!atomic_load(&hsm->quarantined))
		hsm_quarantine(crew, hsm, 0, why);
}

enum status hsm_sign(struct hsm_signer *signer, struct token_task tasks[], size_t count, struct error *err)
{
	struct hsm_crew *const crew = signer->crew;
	enum status status = STATUS_KEY;
	struct error why;
	bool reached = false;
	error_clear(&why);
	for (size_t i = 0; i < crew->count; i++) {
		struct hsm_desk *const desk = &crew->desks[(signer->first + i) % crew->count];
		if (hsm_is_quarantined(crew, desk->hsm, &why))
			continue;
		status = hsm_sign_at(signer, desk, true, tasks, count, &reached, &why);
		if (status == STATUS_OK)
			return STATUS_OK;
		hsm_condemn(crew, desk->hsm, &why);
		if (hsm_working(crew) < crew->least)
			break;
	}
	if (err != NULL)
		*err = why;
	return status;
}
