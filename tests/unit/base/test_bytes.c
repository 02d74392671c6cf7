/* SPDX-License-Identifier: MIT */
#include "signer/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "signer/base/error.h"

static struct bytes of(const char *text)
{
	return (struct bytes){ (const uint8_t *)text, strlen(text) };
}

/* RFC 4648 10; base32hex in lower case and without padding. */
static const struct {
	const char *plain;
	const char *base64;
	const char *base32hex;
	const char *hex;
} vectors[] = {
	{ "", "", "", "" },
	{ "f", "Zg==", "co", "66" },
	{ "fo", "Zm8=", "cpng", "666f" },
	{ "foo", "Zm9v", "cpnmu", "666f6f" },
	{ "foob", "Zm9vYg==", "cpnmuog", "666f6f62" },
	{ "fooba", "Zm9vYmE=", "cpnmuoj1", "666f6f6261" },
	{ "foobar", "Zm9vYmFy", "cpnmuoj1e8", "666f6f626172" },
};

static void encoders_agree_with_the_vectors_of_rfc_4648(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct bytes in = of(vectors[i].plain);
		char text[64];
		assert_int_equal(bytes_to_base64(in, text), bytes_base64_size(in.size));
		assert_string_equal(text, vectors[i].base64);
		assert_int_equal(bytes_to_base32hex(in, text), bytes_base32hex_size(in.size));
		assert_string_equal(text, vectors[i].base32hex);
		assert_int_equal(bytes_to_hex(in, false, text), bytes_hex_size(in.size));
		assert_string_equal(text, vectors[i].hex);
	}
}

static void decoders_undo_the_encoders(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const size_t size = strlen(vectors[i].plain);
		uint8_t out[16];
		assert_int_equal(bytes_from_base64(vectors[i].base64, strlen(vectors[i].base64), out, size), size);
		assert_memory_equal(out, vectors[i].plain, size);
		assert_int_equal(
		    bytes_from_base32hex(vectors[i].base32hex, strlen(vectors[i].base32hex), out, size), size);
		assert_memory_equal(out, vectors[i].plain, size);
		assert_int_equal(bytes_from_hex(vectors[i].hex, strlen(vectors[i].hex), out, size), size);
		assert_memory_equal(out, vectors[i].plain, size);
		if (size > 0)
			assert_int_equal(
			    bytes_from_base64(vectors[i].base64, strlen(vectors[i].base64), out, size - 1), -1);
	}
}

static void all_octets_survive_each_form(void **state)
{
	(void)state;
	uint8_t in[256];
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 167 + 13);
	for (size_t size = 0; size <= sizeof(in); size++) {
		char text[600];
		uint8_t out[256];
		const struct bytes bytes = { in, size };
		assert_int_equal(bytes_from_base64(text, bytes_to_base64(bytes, text), out, sizeof(out)), size);
		assert_memory_equal(in, out, size);
		assert_int_equal(bytes_from_base32hex(text, bytes_to_base32hex(bytes, text), out, sizeof(out)), size);
		assert_memory_equal(in, out, size);
		assert_int_equal(bytes_from_hex(text, bytes_to_hex(bytes, true, text), out, sizeof(out)), size);
		assert_memory_equal(in, out, size);
	}
}

static void decoders_are_strict(void **state)
{
	(void)state;
	static const char *const no_base64[] = { "Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zh==", "Zm9=", "Zm 9",
		"Zm9v\n", "Zm=v", "Zg==Zg==", "Zm9v=", "-_-_" };
	static const char *const no_base32hex[] = { "c", "cp", "cpn", "co======", "cpngw", "cpnh", "co co", "wwww",
		"c1" };
	static const char *const no_hex[] = { "6", "666", "6g", " 66", "66 ", "0x66", "--" };
	uint8_t out[64];
	for (size_t i = 0; i < COUNT(no_base64); i++)
		if (bytes_from_base64(no_base64[i], strlen(no_base64[i]), out, sizeof(out)) != -1)
			fail_msg("base64 taken: %s", no_base64[i]);
	for (size_t i = 0; i < COUNT(no_base32hex); i++)
		if (bytes_from_base32hex(no_base32hex[i], strlen(no_base32hex[i]), out, sizeof(out)) != -1)
			fail_msg("base32hex taken: %s", no_base32hex[i]);
	for (size_t i = 0; i < COUNT(no_hex); i++)
		if (bytes_from_hex(no_hex[i], strlen(no_hex[i]), out, sizeof(out)) != -1)
			fail_msg("hex taken: %s", no_hex[i]);
}

