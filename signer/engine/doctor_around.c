/* SPDX-License-Identifier: MIT */
#include "signer/engine/doctor_around.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <unistd.h>

#include "policies/policy_yaml.h"
#include "signer/base/bytes.h"
#include "signer/base/publish.h"
#include "signer/base/sandbox.h"
#include "signer/engine/clock_sources.h"
#include "signer/engine/folder.h"
#include "signer/engine/unit.h"

enum {
	DAY = 86400,
	STUCK = 6 * 3600,        /* the unit's TimeoutStartSec: no run goes on for longer */
	PERIODS = 3600,          /* four of the shipped timer's */
	SPARE = 16 * 1024 * 1024 /* octets that stay free beside a new version and the one that is kept */
};

/* ---- who may change a file ---- */

/* Whom nobody needs to fear: root, who runs this, and whose keystore it is. */
static bool is_trusted(uid_t user, uid_t owner)
{
	return user == 0 || user == geteuid() || user == owner;
}

/* Why somebody else may change what is at `path` itself; NULL: nobody may. */
static const char *open_to(const char *path, const struct stat *at, uid_t owner, struct arena *mem)
{
	const bool sticky = S_ISDIR(at->st_mode) && (at->st_mode & S_ISVTX) != 0;
	if (!is_trusted(at->st_uid, owner))
		return arena_printf(mem, "%s belongs to user %u, who may change it; run: chown root %s", path,
		    (unsigned)at->st_uid, path);
	if ((at->st_mode & S_IWOTH) != 0 && !sticky)
		return arena_printf(mem, "all users may change %s; run: chmod o-w %s", path, path);
	if ((at->st_mode & S_IWGRP) != 0 && !sticky && at->st_gid != 0 && at->st_gid != getegid())
		return arena_printf(mem, "group %u may change %s; run: chmod g-w %s", (unsigned)at->st_gid, path, path);
	return NULL;
}

/* Of a link it is its owner who counts, who puts another one there even where a folder is sticky. */
static const char *link_open_to(const char *path, const struct stat *at, uid_t owner, struct arena *mem)
{
	if (!S_ISLNK(at->st_mode) || is_trusted(at->st_uid, owner))
		return NULL;
	return arena_printf(mem, "the link %s belongs to user %u, who may change it; run: chown -h root %s", path,
	    (unsigned)at->st_uid, path);
}

/* The same of the file and of each folder above it: who may write to one may put another file there. */
static const char *chain_may_be_changed(const char *path, uid_t owner, struct arena *mem)
{
	char *const at = arena_strdup(mem, path);
	for (;;) {
		struct stat info, link;
		if (stat(at, &info) != 0 || lstat(at, &link) != 0)
			return arena_printf(mem, "%s: %s", at, strerror(errno));
		const char *why = link_open_to(at, &link, owner, mem);
		if (why == NULL)
			why = open_to(at, &info, owner, mem);
		if (why != NULL)
			return why;
		char *const slash = strrchr(at, '/');
		if (slash == NULL || at[1] == '\0')
			return NULL;
		slash[slash == at ? 1 : 0] = '\0';
	}
}

/* Where a link leads, one step; NULL: `path` is none. */
static const char *one_step(const char *path, struct arena *mem)
{
	char target[PATH_MAX];
	const ssize_t size = readlink(path, target, sizeof(target) - 1);
	const char *const slash = strrchr(path, '/');
	if (size <= 0)
		return NULL;
	target[size] = '\0';
	return target[0] == '/' || slash == NULL ? arena_strdup(mem, target)
						 : arena_printf(mem, "%.*s/%s", (int)(slash - path), path, target);
}

/* Behind links there are more folders that count: those of each step, and those of the file in the end. */
static const char *may_be_changed(const char *path, uid_t owner, struct arena *mem)
{
	enum { STEPS = 40 }; /* as many as Linux follows */
	const char *at = path;
	const char *why = NULL;
	for (int i = 0; i < STEPS && at != NULL && why == NULL; i++) {
		why = chain_may_be_changed(at, owner, mem);
		at = one_step(at, mem);
	}
	char *const real = why == NULL ? realpath(path, NULL) : NULL;
	if (real != NULL && strcmp(real, path) != 0)
		why = chain_may_be_changed(real, owner, mem);
	free(real);
	return why;
}

