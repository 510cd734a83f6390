/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HARNESS_CANNED_DAEMON_H
#define HARNESS_CANNED_DAEMON_H

/*
 * A daemon for tests of the client and of the CLI: it answers from fixed text, in processes of
 * its own, at a socket in the test's directory that KEYCASK_SOCKET then names.
 */

#include <semaphore.h>
#include <stdbool.h>
#include <sys/types.h>

/* Shared with the daemon's processes. */
struct canned_daemon_state {
	int n_connections;
	int n_queries;
	int n_signs;
	int n_changes; /* of items: Add, Update, Delete */
	int n_watches;
	bool watches_in_silence; /* a watch tells nothing and goes on */
	bool holds_sign;	 /* a Sign posts sign_is_here and waits for sign_may_go */
	sem_t sign_is_here;
	sem_t sign_may_go;
	int n_contexts; /* made; their names are "context 1" and so on */
	int n_contexts_ended;
	bool dies_on_query; /* once: drop the connection instead of answering */
	bool dies_on_sign;
	bool dies_on_change;
	bool is_slow;	       /* never answers a query */
	bool answers_in_pages; /* a query: one item in each reply */
	bool dies_after_page;  /* once, after the first of them */
	bool fails_after_page; /* every time: something is locked */
	char pin[32];	       /* what came with the last Sign, Decrypt or Exchange */
	char interaction[512];
	char context_secret[64]; /* of the last context, with its zero byte; may be "" */
	char parameters[1024];	 /* of the last use of a key, query or change of an item */
};

struct canned_daemon {
	pid_t pid;
	int alive_fd; /* its end is the end of the last process */
	struct canned_daemon_state *state;
};

/* @items: a JSON array of all items, each with its "class"; @tokens: what Tokens.List gives. */
struct canned_daemon canned_daemon_start(const char *items, const char *tokens);
/* All its processes, and its socket; returns when the last one is gone. */
void canned_daemon_stop(struct canned_daemon *daemon);

#endif
