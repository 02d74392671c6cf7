/* SPDX-License-Identifier: MIT */
/* The file of a key that is wrapped for tokens; the head of token_wrapped.h says what is in it. */
#include "keystore/token_wrapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keystore/algorithm.h"
#include "keystore/dnskey.h"
#include "signer/base/arena.h"

enum { TEXT_MOST = 32768 };

static const char ending[] = ".wrapped";

bool token_is_wrapped(const char *path)
{
	const size_t size = strlen(path);
	return size > sizeof(ending) - 1 && strcmp(path + size - (sizeof(ending) - 1), ending) == 0;
}

bool wrapped_label_is_good(const char *label)
{
	const size_t size = strlen(label);
	for (size_t i = 0; i < size; i++)
		if (label[i] < ' ' || label[i] > '~')
			return false;
	return size > 0 && size < WRAPPED_LABEL;
}

enum status wrapped_write(
    const struct key *key, const char *label, struct bytes wrapped, struct secret *out, struct error *err)
{
	char hex[65];
	uint8_t digest[32];
	char *const public_key = memory_alloc(bytes_base64_size(key->public_size) + 1);
	char *const octets = memory_alloc(bytes_base64_size(wrapped.size) + 1);
	public_key[bytes_to_base64((struct bytes){ key->public_key, key->public_size }, public_key)] = '\0';
	octets[bytes_to_base64(wrapped, octets)] = '\0';
	enum status status = secret_new(TEXT_MOST, out, err);
	if (status == STATUS_OK) {
		char *const text = (char *)out->data;
		const int size =
		    snprintf(text, TEXT_MOST, "zoneseal-wrapped 1\nalgorithm %u\npublic %s\nunder %s\nwrapped %s\n",
			key->algorithm, public_key, label, octets);
		bytes_sha256((struct bytes){ out->data, (size_t)size }, digest);
		bytes_to_hex((struct bytes){ digest, sizeof(digest) }, false, hex);
		out->size = (size_t)size + (size_t)snprintf(text + size, (size_t)(TEXT_MOST - size), "end %s\n", hex);
	}
	free(public_key);
	free(octets);
	return status;
}

/* ---- reading ---- */

static enum status refuse(struct error *err, const char *why)
{
	return error_set(err, STATUS_KEY, "%s", why);
}

/* The value of the next line, which must have that name; NULL if it is another. */
static char *take(char **at, const char *name)
{
	char *const line = *at;
	char *const end = strchr(line, '\n');
	const size_t size = strlen(name);
	if (end == NULL || strncmp(line, name, size) != 0 || line[size] != ' ')
		return NULL;
	*end = '\0';
	*at = end + 1;
	return line + size + 1;
}

static bool is_whole(const char *text)
{
	uint8_t digest[32];
	char hex[65];
	const char *const end = strstr(text, "\nend ");
	if (end == NULL)
		return false;
	bytes_sha256((struct bytes){ (const uint8_t *)text, (size_t)(end + 1 - text) }, digest);
	bytes_to_hex((struct bytes){ digest, sizeof(digest) }, false, hex);
	return strncmp(end + 5, hex, 64) == 0 && strcmp(end + 5 + 64, "\n") == 0;
}

static enum status parse(char *text, struct wrapped *out, struct error *err)
{
	char *at = text;
	if (!is_whole(text))
		return refuse(err, "it is no wrapped key of zoneseal, or was changed or cut since it was written");
	const char *const version = take(&at, "zoneseal-wrapped");
	const char *const algorithm = take(&at, "algorithm");
	const char *const public_key = take(&at, "public");
	const char *const label = take(&at, "under");
	const char *const wrapped = take(&at, "wrapped");
	if (version == NULL || strcmp(version, "1") != 0)
		return refuse(err, "it is a wrapped key of a version that this program does not know");
	if (algorithm == NULL || public_key == NULL || label == NULL || wrapped == NULL ||
	    !wrapped_label_is_good(label))
		return refuse(err, "it lacks a line, or has them in another order");
	const long number = strtol(algorithm, NULL, 10);
	const long public_size =
	    bytes_from_base64(public_key, strlen(public_key), out->public_key, sizeof(out->public_key));
	const long size = bytes_from_base64(wrapped, strlen(wrapped), out->octets, sizeof(out->octets));
	if (number <= 0 || number > 255 || alg_by_number((uint8_t)number) == NULL || public_size <= 0 || size <= 0)
		return refuse(err, "a line of it has no sense");
	out->algorithm = (uint8_t)number;
	out->public_size = (uint16_t)public_size;
	out->size = (size_t)size;
	snprintf(out->label, sizeof(out->label), "%s", label);
	return STATUS_OK;
}

static enum status read_file(const char *path, struct wrapped *out, struct error *err)
{
	FILE *const file = fopen(path, "re");
	if (file == NULL)
		return error_set_errno(err, "opening it failed");
	char *const text = memory_calloc(1, TEXT_MOST);
	const size_t size = fread(text, 1, TEXT_MOST - 1, file);
	enum status status = ferror(file)                              ? error_set_errno(err, "reading it failed")
			     : !feof(file) || memchr(text, '\0', size) ? refuse(err, "it is no wrapped key of zoneseal")
								       : parse(text, out, err);
	free(text);
	fclose(file);
	return status;
}

enum status wrapped_open(struct hsm_list *tokens, const char *path, bool dry, struct key *key, struct error *err)
{
	struct wrapped *const read = memory_calloc(1, sizeof(*read));
	struct key taken = *key;
	enum status status = read_file(path, read, err);
	if (status == STATUS_OK && key->public_size > 0 &&
	    (key->algorithm != read->algorithm || !bytes_equal((struct bytes){ key->public_key, key->public_size },
						      (struct bytes){ read->public_key, read->public_size })))
		status =
		    error_set(err, STATUS_KEY, "key.hsm-identical: it is the private half of another key than %s %u",
			key_role_name(key->role), key->tag);
	if (status == STATUS_OK) {
		const struct hsm_parcel parcel = { read->label, { read->octets, read->size }, dry };
		taken.algorithm = read->algorithm;
		taken.public_size = read->public_size;
		memcpy(taken.public_key, read->public_key, sizeof(taken.public_key));
		dnskey_identify(&taken);
		status = hsm_open_parcel(tokens, &parcel, &taken, err);
	}
	free(read);
	if (status != STATUS_OK)
		return error_context(err, "%s", path);
	*key = taken;
	return STATUS_OK;
}
