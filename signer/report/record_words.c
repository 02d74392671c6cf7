/* SPDX-License-Identifier: MIT */
#include "signer/report/record_words.h"

#include <string.h>

/* A KRRSIG goes with its DNSKEY: it is told of only where nothing else would be. */
static const char *const words[KEY_RECORDS][KEY_UNRETENTIVE + 1][RECORD_FORMS] = {
	[KEY_DNSKEY] = {
		[KEY_RUMOURED] = { "publishes the DNSKEY of %s", "the DNSKEY of %s to be published",
		    "its DNSKEY is published" },
		[KEY_OMNIPRESENT] = { "finds the DNSKEY of %s in all caches", "the DNSKEY of %s to be in all caches",
		    "its DNSKEY is in all caches" },
		[KEY_UNRETENTIVE] = { "removes the DNSKEY of %s", "the DNSKEY of %s to be removed",
		    "its DNSKEY leaves the zone" },
		[KEY_HIDDEN] = { "finds the DNSKEY of %s gone from all caches", "the DNSKEY of %s to leave all caches",
		    "its DNSKEY has left all caches" },
	},
	[KEY_ZRRSIG] = {
		[KEY_RUMOURED] = { "signs the zone with %s", "%s to start signing the zone", "signs the zone" },
		[KEY_OMNIPRESENT] = { "finds signatures of %s in all caches", "signatures of %s to be in all caches",
		    "its signatures are in all caches" },
		[KEY_UNRETENTIVE] = { "stops signing the zone with %s", "%s to stop signing the zone",
		    "no longer signs the zone" },
		[KEY_HIDDEN] = { "finds signatures of %s gone from all caches", "signatures of %s to leave all caches",
		    "its signatures have left all caches" },
	},
	[KEY_KRRSIG] = {
		[KEY_RUMOURED] = { NULL, "%s to sign the DNSKEY RRset", "signs the DNSKEY set" },
		[KEY_OMNIPRESENT] = { NULL, "the DNSKEY RRset signed by %s to be in all caches", NULL },
		[KEY_UNRETENTIVE] = { NULL, "%s to stop signing the DNSKEY RRset", "no longer signs the DNSKEY set" },
		[KEY_HIDDEN] = { NULL, "the DNSKEY RRset signed by %s to leave all caches", NULL },
	},
	[KEY_DS] = {
		[KEY_RUMOURED] = { "publish the DS of %s", "the DS of %s to be wanted at the parent",
		    "its DS is wanted at the parent" },
		[KEY_OMNIPRESENT] = { "finds the DS of %s in all caches", "the DS of %s at the parent and in all caches",
		    "its DS is in all caches" },
		[KEY_UNRETENTIVE] = { "remove the DS of %s", "the DS of %s to be withdrawn",
		    "its DS is to leave the parent" },
		[KEY_HIDDEN] = { "finds the DS of %s gone from all caches",
		    "the DS of %s gone from the parent and from all caches", "its DS has left all caches" },
	},
};

const char *record_words(enum record_form form, enum key_record record, enum key_state to)
{
	return words[record][to][form];
}

char *record_words_fill(const char *text, const char *label, struct arena *mem)
{
	const char *const place = strchr(text, '%');
	return arena_printf(mem, "%.*s%s%s", (int)(place - text), text, label, place + 2);
}
