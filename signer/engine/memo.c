/* SPDX-License-Identifier: MIT */
#include "signer/engine/memo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/engine/folder.h"

/* What a memo is at most: 32 octets for each signature, and what stands before and after them. */
static uint64_t most_octets(uint64_t signatures)
{
	enum { ENTRY = 32, REST = 4096 };
	return ENTRY * signatures + REST;
}

/* Why an open file is not believed; NULL: nobody else can have written it. */
static const char *distrust(int file)
{
	struct stat at;
	if (fstat(file, &at) != 0)
		return "it cannot be looked at";
	if (!S_ISREG(at.st_mode))
		return "it is no regular file";
	if (at.st_uid != geteuid())
		return "it belongs to another user";
	if ((at.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "others than its owner may write it";
	return NULL;
}

/* A file that is not believed goes, so that the new one finds its place empty. */
static void open_old(struct memo *memo)
{
	const char *why = NULL;
	int file = open(memo->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (file >= 0)
		why = distrust(file);
	else if (errno == ELOOP)
		why = "it is a symbolic link";
	else if (errno != ENOENT)
		why = "it cannot be opened";
	if (why != NULL)
		(void)unlink(memo->path);
	if (why != NULL && file >= 0) {
		close(file);
		file = -1;
	}
	memo->gate.old = file;
	memo->gate.refused = why;
}

void memo_open(struct memo *memo, const char *state, const char *zone, const struct policy *policy, uint64_t signatures,
    struct arena *mem)
{
	struct error err;
	error_clear(&err);
	memo->path = arena_printf(mem, "%s/%s.memo", folder_path(state, "zones", mem), folder_zone_file(zone, mem));
	memo->wanted = policy->full_verify_every.seconds > 0;
	if (!memo->wanted) {
		(void)unlink(memo->path);
		return;
	}
	open_old(memo);
	memo->gate.most = most_octets(signatures);
	enum status status = publish_room(memo->path, memo->gate.most, &err);
	if (status == STATUS_OK)
		status = publish_open_own(memo->path, 0600, &memo->fresh, &err);
	memo->gate.fresh = memo->fresh.file;
	if (status != STATUS_OK)
		memo->gate.problem = arena_strdup(mem, err.message);
}

void memo_drop(struct memo *memo)
{
	if (memo->wanted)
		(void)unlink(memo->path);
	memo_close(memo);
}

bool memo_keep(struct memo *memo)
{
	const bool kept = memo->fresh.file >= 0 && publish_sync(&memo->fresh, NULL) == STATUS_OK &&
			  publish_rename(&memo->fresh, NULL) == STATUS_OK;
	memo_close(memo);
	return kept;
}

void memo_close(struct memo *memo)
{
	publish_abort(&memo->fresh);
	if (memo->gate.old >= 0)
		close(memo->gate.old);
	memo->gate.old = memo->gate.fresh = -1;
}