/* ---- the state folder ---- */

static void look_at_secret(struct doctor *doctor, const char *path, uid_t owner, bool *good)
{
	struct stat at;
	if (lstat(path, &at) != 0)
		return;
	if (S_ISLNK(at.st_mode))
		doctor_add(doctor, DOCTOR_FAIL, "permissions",
		    arena_printf(doctor->mem, "%s is a link, which no run follows; put the file itself there", path));
	else if ((at.st_mode & 077) != 0)
		doctor_add(doctor, DOCTOR_FAIL, "permissions",
		    arena_printf(doctor->mem, "%s is open to others; run: chmod 0600 %s", path, path));
	else if (at.st_uid != owner)
		doctor_add(doctor, DOCTOR_FAIL, "permissions",
		    arena_printf(doctor->mem,
			"%s belongs to user %u and not to %u, whose keystore it is; run: chown %u %s", path,
			(unsigned)at.st_uid, (unsigned)owner, (unsigned)owner, path));
	else
		return;
	*good = false;
}

/* What a command of another user, root's mostly, left behind there is in the way of the runs. */
static void look_at_owners(struct doctor *doctor, const char *folder, uid_t owner, bool *good)
{
	DIR *const list = opendir(folder);
	const char *example = "";
	size_t strange = 0;
	if (list == NULL)
		return;
	for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
		struct stat at;
		if (strcmp(entry->d_name, "..") == 0 ||
		    fstatat(dirfd(list), entry->d_name, &at, AT_SYMLINK_NOFOLLOW) != 0 || at.st_uid == owner)
			continue;
		example = strange++ == 0 ? arena_strdup(doctor->mem, entry->d_name) : example;
	}
	closedir(list);
	if (strange == 0)
		return;
	*good = false;
	doctor_add(doctor, DOCTOR_FAIL, "permissions",
	    arena_printf(doctor->mem,
		"%zu in %s belong to another user than the keystore, %s among them: a run cannot use them; run: chown "
		"-R "
		"%u %s",
		strange, folder, example, (unsigned)owner, folder));
}

static void look_at_key_files(struct doctor *doctor, const char *folder, uid_t owner, bool *good)
{
	DIR *const list = opendir(folder);
	if (list == NULL)
		return;
	for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
		const size_t size = strlen(entry->d_name);
		if (size > 4 && strcmp(entry->d_name + size - 4, ".pem") == 0)
			look_at_secret(doctor, arena_printf(doctor->mem, "%s/%s", folder, entry->d_name), owner, good);
	}
	closedir(list);
}

void doctor_look_at_files(struct doctor *doctor, const struct doctor_world *world)
{
	static const char *const secrets[] = { "keystore.db", "keystore.db-wal", "keystore.db-shm" };
	static const char *const folders[] = { "keys", "zones", "archive", "locks" };
	struct stat at;
	bool good = true;
	if (stat(world->state, &at) != 0)
		return;
	const uid_t owner = at.st_uid;
	const char *const why = may_be_changed(world->state, owner, doctor->mem);
	if (why != NULL)
		doctor_add(doctor, DOCTOR_FAIL, "permissions", why);
	good = why == NULL;
	for (size_t i = 0; i < COUNT(secrets); i++)
		look_at_secret(doctor, folder_path(world->state, secrets[i], doctor->mem), owner, &good);
	for (size_t i = 0; i < COUNT(folders); i++)
		look_at_owners(doctor, folder_path(world->state, folders[i], doctor->mem), owner, &good);
	look_at_key_files(doctor, folder_path(world->state, "keys", doctor->mem), owner, &good);
	if (good)
		doctor_add(doctor, DOCTOR_OK, "permissions",
		    "secrets are their owner's alone, and nobody else's file is there");
}

