/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_ITEM_CONTENT_H
#define DAEMON_ITEM_CONTENT_H

/*
 * What value_data of an item turns out to be: the parts that the engine keeps, with what each one
 * says of itself. Certificates are read by keycask-x509, so that this may take a while; keys by
 * keys/private_key.h; passwords are what they are.
 */

#include "items/engine.h"
#include "tokens/inspector.h"

struct item_content;

/* All borrowed for the call only. */
struct item_content_source {
	const char *class_name; /* "certificate", "key", "identity"; others have no form */
	struct kc_view data;
	struct kc_view key;    /* identity: its private key as it is kept, and @data is DER; empty:
				* @data is PEM text with both */
	const char *key_class; /* what is said of a key; NULL: nothing */
	const char *key_type;
	const char *label; /* of the item; NULL: none is given */
};

/* On the loop, later; the record says more of a failure. */
typedef void (*item_content_fn)(void *userdata, enum kc_status status);

/*
 * Expected: KC_ERR_DECODE, KC_ERR_PARAM, KC_ERR_KEY_SIZE_NOT_ALLOWED  saying what is wrong with it
 * Such a failure may also come to @on_read, which runs unless item_content_is_read() says that
 * everything is known already, or the content is freed before.
 */
KC_MUST_CHECK enum kc_status item_content_new(const struct item_content_source *source,
					      struct inspector *inspector, item_content_fn on_read,
					      void *userdata, struct item_content **ret_content);
struct item_content *item_content_free(struct item_content *content);
DEFINE_FREEP(item_content)

bool item_content_is_read(const struct item_content *content);

/* For engine_add() and engine_update(): one, or certificate and key of an identity. Borrowed. */
const struct engine_part *item_content_parts(const struct item_content *content,
					     size_t *ret_n_parts);

#endif
