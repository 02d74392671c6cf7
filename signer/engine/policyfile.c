/* SPDX-License-Identifier: MIT */
#include "signer/engine/policyfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policies/policy_yaml.h"

#ifndef ZONESEAL_DATADIR
#define ZONESEAL_DATADIR "/usr/local/share/zoneseal"
#endif

enum { POLICY_MOST = 1 << 20 };

/* Nobody but a program in the build tree looks into the source tree. */
static bool runs_from_build(void)
{
#if defined(ZONESEAL_BUILD_FOLDER) && defined(ZONESEAL_SOURCE_FOLDER)
	char self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t prefix = strlen(ZONESEAL_BUILD_FOLDER);
	return size > 0 && (size_t)size > prefix && strncmp(self, ZONESEAL_BUILD_FOLDER, prefix) == 0 &&
	       self[prefix] == '/';
#else
	return false;
#endif
}

const char *policyfile_shipped(struct arena *mem)
{
#ifdef ZONESEAL_SOURCE_FOLDER
	if (runs_from_build())
		return arena_strdup(mem, ZONESEAL_SOURCE_FOLDER "/policies/shipped");
#endif
	return arena_strdup(mem, ZONESEAL_DATADIR "/policies");
}

static bool is_path(const char *name)
{
	size_t size = strlen(name);
	return strchr(name, '/') != NULL || (size > 5 && strcmp(name + size - 5, ".yaml") == 0);
}

static bool is_plain_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strlen(name) < POLICY_NAME &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(name);
}

/* The names in both folders, for the message. */
static char *names_in(const char *folder, struct arena *mem)
{
	char *out = arena_strdup(mem, "");
	DIR *listing = opendir(folder);
	if (listing == NULL)
		return out;
	size_t count = 0;
	for (struct dirent *entry = readdir(listing); entry != NULL && count < 50; entry = readdir(listing)) {
		size_t size = strlen(entry->d_name);
		if (size <= 5 || strcmp(entry->d_name + size - 5, ".yaml") != 0)
			continue;
		out = arena_printf(mem, "%s %.*s", out, (int)(size - 5), entry->d_name);
		count++;
	}
	closedir(listing);
	return out;
}

static enum status find(
    const char *name, const char *config_folder, struct arena *mem, const char **path, struct error *err)
{
	const char *shipped = policyfile_shipped(mem);
	*path = name;
	if (is_path(name) || strcmp(name, "-") == 0)
		return STATUS_OK;
	char shown[100];
	error_escape(name, strlen(name), shown, sizeof(shown));
	if (!is_plain_name(name))
		return error_set(err, STATUS_POLICY, "\"%s\" is no policy name", shown);
	const char *own = config_folder != NULL ? arena_printf(mem, "%s/policies", config_folder) : NULL;
	if (own != NULL) {
		*path = arena_printf(mem, "%s/%s.yaml", own, name);
		if (access(*path, F_OK) == 0)
			return STATUS_OK;
	}
	*path = arena_printf(mem, "%s/%s.yaml", shipped, name);
	if (access(*path, F_OK) == 0)
		return STATUS_OK;
	return error_set(err, STATUS_POLICY, "no policy \"%s\" in %s%s%s; there are:%s%s", shown,
	    own != NULL ? own : "", own != NULL ? " or " : "", shipped, own != NULL ? names_in(own, mem) : "",
	    names_in(shipped, mem));
}

static enum status read_text(
    int file, const char *path, struct arena *mem, char **text, size_t *size, struct error *err)
{
	char *buffer = memory_alloc(POLICY_MOST + 1);
	size_t used = 0;
	enum status status = STATUS_OK;
	while (status == STATUS_OK && used <= POLICY_MOST) {
		ssize_t got = read(file, buffer + used, POLICY_MOST + 1 - used);
		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			status = error_set_errno(err, "policy %s", path);
		used += got > 0 ? (size_t)got : 0;
	}
	if (status == STATUS_OK && used > POLICY_MOST)
		status = error_set(err, STATUS_POLICY, "policy %s: longer than %d octets", path, POLICY_MOST);
	if (status == STATUS_OK && memchr(buffer, '\0', used) != NULL)
		status = error_set(err, STATUS_POLICY, "policy %s: has a NUL octet", path);
	if (status == STATUS_OK) {
		*text = arena_strndup(mem, buffer, used);
		*size = used;
	}
	free(buffer);
	return status;
}

enum status policyfile_load(
    const char *name, const char *config_folder, struct arena *mem, struct policyfile *out, struct error *err)
{
	const char *path;
	char *text;
	size_t size;
	struct policy policy;
	enum status status = find(name, config_folder, mem, &path, err);
	if (status != STATUS_OK)
		return status;
	bool is_stdin = strcmp(path, "-") == 0;
	int file = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_set_errno(err, "policy %s", path);
	path = is_stdin ? "<stdin>" : path;
	status = read_text(file, path, mem, &text, &size, err);
	if (!is_stdin)
		close(file);
	if (status == STATUS_OK)
		status = policy_yaml_parse(path, text, size, &policy, err);
	if (status == STATUS_OK)
		*out = (struct policyfile){ arena_strdup(mem, path), text, policy };
	return status;
}
