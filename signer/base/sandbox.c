/* SPDX-License-Identifier: MIT */
#include "signer/base/sandbox.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Set by CMake for sanitizer, fuzzer and coverage builds: their run-time parts open files, start tracers and write
 * reports at the end, all of which the door is there to stop. */
#ifdef ZONESEAL_INSTRUMENTED
static const bool instrumented = true;
#else
static const bool instrumented = false;
#endif

/* Debian 12's linux/landlock.h knows ABI 2; the layout and the numbers of later ones are written down here. */
struct landlock_rules {
	uint64_t files;
	uint64_t network; /* from ABI 4 */
	uint64_t scope;   /* from ABI 6 */
};

enum { LANDLOCK_ASK_VERSION = 1 };

static long landlock_create(const struct landlock_rules *rules, size_t size, uint32_t flags)
{
#ifdef SYS_landlock_create_ruleset
	return syscall(SYS_landlock_create_ruleset, rules, size, flags);
#else
	errno = ENOSYS;
	return -1;
#endif
}

static int landlock_abi(void)
{
	const long abi = landlock_create(NULL, 0, LANDLOCK_ASK_VERSION);
	return abi < 1 ? 0 : (int)abi;
}

/* Everything that this ABI can take away is taken away, and no rule gives any of it back. */
static struct landlock_rules landlock_all(int abi, size_t *size)
{
	const unsigned file_rights = abi < 2 ? 13 : abi < 3 ? 14 : abi < 5 ? 15 : 16;
	*size = abi < 4 ? 8 : abi < 6 ? 16 : 24;
	return (struct landlock_rules){ .files = (UINT64_C(1) << file_rights) - 1, .network = 3, .scope = 3 };
}

static enum status close_files(int abi, struct error *err)
{
	size_t size;
	const struct landlock_rules rules = landlock_all(abi, &size);
	const int set = (int)landlock_create(&rules, size, 0);
	if (set < 0)
		return error_set(
		    err, STATUS_INTERNAL, "sandbox: landlock ABI %d refuses our rules: errno %d", abi, errno);
	long done = -1;
#ifdef SYS_landlock_restrict_self
	done = syscall(SYS_landlock_restrict_self, set, 0);
#endif
	const int number = errno;
	close(set);
	if (done != 0)
		return error_set(
		    err, STATUS_INTERNAL, "sandbox: landlock ABI %d does not engage: errno %d", abi, number);
	return STATUS_OK;
}

/* All that a computation with threads, stdio and libcrypto asks of the kernel. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(pread64),
	SCMP_SYS(preadv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fadvise64),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(close),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(membarrier),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getcpu),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(times),
	SCMP_SYS(getrusage),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
};

/* What no library tries by accident: whoever asks for it has taken over the process. All else that is not allowed gets
 * EPERM, since libraries probe for files and features and go on without. */
static const int deadly[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(socket),
	SCMP_SYS(socketpair),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(bpf),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(mount),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
};

/* Calls that are allowed for some arguments only: argument `at` AND `mask` equals `value`. */
struct limited {
	int call;
	unsigned at;
	uint64_t mask;
	uint64_t value;
};

#define ALL_BITS UINT64_MAX

static const struct limited limited[] = {
	{ SCMP_SYS(mmap), 2, PROT_EXEC, 0 },
	{ SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
	/* Threads, but no processes. clone3 hides its flags from the filter: it gets ENOSYS, and glibc takes clone. */
	{ SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD },
	/* glibc's fstat. */
	{ SCMP_SYS(newfstatat), 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ SCMP_SYS(fcntl), 1, ALL_BITS, F_GETFL },
	{ SCMP_SYS(fcntl), 1, ALL_BITS, F_SETFL },
	{ SCMP_SYS(fcntl), 1, ALL_BITS, F_GETFD },
	{ SCMP_SYS(fcntl), 1, ALL_BITS, F_SETFD },
	/* isatty, the width of a terminal; never TIOCSTI. */
	{ SCMP_SYS(ioctl), 1, ALL_BITS, TCGETS },
	{ SCMP_SYS(ioctl), 1, ALL_BITS, TIOCGWINSZ },
	{ SCMP_SYS(prctl), 0, ALL_BITS, PR_SET_NAME },
	{ SCMP_SYS(prctl), 0, ALL_BITS, PR_GET_NAME },
	/* Limits may be read. */
	{ SCMP_SYS(prlimit64), 2, ALL_BITS, 0 },
};

static int add_rules(scmp_filter_ctx filter)
{
	int failed = 0;
	for (size_t i = 0; i < COUNT(allowed) && failed == 0; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < COUNT(deadly) && failed == 0; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
	for (size_t i = 0; i < COUNT(limited) && failed == 0; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, limited[i].call, 1,
		    SCMP_CMP(limited[i].at, SCMP_CMP_MASKED_EQ, limited[i].mask, limited[i].value));
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* abort() and raise() reach this process and no other. */
	if (failed == 0)
		failed = seccomp_rule_add(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_CMP(0, SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return failed;
}

static enum status close_calls(struct error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter == NULL)
		return error_set(err, STATUS_INTERNAL, "sandbox: seccomp filter cannot be made");
	int failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A thread that exists already must not stay outside. */
	if (failed == 0)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (failed == 0)
		failed = add_rules(filter);
	if (failed == 0)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	if (failed != 0)
		return error_set(err, STATUS_INTERNAL, "sandbox: seccomp filter does not engage: errno %d", -failed);
	return STATUS_OK;
}

static bool seccomp_available(void)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

struct sandbox sandbox_probe(void)
{
	if (instrumented)
		return (struct sandbox){ .instrumented = true };
	return (struct sandbox){ .landlock_abi = landlock_abi(), .seccomp = seccomp_available() };
}

/* libcrypto would read its configuration and gather randomness at first use, which must not come after the door is
 * shut. No configuration file: it can name other providers and load them as code, and a verdict depends on none of
 * that. */
static void prepare_libcrypto(void)
{
	uint8_t random[8];
	uint8_t digest[EVP_MAX_MD_SIZE];
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
	/* Results do not matter: what fails here fails later too, where it is looked at. */
	if (RAND_bytes(random, sizeof(random)) == 1)
		EVP_Digest(random, sizeof(random), digest, NULL, EVP_sha256(), NULL);
}

enum status sandbox_enter(struct sandbox *out, struct error *err)
{
	const struct sandbox reach = sandbox_probe();
	enum status status = STATUS_OK;
	prepare_libcrypto();
	if ((reach.landlock_abi > 0 || reach.seccomp) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set(err, STATUS_INTERNAL, "sandbox: PR_SET_NO_NEW_PRIVS refused: errno %d", errno);
	if (reach.landlock_abi > 0)
		status = close_files(reach.landlock_abi, err);
	if (status == STATUS_OK && reach.seccomp)
		status = close_calls(err);
	if (status == STATUS_OK)
		*out = reach;
	return status;
}

void sandbox_no_core(void)
{
	const struct rlimit none = { 0, 0 };
	/* Both can only fail for arguments that these are not. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
