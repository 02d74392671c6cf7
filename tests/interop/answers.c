/* SPDX-License-Identifier: MIT */
/*
 * Prints the answers that the verifier's response view simulates, for test_responses.py to hold against real servers:
 *
 *     answers ZONEFILE nsec|nsec3 < questions     a line each: NAME NUMBER-OF-TYPE
 *
 * One line an answer: its kind, then the owners of the NSEC or NSEC3 that go with it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signer/verify/vserver.h"

static const char *const kinds[VANSWER_KINDS] = { [VANSWER_DATA] = "data",
	[VANSWER_ALIAS] = "alias",
	[VANSWER_REDIRECT] = "redirect",
	[VANSWER_NODATA] = "nodata",
	[VANSWER_NXDOMAIN] = "nxdomain",
	[VANSWER_WILDCARD] = "wildcard",
	[VANSWER_WILDCARD_NODATA] = "nodata",
	[VANSWER_REFERRAL] = "signed-referral",
	[VANSWER_INSECURE] = "referral",
	[VANSWER_NO_DS] = "nodata",
	[VANSWER_UNDEFINED] = "undefined" };

static void print_answer(const struct vanswer *answer)
{
	char text[VNAME_TEXT];
	printf("%s", kinds[answer->kind]);
	for (unsigned i = 0; i < answer->proof_count; i++) {
		vname_format(answer->proof[i]->owner, text);
		printf(" %s", text);
	}
	printf("\n");
}

static bool use_chain(struct vserver *server, const char *which)
{
	const struct vzone *const zone = server->zone;
	const struct vset params = vzone_set(zone, zone->top, VTYPE_NSEC3PARAM);
	struct vhash_parameters parameters;
	if (strcmp(which, "nsec") == 0) {
		vserver_use_nsec(server);
		return params.count == 0;
	}
	if (params.count != 1)
		return false;
	struct cursor in = cursor_init((struct bytes){ params.first->rdata, params.first->size });
	if (!vhasher_read(&in, &parameters))
		return false;
	vserver_use_nsec3(server, &parameters, 1);
	return true;
}

static bool answer_all(const struct vserver *server)
{
	static const uint8_t root[] = { 0 };
	char line[VNAME_TEXT + 16];
	struct vclerk clerk;
	bool good = true;
	vclerk_open(server, &clerk);
	while (good && fgets(line, sizeof(line), stdin) != NULL) {
		char *const space = strrchr(line, ' ');
		uint8_t name[VNAME_MAX];
		bool relative;
		const char *why;
		struct vspot spot;
		struct vanswer answer;
		good = space != NULL && vname_parse(line, (size_t)(space - line), root, name, &relative, &why) > 0;
		if (!good)
			break;
		vserver_find(server, name, 0, &spot);
		vserver_answer(server, &clerk, &spot, (uint16_t)strtol(space + 1, NULL, 10), &answer);
		print_answer(&answer);
	}
	vclerk_close(&clerk);
	return good;
}

int main(int argc, char *argv[])
{
	struct vzone zone;
	struct vserver server;
	struct error err;
	if (argc != 3)
		return 2;
	const struct vsource source = { .name = argv[1], .descriptor = open(argv[1], O_RDONLY | O_CLOEXEC) };
	if (vzone_load(&source, NULL, 1, &zone, &err) != STATUS_OK) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	vserver_open(&zone, &server);
	const bool good = use_chain(&server, argv[2]) && answer_all(&server);
	vserver_close(&server);
	vzone_free(&zone);
	return good ? 0 : 1;
}