/* What is found of all zones together. */
struct tally {
	struct clock_asked *asked;
	const char *said; /* by time servers, for the zone before */
	size_t hooks;
	bool hooks_good, rooms, locks, timers, units, due;
};

/* ---- the clock ---- */

bool doctor_clock_is_kept(int64_t *most_off)
{
	struct timex clock = { .modes = 0 };
	const bool kept = adjtimex(&clock) != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
	*most_off = clock.maxerror;
	return kept;
}

/* It is the word of whatever program keeps the clock; only other clocks can say that it is right. */
void doctor_look_at_time(struct doctor *doctor, bool kept, int64_t most_off)
{
	doctor_add(doctor, kept ? DOCTOR_OK : DOCTOR_WARN, "time service",
	    kept
		? arena_printf(doctor->mem, "the kernel says that the clock is kept in step, and off by %.3fs at most",
		      (double)most_off / 1e6)
		: "the kernel does not know of anything that keeps the clock in step: signatures may begin or end by a "
		  "wrong time; start chrony or systemd-timesyncd, and look with timedatectl");
}

/* One row for each thing that is said: zones of one policy hear the same. */
static void look_at_sources(
    struct doctor *doctor, const struct doctor_world *world, const struct policy *policy, struct tally *tally)
{
	struct error err;
	const char *words = NULL;
	error_clear(&err);
	if (world->is_virtual)
		return;
	const bool asked = policy->time_sources[0] != '\0';
	const enum status status = clock_check_sources(tally->asked, policy, world->now, doctor->mem, &words, &err);
	const char *text = status != STATUS_OK ? arena_strdup(doctor->mem, err.message) : words;
	if (!asked)
		text = arena_printf(doctor->mem,
		    "%s, so no other clock says that this one is right; to have them asked before anything is signed, "
		    "write into that policy clock: {sources: [ADDRESS, ...]} with four or more, then: zoneseal policy "
		    "apply",
		    words);
	if (tally->said != NULL && strcmp(tally->said, text) == 0)
		return;
	tally->said = text;
	doctor_add(doctor, status != STATUS_OK ? DOCTOR_FAIL : asked ? DOCTOR_OK : DOCTOR_NOTE, "time servers", text);
}

/* When signatures were due a day ago, a run is missing, or the clock is ahead by that much: nothing here can tell
 * which.
 */
static bool look_at_due(struct doctor *doctor, const struct doctor_world *world, const struct store_zone *zone,
    const struct store_version *last)
{
	char due[UTC_TEXT], is[UTC_TEXT];
	if (last->refresh.seconds == 0 || !utc_before(utc_add(last->refresh, (struct span){ DAY }), world->now))
		return true;
	utc_format(last->refresh, due);
	utc_format(world->now, is);
	doctor_add(doctor, DOCTOR_WARN, "runs",
	    arena_printf(doctor->mem,
		"%s: signatures were due at %s and the clock says %s: no run came for more than a day, or the clock is "
		"ahead; compare it with another machine's, look at the timer, then: zoneseal run %s",
		zone->name, due, is, zone->name));
	return false;
}

/* ---- hooks ---- */

static const char *what_is_wrong_with(const char *program, uid_t owner, struct arena *mem)
{
	struct stat at;
	if (program[0] != '/')
		return arena_printf(mem, "%s is no absolute path", program);
	if (stat(program, &at) != 0)
		return arena_printf(mem, "%s: %s", program, strerror(errno));
	if (!S_ISREG(at.st_mode))
		return arena_printf(mem, "%s is no file", program);
	if ((at.st_mode & 0111) == 0 || access(program, X_OK) != 0)
		return arena_printf(mem, "%s cannot be executed; run: chmod a+rx %s", program, program);
	return may_be_changed(program, owner, mem);
}

