/* SPDX-License-Identifier: MIT */
#include "signer/engine/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* systemd.syntax(7): quoted, with C escapes; systemd.unit(5): a percent sign is written twice. */
static char *quoted(const char *path, struct arena *mem)
{
	char *const out = (char *)arena_octets(mem, 4 * strlen(path) + 3);
	size_t used = 0;
	out[used++] = '"';
	for (; *path != '\0'; path++) {
		const unsigned char c = (unsigned char)*path;
		if (c == '%' || c == '"' || c == '\\') {
			out[used++] = c == '%' ? '%' : '\\';
			out[used++] = *path;
		} else if (c < 0x20 || c == 0x7f) {
			out[used++] = '\\';
			out[used++] = (char)('0' + c / 64);
			out[used++] = (char)('0' + c / 8 % 8);
			out[used++] = (char)('0' + c % 8);
		} else {
			out[used++] = *path;
		}
	}
	out[used++] = '"';
	out[used] = '\0';
	return out;
}

static char *folder_of(const char *path, struct arena *mem)
{
	const char *const slash = strrchr(path, '/');
	if (slash == NULL)
		return arena_strdup(mem, ".");
	return arena_strndup(mem, path, slash == path ? 1 : (size_t)(slash - path));
}

const char *unit_instance(const char *zone, struct arena *mem)
{
	const size_t size = strlen(zone);
	return arena_strndup(mem, zone, size > 1 && zone[size - 1] == '.' ? size - 1 : size);
}

enum status unit_drop_in(const char *zone, const char *output, struct arena *mem, char **out, struct error *err)
{
	char *const folder = realpath(folder_of(output, mem), NULL);
	if (folder == NULL) {
		error_set_errno(err, "folder of the output");
		if (err != NULL)
			err->code = STATUS_IO;
		return STATUS_IO;
	}
	*out = arena_printf(mem,
	    "# /etc/systemd/system/zoneseal@%s.service.d/output.conf\n"
	    "[Service]\n"
	    "ReadWritePaths=%s\n",
	    unit_instance(zone, mem), quoted(folder, mem));
	free(folder);
	return STATUS_OK;
}

/* ---- what the drop-ins that are there name ---- */

/* The next word of a list of paths, as `quoted` writes it but without its quotes; NULL at the end. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t\n");
	if (*word == '\0')
		return NULL;
	const bool in_quotes = *word == '"';
	char *end = word += in_quotes;
	while (*end != '\0' && (in_quotes ? *end != '"' : strchr(" \t\n", *end) == NULL))
		end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
	*at = *end == '\0' ? end : end + 1;
	*end = '\0';
	word += strspn(word, "-+"); /* systemd.exec(5): a path that may be missing, or is below RootDirectory= */
	for (end = word + strlen(word); end > word + 1 && end[-1] == '/'; end--)
		end[-1] = '\0';
	return word;
}

/* `folder` is as `quoted` writes it, without its quotes. */
static bool is_below(const char *folder, const char *word)
{
	const size_t size = strlen(word);
	return strcmp(word, "/") == 0 ||
	       (size > 0 && strncmp(folder, word, size) == 0 && (folder[size] == '/' || folder[size] == '\0'));
}

static bool file_names(const char *path, const char *folder)
{
	static const char setting[] = "ReadWritePaths=";
	char line[8192];
	bool named = false;
	FILE *const file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, setting, sizeof(setting) - 1) != 0)
			continue;
		char *at = line + sizeof(setting) - 1;
		named &= at[strspn(at, " \t\n")] != '\0'; /* an empty one takes back what was named before */
		for (const char *word; (word = next_word(&at)) != NULL;)
			named |= is_below(folder, word);
	}
	(void)fclose(file);
	return named;
}

static bool drop_ins_name(const char *place, const char *folder, struct arena *mem)
{
	bool named = false;
	DIR *const list = opendir(place);
	if (list == NULL)
		return false;
	for (const struct dirent *entry; !named && (entry = readdir(list)) != NULL;) {
		const size_t size = strlen(entry->d_name);
		if (size > 5 && strcmp(entry->d_name + size - 5, ".conf") == 0)
			named = file_names(arena_printf(mem, "%s/%s", place, entry->d_name), folder);
	}
	closedir(list);
	return named;
}

bool unit_lets_write(const char *root, const char *zone, const char *output, struct arena *mem, const char **folder)
{
	static const char *const places[] = { "/etc/systemd/system", "/run/systemd/system" };
	char *const real = realpath(folder_of(output, mem), NULL);
	*folder = real != NULL ? arena_strdup(mem, real) : folder_of(output, mem);
	free(real);
	char *const shown = quoted(*folder, mem) + 1;
	shown[strlen(shown) - 1] = '\0';
	const char *const units[] = { arena_printf(mem, "zoneseal@%s.service", unit_instance(zone, mem)),
		"zoneseal@.service" };
	for (size_t i = 0; i < 4; i++) {
		const char *const unit = arena_printf(mem, "%s%s/%s", root, places[i / 2], units[i % 2]);
		if (access(unit, F_OK) == 0 || drop_ins_name(arena_printf(mem, "%s.d", unit), shown, mem))
			return true;
	}
	return false;
}
