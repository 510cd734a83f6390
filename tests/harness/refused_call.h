/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HARNESS_REFUSED_CALL_H
#define HARNESS_REFUSED_CALL_H

/* A kernel that lacks a system call, or a proof that nobody makes it. For the rest of the test. */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "harness/test.h"

/* AddressSanitizer looks for leaks at the end, and needs getpid() for that. */
#if defined(__SANITIZE_ADDRESS__) /* gcc */
#define REFUSED_CALL_HAS_GETPID false
#elif defined(__has_feature) /* clang */
#define REFUSED_CALL_HAS_GETPID (!__has_feature(address_sanitizer))
#else
#define REFUSED_CALL_HAS_GETPID true
#endif

/* From now on the kernel refuses system call @number if its third argument is @third; -1: always.
 */
static inline void refused_call_begin(uint32_t number, int third)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | (third < 0 ? BPF_JGE : BPF_JEQ) | BPF_K,
			 third < 0 ? 0 : (uint32_t)third, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {ARRAY_LEN(steps), steps};

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

#endif
