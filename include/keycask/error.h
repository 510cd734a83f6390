/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_ERROR_H
#define KEYCASK_ERROR_H

/*
 * Why the last call failed: a status says what kind of thing happened, the record of this thread
 * says what happened, where, and what to do next. Calls that can fail clear it when they begin.
 *
 * Stable since 1.0. Texts are borrowed and live until this thread's next call; texts that came
 * from a card or another program may hold control characters: escape them before printing.
 */

#include <stdint.h>

#include <keycask/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kc_error;

/* This thread's record. Never NULL; kc_error_status() is KC_OK when nothing failed. Since: 1.0 */
KC_PUBLIC const struct kc_error *kc_error_last(void);

/* What the call has returned. */
KC_PUBLIC enum kc_status kc_error_status(const struct kc_error *error);
/* What a person reads: lower case, no full stop. "" when there is none. */
KC_PUBLIC const char *kc_error_message(const struct kc_error *error);
/* What to do next; "" when nobody knows. */
KC_PUBLIC const char *kc_error_hint(const struct kc_error *error);
/* The token and the driver that it is about; "" when about none. */
KC_PUBLIC const char *kc_error_token_id(const struct kc_error *error);
KC_PUBLIC const char *kc_error_driver(const struct kc_error *error);
/* The card's status word (0x6982); 0 when there is none. */
KC_PUBLIC unsigned kc_error_sw(const struct kc_error *error);
/* PIN tries left; -1 when unknown. */
KC_PUBLIC int kc_error_tries_left(const struct kc_error *error);
/* The daemon's number of the request that it refused, as its audit log has it; 0: it has not
 * answered, or was not asked. Since: 1.1 */
KC_PUBLIC uint64_t kc_error_request(const struct kc_error *error);
/* The line of ours that gave up, for bug reports ("drivers/piv/sign.c:48"). */
KC_PUBLIC const char *kc_error_origin(const struct kc_error *error);

#ifdef __cplusplus
}
#endif

#endif
