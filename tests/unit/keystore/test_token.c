/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keystore/token.h"
#include "tests/unit/keystore/fixture.h"

static int make_folder(void **state)
{
	char *const folder = malloc(64);
	fixture_folder(folder);
	*state = folder;
	return 0;
}

static int remove_folder(void **state)
{
	folder_remove(*state);
	free(*state);
	return 0;
}

static struct token *open_token(const char *folder, const char *passphrase_file)
{
	struct token *token = NULL;
	struct error err;
	if (token_open_soft(folder, passphrase_file, &token, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	return token;
}

static struct key generate(struct token *token, uint8_t algorithm, uint16_t flags)
{
	struct key key = { .algorithm = algorithm, .flags = flags, .role = flags == 257 ? KEY_KSK : KEY_ZSK };
	struct error err;
	if (token_generate(token, &key, &err) != STATUS_OK)
		fail_msg("%s", err.message);
	return key;
}

static void key_path(const char *folder, const struct key *key, char out[160])
{
	snprintf(out, 160, "%s/%s", folder, key->locator + strlen("file:"));
}

static void put_vector(const char *folder, const struct vector *vector)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s.pem", folder, vector->fingerprint);
	file_make(path, vector->pem, strlen(vector->pem), 0600);
}

static bool verifies(const struct key *key, const uint8_t *data, size_t size, const uint8_t *signature, size_t made)
{
	const struct algorithm *const algorithm = alg_by_number(key->algorithm);
	EVP_PKEY *pkey = NULL;
	struct error err;
	assert_int_equal(dnskey_public_to_pkey(algorithm, key->public_key, key->public_size, &pkey, &err), STATUS_OK);
	const bool good =
	    dnskey_verify(algorithm, pkey, (struct bytes){ data, size }, (struct bytes){ signature, made });
	EVP_PKEY_free(pkey);
	return good;
}

static void each_algorithm_signs_what_its_public_key_verifies(void **state)
{
	struct token *const token = open_token(*state, NULL);
	size_t count;
	const struct algorithm *const table = alg_table(&count);
	for (size_t i = 0; i < count; i++) {
		print_message("%s\n", table[i].name);
		const struct key key = generate(token, table[i].number, 256);
		struct token_signer *signer = NULL;
		struct error err;
		assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
		uint8_t data[200];
		for (size_t size = 0; size < 20; size++) {
			uint8_t signature[512];
			size_t made = 0;
			memset(data, (int)size, sizeof(data));
			assert_int_equal(token_sign(signer, data, size * 10, signature, &made, &err), STATUS_OK);
			assert_true(verifies(&key, data, size * 10, signature, made));
			assert_int_equal(made, table[i].signature_size > 0 ? table[i].signature_size : key.bits / 8);
		}
		token_signer_free(signer);
	}
	token_close(token);
}

/* Past the point where P-256 gets what makes eight at a time; OpenSSL verifies each. */
static void batches_of_any_size_are_signed(void **state)
{
	enum { P256 = 13, MANY = 400, FEW = 20, SIZE = 60 };
	struct token *const token = open_token(*state, NULL);
	size_t count;
	const struct algorithm *const table = alg_table(&count);
	for (size_t i = 0; i < count; i++) {
		print_message("%s\n", table[i].name);
		const struct key key = generate(token, table[i].number, 256);
		const size_t wanted = table[i].number == P256 ? MANY : FEW;
		struct token_signer *signer = NULL;
		struct error err;
		assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
		for (size_t made = 0, batch = 1; made < wanted; made += batch, batch = batch % TOKEN_BATCH + 1) {
			uint8_t data[TOKEN_BATCH][SIZE], signatures[TOKEN_BATCH][512];
			struct token_task tasks[TOKEN_BATCH];
			for (size_t t = 0; t < batch; t++) {
				memset(data[t], (int)(made + t), SIZE);
				tasks[t] = (struct token_task){ .data = { data[t], t * 4 }, .out = signatures[t] };
			}
			assert_int_equal(token_sign_all(signer, tasks, batch, &err), STATUS_OK);
			for (size_t t = 0; t < batch; t++)
				assert_true(verifies(&key, data[t], t * 4, signatures[t], tasks[t].size));
		}
		token_signer_free(signer);
	}
	token_close(token);
}

static void a_loaded_private_key_is_in_locked_memory_and_leaves_it(void **state)
{
	struct token *const token = open_token(*state, NULL);
	size_t count;
	const struct algorithm *const table = alg_table(&count);
	assert_int_equal(CRYPTO_secure_malloc_initialized(), 1);
	for (size_t i = 0; i < count; i++) {
		print_message("%s\n", table[i].name);
		const struct key key = generate(token, table[i].number, 256);
		const size_t before = CRYPTO_secure_used();
		struct token_signer *signer = NULL;
		struct error err;
		assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
		assert_true(CRYPTO_secure_used() >= before + 32);
		token_signer_free(signer);
		assert_int_equal(CRYPTO_secure_used(), before);
	}
	token_close(token);
}

/* r and s with leading zero octets come up once in 256 signatures; all must keep the fixed width. */
static void short_numbers_in_ecdsa_signatures_keep_their_width(void **state)
{
	struct token *const token = open_token(*state, NULL);
	put_vector(*state, &vectors[5]);
	const struct key key = key_of_vector(&vectors[5]);
	struct token_signer *signer = NULL;
	struct error err;
	unsigned zeros = 0;
	assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
	for (unsigned i = 0; i < 3000; i++) {
		uint8_t signature[512];
		size_t made;
		assert_int_equal(token_sign(signer, (const uint8_t *)&i, sizeof(i), signature, &made, &err), STATUS_OK);
		assert_int_equal(made, 64);
		if (signature[0] != 0 && signature[32] != 0)
			continue;
		zeros++;
		assert_true(verifies(&key, (const uint8_t *)&i, sizeof(i), signature, made));
	}
	assert_true(zeros > 0);
	token_signer_free(signer);
	token_close(token);
}

static void deterministic_signatures_are_those_of_another_library(void **state)
{
	struct token *const token = open_token(*state, NULL);
	for (size_t i = 0; i < COUNT(vectors); i++) {
		print_message("%s\n", vectors[i].title);
		put_vector(*state, &vectors[i]);
		const struct key key = key_of_vector(&vectors[i]);
		struct token_signer *signer = NULL;
		struct error err;
		uint8_t expected[512];
		uint8_t signature[512];
		size_t made;
		const size_t size = unhex(vectors[i].signature, expected, sizeof(expected));
		assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
		assert_int_equal(
		    token_sign(signer, (const uint8_t *)VECTOR_MESSAGE, strlen(VECTOR_MESSAGE), signature, &made, &err),
		    STATUS_OK);
		assert_int_equal(made, size);
		if (alg_by_number(key.algorithm)->curve == NULL)
			assert_memory_equal(signature, expected, size);
		token_signer_free(signer);
	}
	token_close(token);
}

struct job {
	struct token_signer *signer;
	const struct key *key;
	bool good;
};

static void *sign_many(void *argument)
{
	struct job *const job = argument;
	job->good = true;
	for (unsigned i = 0; i < 50; i++) {
		uint8_t signature[512];
		size_t made;
		struct error err;
		job->good =
		    job->good &&
		    token_sign(job->signer, (const uint8_t *)&i, sizeof(i), signature, &made, &err) == STATUS_OK &&
		    verifies(job->key, (const uint8_t *)&i, sizeof(i), signature, made);
	}
	return NULL;
}

static void copies_of_a_signer_work_in_threads_at_once(void **state)
{
	struct token *const token = open_token(*state, NULL);
	static const uint8_t numbers[] = { 8, 13, 15 };
	for (size_t n = 0; n < COUNT(numbers); n++) {
		const struct key key = generate(token, numbers[n], 256);
		struct token_signer *first = NULL;
		struct error err;
		pthread_t threads[4];
		struct job jobs[4];
		assert_int_equal(token_signer_new(token, &key, &first, &err), STATUS_OK);
		for (size_t i = 0; i < COUNT(jobs); i++) {
			jobs[i] = (struct job){ .key = &key };
			assert_int_equal(token_signer_copy(first, &jobs[i].signer, &err), STATUS_OK);
		}
		token_signer_free(first);
		for (size_t i = 0; i < COUNT(jobs); i++)
			assert_int_equal(pthread_create(&threads[i], NULL, sign_many, &jobs[i]), 0);
		for (size_t i = 0; i < COUNT(jobs); i++) {
			pthread_join(threads[i], NULL);
			token_signer_free(jobs[i].signer);
			assert_true(jobs[i].good);
		}
	}
	token_close(token);
}

static void a_new_key_is_one_file_0600_named_by_its_fingerprint(void **state)
{
	const mode_t mask = umask(0);
	struct token *const token = open_token(*state, NULL);
	const struct key key = generate(token, 13, 257);
	umask(mask);
	char path[160];
	struct stat info;
	char expected[80] = "file:";
	key_path(*state, &key, path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(info.st_nlink, 1);
	bytes_to_hex((struct bytes){ key.fingerprint, 32 }, false, expected + 5);
	strcat(expected, ".pem");
	assert_string_equal(key.locator, expected);
	size_t size;
	uint8_t *const text = file_take(path, &size);
	assert_non_null(strstr((char *)text, "-----BEGIN PRIVATE KEY-----\n"));
	free(text);
	token_close(token);
}

static void a_new_rsa_key_has_2048_bits_at_least(void **state)
{
	struct token *const token = open_token(*state, NULL);
	struct error err;
	static const unsigned refused[] = { 512, 1024, 2047, 4097 };
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct key key = { .algorithm = 8, .flags = 256, .bits = refused[i] };
		assert_int_equal(token_generate(token, &key, &err), STATUS_KEY);
		assert_non_null(strstr(err.message, "2048 to 4096"));
		assert_int_equal(key.public_size, 0);
	}
	struct key key = { .algorithm = 5, .flags = 256 };
	assert_int_equal(token_generate(token, &key, &err), STATUS_KEY);
	assert_non_null(strstr(err.message, "algorithm 5 is not supported"));
	token_close(token);
}

static void expect_key_error(struct token *token, const struct key *key, enum status expected, const char *message)
{
	struct token_signer *signer = NULL;
	struct error err;
	assert_int_equal(token_signer_new(token, key, &signer, &err), expected);
	assert_null(signer);
	print_message("%s\n", err.message);
	assert_non_null(strstr(err.message, message));
	if (expected == STATUS_KEY) {
		char tag[16];
		snprintf(tag, sizeof(tag), " %u, ", key->tag);
		assert_non_null(strstr(err.message, tag));
		assert_non_null(strstr(err.message, key->locator + 5));
		assert_non_null(strstr(err.message, "no new key is made, restore the file from a backup"));
	}
}

static void a_missing_key_stops_and_makes_no_other(void **state)
{
	struct token *const token = open_token(*state, NULL);
	const struct key key = key_of_vector(&vectors[4]);
	expect_key_error(token, &key, STATUS_KEY, "the file is missing");
	char path[160];
	key_path(*state, &key, path);
	assert_int_equal(access(path, F_OK), -1);
	token_close(token);
}

struct damage {
	const char *title;
	const char *text; /* NULL: that of another key */
	const char *message;
};

static void a_damaged_or_foreign_key_is_refused(void **state)
{
	static const struct damage cases[] = {
		{ "another key", NULL, "the private key is that of another key" },
		{ "empty", "", "it is not a file of 1 to 65536 octets" },
		{ "text", "hello\n", "no complete PEM block" },
		{ "cut", "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n", "no complete PEM block" },
		{ "no PKCS#8", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
		    "no PKCS#8 structure" },
		{ "traditional form", "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
		    "no PKCS#8 private key" },
		{ "public key", "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n",
		    "no PKCS#8 private key" },
		{ "with headers",
		    "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n-----END PRIVATE KEY-----\n", "" },
	};
	struct token *const token = open_token(*state, NULL);
	const struct key key = key_of_vector(&vectors[4]);
	char path[160];
	key_path(*state, &key, path);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *const text = cases[i].text == NULL ? vectors[5].pem : cases[i].text;
		print_message("%s\n", cases[i].title);
		file_make(path, text, strlen(text), 0600);
		expect_key_error(token, &key, STATUS_KEY, cases[i].message);
	}
	token_close(token);
}

