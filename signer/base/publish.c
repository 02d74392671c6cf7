/* SPDX-License-Identifier: MIT */
#include "signer/base/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "signer/base/bytes.h"

enum {
	HEX_DIGITS = 16,
	/* "." + target + "." + digits + ".tmp" fits in NAME_MAX; a longer target is cut in the temporary's name. */
	TARGET_SHOWN = NAME_MAX - 1 - 1 - HEX_DIGITS - 4,
	MOST_ATTEMPTS = 100,
	COPY_BUFFER = 64 * 1024,
	SHOWN = 400, /* of a path in a message */
};

struct shown {
	char text[SHOWN];
};

static struct shown show(const char *path)
{
	struct shown shown;
	error_escape(path, strlen(path), shown.text, sizeof(shown.text));
	return shown;
}

static void close_quietly(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

/* Whatever stands in the way of an output is STATUS_IO: STATUS_MISSING and STATUS_PERMISSION speak of inputs and keys.
 */
static enum status as_output(enum status status, struct error *err)
{
	(void)status;
	if (err != NULL)
		err->code = STATUS_IO;
	return STATUS_IO;
}

/* Where the name within its folder starts. */
static const char *last_component(const char *path)
{
	const char *const slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

/* Opens the folder that holds the last component of `path`; -1 with errno. */
static int open_folder_of(const char *path)
{
	char folder[PATH_MAX];
	const size_t size = (size_t)(last_component(path) - path);
	if (size >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, path, size);
	folder[size] = '\0';
	return open(size == 0 ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The name itself: neither empty, nor a folder by its spelling, nor too long for the struct. */
static enum status check_name(const char *path, struct error *err)
{
	const char *const name = last_component(path);
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, STATUS_IO, "%s: names a folder, not a file", show(path).text);
	if (strlen(name) > NAME_MAX)
		return error_set(err, STATUS_IO, "%s: file name longer than %d octets", show(path).text, NAME_MAX);
	return STATUS_OK;
}

/* Puts the path that the symbolic link `path` names into out[0..PATH_MAX). */
static enum status follow_link(const char *path, char out[PATH_MAX], struct error *err)
{
	char value[PATH_MAX];
	const ssize_t size = readlink(path, value, sizeof(value) - 1);
	if (size < 0)
		return as_output(error_set_errno(err, "%s: cannot read the symbolic link", show(path).text), err);
	value[size] = '\0';
	const size_t folder = value[0] == '/' ? 0 : (size_t)(last_component(path) - path);
	if (folder + (size_t)size >= PATH_MAX)
		return error_set(
		    err, STATUS_IO, "%s: the symbolic link leads to a path that is too long", show(path).text);
	memcpy(out, path, folder);
	memcpy(out + folder, value, (size_t)size + 1);
	struct stat at;
	if (lstat(out, &at) != 0)
		return error_set(
		    err, STATUS_IO, "%s: a symbolic link to %s, which is not there", show(path).text, show(out).text);
	if (S_ISLNK(at.st_mode))
		return error_set(err, STATUS_IO, "%s: a symbolic link to another symbolic link, %s", show(path).text,
		    show(out).text);
	return check_name(out, err);
}

/* The path whose content is to change: `path`, or, of an output that may be a link, what it links to. Only a regular
 * file can be replaced: a rename over a device would remove the device. */
static enum status resolve(const char *path, bool own, char out[PATH_MAX], struct error *err)
{
	enum status status = check_name(path, err);
	if (status != STATUS_OK)
		return status;
	if (strlen(path) >= PATH_MAX)
		return error_set(err, STATUS_IO, "%s: path is too long", show(path).text);
	memcpy(out, path, strlen(path) + 1);
	struct stat at;
	if (lstat(path, &at) != 0)
		return errno == ENOENT ? STATUS_OK : as_output(error_set_errno(err, "%s", show(path).text), err);
	if (S_ISLNK(at.st_mode) && own)
		return STATUS_OK;
	if (S_ISLNK(at.st_mode)) {
		status = follow_link(path, out, err);
		if (status != STATUS_OK)
			return status;
		if (lstat(out, &at) != 0)
			return as_output(error_set_errno(err, "%s", show(out).text), err);
	}
	if (S_ISDIR(at.st_mode))
		return error_set(err, STATUS_IO, "%s: names a folder, not a file", show(path).text);
	if (!S_ISREG(at.st_mode))
		return error_set(
		    err, STATUS_IO, "%s: not a regular file, so it cannot be replaced as a whole", show(path).text);
	return STATUS_OK;
}

static bool is_temporary_of(const char *name, const char *prefix)
{
	const size_t size = strlen(prefix);
	if (strncmp(name, prefix, size) != 0)
		return false;
	const char *const digits = name + size;
	return strspn(digits, "0123456789abcdef") == HEX_DIGITS && strcmp(digits + HEX_DIGITS, ".tmp") == 0;
}

static void remove_if_stale(int folder, const char *name)
{
	int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat at;
	if (file < 0)
		return;
	if (fstat(file, &at) == 0 && S_ISREG(at.st_mode) && flock(file, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
	close_quietly(&file);
}

/* Best effort: a stale file that cannot be removed costs room, not correctness. */
static void sweep(int folder, const char *prefix)
{
	const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *const names = again < 0 ? NULL : fdopendir(again);
	if (names == NULL) {
		if (again >= 0)
			close(again);
		return;
	}
	for (const struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names))
		if (is_temporary_of(entry->d_name, prefix))
			remove_if_stale(folder, entry->d_name);
	closedir(names);
}

static bool same_file(int file, int folder, const char *name)
{
	struct stat open_one;
	struct stat named;
	return fstat(file, &open_one) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* One attempt at a temporary file that is locked and still has its name; -1 with errno, EAGAIN to try again. */
static int make_temporary(int folder, const char *prefix, mode_t mode, char name[280])
{
	uint8_t random[HEX_DIGITS / 2];
	char hex[HEX_DIGITS + 1];
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	bytes_to_hex((struct bytes){ random, sizeof(random) }, false, hex);
	snprintf(name, 280, "%s%s.tmp", prefix, hex);
	/* Never wider than asked for, not for a moment; fchmod then adds what the umask took. */
	int file = openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0600);
	if (file < 0) {
		errno = errno == EEXIST ? EAGAIN : errno;
		return -1;
	}
	if (fchmod(file, mode) != 0 || flock(file, LOCK_EX) != 0) {
		const int number = errno;
		unlinkat(folder, name, 0);
		close_quietly(&file);
		errno = number;
		return -1;
	}
	/* Another run may have swept it between openat and flock. */
	if (same_file(file, folder, name))
		return file;
	close_quietly(&file);
	errno = EAGAIN;
	return -1;
}

static enum status open_beside(const char *path, bool own, mode_t mode, struct publish *out, struct error *err)
{
	char real[PATH_MAX];
	const enum status status = resolve(path, own, real, err);
	if (status != STATUS_OK)
		return status;
	struct publish made = PUBLISH_NONE;
	snprintf(made.target, sizeof(made.target), "%s", last_component(real));
	made.folder = open_folder_of(real);
	if (made.folder < 0)
		return as_output(error_set_errno(err, "%s: cannot open its folder", show(path).text), err);
	char prefix[TARGET_SHOWN + 3];
	snprintf(prefix, sizeof(prefix), ".%.*s.", TARGET_SHOWN, made.target);
	sweep(made.folder, prefix);
	errno = EAGAIN;
	for (int i = 0; i < MOST_ATTEMPTS && made.file < 0 && errno == EAGAIN; i++)
		made.file = make_temporary(made.folder, prefix, mode, made.temporary);
	if (made.file < 0) {
		const int number = errno;
		close_quietly(&made.folder);
		errno = number;
		/* A service of systemd sees all but the folders that its ReadWritePaths= names as read-only. */
		return as_output(
		    error_set_errno(err, "%s: cannot make a temporary file beside it%s", show(path).text,
			number == EROFS ? " (where systemd runs this: zoneseal zone show ZONE --print-unit "
					  "prints the drop-in that allows it)"
					: ""),
		    err);
	}
	*out = made;
	return STATUS_OK;
}

enum status publish_open(const char *path, mode_t mode, struct publish *out, struct error *err)
{
	return open_beside(path, false, mode, out, err);
}

enum status publish_open_own(const char *path, mode_t mode, struct publish *out, struct error *err)
{
	return open_beside(path, true, mode, out, err);
}

static enum status write_failed(const struct publish *publish, const char *what, struct error *err)
{
	return as_output(
	    error_set_errno(err, "%s: cannot %s its temporary file", show(publish->target).text, what), err);
}

enum status publish_write(struct publish *publish, const void *data, size_t size, struct error *err)
{
	const uint8_t *at = data;
	while (size > 0) {
		const ssize_t written = write(publish->file, at, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return write_failed(publish, "write", err);
		at += written;
		size -= (size_t)written;
	}
	return STATUS_OK;
}

void publish_push(const struct publish *publish)
{
	const int saved = errno;
	/* Without the flags that wait, no error of the disk is taken from the fsync that is to report it. */
	(void)sync_file_range(publish->file, 0, 0, SYNC_FILE_RANGE_WRITE);
	errno = saved;
}

enum status publish_sync(struct publish *publish, struct error *err)
{
	if (fsync(publish->file) != 0)
		return write_failed(publish, "sync", err);
	return STATUS_OK;
}

static enum status sync_folder_of(const char *path, struct error *err)
{
	int folder = open_folder_of(path);
	enum status status = STATUS_OK;
	if (folder < 0 || fsync(folder) != 0)
		status = as_output(error_set_errno(err, "%s: cannot sync its folder", show(path).text), err);
	close_quietly(&folder);
	return status;
}

enum status publish_settle(const char *path, int file, struct error *err)
{
	char real[PATH_MAX];
	const enum status status = resolve(path, false, real, err);
	if (status != STATUS_OK)
		return status;
	if (fsync(file) != 0)
		return as_output(error_set_errno(err, "%s: cannot be synced", show(real).text), err);
	return sync_folder_of(real, err);
}

/* Copies all of `from` into the temporary file. */
static enum status copy_content(int from, const char *name, struct publish *to, struct error *err)
{
	uint8_t buffer[COPY_BUFFER];
	for (;;) {
		const ssize_t got = read(from, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return as_output(error_set_errno(err, "%s: cannot read", show(name).text), err);
		if (got == 0)
			return STATUS_OK;
		const enum status status = publish_write(to, buffer, (size_t)got, err);
		if (status != STATUS_OK)
			return status;
	}
}

/* Renames the temporary file to `name`, which must not exist. */
static int rename_new(const struct publish *publish, const char *name)
{
	if (renameat2(publish->folder, publish->temporary, publish->folder, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system without RENAME_NOREPLACE. */
	if (faccessat(publish->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(publish->folder, publish->temporary, publish->folder, name);
}

static enum status keep_copy(const struct publish *publish, const char *kept, struct error *err)
{
	struct publish copy = PUBLISH_NONE;
	struct stat at;
	enum status status;
	int from = openat(publish->folder, publish->target, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || fstat(from, &at) != 0) {
		status =
		    as_output(error_set_errno(err, "%s: cannot open to keep a copy", show(publish->target).text), err);
		goto done;
	}
	status = publish_open(kept, at.st_mode & 0777, &copy, err);
	if (status != STATUS_OK)
		goto done;
	status = copy_content(from, publish->target, &copy, err);
	if (status == STATUS_OK)
		status = publish_sync(&copy, err);
	if (status != STATUS_OK)
		goto done;
	if (rename_new(&copy, copy.target) != 0) {
		status = as_output(error_set_errno(err, "%s: cannot make it", show(kept).text), err);
		goto done;
	}
	copy.temporary[0] = '\0';
done:
	publish_abort(&copy);
	close_quietly(&from);
	return status;
}

enum status publish_keep(const struct publish *publish, const char *kept, struct error *err)
{
	struct stat at;
	if (fstatat(publish->folder, publish->target, &at, AT_SYMLINK_NOFOLLOW) != 0)
		return error_set_errno(err, "%s: nothing to keep", show(publish->target).text);
	if (faccessat(AT_FDCWD, kept, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_set(err, STATUS_IO, "%s: is there already", show(kept).text);
	if (linkat(publish->folder, publish->target, AT_FDCWD, kept, 0) == 0)
		return sync_folder_of(kept, err);
	/* EPERM: no hard links here, or fs.protected_hardlinks and another owner. EMLINK: too many links. */
	if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP)
		return as_output(error_set_errno(err, "%s: cannot keep the present version", show(kept).text), err);
	const enum status status = keep_copy(publish, kept, err);
	return status == STATUS_OK ? sync_folder_of(kept, err) : status;
}

static enum status finish_as(struct publish *publish, const char *name, struct error *err)
{
	/* What was verified by its descriptor is what gets the name. */
	if (!same_file(publish->file, publish->folder, publish->temporary))
		return error_set(err, STATUS_IO, "%s: its temporary file was removed or replaced by another program",
		    show(publish->target).text);
	if (renameat(publish->folder, publish->temporary, publish->folder, name) != 0)
		return as_output(
		    error_set_errno(err, "%s: cannot rename the temporary file to it", show(name).text), err);
	publish->temporary[0] = '\0';
	enum status status = STATUS_OK;
	if (fsync(publish->folder) != 0)
		status = as_output(
		    error_set_errno(err, "%s: renamed, but its folder cannot be synced", show(name).text), err);
	publish_abort(publish);
	return status;
}

enum status publish_rename(struct publish *publish, struct error *err)
{
	char name[sizeof(publish->target)];
	memcpy(name, publish->target, sizeof(name));
	return finish_as(publish, name, err);
}

enum status publish_rename_as(struct publish *publish, const char *suffix, struct error *err)
{
	char name[NAME_MAX + 1];
	const int size = snprintf(name, sizeof(name), "%s%s", publish->target, suffix);
	if (size < 0 || (size_t)size >= sizeof(name))
		return error_set(err, STATUS_IO, "%s: no room for \"%s\" in a file name of %d octets",
		    show(publish->target).text, show(suffix).text, NAME_MAX);
	return finish_as(publish, name, err);
}

void publish_abort(struct publish *publish)
{
	if (publish->temporary[0] != '\0' && publish->file >= 0 && publish->folder >= 0 &&
	    same_file(publish->file, publish->folder, publish->temporary))
		unlinkat(publish->folder, publish->temporary, 0);
	close_quietly(&publish->file);
	close_quietly(&publish->folder);
	*publish = PUBLISH_NONE;
}

enum status publish_file(const char *path, mode_t mode, const void *data, size_t size, struct error *err)
{
	struct publish publish = PUBLISH_NONE;
	enum status status = publish_open(path, mode, &publish, err);
	if (status == STATUS_OK)
		status = publish_write(&publish, data, size, err);
	if (status == STATUS_OK)
		status = publish_sync(&publish, err);
	if (status == STATUS_OK)
		status = publish_rename(&publish, err);
	publish_abort(&publish);
	return status;
}

void file_name_of(int descriptor, char out[], size_t size)
{
	char link[40];
	char path[PATH_MAX];
	const int saved = errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
	const ssize_t got = readlink(link, path, sizeof(path));
	errno = saved;
	if (got > 0)
		error_escape(path, (size_t)got, out, size);
	else
		snprintf(out, size, "open file");
}

static struct shown show_open(int descriptor)
{
	struct shown shown;
	file_name_of(descriptor, shown.text, sizeof(shown.text));
	return shown;
}

enum status file_stamp_of(int descriptor, struct file_stamp *out, struct error *err)
{
	struct stat at;
	if (fstat(descriptor, &at) != 0)
		return error_set_errno(err, "%s: cannot be looked at", show_open(descriptor).text);
	*out = (struct file_stamp){ .device = at.st_dev,
		.inode = at.st_ino,
		.size = (uint64_t)at.st_size,
		.mtime_seconds = at.st_mtim.tv_sec,
		.mtime_nanoseconds = at.st_mtim.tv_nsec,
		.ctime_seconds = at.st_ctim.tv_sec,
		.ctime_nanoseconds = at.st_ctim.tv_nsec };
	return STATUS_OK;
}

bool file_stamp_equal(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->mtime_seconds == b->mtime_seconds && a->mtime_nanoseconds == b->mtime_nanoseconds;
}

static enum status hash_content(int descriptor, EVP_MD_CTX *hash, uint8_t buffer[COPY_BUFFER], struct error *err)
{
	for (;;) {
		const ssize_t got = read(descriptor, buffer, COPY_BUFFER);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, "%s: cannot be read", show_open(descriptor).text);
		if (got == 0)
			return STATUS_OK;
		if (EVP_DigestUpdate(hash, buffer, (size_t)got) != 1)
			return error_set(err, STATUS_INTERNAL, "SHA-256: libcrypto failed");
	}
}

enum status file_sha256(int descriptor, uint8_t out[32], struct error *err)
{
	if (lseek(descriptor, 0, SEEK_SET) < 0)
		return error_set_errno(err, "%s: cannot go back to its start", show_open(descriptor).text);
	EVP_MD_CTX *const hash = EVP_MD_CTX_new();
	uint8_t digest[32];
	uint8_t buffer[COPY_BUFFER];
	enum status status;
	if (hash == NULL || EVP_DigestInit_ex(hash, EVP_sha256(), NULL) != 1) {
		status = error_set(err, STATUS_INTERNAL, "SHA-256: libcrypto failed");
		goto done;
	}
	status = hash_content(descriptor, hash, buffer, err);
	explicit_bzero(buffer, sizeof(buffer)); /* a backup's file may be a private key */
	if (status == STATUS_OK && EVP_DigestFinal_ex(hash, digest, NULL) != 1)
		status = error_set(err, STATUS_INTERNAL, "SHA-256: libcrypto failed");
	if (status == STATUS_OK)
		memcpy(out, digest, sizeof(digest));
done:
	EVP_MD_CTX_free(hash);
	return status;
}

enum status publish_room(const char *path, uint64_t bytes, struct error *err)
{
	int folder = open_folder_of(path);
	struct statvfs room;
	enum status status = STATUS_OK;
	if (folder < 0 || fstatvfs(folder, &room) != 0) {
		status = as_output(
		    error_set_errno(err, "%s: cannot look at the free space of its folder", show(path).text), err);
		goto done;
	}
	uint64_t available;
	if (__builtin_mul_overflow((uint64_t)room.f_bavail, (uint64_t)room.f_frsize, &available))
		available = UINT64_MAX;
	if (available < bytes)
		status = error_set(err, STATUS_IO,
		    "%s: its file system has %" PRIu64 " octets free, and this needs %" PRIu64, show(path).text,
		    available, bytes);
done:
	close_quietly(&folder);
	return status;
}