static bool look_at_hook(
    struct doctor *doctor, const char *zone, const char *name, const char words[POLICY_HOOK], uid_t owner, size_t *seen)
{
	if (words[0] == '\0')
		return true;
	++*seen;
	const char *const why = what_is_wrong_with(words, owner, doctor->mem);
	if (why != NULL)
		doctor_add(doctor, DOCTOR_FAIL, "hooks", arena_printf(doctor->mem, "%s: %s: %s", zone, name, why));
	return why == NULL;
}

static bool look_at_hooks(
    struct doctor *doctor, const char *zone, const struct policy *policy, uid_t owner, size_t *seen)
{
	bool good = look_at_hook(doctor, zone, "publish hook", policy->hook_publish, owner, seen);
	good &= look_at_hook(doctor, zone, "ds-submit hook", policy->hook_ds_submit, owner, seen);
	good &= look_at_hook(doctor, zone, "ds-withdraw hook", policy->hook_ds_withdraw, owner, seen);
	for (size_t i = 0; i < POLICY_VERIFIERS; i++)
		good &= look_at_hook(doctor, zone, "verifier", policy->verifier[i].command, owner, seen);
	return good;
}

/* ---- room ---- */

/* A new version, the kept one beside it if the folders are on one file system, and something more. */
static bool look_at_room(struct doctor *doctor, const char *zone, const char *output, uint64_t size)
{
	struct error err;
	char text[1100];
	error_clear(&err);
	if (publish_room(output, 2 * size + SPARE, &err) == STATUS_OK)
		return true;
	error_format(&err, text, sizeof(text));
	doctor_add(doctor, DOCTOR_FAIL, "room",
	    arena_printf(doctor->mem,
		"%s: %s: the next version finds no room and the last one stays published; free some, or move the "
		"output",
		zone, text));
	return false;
}

/* ---- locks ---- */

/* Whether a line of /proc/locks (proc_locks(5)) tells of flock(2) on the file. Some file systems number their devices
 * otherwise there; theirs have no major number. */
static bool tells_of(const char *line, const struct stat *file)
{
	const char *const lock = strstr(line, ": FLOCK ");
	const char *const device = lock == NULL ? NULL : strchr(lock + 2, ':');
	char *at;
	if (device == NULL || strstr(line, " WRITE ") == NULL)
		return false;
	/* "1: FLOCK  ADVISORY  WRITE 77 fe:00:4711 0 EOF" */
	const char *begin = device;
	while (begin > lock && begin[-1] != ' ')
		begin--;
	const unsigned long high = strtoul(begin, &at, 16);
	const unsigned long low = strtoul(at + (*at == ':'), &at, 16);
	if (strtoul(at + (*at == ':'), NULL, 10) != (unsigned long)file->st_ino)
		return false;
	return major(file->st_dev) == 0 || (high == major(file->st_dev) && low == minor(file->st_dev));
}

/* Whether the process that the file names lives and has it. For this moment a run that begins would be turned away. */
static bool is_held_by(int file, const char *words)
{
	const long pid = strncmp(words, "pid ", 4) == 0 ? strtol(words + 4, NULL, 10) : 0;
	if (pid <= 0 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH))
		return false;
	return flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/* Whether another process has it: the kernel's list says so without a touch, also of one that has not written its name
 * yet, or whose number another process has by now. */
static bool is_held(int file, const struct stat *at, const char *words)
{
	char line[256];
	bool held = false;
	FILE *const list = fopen("/proc/locks", "re");
	if (list == NULL)
		return is_held_by(file, words);
	while (!held && fgets(line, sizeof(line), list) != NULL)
		held = tells_of(line, at);
	(void)fclose(list);
	return held;
}

