/* SPDX-License-Identifier: MIT */
#include "signer/dns/zonetext_include.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

/* For kernels and containers without openat2: one component after the other, no "..", no symbolic link at all. */
static int open_by_component(int folder, const char *path)
{
	int at = dup(folder);
	while (at >= 0) {
		const size_t size = strcspn(path, "/");
		const bool last = path[size] == '\0';
		char name[256];
		if (size == 0 || size >= sizeof(name) || (size == 2 && memcmp(path, "..", 2) == 0)) {
			close(at);
			errno = EXDEV;
			return -1;
		}
		memcpy(name, path, size);
		name[size] = '\0';
		const int flags = OPEN_FLAGS | O_NOFOLLOW | (last ? 0 : O_DIRECTORY);
		const int next = openat(at, name, flags);
		const int number = errno;
		close(at);
		errno = number;
		if (last)
			return next;
		at = next;
		path += size + 1;
	}
	return -1;
}

static int open_beneath(int folder, const char *path)
{
	const struct open_how how = { .flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	const long file = syscall(SYS_openat2, folder, path, &how, sizeof(how));
	if (file >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)file;
	return open_by_component(folder, path);
}

static enum status refuse(const char *shown, struct error *err)
{
	const int number = errno;
	if (number == EXDEV || number == ELOOP)
		return error_set(err, STATUS_MALFORMED,
		    "$INCLUDE \"%s\" leads out of the input's folder: only files in or below it are read", shown);
	const enum status status = error_set_errno(err, "$INCLUDE \"%s\"", shown);
	return status;
}

enum status zonetext_include_open(const char *folder, const char *path, int *out, struct error *err)
{
	char shown[512];
	error_escape(path, strlen(path), shown, sizeof(shown));
	int file = -1;
	enum status status = STATUS_OK;
	const int base = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (base < 0)
		return error_set_errno(err, "the input's folder");
	file = open_beneath(base, path);
	if (file < 0) {
		status = refuse(shown, err);
		goto done;
	}
	struct stat stat;
	if (fstat(file, &stat) != 0)
		status = error_set_errno(err, "$INCLUDE \"%s\"", shown);
	else if (!S_ISREG(stat.st_mode))
		status = error_set(err, STATUS_MALFORMED, "$INCLUDE \"%s\" is no regular file", shown);
done:
	close(base);
	if (status != STATUS_OK && file >= 0)
		close(file);
	if (status == STATUS_OK)
		*out = file;
	return status;
}
