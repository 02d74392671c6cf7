/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "keystore/token_hsm_private.h"
#include "signer/base/arena.h"

enum { WORDS = 2 + HSM_MOST, LINE = 2048 };

static bool is_name(const char *name)
{
	const size_t size = strlen(name);
	return size > 0 && size < HSM_NAME && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

/* A file, a credential of systemd by its name, a descriptor by its number. */
static bool is_pin_source(const char *text)
{
	const size_t named = strlen(HSM_PIN_CREDENTIAL), numbered = strlen(HSM_PIN_DESCRIPTOR);
	if (strncmp(text, HSM_PIN_CREDENTIAL, named) == 0)
		return text[named] != '\0' && text[named] != '.' && strchr(text + named, '/') == NULL;
	if (strncmp(text, HSM_PIN_DESCRIPTOR, numbered) == 0) {
		const char *const digits = text + numbered;
		const size_t size = strlen(digits);
		return size >= 1 && size <= 3 && strspn(digits, "0123456789") == size && digits[0] != '0' &&
		       (size > 1 || digits[0] >= '3');
	}
	return strncmp(text, HSM_PIN_FILE "/", strlen(HSM_PIN_FILE) + 1) == 0;
}

static const char *take_uri(struct hsm *hsm, const char *text)
{
	if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_TOKEN | P11_KIT_URI_FOR_MODULE_WITH_VERSION, hsm->uri) !=
	    P11_KIT_URI_OK)
		return "it is no URI of a token (RFC 7512 2.3)";
	if (p11_kit_uri_any_unrecognized(hsm->uri) != 0)
		return "the URI has attributes that are not known (RFC 7512 2.3)";
	if (p11_kit_uri_get_pin_value(hsm->uri) != NULL)
		return "a PIN does not belong into a configuration: pin-source=file:/path";
	const char *const path = p11_kit_uri_get_module_path(hsm->uri);
	if (path == NULL || path[0] != '/')
		return "the URI needs module-path=/path/of/the/module.so";
	const char *const pin = p11_kit_uri_get_pin_source(hsm->uri);
	if (pin == NULL || !is_pin_source(pin))
		return "the URI needs pin-source=file:/path, credential:NAME (of systemd) or fd:NUMBER (3 to 999)";
	hsm->pin_source = pin;
	return NULL;
}

static const char *take_store(struct hsm_list *list, char *words[], size_t count)
{
	if (count != 3 || !is_name(words[1]))
		return "expected: store NAME pkcs11:token=...?module-path=...&pin-source=file:...";
	if (strcmp(words[1], TOKEN_FILES) == 0)
		return "\"files\" is the name of the software store";
	if (hsm_by_name(list, words[1]) != NULL)
		return "there is a store of that name already";
	if (list->count == HSM_MOST)
		return "there are more than 8 stores";
	struct hsm *const hsm = memory_calloc(1, sizeof(*hsm));
	snprintf(hsm->name, sizeof(hsm->name), "%s", words[1]);
	pthread_mutex_init(&hsm->lock, NULL);
	hsm_lanes_init(&hsm->lanes);
	hsm->watch = list->watch;
	hsm->uri = p11_kit_uri_new();
	list->all[list->count++] = hsm;
	return take_uri(hsm, words[2]);
}

static const char *take_keys(struct hsm_list *list, char *words[], size_t count)
{
	static const char *const roles[HSM_ROLES] = { [KEY_KSK] = "ksk", [KEY_ZSK] = "zsk", [KEY_CSK] = "csk" };
	for (size_t r = 0; r < HSM_ROLES && count > 2; r++) {
		if (strcmp(words[1], roles[r]) != 0)
			continue;
		for (size_t i = 2; i < count; i++) {
			struct hsm *const hsm = hsm_by_name(list, words[i]);
			if (hsm == NULL)
				return "no line above names that store";
			for (size_t k = 0; k < list->role_count[r]; k++)
				if (list->role[r][k] == hsm)
					return "a store is named twice";
			list->role[r][list->role_count[r]++] = hsm;
		}
		return NULL;
	}
	return "expected: keys ksk|zsk|csk STORE [STORE...]";
}

static const char *take_sessions(struct hsm_list *list, char *words[], size_t count)
{
	char *end = NULL;
	const unsigned long number = count == 2 ? strtoul(words[1], &end, 10) : 0;
	if (number < 1 || number > HSM_SESSIONS_MOST || words[1][0] == '+' || *end != '\0')
		return "expected: sessions 1...64";
	list->sessions = (unsigned)number;
	return NULL;
}

