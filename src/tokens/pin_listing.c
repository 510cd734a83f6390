/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All PINs of a token, each with its tries: one question to the driver after the other, in one
 * turn. Programs that list tokens all ask that when they start, and many start at once: whose turn
 * follows the one in which it was asked last is told what was told there.
 */
#include "tokens/pin_listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "tokens/operation_impl.h"

struct pin_listing {
	size_t n_asked;
	struct json_object *pins;
};

struct pin_listing *pin_listing_free(struct pin_listing *listing)
{
	if (!listing)
		return NULL;
	field_free(&listing->pins);
	free(listing);
	return NULL;
}
DEFINE_FREEP(pin_listing)

static const struct token_pin *current(const struct operation *operation)
{
	return &operation->token->pins.pins[operation->listing->n_asked];
}

static enum kc_status add(struct operation *operation, struct json_object *reply)
{
	CLEANUP(field_free) struct json_object *description = NULL;
	struct json_object *tries_left = field_get(reply, "tries_left");

	TRY(token_pins_describe(current(operation), &description));
	if (tries_left)
		TRY(field_put(description, "tries_left", json_object_get(tries_left)));
	return field_append(operation->listing->pins, take(description));
}

static enum kc_status finish(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct token *token = operation->token;

	TRY(field_new_object(&reply));
	TRY(field_put(reply, "pins", json_object_get(operation->listing->pins)));
	field_free(&token->told_pins);
	token->told_pins = json_object_get(operation->listing->pins);
	token->told_in = card_turn_number(token->card);
	operation_succeed(operation, reply);
	return KC_OK;
}

/* Nobody has had the card since it was asked. */
static bool is_told(const struct token *token)
{
	return token->told_pins && token->told_in + 1 == card_turn_number(token->card);
}

static enum kc_status tell_again(struct operation *operation)
{
	field_free(&operation->listing->pins);
	operation->listing->pins = json_object_get(operation->token->told_pins);
	return finish(operation);
}

static enum kc_status ask_next(struct operation *operation);

/* A verified card does not tell of the PIN that it has seen, unless it is reset. */
static bool hides_tries(const struct operation *operation, enum kc_status status,
			struct json_object *reply)
{
	return status == KC_OK && !field_get(reply, "tries_left") && !operation->is_reset_tried &&
	       current(operation) == token_pins_find(&operation->token->pins, NULL);
}

static void on_status(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct operation *operation = userdata;

	if (!operation_has_returned(operation))
		return;
	if (hides_tries(operation, status, reply)) {
		operation_repeat_after_reset(operation);
		return;
	}
	if (status == KC_OK || status == KC_ERR_NOT_IMPLEMENTED)
		status = add(operation, status == KC_OK ? reply : NULL);
	operation->listing->n_asked++;
	error_clear();
	if (status == KC_OK)
		status = ask_next(operation);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

static enum kc_status ask_next(struct operation *operation)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	if (operation->listing->n_asked >= operation->token->pins.n_pins)
		return finish(operation);
	TRY(field_new_object(&parameters));
	TRY(field_put_text(parameters, "pin_id", current(operation)->pin_id));
	return operation_call(operation, OPERATION_PIN_STATUS, take(parameters), on_status);
}

void pin_listing_run(struct operation *operation)
{
	enum kc_status status = KC_OK;

	error_clear();
	status = is_told(operation->token) ? tell_again(operation) : ask_next(operation);
	if (status != KC_OK)
		operation_fail_by_driver(operation, status);
}

enum kc_status pin_listing_start(struct token *token, const struct operation_options *options,
				 struct operation **ret_operation)
{
	CLEANUP(pin_listing_freep) struct pin_listing *listing = calloc(1, sizeof(*listing));

	REQUIRE(listing, KC_ERR_ALLOCATE, "out of memory");
	listing->pins = json_object_new_array();
	REQUIRE(listing->pins, KC_ERR_ALLOCATE, "out of memory");
	TRY(operation_new(token, options, NULL, NULL, ret_operation));
	(*ret_operation)->listing = take(listing);
	operation_submit(*ret_operation);
	return KC_OK;
}
