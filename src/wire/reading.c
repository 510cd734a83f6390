/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers of fork() are registered by the first who reads, and go with the library when it is
 * unloaded. A signal handler that forks in the middle of our own reading must not wait for us.
 */
#include "wire/reading.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/try.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t is_watched = PTHREAD_ONCE_INIT;
static _Thread_local bool is_reading;

static void before_fork(void)
{
	if (!is_reading)
		ignore(pthread_mutex_lock(&lock) == 0);
}

static void after_fork(void)
{
	if (!is_reading)
		ignore(pthread_mutex_unlock(&lock) == 0);
}

/* Without memory for it forking is as safe as before. */
static void watch(void)
{
	ignore(pthread_atfork(before_fork, after_fork, after_fork) == 0);
}

void reading_begin(void)
{
	ignore(pthread_once(&is_watched, watch) == 0);
	ignore(pthread_mutex_lock(&lock) == 0);
	is_reading = true;
}

void reading_end(void)
{
	is_reading = false;
	ignore(pthread_mutex_unlock(&lock) == 0);
}
