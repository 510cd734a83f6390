/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/*
 * The error record: what failed, where, on which token, with which status word, what to do next.
 * One per thread; the first cause wins until error_clear(), which every entry point calls. It
 * travels in replies, so it must never hold a PIN, a key or content.
 */

#include <stdbool.h>
#include <stdint.h>

#include <keycask/status.h>

enum {
	ERROR_MESSAGE_MAX = 256,
	ERROR_NAME_MAX = 128,
	ERROR_ORIGIN_MAX = 64,
};

struct error_record {
	enum kc_status status;
	char message[ERROR_MESSAGE_MAX];
	char hint[ERROR_MESSAGE_MAX]; /* what to do next, may be empty */
	char token_id[ERROR_NAME_MAX];
	char driver[ERROR_NAME_MAX];
	char origin[ERROR_ORIGIN_MAX]; /* room/file.c:line */
	uint16_t sw;		       /* the card's status word, 0 when none */
	int tries_left;		       /* -1 when unknown */
	uint64_t request;	       /* in whose answer it came; 0: in none */
};

/* Meson passes paths such as ../src/items/engine.c: keep what follows "src/". */
#define ERROR_STRING_(x) #x
#define ERROR_STRING(x)	 ERROR_STRING_(x)
#define ERROR_ORIGIN	 __FILE__ ":" ERROR_STRING(__LINE__)

/* This thread's record; status KC_OK when nothing failed since error_clear(). Never NULL. */
const struct error_record *error_get(void);
void error_clear(void);

/* Replace this thread's record, e.g. by one that came over the wire. */
void error_adopt(const struct error_record *record);

/* Add to the record what an outer stage knows and the first cause did not; first value wins. */
void error_set_token(const char *token_id, const char *driver);
void error_set_sw(uint16_t sw);
void error_set_tries_left(int tries_left);
void error_set_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Change the status that will be reported, keeping the record of its cause: the one mapping. */
enum kc_status error_remap(enum kc_status status);

/* Behind fail(): records unless a cause is already there; returns @status. */
enum kc_status error_record_failure(enum kc_status status, const char *origin, const char *format,
				    ...) __attribute__((format(printf, 3, 4)));

#endif
