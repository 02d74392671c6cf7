/* SPDX-License-Identifier: MIT */
/*
 * Takes extractable private keys off a PKCS#11 token, for `zoneseal zone adopt`: one PKCS#8 file in PEM a key, mode
 * 0600, named by its CKA_ID. contrib/doc/migrate-opendnssec.md says when this is the way and when it is not.
 *
 *   cc -O2 -o token-export token-export.c $(pkg-config --cflags --libs p11-kit-1 libcrypto)
 *   ./token-export --module FILE --token LABEL --pin-file FILE --to FOLDER [--passphrase-file FILE] [ID...]
 *
 * One file that needs nothing of zoneseal, so it can be built on the machine that has the token. softhsm2-util only
 * imports, and libhsm makes its keys sensitive, so no attribute shows the key: it leaves wrapped (C_WrapKey) under an
 * AES key that is made here, lives in this session only and opens it here. Nothing on the token is changed.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>

enum { KEYS_MOST = 65536, ID_MOST = 64, SLOTS_MOST = 256, SECRET_MOST = 1024, WRAPPED_MOST = 16384, AES_SIZE = 32 };

struct request {
	const char *module, *token, *pin_file, *to, *passphrase_file;
	char **ids; /* hexadecimal; none means all */
	int id_count;
};

struct session {
	CK_FUNCTION_LIST *module;
	CK_SESSION_HANDLE handle;
	CK_OBJECT_HANDLE wrapping;
	unsigned char aes[AES_SIZE]; /* its value */
	char passphrase[SECRET_MOST];
	size_t passphrase_size;
};

static bool complain(const char *what, const char *why)
{
	fprintf(stderr, "token-export: %s: %s\n", what, why);
	return false;
}

static bool refused(const char *what, CK_RV rv)
{
	return rv == CKR_OK || complain(what, p11_kit_strerror(rv));
}

/* The first line of a file that nobody else may read. */
static bool read_secret(const char *path, char *out, size_t *size)
{
	struct stat info;
	FILE *const file = fopen(path, "re");
	if (file == NULL || fstat(fileno(file), &info) != 0 || fgets(out, SECRET_MOST, file) == NULL)
		info.st_mode = S_IFDIR;
	if (file != NULL)
		fclose(file);
	if (!S_ISREG(info.st_mode))
		return complain(path, "cannot be read, or is empty");
	if ((info.st_mode & 077) != 0)
		return complain(path, "others may read it: chmod 0600");
	out[ *size = strcspn(out, "\r\n")] = '\0';
	return true;
}

static bool find_slot(CK_FUNCTION_LIST *module, const char *label, CK_SLOT_ID *out)
{
	CK_SLOT_ID slots[SLOTS_MOST];
	CK_ULONG count = SLOTS_MOST;
	CK_TOKEN_INFO info;
	char padded[sizeof(info.label) + 1];
	snprintf(padded, sizeof(padded), "%-*s", (int)sizeof(info.label), label);
	if (!refused("list of tokens", module->C_GetSlotList(CK_TRUE, slots, &count)))
		return false;
	for (CK_ULONG i = 0; i < count; i++)
		if (module->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    memcmp(info.label, padded, sizeof(info.label)) == 0) {
			*out = slots[i];
			return true;
		}
	return complain(label, "no token has this label (for SoftHSM: is SOFTHSM2_CONF set as for the signer?)");
}

/* The key to wrap under, known to this process because it must open what was wrapped. */
static bool make_wrapping_key(struct session *session)
{
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	if (RAND_priv_bytes(session->aes, AES_SIZE) != 1)
		return complain("AES key", "no random numbers");
	CK_ATTRIBUTE object[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &no, sizeof(no) }, { CKA_PRIVATE, &yes, sizeof(yes) }, { CKA_WRAP, &yes, sizeof(yes) },
		{ CKA_SENSITIVE, &yes, sizeof(yes) }, { CKA_VALUE, session->aes, AES_SIZE } };
	return refused("AES key", session->module->C_CreateObject(
				      session->handle, object, sizeof(object) / sizeof(object[0]), &session->wrapping));
}

static bool open_session(const struct request *request, struct session *out)
{
	CK_SLOT_ID slot = 0;
	char pin[SECRET_MOST];
	size_t pin_size = 0;
	out->module = p11_kit_module_load(request->module, 0);
	if (out->module == NULL)
		return complain(request->module, p11_kit_message());
	if (!refused(request->module, p11_kit_module_initialize(out->module)) ||
	    !find_slot(out->module, request->token, &slot) || !read_secret(request->pin_file, pin, &pin_size))
		return false;
	CK_RV rv = out->module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &out->handle);
	if (rv == CKR_OK)
		rv = out->module->C_Login(out->handle, CKU_USER, (CK_UTF8CHAR *)pin, pin_size);
	OPENSSL_cleanse(pin, sizeof(pin));
	return refused(request->token, rv) && make_wrapping_key(out);
}

static void close_session(struct session *session)
{
	if (session->module != NULL) {
		p11_kit_module_finalize(session->module);
		p11_kit_module_release(session->module);
	}
	OPENSSL_cleanse(session, sizeof(*session));
}

/* RFC 5649, which is what CKM_AES_KEY_WRAP_PAD does in SoftHSM. The key, or NULL. */
static EVP_PKEY *open_wrapped(const struct session *session, const unsigned char *wrapped, size_t size)
{
	unsigned char plain[WRAPPED_MOST];
	const unsigned char *at = plain;
	int plain_size = 0;
	EVP_PKEY *key = NULL;
	EVP_CIPHER_CTX *const context = EVP_CIPHER_CTX_new();
	if (context == NULL)
		return NULL;
	EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_DecryptInit_ex(context, EVP_aes_256_wrap_pad(), NULL, session->aes, NULL) == 1 &&
	    EVP_DecryptUpdate(context, plain, &plain_size, wrapped, (int)size) == 1)
		key = d2i_AutoPrivateKey(NULL, &at, plain_size);
	EVP_CIPHER_CTX_free(context);
	OPENSSL_cleanse(plain, sizeof(plain));
	return key;
}

