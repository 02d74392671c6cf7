/* SPDX-License-Identifier: MIT */
/* Commands of a simulation as text. */
#include <string.h>

#include "keystore/algorithm.h"
#include "policies/simulate.h"

/* A reader of the word after the verb; false if it is none. */
typedef bool word_reader(const char *word, struct simulate_command *out);

static bool read_role(const char *word, struct simulate_command *out)
{
	static const struct {
		const char *word;
		enum key_role role;
	} roles[] = { { "ksk", KEY_KSK }, { "zsk", KEY_ZSK }, { "csk", KEY_CSK } };
	for (size_t i = 0; i < COUNT(roles); i++) {
		if (strcmp(roles[i].word, word) != 0)
			continue;
		out->role = roles[i].role;
		return true;
	}
	return false;
}

static bool read_nothing(const char *word, struct simulate_command *out)
{
	(void)out;
	return word[0] == '\0';
}

static bool read_algorithm(const char *word, struct simulate_command *out)
{
	const struct algorithm *const found = alg_by_name(word);
	if (found == NULL)
		return false;
	out->algorithm = found->number;
	return true;
}

static bool read_scheme(const char *word, struct simulate_command *out)
{
	out->csk = strcmp(word, "csk") == 0;
	return out->csk || strcmp(word, "ksk-zsk") == 0;
}

static bool read_goal(const char *word, struct simulate_command *out)
{
	out->insecure = strcmp(word, "insecure") == 0;
	return out->insecure || strcmp(word, "signed") == 0;
}

static bool read_delay(const char *word, struct simulate_command *out)
{
	struct error ignored;
	out->delay = (struct span){ -1 };
	return strcmp(word, "never") == 0 || span_parse(word, &out->delay, &ignored) == STATUS_OK;
}

/* The longer of two that begin alike comes first. */
static const struct {
	const char *verb;
	enum simulate_verb means;
	word_reader *read;
} verbs[] = {
	{ "roll algorithm", SIMULATE_ALGORITHM, read_algorithm },
	{ "roll", SIMULATE_ROLL, read_role },
	{ "emergency security-first", SIMULATE_DROP, read_role },
	{ "emergency", SIMULATE_EMERGENCY, read_role },
	{ "abort", SIMULATE_ABORT, read_role },
	{ "step", SIMULATE_STEP, read_nothing },
	{ "hold", SIMULATE_HOLD, read_nothing },
	{ "release", SIMULATE_RELEASE, read_nothing },
	{ "scheme", SIMULATE_SCHEME, read_scheme },
	{ "goal", SIMULATE_GOAL, read_goal },
	{ "ds-delay", SIMULATE_PARENT, read_delay },
};

enum status simulate_command_parse(const char *text, struct simulate_command *out, struct error *err)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		struct simulate_command command = { .when = out->when, .text = text, .verb = verbs[i].means };
		const size_t size = strlen(verbs[i].verb);
		if (strncmp(text, verbs[i].verb, size) != 0 || (text[size] != ' ' && text[size] != '\0'))
			continue;
		if (!verbs[i].read(text + size + (text[size] == ' '), &command))
			continue;
		*out = command;
		return STATUS_OK;
	}
	char shown[64];
	error_escape(text, strlen(text), shown, sizeof(shown));
	return error_set(err, STATUS_USAGE,
	    "\"%s\" is no command of a simulation: roll, emergency, emergency security-first or abort with ksk, zsk or "
	    "csk; roll algorithm NAME; "
	    "step; "
	    "hold; release; scheme csk|ksk-zsk; goal signed|insecure; ds-delay DURATION|never",
	    shown);
}
