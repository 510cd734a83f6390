/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Children that are forked while other threads read messages read theirs. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/test.h"
#include "wire/message.h"

enum {
	THREADS = 3,
	CHILDREN = 300,
	PATIENCE_S = 30,
};

static atomic_bool is_over;

static enum kc_status parse(void)
{
	CLEANUP(field_free) struct json_object *message = NULL;

	return message_parse(view_of_text("{\"a\":[1,2,3],\"b\":\"text\"}"), &message);
}

static void *read_all_the_time(void *unused)
{
	(void)unused;
	while (!atomic_load(&is_over))
		if (parse() != KC_OK)
			_exit(EXIT_FAILURE);
	return NULL;
}

/* A child that hangs is ended by its alarm. */
static int live_as_child(void)
{
	pid_t child = fork();
	int status = -1;

	CHECK(child >= 0);
	if (child == 0) {
		(void)alarm(PATIENCE_S);
		_exit(parse() == KC_OK ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	return status;
}

TEST(children_of_readers_read)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		CHECK_INT(pthread_create(&threads[i], NULL, read_all_the_time, NULL), 0);
	for (int i = 0; i < CHILDREN; i++)
		CHECK_INT(live_as_child(), 0);
	atomic_store(&is_over, true);
	for (size_t i = 0; i < THREADS; i++)
		CHECK_INT(pthread_join(threads[i], NULL), 0);
}
