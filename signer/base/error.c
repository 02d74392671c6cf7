/* SPDX-License-Identifier: MIT */
#include "signer/base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

size_t error_escape(const void *text, size_t size, char out[], size_t out_size)
{
	const unsigned char *in = text;
	size_t used = 0;
	for (size_t i = 0; i < size; i++) {
		if (in[i] >= 0x20 && in[i] < 0x7f && in[i] != '\\') {
			if (used + 1 >= out_size)
				break;
			out[used++] = (char)in[i];
			continue;
		}
		if (used + 4 >= out_size)
			break;
		out[used++] = '\\';
		out[used++] = (char)('0' + in[i] / 100);
		out[used++] = (char)('0' + in[i] / 10 % 10);
		out[used++] = (char)('0' + in[i] % 10);
	}
	if (out_size > 0)
		out[used] = '\0';
	return used;
}

/* A last line of defence: what callers pass has been escaped already, so a backslash stays as it is. */
static void strip_controls(char *text)
{
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c >= 0x7f)
			*text = '?';
	}
}

void error_clear(struct error *err)
{
	memset(err, 0, sizeof(*err));
}

__attribute__((format(printf, 3, 0))) static void fill(
    struct error *err, enum status code, const char *format, va_list arguments)
{
	/* The arguments may be parts of what `err` held before. */
	char message[sizeof(err->message)];
	vsnprintf(message, sizeof(message), format, arguments);
	strip_controls(message);
	error_clear(err);
	err->code = code;
	memcpy(err->message, message, strlen(message) + 1);
}

enum status error_set(struct error *err, enum status code, const char *format, ...)
{
	if (err == NULL)
		return code;
	va_list arguments;
	va_start(arguments, format);
	fill(err, code, format, arguments);
	va_end(arguments);
	return code;
}

enum status error_set_at(
    struct error *err, enum status code, const char *file, uint64_t line, uint64_t column, const char *format, ...)
{
	if (err == NULL)
		return code;
	char name[sizeof(err->file)];
	snprintf(name, sizeof(name), "%s", file == NULL ? "" : file);
	strip_controls(name);
	va_list arguments;
	va_start(arguments, format);
	fill(err, code, format, arguments);
	va_end(arguments);
	memcpy(err->file, name, sizeof(name));
	err->line = line;
	err->column = column;
	return code;
}

static enum status status_of_errno(int number)
{
	switch (number) {
	case ENOENT:
		return STATUS_MISSING;
	case EACCES:
	case EPERM:
		return STATUS_PERMISSION;
	default:
		return STATUS_IO;
	}
}

enum status error_set_errno(struct error *err, const char *format, ...)
{
	const int number = errno;
	const enum status code = status_of_errno(number);
	if (err == NULL)
		return code;
	va_list arguments;
	va_start(arguments, format);
	fill(err, code, format, arguments);
	va_end(arguments);
	const size_t used = strlen(err->message);
	char text[128];
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", strerror_r(number, text, sizeof(text)));
	return code;
}

enum status error_context(struct error *err, const char *format, ...)
{
	if (err == NULL)
		return STATUS_INTERNAL;
	char joined[sizeof(err->message)];
	va_list arguments;
	va_start(arguments, format);
	const int used = vsnprintf(joined, sizeof(joined), format, arguments);
	va_end(arguments);
	if (used > 0 && (size_t)used < sizeof(joined))
		snprintf(joined + used, sizeof(joined) - (size_t)used, ": %s", err->message);
	strip_controls(joined);
	memcpy(err->message, joined, sizeof(joined));
	return err->code;
}

void error_format(const struct error *err, char out[], size_t size)
{
	if (err->file[0] == '\0')
		snprintf(out, size, "%s", err->message);
	else if (err->line == 0)
		snprintf(out, size, "%s: %s", err->file, err->message);
	else if (err->column == 0)
		snprintf(out, size, "%s:%" PRIu64 ": %s", err->file, err->line, err->message);
	else
		snprintf(out, size, "%s:%" PRIu64 ":%" PRIu64 ": %s", err->file, err->line, err->column, err->message);
}
