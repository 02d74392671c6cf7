/* SPDX-License-Identifier: MIT */
#include "signer/cli/unit.h"

#include <stdlib.h>
#include <string.h>

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

enum status unit_drop_in(const char *zone, const char *output, struct arena *mem, char **out, struct error *err)
{
	const size_t size = strlen(zone);
	const int shown = (int)(size > 1 && zone[size - 1] == '.' ? size - 1 : size);
	char *const folder = realpath(folder_of(output, mem), NULL);
	if (folder == NULL) {
		error_set_errno(err, "folder of the output");
		if (err != NULL)
			err->code = STATUS_IO;
		return STATUS_IO;
	}
	*out = arena_printf(mem,
	    "# /etc/systemd/system/zoneseal@%.*s.service.d/output.conf\n"
	    "[Service]\n"
	    "ReadWritePaths=%s\n",
	    shown, zone, quoted(folder, mem));
	free(folder);
	return STATUS_OK;
}
