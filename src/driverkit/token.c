/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The token's life, and the small functions through which a driver reaches it. */
#include "driverkit/token.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"
#include "codec/apdu.h"

enum kc_status token_init(struct kc_token *token, const struct kc_driver *driver,
			  card_exchange_fn exchange, void *context)
{
	void *state = calloc(1, driver->state_size ? driver->state_size : 1);

	REQUIRE(state, KC_ERR_ALLOCATE, "out of memory");
	*token = (struct kc_token){
		.driver = driver,
		.state = state,
		.card = {.exchange = exchange, .context = context, .input_max = APDU_COMMAND_MAX}};
	return KC_OK;
}

void token_done(struct kc_token *token)
{
	if (token->driver && token->driver->close)
		token->driver->close(token);
	contents_done(&token->contents);
	free(token->token_id);
	free(token->state);
	*token = (struct kc_token){0};
}

enum kc_status token_set_id(struct kc_token *token, const char *instance_id)
{
	char *token_id = NULL;

	REQUIRE(asprintf(&token_id, "%s:%s", token->driver->class_id, instance_id) >= 0,
		KC_ERR_ALLOCATE, "out of memory");
	free(token->token_id);
	token->token_id = token_id;
	return KC_OK;
}

struct kc_card *kc_token_card(struct kc_token *token)
{
	return &token->card;
}

void *kc_token_state(struct kc_token *token)
{
	return token->state;
}

void kc_token_set_tries_left(struct kc_token *token, int tries_left)
{
	(void)token;
	error_set_tries_left(tries_left);
}

enum kc_status kc_token_fail(struct kc_token *token, enum kc_status status, uint16_t sw,
			     const char *why, ...)
{
	char text[ERROR_MESSAGE_MAX];
	va_list args;

	va_start(args, why);
	(void)vsnprintf(text, sizeof(text), why, args);
	va_end(args);
	error_set_sw(sw);
	return error_record_failure(status, token->driver->class_id, "%s", text);
}
