/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a program that holds secrets: writes what is in its memory to files, for a test that searches them.
 *
 * ZONESEAL_WITNESS is the folder. A file is written when the program has made or verified the signature number
 * ZONESEAL_WITNESS_SIGN, and when it ends, by exit or by abort. With ZONESEAL_WITNESS_THEN it then meets its end:
 * segv, abort, kill, or full (each later write to a regular file finds no space).
 *
 * A file is a text line for each mapping that can be written to: address, size, flags, name; an empty line; the octets
 * in the same order. It begins with what the kernel would do at a crash. The process reads its own memory by address,
 * so this works for an ordinary user and in a process that is not dumpable.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAPPINGS = 4096, NAME = 128 };

struct mapping {
	unsigned long begin, end;
	bool writable, locked, undumped;
	char name[NAME];
};

/* In static memory, so that nothing moves while it looks. */
static struct mapping mappings[MAPPINGS];
static size_t count;
static char text[1 << 20];
static atomic_int signatures, dumps;
static atomic_bool full;

static void read_smaps(void)
{
	const int file = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	for (ssize_t n = 1; n > 0 && size<sizeof(text) - 1; size += n> 0 ? (size_t)n : 0)
		n = read(file, text + size, sizeof(text) - 1 - size);
	close(file);
	if (size == sizeof(text) - 1)
		abort(); /* a map that was cut would hide memory from the search */
	text[size] = '\0';
}

static void parse_line(const char *line)
{
	char *at = NULL;
	struct mapping new = { .begin = strtoul(line, &at, 16) };
	if (at > line && *at == '-' && count < MAPPINGS) {
		new.end = strtoul(at + 1, &at, 16);
		new.writable = at[2] == 'w'; /* " rw-p OFFSET DEVICE INODE  NAME" */
		const size_t size = strlen(at);
		memcpy(new.name, at + 1, size < NAME ? size : NAME - 1);
		mappings[count++] = new;
	} else if (strncmp(line, "VmFlags:", 8) == 0 && count > 0) {
		char flags[256] = "";
		snprintf(flags, sizeof(flags), "%.*s ", (int)strcspn(line, "\n"), line);
		mappings[count - 1].locked = strstr(flags, " lo ") != NULL;
		mappings[count - 1].undumped = strstr(flags, " dd ") != NULL;
	}
}

static void write_head(FILE *out)
{
	struct rlimit core = { 1, 1 };
	getrlimit(RLIMIT_CORE, &core);
	fprintf(out, "core %lu %lu dumpable %d\n", (unsigned long)core.rlim_cur, (unsigned long)core.rlim_max,
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	for (size_t i = 0; i < count; i++)
		if (mappings[i].writable)
			fprintf(out, "%lx %lu %s%s %s\n", mappings[i].begin, mappings[i].end - mappings[i].begin,
			    mappings[i].locked ? "lo" : "-", mappings[i].undumped ? "dd" : "-", mappings[i].name);
	fprintf(out, "\n");
	fflush(out);
}

/* Page by page; one that cannot be read is written as zeros, so that sizes stay what the head says. */
static void write_mapping(int file, const struct mapping *mapping)
{
	static const char zeros[4096];
	for (unsigned long at = mapping->begin; at < mapping->end; at += sizeof(zeros))
		if (syscall(SYS_write, file, at, sizeof(zeros)) != sizeof(zeros))
			syscall(SYS_write, file, zeros, sizeof(zeros));
}

static void dump(const char *when)
{
	char path[512];
	const char *const folder = getenv("ZONESEAL_WITNESS");
	if (folder == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%s-%d-%d-%s", folder, program_invocation_short_name, getpid(),
	    atomic_fetch_add(&dumps, 1), when);
	const bool was_full = atomic_exchange(&full, false);
	FILE *const out = fopen(path, "we");
	if (out == NULL) /* the verifier, which its sandbox lets write nothing */
		return;
	count = 0;
	read_smaps();
	char *rest = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		parse_line(line);
	write_head(out);
	for (size_t i = 0; i < count; i++)
		if (mappings[i].writable)
			write_mapping(fileno(out), &mappings[i]);
	fclose(out);
	atomic_store(&full, was_full);
}

static void meet_end(const char *then)
{
	if (then == NULL)
		return;
	if (strcmp(then, "segv") == 0)
		raise(SIGSEGV);
	if (strcmp(then, "abort") == 0)
		abort();
	if (strcmp(then, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(then, "full") == 0)
		atomic_store(&full, true);
}

static void count_signature(void)
{
	const char *const wanted = getenv("ZONESEAL_WITNESS_SIGN");
	if (wanted == NULL || atomic_fetch_add(&signatures, 1) + 1 != strtol(wanted, NULL, 10))
		return;
	dump("signing");
	meet_end(getenv("ZONESEAL_WITNESS_THEN"));
}

/* After exit handlers, libcrypto's among them: whatever is there now stays until the kernel takes the pages. */
__attribute__((destructor)) static void at_exit(void)
{
	dump("exit");
}

/* ---- what is taken the place of ---- */

#define REAL(type, name)                                                                                               \
	static type real;                                                                                              \
	if (real == NULL) {                                                                                            \
		void *const symbol = dlsym(RTLD_NEXT, name);                                                           \
		memcpy(&real, &symbol, sizeof(real));                                                                  \
	}

int EVP_PKEY_sign(EVP_PKEY_CTX *ctx, unsigned char *sig, size_t *siglen, const unsigned char *tbs, size_t tbslen)
{
	REAL(__typeof__(&EVP_PKEY_sign), "EVP_PKEY_sign")
	const int made = real(ctx, sig, siglen, tbs, tbslen);
	count_signature();
	return made;
}

int EVP_DigestSign(EVP_MD_CTX *ctx, unsigned char *sigret, size_t *siglen, const unsigned char *tbs, size_t tbslen)
{
	REAL(__typeof__(&EVP_DigestSign), "EVP_DigestSign")
	const int made = real(ctx, sigret, siglen, tbs, tbslen);
	count_signature();
	return made;
}

int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t siglen, const unsigned char *tbs, size_t tbslen)
{
	REAL(__typeof__(&EVP_DigestVerify), "EVP_DigestVerify")
	const int good = real(ctx, sig, siglen, tbs, tbslen);
	count_signature();
	return good;
}

/* Called for eight P-256 signatures at a time, which no other function of libcrypto is. */
int RAND_priv_bytes(unsigned char *buf, int num)
{
	REAL(__typeof__(&RAND_priv_bytes), "RAND_priv_bytes")
	const int good = real(buf, num);
	count_signature();
	return good;
}

ssize_t write(int fd, const void *buf, size_t n)
{
	struct stat info;
	if (atomic_load(&full) && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_write, fd, buf, n);
}
