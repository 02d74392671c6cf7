/* SPDX-License-Identifier: MIT */
/* How a key's records and their states are said to people: one table for who does it, what is waited for, and what has
 * become of a key. */
#pragma once

#include "keystore/key.h"
#include "signer/base/arena.h"

enum record_form {
	RECORD_DONE_BY, /* behind who does it: "publishes the DNSKEY of %s" */
	RECORD_AWAITED, /* behind "waits for": "the DNSKEY of %s to be published" */
	RECORD_OF_KEY,  /* behind the key, without %s: "its DNSKEY is published" */
	RECORD_FORMS,
};

/* The words for a record that reaches a state; NULL: nothing is said of it in this form. */
const char *record_words(enum record_form form, enum key_record record, enum key_state to);

/* Words with `label` in the place of their %s. */
char *record_words_fill(const char *words, const char *label, struct arena *mem);