/* An EC private key carries its public half beside it: a file that holds the right one with a wrong scalar must not
 * pass. */
static void a_right_public_half_with_a_wrong_private_half_is_found_by_the_challenge(void **state)
{
	char text[2][1024];
	uint8_t der[2][512];
	long size[2];
	for (size_t i = 0; i < 2; i++) {
		const char *at = strchr(vectors[4 + i].pem, '\n') + 1;
		size_t length = 0;
		for (; *at != '-'; at++)
			if (*at != '\n')
				text[i][length++] = *at;
		size[i] = bytes_from_base64(text[i], length, der[i], sizeof(der[i]));
		assert_true(size[i] > 100);
	}
	assert_int_equal(size[0], size[1]);
	memcpy(der[0] + 36, der[1] + 36, 32); /* the scalar, behind two headers of fixed size */
	char pem[1024] = "-----BEGIN PRIVATE KEY-----\n";
	size_t length = strlen(pem);
	for (long at = 0; at < size[0]; at += 48) {
		const size_t part = (size_t)(size[0] - at < 48 ? size[0] - at : 48);
		length += bytes_to_base64((struct bytes){ der[0] + at, part }, pem + length);
		pem[length++] = '\n';
	}
	strcpy(pem + length, "-----END PRIVATE KEY-----\n");
	const struct key key = key_of_vector(&vectors[4]);
	char path[160];
	key_path(*state, &key, path);
	file_make(path, pem, strlen(pem), 0600);
	struct token *const token = open_token(*state, NULL);
	expect_key_error(token, &key, STATUS_KEY, "");
	token_close(token);
}

