/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_DAEMON_H
#define KEYCASK_DAEMON_H

/*
 * The user's daemon. Nobody has to start it: any other call does when none listens (not in a
 * process with more rights than its caller, and not with KEYCASK_AUTOSTART=0 in the environment).
 *
 * Stable since 1.0. Threads: any.
 */

#include <keycask/dictionary.h>

#ifdef __cplusplus
extern "C" {
#endif

/* See that it runs. Expected: KC_ERR_NOT_AVAILABLE  it cannot be started, with the reason
 * Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_daemon_start(void);

/*
 * Whether calls of this process may start the daemon when none listens; they may unless this says
 * otherwise. For code that is loaded into programs of others, which have not asked for a daemon.
 * Threads: any; for the calls that begin afterwards.   Since: 1.1
 */
KC_PUBLIC void kc_daemon_set_autostart(bool may_start);

/*
 * Ask it what it is: version, scope, socket, slot_socket and started are text, pid a number,
 * confinement an array of text; providers (of slots) is an array of dictionaries with name and,
 * when it has no slots because something is wrong, reason; pin_cache a dictionary with policy
 * (text), idle_s and absolute_s (numbers). Does not start it.
 * Expected: KC_ERR_NOT_AVAILABLE  it is not running
 * Ownership: *ret_status is the caller's; free with kc_dictionary_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_daemon_status(struct kc_dictionary **ret_status);

/*
 * Have it look at itself and around: an array of dictionaries with topic, state ("ok", "warning",
 * "problem"), what, and where there is more to say why and advice, all text. Does not start it.
 * Expected: KC_ERR_NOT_AVAILABLE  it is not running
 * Ownership: *ret_findings is the caller's; free with kc_value_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_daemon_examine(struct kc_value **ret_findings);

/* Stop it and wait until it is gone. Expected: KC_ERR_NOT_AVAILABLE  it is not running
 * Since: 1.0 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_daemon_stop(void);

/*
 * Have it forget every PIN that any program has given, and every card that one was used: as when
 * the screen is locked. Does not start it.
 * Expected: KC_ERR_NOT_AVAILABLE  it is not running, and knows no PIN   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_daemon_lock(void);

/* Close this process's connection: no PIN that it has given serves any longer, and no descriptor
 * stays open. The next call opens a new one. Since: 1.0 */
KC_PUBLIC void kc_daemon_disconnect(void);

/* The library's version, such as "1.0.0"; the first two numbers are those of the ABI, as in
 * "Since". Static.   Threads: any. */
KC_PUBLIC const char *kc_version(void);

#ifdef __cplusplus
}
#endif

#endif
