/* SPDX-License-Identifier: MIT */
/* From options of another signer to fields of a policy, by rows. */
#pragma once

#include <stdbool.h>

#include "policies/import.h"
#include "policies/import_source.h"

enum { IMPORT_MOST_FIELDS = 100, IMPORT_MOST_DIFFERENCES = 400 };

/* An option as the file has it, or as its default is. */
struct import_given {
	const char *option, *value;
	uint64_t line; /* 0: it was not given */
};

struct import_map {
	enum import_peer peer;
	const struct import_source *source;
	struct import_entry *entry;
	struct policy policy;
	bool written[IMPORT_MOST_FIELDS];               /* by row of the table of fields */
	struct import_given origin[IMPORT_MOST_FIELDS]; /* where it came from; option NULL: nowhere */
	struct import_difference *list;
	size_t count;
	struct arena *mem;
	struct error *err;
};

enum import_take {
	IMPORT_TAKE_SPAN, /* a duration in the signer's own form */
	IMPORT_TAKE_WORD, /* one of `words` */
	IMPORT_TAKE_NONE, /* has no counterpart: `why` (NULL: nothing to say), unless the value is `otherwise` */
};

struct import_word {
	const char *theirs;
	const char *ours;
	const char *why; /* what differs even so; NULL: nothing */
};

struct import_row {
	const char *option;
	const char *field; /* NULL: none */
	enum import_take take;
	const char *otherwise; /* what the signer does if the option is not given, in its own form; NULL: zoneseal's
				* default is written, because of `why` */
	const char *why;
	const struct import_word *words; /* ended by a NULL */
};

/* The option, marked as seen; NULL if it is not given. STATUS_POLICY if it is given twice. */
enum status import_find(struct import_map *map, const char *option, const struct import_item **out) MUST_CHECK;

/* The value in the file, or `otherwise`. */
enum status import_given(
    struct import_map *map, const char *option, const char *otherwise, struct import_given *out) MUST_CHECK;

/* Adds a difference; texts of the file are escaped here. */
void import_note(struct import_map *map, enum import_kind kind, const struct import_given *given, const char *field,
    const char *ours, const char *why);

/* Sets a field from its text, and notes a default or what differs (`why`, or NULL). The refusal names the option. */
enum status import_set(struct import_map *map, const struct import_given *given, const char *field, const char *ours,
    const char *why) MUST_CHECK;
enum status import_set_span(struct import_map *map, const struct import_given *given, const char *field,
    struct span span, const char *why) MUST_CHECK;

/* STATUS_POLICY, at the option that a field came from. */
enum status import_refuse_field(const struct import_map *map, const char *path, const char *what) MUST_CHECK;

/* Writes out what the policy has already, since the other signer has no such option. */
void import_keep(struct import_map *map, const char *field, const char *why);

enum status import_rows(struct import_map *map, const struct import_row rows[], size_t count) MUST_CHECK;

/* A duration in the form of the peer. The refusal names the option. */
enum status import_span(const struct import_map *map, const struct import_given *given, struct span *out) MUST_CHECK;
enum status import_number(
    const struct import_map *map, const struct import_given *given, uint32_t most, uint32_t *out) MUST_CHECK;

/* yes, no, on, off, true, false, 1, 0. */
enum status import_bool(const struct import_map *map, const struct import_given *given, bool *out) MUST_CHECK;

/* What is given, or `otherwise` (not NULL), and what it says. */
enum status import_given_span(struct import_map *map, const char *option, const char *otherwise,
    struct import_given *given, struct span *out) MUST_CHECK;
enum status import_given_bool(struct import_map *map, const char *option, const char *otherwise,
    struct import_given *given, bool *out) MUST_CHECK;

/* "unlimited" for 0. */
enum status import_set_lifetime(
    struct import_map *map, const struct import_given *given, const char *field, const char *why) MUST_CHECK;

/* One algorithm for all keys; sizes of RSA keys below what zoneseal makes are raised. `bits` 0: the default. */
enum status import_set_algorithm(struct import_map *map, const struct import_given *given, const char *name) MUST_CHECK;
enum status import_set_bits(
    struct import_map *map, const struct import_given *given, const char *field, uint32_t bits) MUST_CHECK;

/* NSEC3 parameters, each as given or by default. */
struct import_nsec3 {
	struct import_given iterations, salt_length, opt_out;
};
enum status import_set_nsec3(struct import_map *map, const struct import_nsec3 *nsec3) MUST_CHECK;

/* All options of each signer. */
enum status import_map_bind(struct import_map *map) MUST_CHECK;
enum status import_map_knot(struct import_map *map) MUST_CHECK;
enum status import_map_opendnssec(struct import_map *map) MUST_CHECK;
enum status import_map_cascade(struct import_map *map) MUST_CHECK;

/* The policy as YAML with a comment for each difference. */
const char *import_write(const struct import_map *map, const char *name, struct arena *mem);

/* Both timelines. Never fails: what is not known is negative. */
void import_compare(const struct import_map *map, struct import_timing *out);
