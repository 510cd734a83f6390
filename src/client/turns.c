/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As at a counter: who comes takes a number, and waits until it is called. */
#include "client/turns.h"

#include "base/try.h"

void turns_init(struct turns *turns)
{
	ignore(pthread_mutex_init(&turns->mutex, NULL));
	ignore(pthread_cond_init(&turns->next, NULL));
	turns->n_taken = 0;
	turns->n_given = 0;
}

void turns_take(struct turns *turns)
{
	unsigned number = 0;

	ignore(pthread_mutex_lock(&turns->mutex));
	number = turns->n_taken++;
	while (turns->n_given != number)
		ignore(pthread_cond_wait(&turns->next, &turns->mutex));
	ignore(pthread_mutex_unlock(&turns->mutex));
}

bool turns_try(struct turns *turns)
{
	bool is_free = false;

	ignore(pthread_mutex_lock(&turns->mutex));
	is_free = turns->n_given == turns->n_taken;
	if (is_free)
		turns->n_taken++;
	ignore(pthread_mutex_unlock(&turns->mutex));
	return is_free;
}

void turns_give(struct turns *turns)
{
	ignore(pthread_mutex_lock(&turns->mutex));
	turns->n_given++;
	ignore(pthread_cond_broadcast(&turns->next));
	ignore(pthread_mutex_unlock(&turns->mutex));
}
