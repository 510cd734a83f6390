/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * C_Initialize, C_Finalize, and the lock. A process that was forked notices it by its number at its
 * first call: it makes the lock anew and has each part look through what it inherited. So that it
 * inherits whole tables, fork() waits for the lock, which is held for moments only; it does not
 * wait for ever, and makers of processes that call no handlers do not wait at all: should a table
 * have been in pieces, the child begins with empty ones.
 */
#include "frontends/pkcs11/p11_module.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <keycask/daemon.h>

#include "base/process_id.h"
#include "base/try.h"
#include "frontends/pkcs11/p11_event.h"
#include "frontends/pkcs11/p11_object.h"
#include "frontends/pkcs11/p11_session.h"
#include "frontends/pkcs11/p11_slot.h"

static struct {
	/* The process that the state belongs to; 0: nobody yet, negative: being taken over. */
	_Atomic pid_t owner;
	pthread_mutex_t lock;
	pthread_cond_t news;
	bool is_held;	   /* by a thread: what fork() copied may be in pieces */
	bool has_handlers; /* of fork() */
	bool is_initialised;
	bool is_ending;	   /* C_Finalize is at it */
	bool is_inherited; /* by fork(), and C_Initialize was not called since */
	unsigned generation;
} module = {.lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};

/* --- one owner at a time ------------------------------------------------------------------- */

static void inherit(void)
{
	bool is_whole = !module.is_held;

	ignore(pthread_mutex_init(&module.lock, NULL));
	ignore(pthread_cond_init(&module.news, NULL));
	module.is_held = false;
	module.is_ending = false;
	module.is_inherited = module.is_initialised;
	p11_session_inherit(is_whole);
	p11_object_inherit(is_whole);
	p11_slot_inherit(is_whole);
	p11_event_inherit(is_whole);
}

static void take_over(void)
{
	pid_t self = process_id();
	pid_t seen = atomic_load(&module.owner);

	while (seen != self) {
		if (seen == -self) {
			ignore(sched_yield());
			seen = atomic_load(&module.owner);
		} else if (atomic_compare_exchange_strong(&module.owner, &seen, -self)) {
			inherit();
			atomic_store(&module.owner, self);
			break;
		}
	}
}

void p11_module_hold(void)
{
	take_over();
	ignore(pthread_mutex_lock(&module.lock));
	module.is_held = true;
}

void p11_module_leave(void)
{
	module.is_held = false;
	ignore(pthread_mutex_unlock(&module.lock));
}

CK_RV p11_module_enter(void)
{
	p11_module_hold();
	if (module.is_initialised)
		return CKR_OK;
	p11_module_leave();
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

void p11_module_wait(void)
{
	module.is_held = false;
	ignore(pthread_cond_wait(&module.news, &module.lock));
	module.is_held = true;
}

void p11_module_notify(void)
{
	ignore(pthread_cond_broadcast(&module.news));
}

unsigned p11_module_generation(void)
{
	return module.generation;
}

/* --- fork() -------------------------------------------------------------------------------- */

enum {
	/* For a thread that has the lock and no processor. What ends this is another library's
	 * handler of fork() that waits for a thread which waits for us. */
	FORK_PATIENCE_S = 5,
};

/* The lock is held for fork(). Each thread's own: two may fork at once. */
static _Thread_local bool is_forking;

static void before_fork(void)
{
	struct timespec deadline = {0};

	ignore(clock_gettime(CLOCK_REALTIME, &deadline));
	deadline.tv_sec += FORK_PATIENCE_S;
	is_forking = pthread_mutex_timedlock(&module.lock, &deadline) == 0;
}

static void after_fork_in_parent(void)
{
	if (is_forking)
		ignore(pthread_mutex_unlock(&module.lock));
	is_forking = false;
}

/* The child may fork before it calls us. Its number may be that of its parent, in another
 * namespace. */
static void after_fork_in_child(void)
{
	is_forking = false;
	ignore(pthread_mutex_init(&module.lock, NULL));
	atomic_store(&module.owner, 0);
}

/* Held. The module never leaves memory (nodelete), so they may stay. */
static CK_RV set_handlers(void)
{
	if (!module.has_handlers &&
	    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) != 0)
		return CKR_HOST_MEMORY;
	module.has_handlers = true;
	return CKR_OK;
}

/* --- C_Initialize and C_Finalize ----------------------------------------------------------- */

/* 3.0, 5.4.1: all four functions or none; who gives functions and does not set CKF_OS_LOCKING_OK
 * wants them used and nothing else, which a library that cannot answers with CKR_CANT_LOCK. That
 * the library may not make threads is no matter: it makes none. */
static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *arguments)
{
	int n_functions = 0;

	if (!arguments)
		return CKR_OK;
	n_functions = !!arguments->CreateMutex + !!arguments->DestroyMutex +
		      !!arguments->LockMutex + !!arguments->UnlockMutex;
	if (arguments->pReserved || (n_functions != 0 && n_functions != 4))
		return CKR_ARGUMENTS_BAD;
	if (n_functions == 4 && !(arguments->flags & CKF_OS_LOCKING_OK))
		return CKR_CANT_LOCK;
	return CKR_OK;
}

/* 3.0, 5.4.1: a child of fork() calls C_Initialize before anything else, when it does not know of
 * CKF_INTERFACE_FORK_SAFE. It is told that it was right, and finds what it would find without. */
static CK_RV initialise(void)
{
	const char *autostart = secure_getenv("KEYCASK_AUTOSTART");
	bool is_first = !module.is_initialised;

	if (!is_first && !module.is_inherited)
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	/* What keycask's own processes load (a driver of foreign modules, OpenSSL by its settings)
	 * may not come back to it by this one: it would wait for itself. */
	if (secure_getenv("KEYCASK_WITHIN"))
		return CKR_GENERAL_ERROR;
	if (set_handlers() != CKR_OK)
		return CKR_HOST_MEMORY;
	module.is_inherited = false;
	module.is_initialised = true;
	/* design/decisions.md 15: who loads a module has not asked for a daemon. */
	kc_daemon_set_autostart(autostart && strcmp(autostart, "1") == 0);
	return is_first ? p11_slot_begin() : CKR_OK;
}

CK_RV C_Initialize(void *arguments)
{
	CK_RV result = check_arguments(arguments);

	if (result != CKR_OK)
		return result;
	p11_module_hold();
	while (module.is_ending)
		p11_module_wait();
	result = initialise();
	if (result != CKR_OK && result != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		module.is_initialised = false;
	p11_module_leave();
	return result;
}

CK_RV C_Finalize(void *reserved)
{
	CK_RV result = CKR_OK;

	if (reserved)
		return CKR_ARGUMENTS_BAD;
	result = p11_module_enter();
	if (result != CKR_OK)
		return result;
	module.is_initialised = false;
	module.is_inherited = false;
	module.is_ending = true;
	module.generation++;
	p11_module_notify();
	p11_module_leave();
	p11_session_end();
	p11_module_hold();
	p11_event_end();
	p11_object_end();
	p11_slot_end();
	p11_module_leave();
	kc_daemon_disconnect();
	p11_module_hold();
	module.is_ending = false;
	p11_module_notify();
	p11_module_leave();
	return CKR_OK;
}