static bool take_patience(struct hsm_list *list, const char *text)
{
	char *end = NULL;
	const unsigned long seconds = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || seconds < 1 || seconds > HSM_PATIENCE_MOST)
		return false;
	hsm_watch_set_patience(list->watch, (unsigned)seconds);
	return true;
}

static const char *take_line(struct hsm_list *list, char *line)
{
	char *words[WORDS + 1] = { NULL };
	size_t count = 0;
	char *rest = NULL;
	for (char *word = strtok_r(line, " \t\n", &rest); word != NULL && word[0] != '#';
	     word = strtok_r(NULL, " \t\n", &rest)) {
		if (count == WORDS)
			return "the line has too many words";
		words[count++] = word;
	}
	if (count == 0)
		return NULL;
	if (strcmp(words[0], "store") == 0)
		return take_store(list, words, count);
	if (strcmp(words[0], "keys") == 0)
		return take_keys(list, words, count);
	if (strcmp(words[0], "sessions") == 0)
		return take_sessions(list, words, count);
	if (strcmp(words[0], "least") == 0 && count == 2 && words[1][0] >= '1' && words[1][0] <= '8' &&
	    words[1][1] == '\0') {
		list->least = (size_t)(words[1][0] - '0');
		return NULL;
	}
	if (strcmp(words[0], "extractable") == 0 && count == 2 &&
	    (strcmp(words[1], "yes") == 0 || strcmp(words[1], "no") == 0)) {
		list->leaving = words[1][0] == 'y' ? HSM_LEAVES : HSM_STAYS;
		return NULL;
	}
	if (strcmp(words[0], "patience") == 0 && count == 2 && take_patience(list, words[1]))
		return NULL;
	return "expected one of: store, keys, sessions 1...64, least 1...8, extractable yes|no, patience 1...3600 "
	       "(seconds)";
}

static enum status read_lines(struct hsm_list *list, FILE *file, struct error *err)
{
	char line[LINE];
	uint64_t number = 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		number++;
		const bool whole = strchr(line, '\n') != NULL || feof(file);
		const char *const wrong = whole ? take_line(list, line) : "the line is too long";
		if (wrong != NULL)
			return error_set_at(err, STATUS_POLICY, list->path, number, 0, "%s", wrong);
	}
	return ferror(file) ? error_set_errno(err, "%s", list->path) : STATUS_OK;
}

enum status hsm_list_load(const char *path, struct token_ledger *ledger, struct hsm_list **out, struct error *err)
{
	struct stat info;
	FILE *const file = fopen(path, "re");
	if (file == NULL)
		return errno == ENOENT ? STATUS_OK : error_set_errno(err, "%s", path);
	struct hsm_list *const list = memory_calloc(1, sizeof(*list));
	list->ledger = ledger;
	list->watch = hsm_watch_new();
	list->path = memory_alloc(strlen(path) + 1);
	memcpy(list->path, path, strlen(path) + 1);
	enum status status = STATUS_OK;
	if (fstat(fileno(file), &info) != 0)
		status = error_set_errno(err, "%s", path);
	else if ((info.st_mode & 0022) != 0)
		status = error_set(err, STATUS_PERMISSION,
		    "%s: others may change which modules are loaded: chmod 0600 %s", path, path);
	if (status == STATUS_OK)
		status = read_lines(list, file, err);
	fclose(file);
	for (size_t i = 0; i < list->count; i++)
		hsm_lanes_set(&list->all[i]->lanes, list->sessions);
	if (status == STATUS_OK)
		*out = list;
	else
		hsm_list_free(list);
	return status;
}

void hsm_list_free(struct hsm_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		hsm_free(list->all[i]);
	hsm_watch_free(list->watch);
	free(list->path);
	free(list);
}

void hsm_list_set_stop(struct hsm_list *list, token_stop *stop, void *context)
{
	hsm_watch_set_stop(list->watch, stop, context);
}

bool hsm_leaves(const struct hsm_list *list, size_t stores)
{
	return list->leaving == HSM_LEAVES || (list->leaving == HSM_LEAVES_IF_CARRIED && stores > 1);
}

bool hsm_takes(const struct hsm_list *list, enum key_role role)
{
	return list != NULL && list->role_count[role] > 0;
}

unsigned hsm_sessions(const struct hsm_list *list)
{
	return list == NULL ? 0 : list->sessions;
}
