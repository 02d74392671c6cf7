/* SPDX-License-Identifier: MIT */
/*
 * The one table of policy fields: path, kind, bounds, choices, meaning. Reading, printing, the JSON Schema and the
 * reference page all come from its rows, so a new option is one row here and one field in struct policy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policies/policy.h"
#include "signer/base/arena.h"
#include "signer/base/error.h"

enum field_kind {
	FIELD_SPAN,      /* struct span */
	FIELD_LIFETIME,  /* struct span; 0 is unlimited */
	FIELD_TTL,       /* seconds in a uint32_t */
	FIELD_COUNT,     /* a whole number */
	FIELD_BOOL,      /* true or false */
	FIELD_CHOICE,    /* one of `choices` */
	FIELD_ALGORITHM, /* a name of keystore/algorithm.h */
	FIELD_PERCENT,   /* parts per million, or POLICY_UNLIMITED */
	FIELD_SALT,      /* hexadecimal */
	FIELD_WORDS,     /* a list of strings: the words of a hook */
	FIELD_STORES,    /* a list of key stores, kept as the words of a hook are */
	FIELD_SERVERS,   /* a list of addresses with a port perhaps, kept as the words of a hook are */
	FIELD_WINDOWS,   /* a list of days: struct policy_windows */
	FIELD_PATH,      /* of a file, or nothing: char[] */
	FIELD_NAME,      /* lower-case letters, digits, - . _ */
};

struct field_choice {
	const char *name;
	int64_t value;
};

struct field {
	const char *path; /* "keys.ksk.bits" */
	enum field_kind kind;
	size_t at; /* place and size in struct policy, where the value is one number */
	size_t width;
	int64_t least, most;
	const struct field_choice *choices; /* ended by a NULL name */
	const char *absent;                 /* what a missing key means, where it is no fixed value; else NULL */
	const char *doc;                    /* one sentence */
};

/* A group of fields, "keys" or "keys.ksk", and what it is about. */
struct field_group {
	const char *path;
	const char *doc;
};

const struct field *field_table(size_t *count);
const struct field_group *field_groups(size_t *count);

/* "a duration such as 3600, 1d2h, PT1H or P14D": what a value of this kind looks like. */
const char *field_wants(const struct field *field);

/* Numbers and booleans must not be quoted: "true" is a word. A salt must be: 12e4 is a number to other readers. */
bool field_may_be_quoted(const struct field *field);
bool field_may_be_plain(const struct field *field);

/* Lists are read word by word: emptied, then each word added. */
bool field_is_list(const struct field *field);
void field_clear(const struct field *field, struct policy *policy);
enum status field_add(const struct field *field, const char *word, struct policy *policy, struct error *err) MUST_CHECK;

/* Reads one scalar (no list) into the policy. STATUS_POLICY; the message does not name the field. */
enum status field_read(
    const struct field *field, const char *text, struct policy *policy, struct error *err) MUST_CHECK;

/* The policy's value as YAML that field_read takes back; for a list a flow sequence. */
char *field_print(const struct field *field, const struct policy *policy, struct arena *mem);

/* The field's number as it is in the policy; 0 for kinds that hold none. */
int64_t field_number(const struct field *field, const struct policy *policy);
