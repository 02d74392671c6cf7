/* SPDX-License-Identifier: MIT */
#include "signer/base/build.h"
#include "signer/engine/clock.h"
#include "signer/engine/lock.h"

static enum status check(
    struct store *store, struct utc now, bool now_given, struct store_future *future, struct error *err)
{
	bool is_virtual;
	enum status status = store_is_virtual_clock(store, &is_virtual, err);
	if (status == STATUS_OK && is_virtual)
		return error_set(err, STATUS_REFUSED,
		    "VIRTUAL CLOCK: it never goes backward; make a new keystore for another rehearsal");
	if (status == STATUS_OK && now_given)
		return error_set(err, STATUS_REFUSED, "--now: what is accepted is the clock, and no other time");
	/* The build is older than the right time, whatever was recorded. */
	if (status == STATUS_OK)
		status = clock_check(now, (struct utc){ 0 }, build_date(), false, err);
	if (status == STATUS_OK)
		status = store_future(store, now, future, err);
	if (status == STATUS_OK && !utc_before(now, future->last_time))
		return error_set(
		    err, STATUS_REFUSED, "the clock is not behind the last recorded time; there is nothing to accept");
	return status;
}

/* No run of any zone is under way that would record what the other clock told it. */
static enum status lock_all(struct store *store, const char *state, struct utc now, struct lock **locks, size_t *held,
    struct arena *mem, struct error *err)
{
	struct store_zone *zones;
	size_t count;
	*held = 0;
	enum status status = store_zones(store, mem, &zones, &count, err);
	if (status != STATUS_OK)
		return status;
	*locks = arena_calloc(mem, count + 1, sizeof(**locks));
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		status = lock_take(state, zones[i].name, "clock accept", now, 0, &(*locks)[i], err);
		*held += status == STATUS_OK;
	}
	return status;
}

enum status clock_accept_check(
    struct store *store, struct utc now, bool now_given, struct store_future *future, struct error *err)
{
	return check(store, now, now_given, future, err);
}

enum status clock_accept(struct store *store, const char *state, const char *reason, struct utc now, struct arena *mem,
    struct store_future *future, struct error *err)
{
	struct lock *locks = NULL;
	size_t held = 0;
	enum status status = lock_all(store, state, now, &locks, &held, mem, err);
	/* Somebody may have accepted it meanwhile. */
	if (status == STATUS_OK)
		status = check(store, now, false, future, err);
	if (status == STATUS_OK)
		status = store_accept_clock(store, reason, now, err);
	for (size_t i = 0; i < held; i++)
		lock_release(&locks[i]);
	return status;
}