/* A file that is there is never written to: it may be the only copy of another key. */
static bool write_key(const struct session *session, const char *path, const EVP_PKEY *key)
{
	const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *const out = file < 0 ? NULL : fdopen(file, "w");
	if (out == NULL)
		return complain(path, "cannot be made, or is there already");
	const bool encrypted = session->passphrase_size > 0;
	const bool written =
	    PEM_write_PKCS8PrivateKey(out, key, encrypted ? EVP_aes_256_cbc() : NULL,
		encrypted ? session->passphrase : NULL, (int)session->passphrase_size, NULL, NULL) == 1 &&
	    fflush(out) == 0 && fsync(file) == 0;
	fclose(out);
	if (!written)
		unlink(path);
	return written || complain(path, "not written");
}

static bool export_key(
    const struct session *session, const struct request *request, CK_OBJECT_HANDLE object, const char *id)
{
	unsigned char wrapped[WRAPPED_MOST];
	CK_ULONG size = sizeof(wrapped);
	char path[4096];
	CK_MECHANISM mechanism = { CKM_AES_KEY_WRAP_PAD, NULL, 0 };
	const CK_RV rv =
	    session->module->C_WrapKey(session->handle, &mechanism, session->wrapping, object, wrapped, &size);
	if (rv == CKR_KEY_UNEXTRACTABLE)
		return complain(id,
		    "the key is not extractable and never will be; let the signer that owns the token roll "
		    "to a key that is (OpenDNSSEC: AllowExtraction in conf.xml)");
	if (!refused(id, rv))
		return false;
	EVP_PKEY *const key = open_wrapped(session, wrapped, size);
	if (key == NULL)
		return complain(id, "what the token gave is no PKCS#8 private key");
	snprintf(path, sizeof(path), "%s/%s.pem", request->to, id);
	const bool written = write_key(session, path, key);
	if (written)
		printf("%s\n", path);
	EVP_PKEY_free(key);
	return written;
}

static bool read_id(const struct session *session, CK_OBJECT_HANDLE object, char out[2 * ID_MOST + 1])
{
	unsigned char id[ID_MOST];
	CK_ATTRIBUTE wanted = { CKA_ID, id, sizeof(id) };
	const CK_RV rv = session->module->C_GetAttributeValue(session->handle, object, &wanted, 1);
	if (rv != CKR_OK || wanted.ulValueLen == 0 || wanted.ulValueLen > sizeof(id))
		return complain("a private key", "no CKA_ID that a file can be named by");
	for (CK_ULONG i = 0; i < wanted.ulValueLen; i++)
		snprintf(out + 2 * i, 3, "%02x", id[i]);
	return true;
}

static bool is_wanted(const struct request *request, const char *id)
{
	for (int i = 0; i < request->id_count; i++)
		if (OPENSSL_strcasecmp(request->ids[i], id) == 0)
			return true;
	return request->id_count == 0;
}

static bool export_keys(const struct session *session, const struct request *request)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE wanted = { CKA_CLASS, &class, sizeof(class) };
	static CK_OBJECT_HANDLE objects[KEYS_MOST];
	CK_ULONG count = 0;
	int found = 0;
	bool good = true;
	CK_RV rv = session->module->C_FindObjectsInit(session->handle, &wanted, 1);
	if (rv == CKR_OK)
		rv = session->module->C_FindObjects(session->handle, objects, KEYS_MOST, &count);
	session->module->C_FindObjectsFinal(session->handle);
	if (!refused("list of keys", rv))
		return false;
	for (CK_ULONG i = 0; i < count; i++) {
		char id[2 * ID_MOST + 1];
		if (!read_id(session, objects[i], id)) {
			good = false;
			continue;
		}
		if (!is_wanted(request, id))
			continue;
		found++;
		good = export_key(session, request, objects[i], id) && good;
	}
	if (found == 0 || found < request->id_count)
		return complain(request->token, "not all of the keys that were asked for are there");
	return good;
}

static bool read_arguments(int argc, char *argv[], struct request *out)
{
	static const struct option options[] = { { "module", required_argument, NULL, 0 },
		{ "token", required_argument, NULL, 1 }, { "pin-file", required_argument, NULL, 2 },
		{ "to", required_argument, NULL, 3 }, { "passphrase-file", required_argument, NULL, 4 },
		{ NULL, 0, NULL, 0 } };
	*out = (struct request){ .module = NULL };
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		const char **const values[] = { &out->module, &out->token, &out->pin_file, &out->to,
			&out->passphrase_file };
		if (option >= (int)(sizeof(values) / sizeof(values[0])))
			return false;
		*values[option] = optarg;
	}
	out->ids = argv + optind;
	out->id_count = argc - optind;
	return out->module != NULL && out->token != NULL && out->pin_file != NULL && out->to != NULL;
}

int main(int argc, char *argv[])
{
	struct request request;
	struct session session = { .module = NULL };
	if (!read_arguments(argc, argv, &request)) {
		fputs("usage: token-export --module FILE --token LABEL --pin-file FILE --to FOLDER "
		      "[--passphrase-file FILE] [ID...]\n",
		    stderr);
		return 2;
	}
	const bool good = (request.passphrase_file == NULL ||
			      read_secret(request.passphrase_file, session.passphrase, &session.passphrase_size)) &&
			  open_session(&request, &session) && export_keys(&session, &request);
	close_session(&session);
	return good ? 0 : 1;
}
