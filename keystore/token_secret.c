/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/token_private.h"

enum { PASSPHRASE_MOST = 1024 };

enum status secret_check_mode(const char *path, const struct stat *info, mode_t allowed, struct error *err)
{
	if ((info->st_mode & 0077 & ~allowed) == 0)
		return STATUS_OK;
	return error_set(err, STATUS_PERMISSION,
	    "%s: mode %04o lets others at private keys; after making sure that nobody has read them: chmod %s %s", path,
	    (unsigned)info->st_mode & 07777, S_ISDIR(info->st_mode) ? "0700" : "0600", path);
}

static enum status read_all(int file, size_t size, struct secret *out, struct error *err)
{
	struct secret text;
	enum status status = secret_new(size, &text, err);
	if (status != STATUS_OK)
		return status;
	size_t have = 0;
	while (have < size) {
		const ssize_t n = read(file, text.data + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			status = n < 0 ? error_set_errno(err, "reading it failed")
				       : error_set(err, STATUS_KEY, "it became shorter while it was read");
			secret_free(&text);
			return status;
		}
		have += (size_t)n;
	}
	*out = text;
	return STATUS_OK;
}

enum status secret_read_at(
    int folder, const char *name, const char *path, bool root_group, size_t most, struct secret *out, struct error *err)
{
	const int file =
	    openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (folder == AT_FDCWD ? 0 : O_NOFOLLOW));
	if (file < 0)
		return error_set_errno(err, "opening it failed");
	struct stat info;
	enum status status = STATUS_OK;
	if (fstat(file, &info) != 0)
		status = error_set_errno(err, "looking at it failed");
	else if (!S_ISREG(info.st_mode) || info.st_size <= 0 || (size_t)info.st_size > most)
		status = error_set(err, STATUS_KEY, "it is not a file of 1 to %zu octets", most);
	if (status == STATUS_OK)
		status = secret_check_mode(path, &info, root_group && info.st_gid == 0 ? 0040 : 0, err);
	if (status == STATUS_OK)
		status = read_all(file, (size_t)info.st_size, out, err);
	close(file);
	return status;
}

/* The group of root may read it: systemd hands out credentials so (the mask of an ACL shows as the group's bits). */
enum status secret_read_file(const char *what, const char *path, struct secret *out, struct error *err)
{
	const enum status status = secret_read_at(AT_FDCWD, path, path, true, PASSPHRASE_MOST, out, err);
	if (status != STATUS_OK) {
		error_context(err, "%s %s", what, path);
		return status;
	}
	if (out->data[out->size - 1] == '\n')
		out->size--;
	if (out->size > 0)
		return STATUS_OK;
	secret_free(out);
	return error_set(err, STATUS_KEY, "%s %s: it is empty", what, path);
}
