/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SYS_SANDBOX_H
#define SYS_SANDBOX_H

/*
 * Confinement of a child process that parses what a hostile card, certificate or file says. After
 * sandbox_enter() the process has the descriptors it inherited, its memory, the clock and random
 * numbers, and no way to any other: nothing can be opened, connected, executed, forked or traced.
 *
 * Mandatory, without them the process must not go on: no_new_privs and a seccomp allow-list.
 * Taken where the kernel has it: Landlock, denying the whole file system (and TCP, abstract
 * sockets, signals from ABI 4 and 6 on), so that a hole in the list still leads nowhere.
 *
 * What the list does not name ends the process with SIGSYS: no code of ours makes such a call, so
 * whoever does is not us any more, and the daemon sees why its child died. The exceptions are
 * questions that libc, OpenSSL, zlib or a sanitizer ask in passing and whose refusal they cope
 * with (opening a time zone file, /dev/urandom or /proc/self/maps, isatty, uname, socket of
 * syslog): those are refused with EPERM, which is as closed and does not turn a harmless fallback
 * into a crash.
 *
 * Builds with AddressSanitizer use the same list. Its leak check at exit would have to clone and
 * trace, so it is left out of confined processes (sandbox_leaks.c); reports have no symbols.
 */

#include <stdbool.h>

#include <keycask/status.h>

/* What a process may do beyond the descriptors it inherited; values may be combined. */
enum sandbox_allowance {
	SANDBOX_ALLOW_NOTHING = 0,
	SANDBOX_ALLOW_ACCEPT = 1 << 0,	/* accept4() on an inherited listening socket */
	SANDBOX_ALLOW_CONNECT = 1 << 1, /* socket() and connect(), AF_UNIX only: to pcscd */
	SANDBOX_ALLOW_EVENTS = 1 << 2,	/* epoll, timerfd, eventfd and signalfd: an sd-event loop */
	SANDBOX_ALLOW_ALARM = 1 << 3,	/* setitimer(): a deadline on calls that have none */
	SANDBOX_ALLOW_THREADS = 1 << 4, /* clone() of threads, not of processes */
	/* Opening files to read them: with Landlock those that are readable, and what is below
	 * them; on a kernel without it, all that this user may read. */
	SANDBOX_ALLOW_READ = 1 << 5,
	/* The process can be looked at by others of this user, so that the daemon knows who it is
	 * when it connects; else nobody can. */
	SANDBOX_ALLOW_INSPECTION = 1 << 6,
};

struct sandbox_profile {
	const char *name;	  /* for messages: "driver" */
	unsigned inherited;	  /* descriptors 0 … inherited - 1 stay, all others are closed */
	unsigned descriptors_max; /* open at once from now on, at least inherited */
	unsigned allowances;	  /* of enum sandbox_allowance */
	const char *const *readable; /* paths, NULL at the end; those that are not there are left
				      * out. NULL: none */
};

/*
 * Confine this process for good. Call it single-threaded, before the first foreign byte is read.
 * Expected: KC_ERR_NOT_AVAILABLE  the kernel or container refuses a mandatory part: do not start
 */
KC_MUST_CHECK enum kc_status sandbox_enter(const struct sandbox_profile *profile);

/* What this kernel and container offer; for status and doctor. */
struct sandbox_support {
	bool has_no_new_privs;
	bool has_seccomp;
	int landlock_abi; /* 0: no Landlock */
};

struct sandbox_support sandbox_describe(void);

#endif
