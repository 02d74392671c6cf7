/* SPDX-License-Identifier: MIT */
/* Proofs of keys on their stores, in words. */
#include <string.h>

#include "signer/report/report.h"

enum { SHOWN = 4, TEXT = 800 };

static const char *const shown_words[SHOWN] = { "public key", "tag", "challenge", "RRset" };

char *report_proof_shown(unsigned shown, struct arena *mem)
{
	char *out = arena_strdup(mem, "");
	for (unsigned i = 0; i < SHOWN; i++)
		if ((shown >> i & 1) != 0)
			out = arena_printf(mem, "%s%s%s", out, out[0] == '\0' ? "" : ", ", shown_words[i]);
	return out[0] == '\0' ? "nothing" : out;
}

/* What went wrong may come from a module or a token. */
static char *escaped(const char *text, struct arena *mem)
{
	char out[TEXT];
	error_escape(text, strlen(text), out, sizeof(out));
	return arena_strdup(mem, out);
}

/* How many stores have shown the key, and when the first of them did so last. */
static size_t count_good(const struct report_key *key, struct utc *oldest)
{
	size_t good = 0;
	*oldest = UTC_NEVER;
	for (size_t i = 0; i < key->proof_count; i++) {
		if (!key->proofs[i].known || !key->proofs[i].good)
			continue;
		good++;
		if (utc_before(key->proofs[i].proven, *oldest))
			*oldest = key->proofs[i].proven;
	}
	return good;
}

static char *ago(struct utc when, struct utc now, struct arena *mem)
{
	char text[SPAN_TEXT];
	const struct span age = utc_difference(now, when);
	span_format_short((struct span){ age.seconds > 0 ? age.seconds : 0 }, text);
	return arena_printf(mem, "%s ago", text);
}

static char *failure(const struct report_proof *proof, struct utc now, struct arena *mem)
{
	if (!proof->known)
		return arena_printf(mem, "not looked at yet on %s", proof->store);
	return arena_printf(mem, "NOT proven on %s since %s: %s", proof->store, report_when(proof->since, now, mem),
	    escaped(proof->message, mem));
}

char *report_proof_words(const struct report_key *key, struct utc now, struct arena *mem)
{
	struct utc oldest;
	const size_t good = count_good(key, &oldest);
	if (key->proof_count == 0)
		return arena_strdup(mem, "");
	char *out = arena_printf(
	    mem, "proven on %zu/%zu %s", good, key->proof_count, key->proof_count == 1 ? "store" : "stores");
	if (good > 0)
		out = arena_printf(mem, "%s %s", out, ago(oldest, now, mem));
	for (size_t i = 0; i < key->proof_count; i++)
		if (!key->proofs[i].known || !key->proofs[i].good)
			out = arena_printf(mem, "%s; %s", out, failure(&key->proofs[i], now, mem));
	return out;
}

/* A key that waits for its time, or has left, is proven again before it is used. */
static bool counts(const struct report_key *key)
{
	return key->proof_count > 0 &&
	       (key_is_published(&key->key) || key_signs_keys(&key->key) || key_signs_zone(&key->key));
}

static void print_failures(
    FILE *out, const struct report_key *key, const char *title, struct utc now, struct arena *mem)
{
	for (size_t i = 0; i < key->proof_count; i++) {
		if (key->proofs[i].known && key->proofs[i].good)
			continue;
		fprintf(out, "%s %s %u %s\n", title, key_role_name(key->key.role), key->key.tag,
		    failure(&key->proofs[i], now, mem));
	}
}

void report_proofs_text(FILE *out, const struct report_key keys[], size_t count, struct utc now)
{
	struct arena *const mem = arena_new(0);
	struct utc first = UTC_NEVER;
	size_t whole = 0;
	for (size_t i = 0; i < count; i++) {
		struct utc oldest;
		if (!counts(&keys[i]) || count_good(&keys[i], &oldest) < keys[i].proof_count)
			continue;
		whole++;
		first = utc_before(oldest, first) ? oldest : first;
	}
	if (whole > 0)
		fprintf(out, "Proofs     %zu %s proven on each store, %s\n", whole, whole == 1 ? "key" : "keys",
		    ago(first, now, mem));
	for (size_t i = 0; i < count; i++)
		if (counts(&keys[i]))
			print_failures(out, &keys[i], "Proof     ", now, mem);
	arena_free(mem);
}

void report_shown(struct report *report, unsigned shown)
{
	const char *words[SHOWN];
	size_t count = 0;
	for (unsigned i = 0; i < SHOWN; i++)
		if ((shown >> i & 1) != 0)
			words[count++] = shown_words[i];
	report_texts(report, "shown", words, count);
}

struct report *report_of_proofs(const struct report_key *key)
{
	struct report *const list = report_list();
	for (size_t i = 0; i < key->proof_count; i++) {
		const struct report_proof *const proof = &key->proofs[i];
		struct report *const row = report_new(NULL);
		report_text(row, "store", proof->store);
		report_text(row, "result", !proof->known ? "unknown" : proof->good ? "proven" : "failed");
		report_shown(row, proof->shown);
		report_time(row, "since", proof->since);
		report_time(row, "tried", proof->tried);
		report_time(row, "proven", proof->proven);
		report_text(row, "message", proof->message);
		report_append(list, row);
	}
	return list;
}
