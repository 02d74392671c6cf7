/* SPDX-License-Identifier: MIT */
#include "signer/engine/folder.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/base/bytes.h"

static enum status make_one(const char *path, mode_t mode, struct error *err)
{
	/* The umask is for files; what a folder allows is said here. */
	if (mkdir(path, mode) == 0)
		return chmod(path, mode) == 0 ? STATUS_OK : error_set_errno(err, "%s", path);
	if (errno != EEXIST)
		return error_set_errno(err, "%s: cannot make the folder", path);
	struct stat stat_of;
	if (stat(path, &stat_of) != 0)
		return error_set_errno(err, "%s", path);
	if (!S_ISDIR(stat_of.st_mode))
		return error_set(err, STATUS_IO, "%s: is not a folder", path);
	return STATUS_OK;
}

/* mkdir -p for the parents of the state folder; those get the usual mode of the user's folders. */
static enum status make_parents(char *path, struct error *err)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		enum status status = make_one(path, 0755, err);
		*slash = '/';
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status folder_make(const char *state, struct error *err)
{
	static const struct {
		const char *name;
		mode_t mode;
	} folders[] = {
		{ ".", 0750 },
		{ "keys", 0700 },
		{ "zones", 0750 },
		{ "archive", 0750 },
		{ "locks", 0750 },
	};
	struct arena *scratch = arena_new(0);
	enum status status = make_parents(arena_strdup(scratch, state), err);
	if (status == STATUS_OK)
		status = make_one(state, 0750, err);
	for (size_t i = 1; status == STATUS_OK && i < COUNT(folders); i++)
		status = make_one(folder_path(state, folders[i].name, scratch), folders[i].mode, err);
	arena_free(scratch);
	return status;
}

char *folder_path(const char *state, const char *name, struct arena *mem)
{
	size_t size = strlen(state);
	return arena_printf(mem, "%s%s%s", state, size > 0 && state[size - 1] == '/' ? "" : "/", name);
}

enum status folder_zone_name(
    const char *text, struct arena *mem, const char **name, uint8_t apex[NAME_WIRE], struct error *err)
{
	static const uint8_t root[] = { 0 };
	uint8_t wire[NAME_WIRE];
	size_t size;
	char printable[NAME_TEXT];
	struct error why;
	error_clear(&why);
	if (text[0] == '\0' || strcmp(text, "@") == 0 ||
	    name_parse(text, strlen(text), root, wire, &size, &why) != STATUS_OK) {
		error_escape(text, strlen(text), printable, 80);
		return error_set(err, STATUS_USAGE, "\"%s\" is no zone name%s%s", printable,
		    why.message[0] != '\0' ? ": " : "", why.message);
	}
	name_lower(wire, apex);
	name_to_text(apex, printable);
	*name = arena_strdup(mem, printable);
	return STATUS_OK;
}

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

char *folder_zone_file(const char *zone, struct arena *mem)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t size = strlen(zone);
	if (size == 0 || strcmp(zone, ".") == 0)
		return arena_strdup(mem, "@");
	if (zone[size - 1] == '.')
		size--;
	char *out = arena_alloc(mem, 3 * size + 1);
	size_t at = 0;
	for (size_t i = 0; i < size; i++) {
		if (plain(zone[i])) {
			out[at++] = zone[i];
			continue;
		}
		out[at++] = '%';
		out[at++] = digits[(unsigned char)zone[i] >> 4];
		out[at++] = digits[(unsigned char)zone[i] & 15];
	}
	out[at] = '\0';
	/* A name longer than a file name may be (NAME_MAX, with room for suffixes) is cut and told apart by its hash.
	 */
	if (at > 160) {
		uint8_t digest[32];
		char hex[65];
		bytes_sha256((struct bytes){ (const uint8_t *)zone, size }, digest);
		bytes_to_hex((struct bytes){ digest, 16 }, false, hex);
		return arena_printf(mem, "%.120s%%%s", out, hex);
	}
	return out;
}

char *folder_zone_output(const char *state, const char *zone, struct arena *mem)
{
	return arena_printf(mem, "%s/%s.zone", folder_path(state, "zones", mem), folder_zone_file(zone, mem));
}

const char *folder_absolute(const char *path, struct arena *mem)
{
	if (path == NULL || path[0] == '/' || strcmp(path, "-") == 0)
		return path;
	char here[PATH_MAX];
	if (getcwd(here, sizeof(here)) == NULL)
		return path;
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	return folder_path(here, path, mem);
}

bool folder_holds(const char *state, const char *path, struct arena *mem)
{
	const char *folder = folder_absolute(state, mem);
	size_t size = strlen(folder);
	while (size > 1 && folder[size - 1] == '/')
		size--;
	return strncmp(folder, path, size) == 0 && path[size] == '/' && strstr(path + size, "/../") == NULL;
}
