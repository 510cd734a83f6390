/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CALLS_H
#define DAEMON_CALLS_H

/* The handlers behind dispatch.c's tables, by interface; wire/service.h says what a handler is. */

#include "daemon/daemon.h"

/* item_calls.c */
void item_calls_copy_matching(struct wire_call *call);

/* key_calls.c */
void key_calls_sign(struct wire_call *call);
void key_calls_verify(struct wire_call *call);
void key_calls_is_algorithm_supported(struct wire_call *call);

/* token_calls.c */
void token_calls_list(struct wire_call *call);
void token_calls_info(struct wire_call *call);
void token_calls_watch(struct wire_call *call);
void token_calls_forget(struct wire_call *call);

/* pin_calls.c */
void pin_calls_verify(struct wire_call *call);
void pin_calls_status(struct wire_call *call);

/* slot_calls.c */
void slot_calls_list(struct wire_call *call);
void slot_calls_watch(struct wire_call *call);

/* admin_calls.c */
void admin_calls_status(struct wire_call *call);
void admin_calls_list_drivers(struct wire_call *call);
void admin_calls_enable_driver(struct wire_call *call);
void admin_calls_lock(struct wire_call *call);
void admin_calls_stop(struct wire_call *call);

/* Reply with {@name: @value}, or fail: how most handlers end. Takes @value and @call. */
void calls_answer(struct wire_call *call, enum kc_status status, const char *name,
		  struct json_object *value);

#endif