static void an_open_key_file_is_refused_with_the_chmod(void **state)
{
	struct token *const token = open_token(*state, NULL);
	const struct key key = generate(token, 13, 257);
	char path[160];
	char command[200];
	key_path(*state, &key, path);
	snprintf(command, sizeof(command), "chmod 0600 %s", path);
	static const mode_t modes[] = { 0644, 0640, 0604, 0660, 0602 };
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		expect_key_error(token, &key, STATUS_PERMISSION, command);
	}
	assert_int_equal(chmod(path, 0400), 0);
	struct token_signer *signer = NULL;
	struct error err;
	assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
	token_signer_free(signer);
	token_close(token);
}

static void an_open_folder_is_refused_with_the_chmod(void **state)
{
	struct token *token = NULL;
	struct error err;
	assert_int_equal(chmod(*state, 0750), 0);
	assert_int_equal(token_open_soft(*state, NULL, &token, &err), STATUS_PERMISSION);
	assert_non_null(strstr(err.message, "chmod 0700"));
	assert_null(token);
	assert_int_equal(token_open_soft("/nonexistent/keys", NULL, &token, &err), STATUS_MISSING);
}

static void a_link_or_a_locator_leads_nowhere_else(void **state)
{
	struct token *const token = open_token(*state, NULL);
	struct key key = generate(token, 13, 257);
	char path[160];
	char other[160];
	key_path(*state, &key, path);
	snprintf(other, sizeof(other), "%s/other", (const char *)*state);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink("other", path), 0);
	expect_key_error(token, &key, STATUS_KEY, "opening it failed");
	static const char *const locators[] = { "", "file:", "file:../../etc/shadow", "file:other" };
	for (size_t i = 0; i < COUNT(locators); i++) {
		struct token_signer *signer = NULL;
		struct error err;
		struct key moved = key;
		snprintf(moved.locator, sizeof(moved.locator), "%s", locators[i]);
		assert_int_equal(token_signer_new(token, &moved, &signer, &err), STATUS_KEY);
		assert_non_null(strstr(err.message, "its locator is not file:"));
		assert_int_equal(token_discard(token, &moved, &err), STATUS_KEY);
	}
	token_close(token);
}

