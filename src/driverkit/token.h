/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DRIVERKIT_TOKEN_H
#define DRIVERKIT_TOKEN_H

/* The one token of this process: its driver, its card, what it published, who is authenticated. */

#include "driverkit/card.h"
#include "driverkit/contents.h"

struct kc_token {
	const struct kc_driver *driver;
	void *state; /* the driver's */
	struct kc_card card;
	struct kc_contents contents; /* of the last complete enumerate() */
	char *token_id;		     /* CLASS:INSTANCE, NULL before open */

	/* Kept by session.c alone. */
	bool has_transaction;
	int64_t transaction;
	bool is_selected;	       /* the application, in this transaction */
	int64_t authenticated_session; /* 0: none */
	unsigned authenticated_scopes; /* of that session: bits */
	unsigned fresh_scopes;	       /* the call before this one was a good Authenticate */
	int64_t admin_session;	       /* which may write, in this transaction; 0: none */
};

/* A token of @driver on a card that @exchange reaches; @token must not move from here on. */
KC_MUST_CHECK enum kc_status token_init(struct kc_token *token, const struct kc_driver *driver,
					card_exchange_fn exchange, void *context);
/* Close the driver's state and release everything. Accepts a zeroed struct. */
void token_done(struct kc_token *token);

/* Keep the name under which errors speak of the token. */
KC_MUST_CHECK enum kc_status token_set_id(struct kc_token *token, const char *instance_id);

#endif
