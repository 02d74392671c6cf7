/* SPDX-License-Identifier: MIT */
#include "signer/cli/ds_epp.h"

static void print_set(FILE *out, const char *indent, const struct ds_epp set[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s<secDNS:dsData>\n", indent);
		fprintf(out, "%s  <secDNS:keyTag>%u</secDNS:keyTag>\n", indent, set[i].tag);
		fprintf(out, "%s  <secDNS:alg>%u</secDNS:alg>\n", indent, set[i].algorithm);
		fprintf(out, "%s  <secDNS:digestType>%u</secDNS:digestType>\n", indent, set[i].digest_type);
		fprintf(out, "%s  <secDNS:digest>%s</secDNS:digest>\n", indent, set[i].digest);
		fprintf(out, "%s</secDNS:dsData>\n", indent);
	}
}

static void open_extension(FILE *out, const char *command)
{
	fprintf(out, "<extension>\n  <secDNS:%s xmlns:secDNS=\"urn:ietf:params:xml:ns:secDNS-1.1\">\n", command);
}

static void close_extension(FILE *out, const char *command)
{
	fprintf(out, "  </secDNS:%s>\n</extension>\n", command);
}

void ds_epp_create(FILE *out, const struct ds_epp set[], size_t count)
{
	open_extension(out, "create");
	print_set(out, "    ", set, count);
	close_extension(out, "create");
}

static void print_part(FILE *out, const char *part, const struct ds_epp set[], size_t count)
{
	if (count == 0)
		return;
	fprintf(out, "    <secDNS:%s>\n", part);
	print_set(out, "      ", set, count);
	fprintf(out, "    </secDNS:%s>\n", part);
}

void ds_epp_update(
    FILE *out, const struct ds_epp removed[], size_t removed_count, const struct ds_epp added[], size_t added_count)
{
	open_extension(out, "update");
	print_part(out, "rem", removed, removed_count);
	print_part(out, "add", added, added_count);
	close_extension(out, "update");
}
