/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "signer/engine/doctor_around.h"

enum { DAY = 86400, OLD = 30 * DAY };

/* Copies of one kind of age. */
struct copies {
	size_t count;
	uint64_t size;
	const char *names; /* to be typed after rm */
};

/* As a migration and a restore name them: nothing in it that a shell would read as more than a name. */
static bool is_name_of_copy(const char *name)
{
	static const char begin[] = "keystore.db.before-";
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	const size_t size = sizeof(begin) - 1;
	return strncmp(name, begin, size) == 0 && name[size] != '\0' &&
	       name[size + strspn(name + size, letters)] == '\0';
}

static void count_copy(struct copies *copies, const char *folder, const char *name, uint64_t size, struct arena *mem)
{
	const char *const before = copies->count == 0 ? "" : copies->names;
	copies->names = arena_printf(mem, "%s %s/%s", before, folder, name);
	copies->count++;
	copies->size += size;
}

/* Nothing removes them but a person: whoever goes back to an older version, or to what a restore replaced, needs one.
 */
void doctor_look_at_copies(struct doctor *doctor, const struct doctor_world *world)
{
	struct copies old = { .count = 0 }, young = { .count = 0 };
	DIR *const list = opendir(world->state);
	if (list == NULL)
		return;
	for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
		struct stat at;
		if (!is_name_of_copy(entry->d_name) ||
		    fstatat(dirfd(list), entry->d_name, &at, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(at.st_mode))
			continue;
		const int64_t age = utc_difference(world->now, (struct utc){ at.st_mtime }).seconds;
		count_copy(!world->is_virtual && age > OLD ? &old : &young, world->state, entry->d_name,
		    (uint64_t)at.st_size, doctor->mem);
	}
	closedir(list);
	if (old.count > 0)
		doctor_add(doctor, DOCTOR_WARN, "old copies",
		    arena_printf(doctor->mem,
			"%zu of %zu copies of the keystore from before an upgrade or a restore are older than 30 days, "
			"with %.1f MB: they know nothing of what was published since; if nobody is to go back to them, "
			"run: "
			"rm%s",
			old.count, old.count + young.count, (double)old.size / 1e6, old.names));
	else if (young.count > 0)
		doctor_add(doctor, DOCTOR_OK, "old copies",
		    arena_printf(doctor->mem,
			"%zu of the keystore from before an upgrade or a restore, with %.1f MB, for the way back",
			young.count, (double)young.size / 1e6));
}
