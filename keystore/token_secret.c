/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keystore/token_private.h"

enum { PASSPHRASE_MOST = 1024, PATIENCE_MS = 10000 };

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

/* Without its last line feed; false if nothing is left. */
static bool trim(struct secret *text)
{
	if (text->size > 0 && text->data[text->size - 1] == '\n')
		text->size--;
	return text->size > 0;
}

/* The group of root may read it: systemd hands out credentials so (the mask of an ACL shows as the group's bits). */
enum status secret_read_file(const char *what, const char *path, struct secret *out, struct error *err)
{
	const enum status status = secret_read_at(AT_FDCWD, path, path, true, PASSPHRASE_MOST, out, err);
	if (status != STATUS_OK) {
		error_context(err, "%s %s", what, path);
		return status;
	}
	if (trim(out))
		return STATUS_OK;
	secret_free(out);
	return error_set(err, STATUS_KEY, "%s %s: it is empty", what, path);
}

/* ---- from a descriptor ---- */

/* Everything up to the end; a writer that keeps its side open and says nothing does not hold a run for ever. */
static enum status read_pipe(int file, struct secret *text, size_t *have, struct error *err)
{
	struct pollfd wait = { .fd = file, .events = POLLIN };
	*have = 0;
	while (*have < text->size) {
		if (poll(&wait, 1, PATIENCE_MS) == 0)
			return error_set(err, STATUS_KEY, "nothing more came for 10 s, and its end did not");
		const ssize_t n = read(file, text->data + *have, text->size - *have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, "reading it failed");
		if (n == 0)
			return STATUS_OK;
		*have += (size_t)n;
	}
	return error_set(err, STATUS_KEY, "it is longer than %d octets", PASSPHRASE_MOST);
}

/* The kernel holds it, in memory that is never swapped, until the next reader comes. */
static enum status put_back(int file, const struct secret *text, size_t have, struct error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set_errno(err, "no pipe to put it back into");
	const bool put = write(ends[1], text->data, have) == (ssize_t)have && dup2(ends[0], file) == file;
	close(ends[0]);
	close(ends[1]);
	return put ? STATUS_OK : error_set_errno(err, "putting it back failed");
}

static enum status read_descriptor(int file, struct secret *text, size_t *have, struct error *err)
{
	struct stat info;
	const int flags = fcntl(file, F_GETFD);
	/* What this process opens itself has the flag: no file of ours is taken for a PIN. */
	if (flags < 0 || (flags & FD_CLOEXEC) != 0 || fstat(file, &info) != 0)
		return error_set(err, STATUS_KEY, "it was not handed over open (as in: zoneseal run %d< FILE)", file);
	if (S_ISREG(info.st_mode) && lseek(file, 0, SEEK_SET) != 0)
		return error_set_errno(err, "it cannot be read from its begin");
	const enum status status = read_pipe(file, text, have, err);
	if (status != STATUS_OK || S_ISREG(info.st_mode) || *have == 0)
		return status;
	return put_back(file, text, *have, err);
}

enum status secret_read_descriptor(const char *what, int descriptor, struct secret *out, struct error *err)
{
	struct secret text = SECRET_NONE;
	size_t have = 0;
	enum status status = secret_new(PASSPHRASE_MOST, &text, err);
	if (status == STATUS_OK)
		status = read_descriptor(descriptor, &text, &have, err);
	text.size = have;
	if (status == STATUS_OK && !trim(&text))
		status = error_set(err, STATUS_KEY, "it is empty");
	if (status == STATUS_OK) {
		*out = text;
		return STATUS_OK;
	}
	secret_free(&text);
	if (err != NULL)
		err->code = STATUS_KEY;
	error_context(err, "%s from descriptor %d", what, descriptor);
	return STATUS_KEY;
}
