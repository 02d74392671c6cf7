/* SPDX-License-Identifier: MIT */
/* Which stores a policy wants keys in, and whether a locator is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "policies/policy_stores.h"
#include "policies/policy_yaml.h"
#include "signer/base/bytes.h"

static struct policy policy_of(const char *stores)
{
	struct policy policy;
	struct error err;
	char text[256];
	snprintf(text, sizeof(text), "name: p\nkeys:\n  zsk:\n    stores: %s\n", stores);
	if (policy_yaml_parse("p", text, strlen(text), &policy, &err) != STATUS_OK)
		fail_msg("%s: %s", stores, err.message);
	return policy;
}

static void a_locator_is_where_the_policy_wants_it_or_not(void **state)
{
	static const struct {
		const char *stores, *locator;
		bool differs;
	} cases[] = {
		{ "[]", "file:aa.pem", false },
		{ "[]", "pkcs11:hsm-a", false },
		{ "[files]", "file:aa.pem", false },
		{ "[files]", "pkcs11:hsm-a", true },
		{ "[files]", "pkcs11:hsm-a|file:aa.pem", true },
		{ "[hsm-a]", "file:aa.pem", true },
		{ "[hsm-a]", "pkcs11:hsm-a", false },
		{ "[hsm-a]", "pkcs11:hsm-ab", true },
		{ "[hsm-ab]", "pkcs11:hsm-a", true },
		{ "[hsm-a]", "pkcs11:hsm-a|file:aa.pem", false },
		{ "[hsm-a]", "pkcs11:hsm-a|file:aa.pem;pkcs11:hsm-b", false },
		{ "[hsm-b]", "pkcs11:hsm-a|pkcs11:hsm-b", true },
		{ "[hsm-a]", "pkcs11:hsm-a#0102", false },
		{ "[hsm-a, hsm-b]", "pkcs11:hsm-b#01,hsm-a", false },
		{ "[hsm-a, hsm-b]", "pkcs11:hsm-a", true },
		{ "[hsm-a, hsm-b]", "pkcs11:hsm-a,hsm-c", true },
		{ "[hsm-a]", "pkcs11:hsm-a,hsm-b", true },
		{ "[hsm-a]", "offline:aa", false },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct policy policy = policy_of(cases[i].stores);
		struct key key = { .role = KEY_ZSK };
		snprintf(key.locator, sizeof(key.locator), "%s", cases[i].locator);
		if (policy_stores_differ(&policy, &key) != cases[i].differs)
			fail_msg("%s, %s", cases[i].stores, cases[i].locator);
		key.role = KEY_KSK;
		assert_false(policy_stores_differ(&policy, &key));
		key.role = KEY_ZSK;
		key.foreign = true;
		assert_false(policy_stores_differ(&policy, &key));
	}
}

static void a_new_key_begins_with_its_place(void **state)
{
	static const char *const cases[][2] = { { "[]", "" }, { "[files]", "file:" }, { "[hsm-a]", "pkcs11:hsm-a" },
		{ "[hsm-b, hsm-a]", "pkcs11:hsm-b,hsm-a" } };
	char locator[KEY_LOCATOR];
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct policy policy = policy_of(cases[i][0]);
		policy_stores_locator(&policy, KEY_ZSK, locator);
		assert_string_equal(locator, cases[i][1]);
		policy_stores_locator(&policy, KEY_KSK, locator);
		assert_string_equal(locator, "");
	}
}

static void a_list_that_names_no_stores_is_refused(void **state)
{
	static const char *const cases[][2] = { { "[Hsm]", "takes names of stores" },
		{ "[a b]", "takes names of stores" }, { "[\"\"]", "takes names of stores" },
		{ "[a, a]", "names a store twice" }, { "[files, a]", "names a store twice, or files beside tokens" },
		{ "[a, files]", "or files beside tokens" }, { "[a, b, c, d, e, f, g, h, i]", "at most 8 stores" },
		{ "hsm-a", "takes a list: [hsm-a, hsm-b]" } };
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct policy policy;
		struct error err;
		char text[256];
		snprintf(text, sizeof(text), "name: p\nkeys:\n  zsk:\n    stores: %s\n", cases[i][0]);
		assert_int_equal(policy_yaml_parse("p", text, strlen(text), &policy, &err), STATUS_POLICY);
		if (strstr(err.message, cases[i][1]) == NULL || strstr(err.message, "keys.zsk.stores") == NULL)
			fail_msg("%s: %s", cases[i][0], err.message);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_locator_is_where_the_policy_wants_it_or_not),
		cmocka_unit_test(a_new_key_begins_with_its_place),
		cmocka_unit_test(a_list_that_names_no_stores_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