static bool look_at_lock(struct doctor *doctor, const struct doctor_world *world, const char *zone)
{
	char words[160] = "", said[400];
	struct stat at;
	char *const name = arena_printf(doctor->mem, "locks/%s", folder_zone_file(zone, doctor->mem));
	char *const path = folder_path(world->state, name, doctor->mem);
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0 && errno == ENOENT)
		return true;
	if (file < 0 || fstat(file, &at) != 0 || !S_ISREG(at.st_mode)) {
		doctor_add(doctor, DOCTOR_FAIL, "locks",
		    arena_printf(doctor->mem, "%s: %s cannot be used: no run of the zone can begin; run: rm %s", zone,
			path, path));
		if (file >= 0)
			close(file);
		return false;
	}
	const ssize_t size = pread(file, words, sizeof(words) - 1, 0);
	words[size > 0 ? size : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	const bool held = is_held(file, &at, words);
	close(file);
	if (!held)
		return true;
	const int64_t age = world->is_virtual ? 0 : utc_difference(world->now, (struct utc){ at.st_mtime }).seconds;
	const char *const who = words[0] != '\0' ? words : "a process that has not written its name yet";
	error_escape(who, strlen(who), said, sizeof(said));
	doctor_add(doctor, age > STUCK ? DOCTOR_WARN : DOCTOR_OK, "locks",
	    arena_printf(doctor->mem,
		age > STUCK ? "%s is held by %s, which came no further for %" PRId64
			      " hours: look at that process, and end it with SIGTERM"
			    : "%s is held by %s",
		zone, said, age / 3600));
	return false;
}

/* ---- timers ---- */

static bool exists(const char *root, const char *path, struct arena *mem, struct stat *at)
{
	return lstat(arena_printf(mem, "%s%s", root, path), at) == 0;
}

static const char *timer_link(const char *zone, struct arena *mem)
{
	return arena_printf(mem, "/etc/systemd/system/timers.target.wants/zoneseal@%s.timer", unit_instance(zone, mem));
}

/* systemd keeps when a persistent timer last went off as the time of a file (systemd.timer(5)). */
static bool look_at_timer(struct doctor *doctor, const struct doctor_world *world, const char *zone)
{
	struct stat at;
	struct arena *const mem = doctor->mem;
	const char *const unit = arena_printf(mem, "zoneseal@%s.timer", unit_instance(zone, mem));
	const char *const stamp = arena_printf(mem, "/var/lib/systemd/timers/stamp-%s", unit);
	if (!exists(world->root, timer_link(zone, mem), mem, &at)) {
		doctor_add(doctor, DOCTOR_WARN, "timer",
		    arena_printf(mem,
			"nothing starts runs of %s after a boot: no cron line and no %s; run: systemctl enable --now "
			"%s",
			zone, unit, unit));
		return false;
	}
	if (!exists(world->root, stamp, mem, &at)) {
		doctor_add(doctor, DOCTOR_WARN, "timer",
		    arena_printf(mem, "%s is enabled and never went off; run: systemctl start %s", unit, unit));
		return false;
	}
	const int64_t age = utc_difference(world->now, (struct utc){ at.st_mtime }).seconds;
	if (age <= PERIODS)
		return true;
	doctor_add(doctor, DOCTOR_WARN, "timer",
	    arena_printf(mem,
		"%s stands still: it last went off %" PRId64
		" minutes ago; run: systemctl start %s, and look with: systemctl "
		"list-timers",
		unit, age / 60, unit));
	return false;
}

/* The state folder is what the unit itself lets a run write to. Without its timer nobody starts it. */
static bool look_at_unit(struct doctor *doctor, const struct doctor_world *world, const struct store_zone *named)
{
	struct stat at;
	const char *folder;
	struct arena *const mem = doctor->mem;
	const char *const zone = named->name;
	const char *const instance = unit_instance(zone, mem);
	if (named->output == NULL || !exists(world->root, timer_link(zone, mem), mem, &at) ||
	    unit_lets_write(world->root, zone, named->output, mem, &folder))
		return true;
	doctor_add(doctor, DOCTOR_WARN, "unit",
	    arena_printf(mem,
		"zoneseal@%s.service may not write to %s, so a new version of %s is not published: no drop-in names "
		"that "
		"folder; run: zoneseal zone show %s --print-unit, put what it prints where its first line says, and: "
		"systemctl daemon-reload",
		instance, folder, zone, zone));
	return false;
}

