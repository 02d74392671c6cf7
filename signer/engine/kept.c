/* SPDX-License-Identifier: MIT */
#include "signer/engine/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/publish.h"
#include "signer/base/workers.h"
#include "signer/engine/folder.h"

/* Each signature takes fewer octets than its line in the zone; the head is far smaller than this. */
enum { ROOM_SPARE = 1 << 20 };

static char *path_of(const struct run *run)
{
	return arena_printf(run->mem, "%s/%s.signatures", folder_path(run->options->state, "zones", run->mem),
	    folder_zone_file(run->zone.name, run->mem));
}

static bool no(struct run *run, const char *path, const char *why)
{
	run->report->signatures_note = arena_printf(
	    run->mem, "signatures that stay were read from the published zone, which takes longer: %s: %s", path, why);
	return false;
}

static unsigned threads_of(const struct run *run)
{
	return run->options->threads == 0 ? workers_default() : run->options->threads;
}

bool kept_open(struct run *run, struct sigfile *out)
{
	struct error err;
	error_clear(&err);
	char *const path = path_of(run);
	const struct sigfile_identity whose = { run->apex, run->last.sha256, run->last.serial };
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return no(run, path, errno == ENOENT ? "there is none" : strerror(errno));
	const enum status status = sigfile_load(file, run->last.size + ROOM_SPARE, &whose, threads_of(run), out, &err);
	close(file);
	return status == STATUS_OK || no(run, path, err.message);
}

void kept_write(struct run *run, const struct sigfile_draft *draft, const struct store_version *version)
{
	struct error err;
	error_clear(&err);
	struct publish publish = PUBLISH_NONE;
	const struct sigfile_identity whose = { run->apex, version->sha256, version->serial };
	signals_hold(run->signals);
	enum status status = publish_open_own(path_of(run), 0600, &publish, &err);
	signals_guard(run->signals, status == STATUS_OK ? &publish : NULL);
	if (status == STATUS_OK)
		status = sigfile_write(draft, &whose, &publish, &err);
	if (status == STATUS_OK)
		status = publish_sync(&publish, &err);
	if (status == STATUS_OK)
		status = publish_rename(&publish, &err);
	signals_guard(run->signals, NULL);
	publish_abort(&publish);
	if (status != STATUS_OK)
		run->report->signatures_note = arena_printf(run->mem,
		    "the next run reads signatures from the published zone, which takes longer: %s", err.message);
}

void kept_forget(const struct run *run)
{
	(void)unlink(path_of(run));
}
