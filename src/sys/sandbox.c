/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place that confines a process: descriptors, limits, no_new_privs, Landlock, seccomp, in
 * that order, because each step takes away what the next would need if it came later. What may be
 * called stands in the two tables; header and tables are the whole policy.
 */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"
#include "sys/sandbox_impl.h"

/* --- tables ----------------------------------------------------------------------------------- */

/* Inherited descriptors, memory, time, random numbers, own signals, leaving. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(mlock),
	SCMP_SYS(munlock),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Asked in passing by libraries that cope with a refusal: EPERM instead of an end. */
static const int refused[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(creat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),
	SCMP_SYS(connect),
	SCMP_SYS(ioctl),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(prctl),
	SCMP_SYS(prlimit64),
	SCMP_SYS(getrlimit),
	SCMP_SYS(getrusage),
	SCMP_SYS(getppid),
	SCMP_SYS(sched_getaffinity),
};

static const int allowed_accept[] = {SCMP_SYS(accept4), SCMP_SYS(accept), SCMP_SYS(getsockopt),
				     SCMP_SYS(getsockname)};

static const int allowed_connect[] = {SCMP_SYS(connect), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
				      SCMP_SYS(stat), SCMP_SYS(newfstatat)};

static const int allowed_alarm[] = {SCMP_SYS(setitimer)};

/* What a thread begins with, under AddressSanitizer too; clone() itself stands in part below. */
static const int allowed_threads[] = {SCMP_SYS(rseq), SCMP_SYS(sched_getaffinity)};

static const int allowed_read[] = {SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(stat),
				   SCMP_SYS(lstat), SCMP_SYS(statx),	  SCMP_SYS(getdents64)};

static const int allowed_events[] = {
	SCMP_SYS(epoll_create1),   SCMP_SYS(epoll_ctl),	      SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),	   SCMP_SYS(epoll_pwait2),    SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime), SCMP_SYS(eventfd2),
	SCMP_SYS(signalfd4),
};

/* --- seccomp ---------------------------------------------------------------------------------- */

static bool contains(const int *calls, size_t n_calls, int call)
{
	for (size_t i = 0; i < n_calls; i++) {
		if (calls[i] == call)
			return true;
	}
	return false;
}

/* All of them return 0 or a negative errno, as libseccomp does. */
static int allow_all(scmp_filter_ctx filter, const int *calls, size_t n_calls)
{
	int result = 0;

	for (size_t i = 0; i < n_calls && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	return result;
}

static bool is_allowed_by(unsigned allowances, int call)
{
	if ((allowances & SANDBOX_ALLOW_CONNECT) &&
	    contains(allowed_connect, ARRAY_LEN(allowed_connect), call))
		return true;
	if ((allowances & SANDBOX_ALLOW_THREADS) &&
	    contains(allowed_threads, ARRAY_LEN(allowed_threads), call))
		return true;
	return (allowances & SANDBOX_ALLOW_READ) &&
	       (contains(allowed_read, ARRAY_LEN(allowed_read), call) || call == SCMP_SYS(openat) ||
		call == SCMP_SYS(open));
}

static int refuse_some(scmp_filter_ctx filter, unsigned allowances)
{
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(refused) && result == 0; i++) {
		if (is_allowed_by(allowances, refused[i]))
			continue;
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	}
	return result;
}

static int allow_when(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition);
}

/* Memory, but never executable; descriptor flags, but no duplicates; abort(), but no kill(). */
static int allow_in_part(scmp_filter_ctx filter)
{
	static const unsigned descriptor_flags[] = {F_GETFD, F_SETFD, F_GETFL, F_SETFL};
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(descriptor_flags) && result == 0; i++)
		result = allow_when(filter, SCMP_SYS(fcntl),
				    SCMP_A1(SCMP_CMP_EQ, descriptor_flags[i], 0));
	if (result == 0)
		result = allow_when(filter, SCMP_SYS(mmap),
				    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (result == 0)
		result = allow_when(filter, SCMP_SYS(mprotect),
				    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (result == 0)
		result = allow_when(filter, SCMP_SYS(tgkill),
				    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	return result;
}

/* socket() is in the table of refusals, so the families need rules that exclude each other. */
static int limit_sockets(scmp_filter_ctx filter, bool may_connect)
{
	struct scmp_arg_cmp other = SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0);
	int result = 0;

	if (!may_connect)
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 0);
	result = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, &other);
	if (result == 0)
		result = allow_when(filter, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
	if (result == 0)
		result = allow_all(filter, allowed_connect, ARRAY_LEN(allowed_connect));
	return result;
}

