/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_CONTEXT_H
#define KEYCASK_CONTEXT_H

/*
 * Authentication contexts: what a person proves in one call serves the others that name the same
 * context, for five minutes and until the keychain is locked. A context may carry the password of
 * items that have one of their own (KC_ACCESS_CONTROL_APPLICATION_PASSWORD), and may say that
 * nobody is to be asked. In a query:
 *
 *	{KC_USE_AUTHENTICATION_CONTEXT, KC_AUTHENTICATION_CONTEXT(context)}
 *
 * The daemon knows a context by the connection it was made on. After fork() and when the daemon was
 * restarted the library makes it anew at its next use, with its password; what a person had proved
 * is then to be proved again.
 *
 * Stable since 1.0. Threads: any; a context is freed when no thread uses it any more.
 */

#include <stdbool.h>

#include <keycask/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kc_authentication_context;

/*
 * Asks nobody, not even the daemon, until it is used.
 * Expected: KC_ERR_ALLOCATE
 * Ownership: free *ret_context with kc_authentication_context_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_authentication_context_new(
	struct kc_authentication_context **ret_context);

/* End it: what was proved in it is forgotten. NULL is fine. Always returns NULL. */
KC_PUBLIC struct kc_authentication_context *kc_authentication_context_free(
	struct kc_authentication_context *context);

/*
 * The password of items that have one of their own: text of up to 255 bytes; data NULL: none any
 * more. It is kept in locked memory and wiped when the context is freed.
 * Expected: KC_ERR_PARAM  it is empty, too long, or has a zero byte
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_authentication_context_set_application_password(
	struct kc_authentication_context *context, struct kc_view password);

/* Calls that name @context never ask a person: they fail with KC_ERR_INTERACTION_NOT_ALLOWED. */
KC_PUBLIC void kc_authentication_context_set_interaction_not_allowed(
	struct kc_authentication_context *context, bool interaction_not_allowed);

/* What stands for it in a dictionary, in this process alone. Borrowed; NULL for NULL. */
KC_PUBLIC const char *kc_authentication_context_name(
	const struct kc_authentication_context *context);

#define KC_AUTHENTICATION_CONTEXT(context) KC_TEXT(kc_authentication_context_name(context))

#ifdef __cplusplus
}
#endif

#endif
