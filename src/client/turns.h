/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLIENT_TURNS_H
#define CLIENT_TURNS_H

/*
 * A lock that threads get in the order in which they asked for it. With a mutex, a thread that asks
 * again at once has it before those that wait have woken up, and they wait for as long as it likes.
 */

#include <pthread.h>
#include <stdbool.h>

struct turns {
	pthread_mutex_t mutex;
	pthread_cond_t next;
	unsigned n_taken; /* both run on, and around */
	unsigned n_given; /* back */
};

/* Whatever it was before. */
void turns_init(struct turns *turns);
void turns_take(struct turns *turns);
/* False: somebody has it, or waits for it. */
bool turns_try(struct turns *turns);
void turns_give(struct turns *turns);

#endif
