/* SPDX-License-Identifier: MIT */
#include "signer/engine/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "signer/base/arena.h"
#include "signer/engine/folder.h"

enum { HOLDER = 160, POLL_MILLISECONDS = 100 };

/* The holder's own words, printable, on one line. */
static void read_holder(int file, char out[HOLDER])
{
	char text[HOLDER / 2];
	ssize_t size = pread(file, text, sizeof(text), 0);
	if (size <= 0) {
		snprintf(out, HOLDER, "another process");
		return;
	}
	const char *end = memchr(text, '\n', (size_t)size);
	error_escape(text, end != NULL ? (size_t)(end - text) : (size_t)size, out, HOLDER);
}

static enum status wait_for(int file, int64_t wait_seconds, const char *zone, struct error *err)
{
	const struct timespec pause = { .tv_nsec = POLL_MILLISECONDS * 1000000L };
	int64_t polls = wait_seconds * (1000 / POLL_MILLISECONDS);
	while (flock(file, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return error_set_errno(err, "lock of %s", zone);
		if (polls-- <= 0) {
			char holder[HOLDER];
			read_holder(file, holder);
			return error_set(
			    err, STATUS_BUSY, "%s: held by %s; try later, or wait with --wait 5m", zone, holder);
		}
		nanosleep(&pause, NULL);
	}
	return STATUS_OK;
}

/* ---- when a run last looked at the input ---- */

static const char look_words[] = "input looked at ";

static struct utc read_look(int file)
{
	char text[HOLDER + 1];
	const ssize_t size = pread(file, text, HOLDER, 0);
	text[size > 0 ? size : 0] = '\0';
	const char *const line = strchr(text, '\n');
	if (line == NULL || strncmp(line + 1, look_words, sizeof(look_words) - 1) != 0)
		return (struct utc){ 0 };
	return (struct utc){ strtoll(line + sizeof(look_words), NULL, 10) };
}

static char *path_of(const char *state, const char *zone, struct arena *mem)
{
	return folder_path(state, arena_printf(mem, "locks/%s", folder_zone_file(zone, mem)), mem);
}

struct utc lock_last_look(const char *state, const char *zone)
{
	struct utc looked = { 0 };
	struct arena *const scratch = arena_new(0);
	const int file = open(path_of(state, zone, scratch), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file >= 0) {
		looked = read_look(file);
		close(file);
	}
	arena_free(scratch);
	return looked;
}

enum status lock_take(const char *state, const char *zone, const char *command, struct utc now, int64_t wait_seconds,
    struct lock *out, struct error *err)
{
	struct arena *scratch = arena_new(0);
	char *path = path_of(state, zone, scratch);
	struct lock lock = { .started = now };
	snprintf(lock.command, sizeof(lock.command), "%s", command);
	enum status status = STATUS_OK;
	lock.file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock.file < 0)
		status = error_set_errno(err, "%s", path);
	else
		status = wait_for(lock.file, wait_seconds, zone, err);
	if (status == STATUS_OK) {
		lock.looked = read_look(lock.file);
		*out = lock;
		lock_phase(out, "start");
	} else if (lock.file >= 0) {
		close(lock.file);
	}
	arena_free(scratch);
	return status;
}

void lock_phase(struct lock *lock, const char *phase)
{
	if (lock->file < 0)
		return;
	char when[UTC_TEXT], text[HOLDER];
	utc_format(lock->started, when);
	int size = snprintf(text, sizeof(text), "pid %ld (%s, started %.8s, phase %s)\n", (long)getpid(), lock->command,
	    strlen(when) >= 19 ? when + 11 : when, phase);
	if (lock->looked.seconds != 0)
		size += snprintf(
		    text + size, sizeof(text) - (size_t)size, "%s%" PRId64 "\n", look_words, lock->looked.seconds);
	/* The text is a courtesy: the lock itself is the kernel's. */
	if (pwrite(lock->file, text, (size_t)size, 0) == size && ftruncate(lock->file, size) != 0)
		return;
}

void lock_release(struct lock *lock)
{
	if (lock->file >= 0)
		close(lock->file);
	lock->file = -1;
}