/* Elsewhere than on systemd it is cron's, and its line may be anywhere: what is overdue tells. */
static bool timers_are_expected(const struct doctor_world *world, struct arena *mem)
{
	struct stat at;
	return !world->is_virtual && exists(world->root, "/run/systemd/system", mem, &at) &&
	       !exists(world->root, "/etc/cron.d/zoneseal", mem, &at);
}

/* ---- all zones ---- */

static void look_at_zone(struct doctor *doctor, const struct doctor_world *world, struct store *store,
    const struct store_zone *zone, uid_t owner, struct tally *tally)
{
	struct policy policy;
	struct store_version last = { .size = 0 };
	bool found = false;
	struct error err;
	char text[1100];
	const struct sandbox sandbox = sandbox_probe();
	error_clear(&err);
	enum status status =
	    policy_yaml_parse(zone->policy_name, zone->policy_text, strlen(zone->policy_text), &policy, &err);
	if (status == STATUS_OK)
		status = store_last_version(store, zone->id, doctor->mem, &last, &found, &err);
	if (status != STATUS_OK) {
		error_format(&err, text, sizeof(text));
		doctor_add(doctor, DOCTOR_FAIL, zone->name, arena_strdup(doctor->mem, text));
		return;
	}
	const char *const output =
	    zone->output != NULL ? zone->output : folder_zone_output(world->state, zone->name, doctor->mem);
	look_at_sources(doctor, world, &policy, tally);
	tally->hooks_good &= look_at_hooks(doctor, zone->name, &policy, owner, &tally->hooks);
	tally->rooms &= look_at_room(doctor, zone->name, output, last.size);
	tally->locks &= look_at_lock(doctor, world, zone->name);
	if (found)
		tally->due &= look_at_due(doctor, world, zone, &last);
	if (policy.require_sandbox && !(sandbox.landlock_abi > 0 && sandbox.seccomp))
		doctor_add(doctor, DOCTOR_FAIL, "sandbox",
		    arena_printf(doctor->mem,
			"%s: its policy wants the verifier's sandbox, and this kernel has none: nothing is published",
			zone->name));
}

void doctor_look_at_work(struct doctor *doctor, const struct doctor_world *world, struct store *store,
    const struct store_zone zones[], size_t count)
{
	struct tally tally = { .asked = clock_asked_new(doctor->mem),
		.hooks_good = true,
		.rooms = true,
		.locks = true,
		.timers = true,
		.units = true,
		.due = true };
	struct stat at;
	const bool timers = timers_are_expected(world, doctor->mem);
	const uid_t owner = stat(world->state, &at) == 0 ? at.st_uid : geteuid();
	const char *const why =
	    stat(world->config, &at) == 0 ? may_be_changed(world->config, owner, doctor->mem) : NULL;
	if (why != NULL)
		doctor_add(doctor, DOCTOR_FAIL, "configuration", why);
	for (size_t i = 0; i < count; i++) {
		if (zones[i].removed)
			continue;
		look_at_zone(doctor, world, store, &zones[i], owner, &tally);
		if (timers) {
			tally.timers &= look_at_timer(doctor, world, zones[i].name);
			tally.units &= look_at_unit(doctor, world, &zones[i]);
		}
	}
	if (tally.hooks > 0 && tally.hooks_good)
		doctor_add(doctor, DOCTOR_OK, "hooks",
		    arena_printf(doctor->mem, "%zu program%s, which only root and the keystore's user may change",
			tally.hooks, tally.hooks == 1 ? "" : "s"));
	if (tally.rooms)
		doctor_add(doctor, DOCTOR_OK, "room", "for a new version of each zone beside the one that is kept");
	if (tally.locks)
		doctor_add(doctor, DOCTOR_OK, "locks", "none is held");
	if (tally.due)
		doctor_add(doctor, DOCTOR_OK, "runs", "no zone's signatures are overdue");
	if (timers && tally.timers)
		doctor_add(doctor, DOCTOR_OK, "timer", "each zone's went off within the last hour");
	if (timers && tally.timers && tally.units)
		doctor_add(doctor, DOCTOR_OK, "unit", "each zone's may write where the zone is published");
}
