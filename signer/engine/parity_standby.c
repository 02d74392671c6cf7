/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "signer/base/publish.h"
#include "signer/engine/folder.h"
#include "signer/engine/parity.h"

static const char name[] = "standby-snapshot";
static const char head[] = "zoneseal-standby-snapshot 1\nmade ";

enum status parity_note_matched(const char *state, struct utc made, struct arena *mem, struct error *err)
{
	char when[UTC_TEXT];
	utc_format(made, when);
	const char *const text = arena_printf(mem, "%s%s\n", head, when);
	return publish_file(folder_path(state, name, mem), 0600, text, strlen(text), err);
}

struct utc parity_matched(const char *state, struct arena *mem)
{
	char text[sizeof(head) + UTC_TEXT + 1] = "";
	struct utc made = { 0 };
	struct error ignored;
	const int file = open(folder_path(state, name, mem), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return made;
	const ssize_t size = read(file, text, sizeof(text) - 1);
	close(file);
	if (size <= (ssize_t)strlen(head) || memcmp(text, head, strlen(head)) != 0)
		return made;
	char *const when = text + strlen(head);
	when[strcspn(when, "\n")] = '\0';
	return utc_parse(when, &made, &ignored) == STATUS_OK ? made : (struct utc){ 0 };
}

enum status parity_forget_matched(const char *state, struct arena *mem, struct error *err)
{
	const char *const path = folder_path(state, name, mem);
	return unlink(path) == 0 || errno == ENOENT ? STATUS_OK : error_set_errno(err, "%s", path);
}
