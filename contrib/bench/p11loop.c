/* SPDX-License-Identifier: MIT */
/*
 * How many signatures a second a PKCS#11 module makes, with nothing around the calls: what a signer can reach at most.
 * p11loop MODULE TOKEN-LABEL PIN-FILE SESSIONS SECONDS: for each algorithm, with a key that lives in a session, as
 * those of `key bench`, and with one that lives on the token, as those of zones: "name session|token sign/s us", the
 * last the processor time of one. Nothing is left on the token.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 256, INPUT = 51 };

static CK_FUNCTION_LIST *module;
static CK_SLOT_ID slot;
static double seconds;

static const struct kind {
	const char *name;
	CK_MECHANISM_TYPE make, sign;
	uint8_t params[12];
	CK_ULONG params_size, input;
} kinds[] = {
	{ "RSASHA256/2048", CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, { 0 }, 0, 51 },
	{ "ECDSAP256SHA256", CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 }, 10, 32 },
	{ "ECDSAP384SHA384", CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, { 6, 5, 0x2b, 0x81, 4, 0, 0x22 }, 7, 48 },
};

struct lane {
	pthread_t thread;
	const struct kind *kind;
	CK_OBJECT_HANDLE key;
	uint64_t made;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void must(CK_RV rv, const char *what)
{
	if (rv != CKR_OK) {
		fprintf(stderr, "p11loop: %s: 0x%lx\n", what, rv);
		exit(1);
	}
}

static CK_SESSION_HANDLE open_session(void)
{
	CK_SESSION_HANDLE session;
	must(module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session), "C_OpenSession");
	return session;
}

/* Of all threads. */
static double processor(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *work(void *argument)
{
	struct lane *lane = argument;
	CK_SESSION_HANDLE session = open_session();
	CK_MECHANISM mechanism = { lane->kind->sign, NULL, 0 };
	CK_BYTE input[INPUT] = { 1 }, out[512];
	for (double end = now() + seconds; now() < end; lane->made++) {
		CK_ULONG size = sizeof(out);
		must(module->C_SignInit(session, &mechanism, lane->key), "C_SignInit");
		must(module->C_Sign(session, input, lane->kind->input, out, &size), "C_Sign");
	}
	module->C_CloseSession(session);
	return NULL;
}

static void make(CK_SESSION_HANDLE session, const struct kind *kind, CK_BBOOL stays, CK_OBJECT_HANDLE out[2])
{
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG bits = 2048;
	CK_MECHANISM mechanism = { kind->make, NULL, 0 };
	CK_ATTRIBUTE public_wanted[] = { { CKA_TOKEN, &stays, sizeof(stays) }, { CKA_VERIFY, &yes, sizeof(yes) },
		kind->params_size > 0 ? (CK_ATTRIBUTE){ CKA_EC_PARAMS, (void *)kind->params, kind->params_size }
				      : (CK_ATTRIBUTE){ CKA_MODULUS_BITS, &bits, sizeof(bits) } };
	CK_ATTRIBUTE private_wanted[] = { { CKA_TOKEN, &stays, sizeof(stays) }, { CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) }, { CKA_SIGN, &yes, sizeof(yes) } };
	must(module->C_GenerateKeyPair(session, &mechanism, public_wanted, 3, private_wanted, 4, &out[0], &out[1]),
	    "C_GenerateKeyPair");
}

static void race(const struct kind *kind, bool stays, unsigned sessions)
{
	static struct lane lanes[MOST];
	CK_SESSION_HANDLE session = open_session();
	CK_OBJECT_HANDLE pair[2];
	make(session, kind, stays ? CK_TRUE : CK_FALSE, pair);
	double begun = now(), used = processor();
	uint64_t made = 0;
	for (unsigned i = 0; i < sessions; i++) {
		lanes[i] = (struct lane){ .kind = kind, .key = pair[1] };
		if (pthread_create(&lanes[i].thread, NULL, work, &lanes[i]) != 0)
			must(CKR_HOST_MEMORY, "a thread");
	}
	for (unsigned i = 0; i < sessions; i++) {
		pthread_join(lanes[i].thread, NULL);
		made += lanes[i].made;
	}
	printf("%s %s %.0f %.2f\n", kind->name, stays ? "token" : "session", (double)made / (now() - begun),
	    (processor() - used) * 1e6 / (double)made);
	for (int i = 0; i < 2; i++)
		must(module->C_DestroyObject(session, pair[i]), "C_DestroyObject");
	module->C_CloseSession(session);
}

static void find_slot(const char *label)
{
	CK_SLOT_ID slots[64];
	CK_ULONG count = 64;
	must(module->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;
		if (module->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    memcmp(info.label, label, strlen(label)) == 0 && info.label[strlen(label)] == ' ') {
			slot = slots[i];
			return;
		}
	}
	must(CKR_TOKEN_NOT_PRESENT, label);
}

static void login(const char *pin_file)
{
	char pin[256] = "";
	FILE *file = fopen(pin_file, "re");
	if (file == NULL || fgets(pin, sizeof(pin), file) == NULL)
		must(CKR_PIN_INVALID, pin_file);
	fclose(file);
	must(module->C_Login(open_session(), CKU_USER, (CK_UTF8CHAR *)pin, strcspn(pin, "\n")), "C_Login");
}

int main(int argc, char **argv)
{
	CK_C_INITIALIZE_ARGS threads = { .flags = CKF_OS_LOCKING_OK };
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	if (argc != 6 || atoi(argv[4]) < 1 || atoi(argv[4]) > MOST) {
		fprintf(stderr, "usage: p11loop MODULE TOKEN-LABEL PIN-FILE SESSIONS SECONDS\n");
		return 2;
	}
	void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	void *symbol = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
	memcpy(&get, &symbol, sizeof(get));
	if (get == NULL || get(&module) != CKR_OK)
		must(CKR_GENERAL_ERROR, argv[1]);
	must(module->C_Initialize(&threads), "C_Initialize");
	find_slot(argv[2]);
	login(argv[3]);
	seconds = atof(argv[5]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (int stays = 0; stays < 2; stays++)
			race(&kinds[i], stays != 0, (unsigned)atoi(argv[4]));
	module->C_Finalize(NULL);
	return 0;
}
