/* SPDX-License-Identifier: MIT */
#include "signer/cli/page_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signer/report/html.h"

enum { FOLDER_MODE = 0755, PAGE_MODE = 0644, NAME_MOST = 240, HEAD = 512 };

enum status page_folder_open(const char *given, int *out, struct error *err)
{
	/* Behind a slash at its end a link would be followed. */
	char path[PATH_MAX];
	size_t end = strlen(given);
	while (end > 1 && given[end - 1] == '/')
		end--;
	if (end == 0 || end >= sizeof(path))
		return error_set(err, STATUS_USAGE, "%s: no name of a folder", given);
	memcpy(path, given, end);
	path[end] = '\0';
	const bool made = mkdir(path, 0700) == 0;
	if (!made && errno != EEXIST) {
		(void)error_set_errno(err, "%s: cannot be made", path);
		return err->code = STATUS_IO;
	}
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 && (errno == ENOTDIR || errno == ELOOP))
		return error_set(err, STATUS_IO, "%s: is no folder, or a link; name the folder itself", path);
	if (folder < 0) {
		(void)error_set_errno(err, "%s", path);
		return err->code = STATUS_IO;
	}
	if (flock(folder, LOCK_EX | LOCK_NB) != 0) {
		const enum status status =
		    errno == EWOULDBLOCK
			? error_set(err, STATUS_BUSY, "%s: another command writes pages there; try again later", path)
			: error_set_errno(err, "%s: cannot be locked", path);
		close(folder);
		return status;
	}
	/* A web server is another user; the umask is for what is secret. One that was there keeps its mode. */
	if (made && fchmod(folder, FOLDER_MODE) != 0) {
		(void)error_set_errno(err, "%s: cannot be opened to others", path);
		close(folder);
		return err->code = STATUS_IO;
	}
	*out = folder;
	return STATUS_OK;
}

static bool write_all(int file, const char *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		const ssize_t written = write(file, data + done, size - done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			errno = written == 0 ? EIO : errno;
			return false;
		}
		done += (size_t)written;
	}
	return fsync(file) == 0;
}

/* Whoever holds the folder's lock owns the temporary names in it; what stands there is a killed command's. */
enum status page_folder_write(
    int folder, const char *path, const char *name, const void *data, size_t size, struct error *err)
{
	char temporary[NAME_MOST + 8];
	if (snprintf(temporary, sizeof(temporary), ".%s.tmp", name) >= (int)sizeof(temporary))
		return error_set(err, STATUS_INTERNAL, "%s: name too long", name);
	(void)unlinkat(folder, temporary, 0);
	const int file = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	const bool good = file >= 0 && write_all(file, data, size) && fchmod(file, PAGE_MODE) == 0 &&
			  renameat(folder, temporary, folder, name) == 0;
	const int why = errno;
	if (file >= 0)
		close(file);
	if (good)
		return STATUS_OK;
	(void)unlinkat(folder, temporary, 0);
	errno = why;
	(void)error_set_errno(err, "%s/%s", path, name);
	return err->code = STATUS_IO;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_name_of_page(const char *name)
{
	static const char end[] = ".html";
	const size_t size = strlen(name);
	return (strncmp(name, "zone-", 5) == 0 || strncmp(name, "index-", 6) == 0) && size > sizeof(end) &&
	       strcmp(name + size - (sizeof(end) - 1), end) == 0;
}

/* The beginning of a file of its own, with a zero at its end; of anything else, nothing. */
static void read_head(int folder, const char *name, char head[HEAD + 1])
{
	struct stat at;
	head[0] = '\0';
	const int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return;
	const ssize_t size = fstat(file, &at) == 0 && S_ISREG(at.st_mode) ? read(file, head, HEAD) : -1;
	close(file);
	head[size > 0 ? size : 0] = '\0';
}

static bool is_marked(int folder, const char *name, const char *mark)
{
	char head[HEAD + 1];
	read_head(folder, name, head);
	return strstr(head, mark) != NULL;
}

/* A page of report --html that says of another keystore that it is its own. */
static bool is_of_another(int folder, const char *name, const char *keystore)
{
	char head[HEAD + 1];
	const size_t size = strlen(keystore);
	read_head(folder, name, head);
	const char *at = strstr(head, HTML_OF_SITE) == NULL ? NULL : strstr(head, HTML_OF_KEYSTORE);
	if (at == NULL)
		return false;
	at += sizeof(HTML_OF_KEYSTORE) - 1;
	return strncmp(at, keystore, size) != 0 ||
	       strncmp(at + size, HTML_OF_KEYSTORE_END, sizeof(HTML_OF_KEYSTORE_END) - 1) != 0;
}

static DIR *list_of(int folder, const char *path, struct error *err)
{
	const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *const list = again < 0 ? NULL : fdopendir(again);
	if (list != NULL)
		return list;
	(void)error_set_errno(err, "%s", path);
	if (again >= 0)
		close(again);
	err->code = STATUS_IO;
	return NULL;
}

enum status page_folder_is_own(int folder, const char *path, const char *keystore, struct error *err)
{
	DIR *const list = list_of(folder, path, err);
	enum status status = STATUS_OK;
	if (list == NULL)
		return STATUS_IO;
	for (const struct dirent *entry; status == STATUS_OK && (entry = readdir(list)) != NULL;) {
		const char *const name = entry->d_name;
		if ((strcmp(name, "index.html") == 0 || has_name_of_page(name)) &&
		    is_of_another(folder, name, keystore))
			status = error_set(err, STATUS_REFUSED,
			    "%s/%s: is a page of another keystore, and each would remove the other's pages; nothing "
			    "was "
			    "written; name a folder of its own for this one: zoneseal report --html %s-2, or if the "
			    "other "
			    "keystore is gone, remove its pages first",
			    path, name, path);
	}
	closedir(list);
	return status;
}

enum status page_folder_clean(
    int folder, const char *path, const char *mark, const char *keep[], size_t count, struct error *err)
{
	DIR *const list = list_of(folder, path, err);
	enum status status = STATUS_OK;
	if (list == NULL)
		return STATUS_IO;
	qsort(keep, count, sizeof(*keep), by_text);
	for (const struct dirent *entry; status == STATUS_OK && (entry = readdir(list)) != NULL;) {
		const char *const name = entry->d_name;
		if (!has_name_of_page(name) || bsearch(&name, keep, count, sizeof(*keep), by_text) != NULL ||
		    !is_marked(folder, name, mark))
			continue;
		if (unlinkat(folder, name, 0) != 0 && errno != ENOENT) {
			(void)error_set_errno(err, "%s/%s", path, name);
			status = err->code = STATUS_IO;
		}
	}
	closedir(list);
	return status;
}
