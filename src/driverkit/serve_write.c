/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The methods of protocol/org.keycask.Driver.varlink that write what comes from elsewhere, or
 * delete: decoded for card_write.c.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "driverkit/card_write.h"
#include "driverkit/key_parts.h"
#include "driverkit/serve_impl.h"

/* --- a private key --------------------------------------------------------------------------- */

/* What bytes it stands in. A secret. */
struct carried_key {
	struct bytes public_key;
	struct bytes data;
	struct kc_private_key parts;
};

static void carried_key_done(struct carried_key *key)
{
	bytes_done(&key->data); /* wiped */
	bytes_done(&key->public_key);
}

static enum kc_status read_key(struct json_object *json, const struct kc_key_wish *wish,
			       struct carried_key *key)
{
	key->parts.size_in_bits = wish->size_in_bits;
	TRY(serve_creation_read_type(field_text(json, "key_type"), &key->parts.type));
	REQUIRE(field_number(json, "key_size_in_bits", 0) == (int64_t)wish->size_in_bits,
		KC_ERR_BAD_PARAMETER, "a key of another size than was planned");
	TRY(field_data(json, "public_key", &key->public_key));
	TRY(field_data(json, "data", &key->data));
	key->parts.public_key = bytes_view(&key->public_key);
	return key_parts_read(bytes_view(&key->data), &key->parts);
}

static enum kc_status answer_import(struct kc_token *token, const struct session_turn *turn,
				    struct json_object *parameters, struct json_object *reply)
{
	CLEANUP(carried_key_done)
	struct carried_key key = {.public_key = BYTES_INIT(CONTENTS_PUBLIC_KEY_MAX),
				  .data = BYTES_INIT(SECRET_MAX)};
	CLEANUP(contents_done) struct kc_contents made = {0};
	struct kc_key_wish wish = {.place = NULL};

	TRY(serve_creation_read_wish(parameters, &wish));
	TRY(read_key(field_get(parameters, "key"), &wish, &key));
	TRY(card_write_import(token, turn, &wish, &key.parts, &made));
	return serve_creation_put_made(&made, reply);
}

/* --- a certificate --------------------------------------------------------------------------- */

struct carried_certificate {
	struct bytes der;
	struct bytes public_key;
	struct kc_certificate_wish wish;
};

#define CARRIED_CERTIFICATE_INIT                                                                   \
	((struct carried_certificate){.der = BYTES_INIT(CONTENTS_BYTES_MAX),                       \
				      .public_key = BYTES_INIT(CONTENTS_PUBLIC_KEY_MAX)})

static void carried_certificate_done(struct carried_certificate *certificate)
{
	bytes_done(&certificate->der);
	bytes_done(&certificate->public_key);
}

static enum kc_status read_certificate(struct json_object *parameters,
				       struct carried_certificate *certificate)
{
	struct json_object *json = field_get(parameters, "wish");
	struct kc_certificate_wish *wish = &certificate->wish;

	TRY(serve_creation_read_type(field_text(json, "key_type"), &wish->type));
	TRY(field_data(json, "data", &certificate->der));
	TRY(field_data(json, "public_key", &certificate->public_key));
	REQUIRE(certificate->der.len > 0 && certificate->public_key.len > 0, KC_ERR_BAD_PARAMETER,
		"a certificate without content");
	wish->place = field_text(json, "place");
	wish->der = bytes_view(&certificate->der);
	wish->public_key = bytes_view(&certificate->public_key);
	wish->may_replace = field_flag(json, "may_replace", false);
	wish->may_mismatch = field_flag(json, "may_mismatch", false);
	return KC_OK;
}

static enum kc_status answer_plan_certificate(struct kc_token *token,
					      const struct session_turn *turn,
					      struct json_object *parameters,
					      struct json_object *reply)
{
	CLEANUP(carried_certificate_done)
	struct carried_certificate certificate = CARRIED_CERTIFICATE_INIT;
	CLEANUP(kc_bytes_free) struct kc_bytes object_id = {NULL, 0};

	TRY(read_certificate(parameters, &certificate));
	TRY(card_write_plan_certificate(token, turn, &certificate.wish, &object_id));
	return field_put_data(reply, "object_id", view_of(object_id.data, object_id.len));
}

static enum kc_status answer_put_certificate(struct kc_token *token,
					     const struct session_turn *turn,
					     struct json_object *parameters,
					     struct json_object *reply)
{
	CLEANUP(carried_certificate_done)
	struct carried_certificate certificate = CARRIED_CERTIFICATE_INIT;
	CLEANUP(contents_done) struct kc_contents made = {0};

	TRY(read_certificate(parameters, &certificate));
	TRY(card_write_put_certificate(token, turn, &certificate.wish, &made));
	return serve_creation_put_made(&made, reply);
}

/* --- what is to go --------------------------------------------------------------------------- */

typedef enum kc_status (*deletion_fn)(struct kc_token *token, const struct session_turn *turn,
				      const struct kc_deletion_wish *wish);

static enum kc_status with_deletion(struct kc_token *token, const struct session_turn *turn,
				    struct json_object *parameters, deletion_fn perform)
{
	CLEANUP(bytes_done) struct bytes object_id = BYTES_INIT(CONTENTS_ID_MAX);
	struct json_object *json = field_get(parameters, "wish");
	const char *kind = field_text(json, "kind");
	struct kc_deletion_wish wish = {.is_key = kind && strcmp(kind, "key") == 0};

	REQUIRE(wish.is_key || (kind && strcmp(kind, "certificate") == 0), KC_ERR_BAD_PARAMETER,
		"no kind of object");
	TRY(field_data(json, "object_id", &object_id));
	wish.object_id = bytes_view(&object_id);
	return perform(token, turn, &wish);
}

static enum kc_status answer_plan_deletion(struct kc_token *token, const struct session_turn *turn,
					   struct json_object *parameters,
					   struct json_object *reply)
{
	(void)reply;
	return with_deletion(token, turn, parameters, card_write_plan_deletion);
}

static enum kc_status answer_delete(struct kc_token *token, const struct session_turn *turn,
				    struct json_object *parameters, struct json_object *reply)
{
	(void)reply;
	return with_deletion(token, turn, parameters, card_write_delete);
}

void serve_write_import(struct wire_call *call)
{
	serve_answer(call, answer_import);
}

void serve_write_plan_certificate(struct wire_call *call)
{
	serve_answer(call, answer_plan_certificate);
}

void serve_write_put_certificate(struct wire_call *call)
{
	serve_answer(call, answer_put_certificate);
}

void serve_write_plan_deletion(struct wire_call *call)
{
	serve_answer(call, answer_plan_deletion);
}

void serve_write_delete(struct wire_call *call)
{
	serve_answer(call, answer_delete);
}
