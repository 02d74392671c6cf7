/* SPDX-License-Identifier: MIT */
/*
 * What went wrong: a code for the program, a sentence for the person.
 *
 * A function that can fail returns `enum status` and fills the caller's `struct error` once, at the lowest place that
 * knows the cause. Higher places add their subject with error_context and never replace what is there. A message is
 * lower case, one line, without a full stop, subject first; it names the RFC section if a rule is broken. Every byte
 * of a message that is not printable ASCII is written as \DDD, so a hostile name cannot reach a terminal.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Values are the program's exit codes (interface.md, "Exit codes"); they are kept for ever. */
enum status {
	STATUS_OK = 0,
	STATUS_NO = 1,          /* the answer is "no": verification failed, nothing published */
	STATUS_USAGE = 2,       /* wrong arguments */
	STATUS_REFUSED = 3,     /* a safety gate refused; the message names the override */
	STATUS_MALFORMED = 65,  /* input zone or key file malformed */
	STATUS_MISSING = 66,    /* input does not exist */
	STATUS_KEY = 69,        /* key source or HSM unavailable */
	STATUS_INTERNAL = 70,   /* our mistake */
	STATUS_IO = 74,         /* disk full, fsync failed */
	STATUS_BUSY = 75,       /* lock held by another run, or input changed while read: try later */
	STATUS_PERMISSION = 77, /* not allowed, or key file too open */
	STATUS_POLICY = 78,     /* policy or configuration invalid */
};

struct error {
	enum status code;
	uint64_t line;   /* 1-based; 0 if the error is in no file */
	uint64_t column; /* 1-based, in octets; 0 if unknown */
	char file[256];
	char message[768];
};

/* Forgets an error, so that the struct can be used again. */
void error_clear(struct error *err);

/* Records `code` and the formatted message; returns `code`, so that `return error_set(...)` reads well. `err` may be
 * NULL. */
enum status error_set(struct error *err, enum status code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same, at a place in a file. `file` may be NULL. */
enum status error_set_at(struct error *err, enum status code, const char *file, uint64_t line, uint64_t column,
    const char *format, ...) PRINTF_LIKE(6, 7);

/* The same for a failed system call: appends strerror(errno) and picks the code: ENOENT is STATUS_MISSING, EACCES and
 * EPERM are STATUS_PERMISSION, all else STATUS_IO. */
enum status error_set_errno(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "subject: " before the message; returns err->code. */
enum status error_context(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Writes "file:line:column: message" (parts that are unknown are left out) to `out`; always terminated. */
void error_format(const struct error *err, char out[], size_t size);

/* Writes text[0..size) to `out` with every octet outside printable ASCII, and the backslash, as \DDD. Always
 * terminated; cut at the end of `out` if too long. Returns the length written. */
size_t error_escape(const void *text, size_t size, char out[], size_t out_size);
