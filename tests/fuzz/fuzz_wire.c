/* SPDX-License-Identifier: MIT */
/* Answers of name servers: what is taken is whole, and its size is bound by what came. */
#include <stdlib.h>
#include <string.h>

#include "signer/base/arena.h"
#include "signer/dns/rdata.h"
#include "signer/dns/wire.h"
#include "tests/fuzz/fuzz.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void records_are_whole(const struct wire_answer *answer, size_t message_size)
{
	size_t records = 0;
	for (int section = 0; section < WIRE_SECTIONS; section++) {
		records += answer->count[section];
		for (size_t i = 0; i < answer->count[section]; i++) {
			const struct record *const r = &answer->records[section][i];
			struct error err;
			must(name_from_wire(r->owner, NAME_WIRE) == name_size(r->owner));
			must(rdata_check(r->type, r->rdata, r->rdata_size, &err) == STATUS_OK);
			must(r->ttl <= INT32_MAX);
		}
	}
	must(records * 11 <= message_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t name[] = "\2nl\4test";
	struct wire_question question = { .name = name, .type = 43 };
	struct wire_answer answer;
	struct error err;
	uint8_t written[WIRE_QUESTION];
	char rcode[WIRE_RCODE];
	if (size > WIRE_MESSAGE)
		return 0;
	if (size >= 2)
		question.id = bytes_get_u16(data);
	must(wire_question(&question, written) <= WIRE_QUESTION);
	struct arena *const mem = arena_new(0);
	const enum status status = wire_answer((struct bytes){ data, size }, &question, mem, &answer, &err);
	if (status == STATUS_OK) {
		records_are_whole(&answer, size);
		wire_rcode_text(answer.rcode, rcode);
		must(rcode[0] != '\0');
	} else {
		must(status == STATUS_MALFORMED || status == STATUS_NO);
		must(err.message[0] != '\0');
	}
	arena_free(mem);
	return 0;
}
