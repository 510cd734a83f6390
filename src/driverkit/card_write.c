/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of card_write.h: a driver is asked to write only after they have been kept. */
#include "driverkit/card_write.h"

#include "base/cleanup.h"
#include "base/try.h"
#include "driverkit/creation.h"

static enum kc_status check_can(const struct kc_token *token, bool can, const char *what)
{
	REQUIRE(can && token->driver->authenticate_admin, KC_ERR_NOT_IMPLEMENTED,
		"the %s driver %s", token->driver->name, what);
	return KC_OK;
}

/* --- keys ---------------------------------------------------------------------------------- */

enum kc_status card_write_import(struct kc_token *token, const struct session_turn *turn,
				 const struct kc_key_wish *wish, const struct kc_private_key *key,
				 struct kc_contents *made)
{
	CLEANUP(kc_bytes_free) struct kc_bytes object_id = {NULL, 0};
	struct kc_view name = {NULL, 0};

	TRY(creation_check_wish(token, wish));
	REQUIRE(wish->is_import && wish->type == key->type, KC_ERR_BAD_PARAMETER,
		"another key than was planned");
	TRY(creation_claim_admin(token, turn));
	TRY(creation_replan(token, wish, &object_id));
	name = view_of(object_id.data, object_id.len);
	TRY(token->driver->import_key(token, wish, key, name, made));
	return creation_check_made(made, name);
}

/* --- certificates -------------------------------------------------------------------------- */

static enum kc_status check_can_put(const struct kc_token *token)
{
	const struct kc_driver *driver = token->driver;

	return check_can(token, driver->plan_certificate && driver->put_certificate,
			 "writes no certificates");
}

static enum kc_status plan_certificate(struct kc_token *token,
				       const struct kc_certificate_wish *wish,
				       struct kc_bytes *ret_object_id)
{
	struct kc_bytes object_id = {NULL, 0};

	TRY(token->driver->plan_certificate(token, wish, &object_id));
	return creation_check_name(&object_id, ret_object_id);
}

enum kc_status card_write_plan_certificate(struct kc_token *token, const struct session_turn *turn,
					   const struct kc_certificate_wish *wish,
					   struct kc_bytes *ret_object_id)
{
	TRY(check_can_put(token));
	TRY(session_begin(token, turn));
	return plan_certificate(token, wish, ret_object_id);
}

/* What the driver says that it has put must be what it was given. */
static enum kc_status check_put(const struct kc_contents *made, struct kc_view object_id,
				struct kc_view der)
{
	const struct contents_object *object = contents_find_certificate(made, object_id);

	REQUIRE(made->n_objects == 1 && object &&
			view_equal(view_of(object->data.data, object->data.len), der),
		KC_ERR_CORRUPTED_DATA, "the driver does not tell which certificate it has put");
	return KC_OK;
}

enum kc_status card_write_put_certificate(struct kc_token *token, const struct session_turn *turn,
					  const struct kc_certificate_wish *wish,
					  struct kc_contents *made)
{
	CLEANUP(kc_bytes_free) struct kc_bytes object_id = {NULL, 0};
	struct kc_view name = {NULL, 0};

	TRY(check_can_put(token));
	TRY(creation_claim_admin(token, turn));
	TRY(plan_certificate(token, wish, &object_id));
	name = view_of(object_id.data, object_id.len);
	TRY(token->driver->put_certificate(token, wish, name, made));
	return check_put(made, name, wish->der);
}

/* --- deleting ------------------------------------------------------------------------------ */

static enum kc_status plan_deletion(struct kc_token *token, const struct kc_deletion_wish *wish)
{
	const struct contents_object *object =
		wish->is_key ? contents_find_key(&token->contents, wish->object_id)
			     : contents_find_certificate(&token->contents, wish->object_id);

	REQUIRE(object, KC_ERR_OBJECT_NOT_FOUND, "the token has no such object");
	return token->driver->plan_deletion(token, wish);
}

static enum kc_status check_can_delete(const struct kc_token *token)
{
	const struct kc_driver *driver = token->driver;

	return check_can(token, driver->plan_deletion && driver->delete_object, "deletes nothing");
}

enum kc_status card_write_plan_deletion(struct kc_token *token, const struct session_turn *turn,
					const struct kc_deletion_wish *wish)
{
	TRY(check_can_delete(token));
	TRY(session_begin(token, turn));
	return plan_deletion(token, wish);
}

enum kc_status card_write_delete(struct kc_token *token, const struct session_turn *turn,
				 const struct kc_deletion_wish *wish)
{
	TRY(check_can_delete(token));
	TRY(creation_claim_admin(token, turn));
	TRY(plan_deletion(token, wish));
	return token->driver->delete_object(token, wish);
}