static void a_passphrase_encrypts_with_aes_and_scrypt_and_is_needed_to_load(void **state)
{
	char passphrase[100];
	char wrong[100];
	snprintf(passphrase, sizeof(passphrase), "%s/passphrase", (const char *)*state);
	snprintf(wrong, sizeof(wrong), "%s/wrong", (const char *)*state);
	file_make(passphrase, "correct horse\n", 14, 0600);
	file_make(wrong, "correct hors", 12, 0400);
	struct token *const token = open_token(*state, passphrase);
	const struct key key = generate(token, 13, 257);
	put_vector(*state, &vectors[7]);
	const struct key plain = key_of_vector(&vectors[7]);
	char path[160];
	key_path(*state, &key, path);
	size_t size;
	uint8_t *const text = file_take(path, &size);
	assert_non_null(strstr((char *)text, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
	free(text);
	struct token_signer *signer = NULL;
	struct error err;
	assert_int_equal(token_signer_new(token, &key, &signer, &err), STATUS_OK);
	token_signer_free(signer);
	assert_int_equal(token_signer_new(token, &plain, &signer, &err), STATUS_OK); /* from before the passphrase */
	token_signer_free(signer);
	token_close(token);

	struct token *const mistaken = open_token(*state, wrong);
	expect_key_error(mistaken, &key, STATUS_KEY, "wrong passphrase, or damaged");
	token_close(mistaken);
	struct token *const without = open_token(*state, NULL);
	expect_key_error(without, &key, STATUS_KEY, "encrypted and no passphrase file is configured");
	token_close(without);
	char command[1000];
	snprintf(command, sizeof(command),
	    "openssl asn1parse -in %s | grep -q scrypt && openssl asn1parse -in %s | grep -q aes-256-cbc && "
	    "openssl pkey -in %s -passin file:%s -noout",
	    path, path, path, passphrase);
	assert_int_equal(system(command), 0);
}

static void an_open_or_empty_passphrase_file_is_refused(void **state)
{
	char path[100];
	struct token *token = NULL;
	struct error err;
	snprintf(path, sizeof(path), "%s/passphrase", (const char *)*state);
	assert_int_equal(token_open_soft(*state, path, &token, &err), STATUS_MISSING);
	file_make(path, "secret\n", 7, 0604);
	assert_int_equal(token_open_soft(*state, path, &token, &err), STATUS_PERMISSION);
	assert_non_null(strstr(err.message, "chmod 0600"));
	file_make(path, "\n", 1, 0600);
	assert_int_equal(token_open_soft(*state, path, &token, &err), STATUS_KEY);
	assert_null(strstr(err.message, "secret"));
	file_make(path, "", 0, 0600);
	assert_int_equal(token_open_soft(*state, path, &token, &err), STATUS_KEY);
	assert_null(token);
}

static void discarding_removes_the_file_and_leftovers_go_with_the_next_key(void **state)
{
	struct token *const token = open_token(*state, NULL);
	const struct key key = generate(token, 15, 256);
	char path[160];
	char leftover[200];
	struct error err;
	key_path(*state, &key, path);
	snprintf(leftover, sizeof(leftover), "%s/.%s.tmp", (const char *)*state, key.locator + 5);
	file_make(leftover, "half a key", 10, 0600);
	assert_int_equal(token_discard(token, &key, &err), STATUS_OK);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(token_discard(token, &key, &err), STATUS_OK);
	generate(token, 15, 256);
	assert_int_equal(access(leftover, F_OK), -1);
	token_close(token);
}

/* In a child, since the limit cannot be raised again. */
static void a_full_disk_leaves_no_half_key(void **state)
{
	const pid_t child = fork();
	if (child == 0) {
		struct token *token = NULL;
		struct error err;
		struct key key = { .algorithm = 13, .flags = 257 };
		const struct rlimit limit = { 100, 100 };
		signal(SIGXFSZ, SIG_IGN);
		if (token_open_soft(*state, NULL, &token, &err) != STATUS_OK || setrlimit(RLIMIT_FSIZE, &limit) != 0)
			_exit(1);
		const enum status status = token_generate(token, &key, &err);
		token_close(token);
		_exit(status == STATUS_IO && key.public_size == 0 && strstr(err.message, "File too large") != NULL ? 0
														   : 2);
	}
	int ended;
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_int_equal(ended, 0);
	DIR *const listing = opendir(*state);
	unsigned entries = 0;
	while (readdir(listing) != NULL)
		entries++;
	closedir(listing);
	assert_int_equal(entries, 2);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* Without sessions, or with more threads than those, batches are worth it; else each signature goes out by itself. */
static void test_how_much_is_signed_at_once(void **state)
{
	static const struct {
		unsigned sessions, processors, threads;
		size_t batch;
	} lines[] = { { 0, 1, 1, TOKEN_BATCH }, { 0, 8, 8, TOKEN_BATCH }, { 1, 1, 1, 1 }, { 1, 2, 2, TOKEN_BATCH },
		{ 2, 2, 2, 1 }, { 16, 2, 16, 1 }, { 7, 8, 8, TOKEN_BATCH } };
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct token_plan plan = token_plan_of(lines[i].sessions, lines[i].processors);
		assert_int_equal(plan.threads, lines[i].threads);
		assert_int_equal(plan.batch, lines[i].batch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_how_much_is_signed_at_once),
		WITH_FOLDER(each_algorithm_signs_what_its_public_key_verifies),
		WITH_FOLDER(batches_of_any_size_are_signed),
		WITH_FOLDER(a_loaded_private_key_is_in_locked_memory_and_leaves_it),
		WITH_FOLDER(short_numbers_in_ecdsa_signatures_keep_their_width),
		WITH_FOLDER(deterministic_signatures_are_those_of_another_library),
		WITH_FOLDER(copies_of_a_signer_work_in_threads_at_once),
		WITH_FOLDER(a_new_key_is_one_file_0600_named_by_its_fingerprint),
		WITH_FOLDER(a_new_rsa_key_has_2048_bits_at_least),
		WITH_FOLDER(a_missing_key_stops_and_makes_no_other),
		WITH_FOLDER(a_damaged_or_foreign_key_is_refused),
		WITH_FOLDER(a_right_public_half_with_a_wrong_private_half_is_found_by_the_challenge),
		WITH_FOLDER(an_open_key_file_is_refused_with_the_chmod),
		WITH_FOLDER(an_open_folder_is_refused_with_the_chmod),
		WITH_FOLDER(a_link_or_a_locator_leads_nowhere_else),
		WITH_FOLDER(a_passphrase_encrypts_with_aes_and_scrypt_and_is_needed_to_load),
		WITH_FOLDER(an_open_or_empty_passphrase_file_is_refused),
		WITH_FOLDER(discarding_removes_the_file_and_leftovers_go_with_the_next_key),
		WITH_FOLDER(a_full_disk_leaves_no_half_key),
	};
	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