static void cursor_past_the_end_reads_zeros_and_stays_failed(void **state)
{
	(void)state;
	static const uint8_t octets[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct cursor cursor = cursor_init((struct bytes){ octets, sizeof(octets) });
	assert_int_equal(cursor_u8(&cursor), 1);
	assert_int_equal(cursor_u16(&cursor), 0x0203);
	assert_int_equal(cursor_u32(&cursor), 0x04050607);
	assert_int_equal(cursor_left(&cursor), 2);
	assert_false(cursor.failed);
	assert_int_equal(cursor_u32(&cursor), 0);
	assert_true(cursor.failed);
	assert_int_equal(cursor_u8(&cursor), 0);
	assert_int_equal(cursor_take(&cursor, 1).size, 0);
}

static void cursor_over_nothing_is_at_its_end(void **state)
{
	(void)state;
	struct cursor cursor = cursor_init((struct bytes){ NULL, 0 });
	assert_int_equal(cursor_left(&cursor), 0);
	assert_int_equal(cursor_take(&cursor, 0).size, 0);
	assert_false(cursor.failed);
	assert_int_equal(cursor_take(&cursor, SIZE_MAX).size, 0);
	assert_true(cursor.failed);
}

static void order_is_that_of_octets_then_of_length(void **state)
{
	(void)state;
	assert_int_equal(bytes_compare(of("a"), of("b")), -1);
	assert_int_equal(bytes_compare(of("b"), of("a")), 1);
	assert_int_equal(bytes_compare(of("a"), of("ab")), -1);
	assert_int_equal(bytes_compare(of("\xff"), of("\x7f")), 1);
	assert_int_equal(bytes_compare((struct bytes){ NULL, 0 }, of("")), 0);
	assert_true(bytes_equal((struct bytes){ NULL, 0 }, of("")));
	assert_false(bytes_equal(of("a"), of("ab")));
	assert_false(bytes_equal(of("aa"), of("ab")));
}

static void numbers_are_in_network_byte_order(void **state)
{
	(void)state;
	uint8_t at[8];
	bytes_put_u64(at, 0x0123456789abcdefULL);
	assert_int_equal(bytes_get_u32(at), 0x01234567);
	assert_int_equal(bytes_get_u32(at + 4), 0x89abcdef);
	assert_int_equal(bytes_get_u16(at + 6), 0xcdef);
}

static void sha256_is_that_of_fips_180(void **state)
{
	(void)state;
	uint8_t digest[32];
	char text[65];
	bytes_sha256(of("abc"), digest);
	bytes_to_hex((struct bytes){ digest, 32 }, false, text);
	assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	bytes_sha256((struct bytes){ NULL, 0 }, digest);
	bytes_to_hex((struct bytes){ digest, 32 }, false, text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoders_agree_with_the_vectors_of_rfc_4648),
		cmocka_unit_test(decoders_undo_the_encoders),
		cmocka_unit_test(all_octets_survive_each_form),
		cmocka_unit_test(decoders_are_strict),
		cmocka_unit_test(cursor_past_the_end_reads_zeros_and_stays_failed),
		cmocka_unit_test(cursor_over_nothing_is_at_its_end),
		cmocka_unit_test(order_is_that_of_octets_then_of_length),
		cmocka_unit_test(numbers_are_in_network_byte_order),
		cmocka_unit_test(sha256_is_that_of_fips_180),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
