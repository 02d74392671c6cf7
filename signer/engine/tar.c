/* SPDX-License-Identifier: MIT */
#include "signer/engine/tar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Field offsets and widths in a header block. */
enum {
	NAME_AT = 0,
	MODE_AT = 100,
	UID_AT = 108,
	GID_AT = 116,
	SIZE_AT = 124,
	SIZE_ROOM = 12,
	MTIME_AT = 136,
	SUM_AT = 148,
	SUM_WIDTH = 8,
	TYPE_AT = 156,
	MAGIC_AT = 257,
};

static const char magic[8] = { 'u', 's', 't', 'a', 'r', '\0', '0', '0' };

static void put_octal(char *at, size_t width, uint64_t value)
{
	char text[32];
	snprintf(text, sizeof(text), "%0*" PRIo64, (int)width - 1, value);
	memcpy(at, text, width - 1);
}

/* The sum of all octets, the checksum's own taken as spaces. */
static unsigned checksum(const char block[TAR_BLOCK])
{
	unsigned sum = 0;
	for (int i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_WIDTH ? ' ' : (unsigned char)block[i];
	return sum;
}

enum status tar_write_header(struct publish *out, const char *name, uint64_t size, struct utc mtime, struct error *err)
{
	char block[TAR_BLOCK] = { 0 };
	char sum[SUM_WIDTH + 8];
	if (strlen(name) > TAR_NAME - 1 || size >= UINT64_C(1) << 33)
		return error_set(err, STATUS_INTERNAL, "backup: %s does not fit the format", name);
	memcpy(block + NAME_AT, name, strlen(name) + 1);
	put_octal(block + MODE_AT, 8, 0600);
	put_octal(block + UID_AT, 8, 0);
	put_octal(block + GID_AT, 8, 0);
	put_octal(block + SIZE_AT, SIZE_ROOM, size);
	put_octal(block + MTIME_AT, 12, (uint64_t)(mtime.seconds > 0 ? mtime.seconds : 0));
	block[TYPE_AT] = '0';
	memcpy(block + MAGIC_AT, magic, sizeof(magic));
	snprintf(sum, sizeof(sum), "%06o", checksum(block));
	memcpy(block + SUM_AT, sum, 7);
	block[SUM_AT + 7] = ' ';
	return publish_write(out, block, sizeof(block), err);
}

size_t tar_padding(uint64_t size)
{
	return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

enum status tar_write_padding(struct publish *out, uint64_t size, struct error *err)
{
	static const char zeros[TAR_BLOCK];
	return publish_write(out, zeros, tar_padding(size), err);
}

enum status tar_write_end(struct publish *out, struct error *err)
{
	static const char zeros[2 * TAR_BLOCK];
	return publish_write(out, zeros, sizeof(zeros), err);
}

enum status tar_read(int file, void *data, size_t size, struct error *err)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(file, (char *)data + done, size - done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, "backup");
		if (got == 0)
			return error_set(err, STATUS_MALFORMED, "backup: the file ends too early; it is cut");
		done += (size_t)got;
	}
	return STATUS_OK;
}

static bool get_octal(const char *at, size_t width, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;
	for (; i < width && at[i] >= '0' && at[i] <= '7'; i++)
		value = value * 8 + (uint64_t)(at[i] - '0');
	*out = value;
	return i > 0 && (i == width || at[i] == '\0' || at[i] == ' ');
}

static bool safe_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
	return name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL && strspn(name, allowed) == strlen(name);
}

enum status tar_read_header(int file, struct tar_member *out, bool *found, struct error *err)
{
	static const char zeros[TAR_BLOCK];
	char block[TAR_BLOCK];
	uint64_t sum, size;
	*found = false;
	enum status status = tar_read(file, block, sizeof(block), err);
	if (status != STATUS_OK || memcmp(block, zeros, sizeof(block)) == 0)
		return status;
	if (memcmp(block + MAGIC_AT, magic, sizeof(magic)) != 0 || !get_octal(block + SUM_AT, SUM_WIDTH, &sum) ||
	    sum != checksum(block))
		return error_set(
		    err, STATUS_MALFORMED, "backup: this is no backup that zoneseal made, or it is damaged");
	if (!get_octal(block + SIZE_AT, SIZE_ROOM, &size) || block[TYPE_AT] != '0')
		return error_set(err, STATUS_MALFORMED, "backup: a member is no regular file");
	memcpy(out->name, block + NAME_AT, TAR_NAME);
	out->name[TAR_NAME] = '\0';
	if (!safe_name(out->name))
		return error_set(err, STATUS_MALFORMED, "backup: a member has a name that no backup has");
	out->size = size;
	*found = true;
	return STATUS_OK;
}