/* open() and openat() are in the table of refusals: what would write is refused, the rest is for
 * Landlock to say. */
static int limit_opening(scmp_filter_ctx filter, unsigned allowances)
{
	const scmp_datum_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
	const struct scmp_arg_cmp reads[] = {SCMP_A1(SCMP_CMP_MASKED_EQ, writing, 0),
					     SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0)};
	const int calls[] = {SCMP_SYS(open), SCMP_SYS(openat)};
	int result = 0;

	if (!(allowances & SANDBOX_ALLOW_READ))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(calls) && result == 0; i++)
		result = allow_when(filter, calls[i], reads[i]);
	for (scmp_datum_t bit = 1; bit <= writing && result == 0; bit <<= 1) {
		const struct scmp_arg_cmp writes[] = {SCMP_A1(SCMP_CMP_MASKED_EQ, bit, bit),
						      SCMP_A2(SCMP_CMP_MASKED_EQ, bit, bit)};

		for (size_t i = 0; (writing & bit) && i < ARRAY_LEN(calls) && result == 0; i++)
			result = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 1,
							&writes[i]);
	}
	return result;
}

/* A thread is a clone that shares memory and belongs to this process. clone3() keeps its flags
 * where no filter can look: libc does without when there is none. */
static int allow_threads(scmp_filter_ctx filter)
{
	const scmp_datum_t thread = CLONE_THREAD | CLONE_VM;
	int result = allow_all(filter, allowed_threads, ARRAY_LEN(allowed_threads));

	if (result == 0)
		result = allow_when(filter, SCMP_SYS(clone),
				    SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return result;
}

static int add_rules(scmp_filter_ctx filter, unsigned allowances)
{
	bool may_connect = (allowances & SANDBOX_ALLOW_CONNECT) != 0;
	int result = allow_all(filter, allowed, ARRAY_LEN(allowed));

	if (result == 0)
		result = allow_in_part(filter);
	if (result == 0)
		result = refuse_some(filter, allowances);
	if (result == 0)
		result = limit_opening(filter, allowances);
	if (result == 0)
		result = limit_sockets(filter, may_connect);
	if (result == 0 && (allowances & SANDBOX_ALLOW_ACCEPT))
		result = allow_all(filter, allowed_accept, ARRAY_LEN(allowed_accept));
	if (result == 0 && (allowances & SANDBOX_ALLOW_EVENTS))
		result = allow_all(filter, allowed_events, ARRAY_LEN(allowed_events));
	if (result == 0 && (allowances & SANDBOX_ALLOW_ALARM))
		result = allow_all(filter, allowed_alarm, ARRAY_LEN(allowed_alarm));
	if (result == 0 && (allowances & SANDBOX_ALLOW_THREADS))
		result = allow_threads(filter);
	if (result == 0 && (allowances & SANDBOX_ALLOW_READ))
		result = allow_all(filter, allowed_read, ARRAY_LEN(allowed_read));
	return result;
}

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static enum kc_status enter_seccomp(const struct sandbox_profile *profile)
{
	CLEANUP(release_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int result = 0;

	REQUIRE(filter, KC_ERR_NOT_AVAILABLE, "no seccomp filter for the %s process",
		profile->name);
	/* Another ABI's numbers would mean other calls. */
	result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (result == 0)
		result = add_rules(filter, profile->allowances);
	if (result == 0)
		result = seccomp_load(filter);
	REQUIRE(result == 0, KC_ERR_NOT_AVAILABLE, "seccomp refuses the %s process: %s",
		profile->name, strerror(-result));
	return KC_OK;
}

/* --- Landlock --------------------------------------------------------------------------------- */

/* linux/landlock.h of Debian 12 ends at ABI 2: numbers and layout are the kernel's, stated here. */
enum {
	LANDLOCK_SYS_CREATE_RULESET = 444,
	LANDLOCK_SYS_ADD_RULE = 445,
	LANDLOCK_SYS_RESTRICT_SELF = 446,
	LANDLOCK_BENEATH = 1,
	LANDLOCK_READ_FILE = 1 << 2,
	LANDLOCK_READ_FOLDER = 1 << 3,
	LANDLOCK_VERSION_FLAG = 1,
};

struct landlock_denials {
	uint64_t file_system;
	uint64_t network; /* ABI 4 */
	uint64_t scoped;  /* ABI 6 */
};

static int landlock_abi(void)
{
	long abi = syscall(LANDLOCK_SYS_CREATE_RULESET, NULL, 0, LANDLOCK_VERSION_FLAG);

	return abi > 0 ? (int)abi : 0;
}

/* Every right the ABI knows is handled, none is granted. Unknown trailing zeros are accepted. */
static struct landlock_denials denials_of(int abi)
{
	struct landlock_denials denials = {.file_system = (1U << 13) - 1};

	if (abi >= 2)
		denials.file_system |= 1U << 13; /* refer */
	if (abi >= 3)
		denials.file_system |= 1U << 14; /* truncate */
	if (abi >= 4)
		denials.network = 3; /* bind and connect TCP */
	if (abi >= 5)
		denials.file_system |= 1U << 15; /* ioctl on devices */
	if (abi >= 6)
		denials.scoped = 3; /* abstract sockets and signals */
	return denials;
}

struct landlock_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

static void allow_beneath(int ruleset, const char *path)
{
	struct landlock_beneath rule = {.fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat info;

	if (rule.fd < 0)
		return;
	rule.allowed = LANDLOCK_READ_FILE;
	if (fstat(rule.fd, &info) == 0 && S_ISDIR(info.st_mode))
		rule.allowed |= LANDLOCK_READ_FOLDER;
	if (syscall(LANDLOCK_SYS_ADD_RULE, ruleset, LANDLOCK_BENEATH, &rule, 0) != 0)
		log_debug("%s cannot be made readable: %s", path, strerror(errno));
	close(rule.fd);
}

/* Whatever goes wrong here leaves seccomp standing: said in the log, not fatal. */
static void enter_landlock(const struct sandbox_profile *profile)
{
	int abi = landlock_abi();
	struct landlock_denials denials = denials_of(abi);
	long ruleset = -1;

	if (abi == 0)
		return;
	ruleset = syscall(LANDLOCK_SYS_CREATE_RULESET, &denials, sizeof(denials), 0);
	for (size_t i = 0; ruleset >= 0 && profile->readable && profile->readable[i]; i++)
		allow_beneath((int)ruleset, profile->readable[i]);
	if (ruleset < 0 || syscall(LANDLOCK_SYS_RESTRICT_SELF, ruleset, 0) != 0)
		log_debug("no Landlock for the %s process: %s", profile->name, strerror(errno));
	if (ruleset >= 0)
		close((int)ruleset);
}

/* --- everything ------------------------------------------------------------------------------- */

/* Old kernels and some containers have no close_range. */
static void close_from(unsigned first)
{
	struct rlimit limit = {0};

	if (close_range(first, ~0U, 0) == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	for (rlim_t fd = first; fd < limit.rlim_cur; fd++)
		close((int)fd);
}

static enum kc_status set_limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limit = {.rlim_cur = value, .rlim_max = value};

	REQUIRE(setrlimit(resource, &limit) == 0, KC_ERR_NOT_AVAILABLE,
		"a process limit cannot be set: %s", strerror(errno));
	return KC_OK;
}

enum kc_status sandbox_enter(const struct sandbox_profile *profile)
{
	close_from(profile->inherited);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, KC_ERR_NOT_AVAILABLE,
		"the kernel refuses no_new_privs: %s", strerror(errno));
	REQUIRE((profile->allowances & SANDBOX_ALLOW_INSPECTION) ||
			prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0,
		KC_ERR_NOT_AVAILABLE, "the process cannot be made undumpable: %s", strerror(errno));
	enter_landlock(profile);
	TRY(set_limit(RLIMIT_CORE, 0));
	TRY(set_limit(RLIMIT_NOFILE, profile->descriptors_max));
	TRY(enter_seccomp(profile));
	sandbox_leaks_forget();
	return KC_OK;
}

struct sandbox_support sandbox_describe(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return (struct sandbox_support){
		.has_no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0,
		.has_seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0,
		.landlock_abi = landlock_abi(),
	};
}
