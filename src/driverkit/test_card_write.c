/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may write to a token, on a driver that would write for anybody; and what a key consists of.
 */
#include "driverkit/card_write.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "driverkit/creation.h"
#include "driverkit/key_parts.h"
#include "harness/test.h"

struct scribe {
	unsigned n_written;
	bool tells_another;
};

enum {
	A = 1,
	B = 2,
	PLACE = 7,
};

static struct scribe *state_of(struct kc_token *token)
{
	return kc_token_state(token);
}

static enum kc_status scribe_enumerate(struct kc_token *token, struct kc_contents *contents)
{
	const struct kc_key_description key = {.object_id = view_of_text("key"),
					       .label = "Key",
					       .type = KC_KEY_TYPE_EC,
					       .size_in_bits = 256,
					       .public_key = view_of_text("public")};

	(void)token;
	CHECK_OK(kc_contents_add_key(contents, &key));
	return kc_contents_add_certificate(contents, view_of_text("certificate"), "Certificate",
					   view_of_text("old"));
}

static enum kc_status name(struct kc_bytes *ret_object_id)
{
	CLEANUP(bytes_done) struct bytes id = BYTES_INIT(1);

	CHECK_OK(bytes_append_byte(&id, PLACE));
	*ret_object_id = bytes_take(&id);
	return KC_OK;
}

static enum kc_status scribe_plan_key(struct kc_token *token, const struct kc_key_wish *wish,
				      struct kc_bytes *ret_object_id)
{
	(void)token;
	CHECK(wish->is_import);
	return name(ret_object_id);
}

static enum kc_status scribe_plan_certificate(struct kc_token *token,
					      const struct kc_certificate_wish *wish,
					      struct kc_bytes *ret_object_id)
{
	if (!wish->may_replace)
		return kc_token_fail(token, KC_ERR_DUPLICATE_ITEM, 0, "taken");
	return name(ret_object_id);
}

static enum kc_status scribe_authenticate(struct kc_token *token,
					  const struct kc_admin_proof *proof,
					  struct kc_bytes *ret_response)
{
	(void)token;
	(void)proof;
	(void)ret_response;
	return KC_OK;
}

static enum kc_status scribe_import(struct kc_token *token, const struct kc_key_wish *wish,
				    const struct kc_private_key *key, struct kc_view object_id,
				    struct kc_contents *made)
{
	const struct kc_key_description description = {.object_id = object_id,
						       .label = "Key",
						       .type = wish->type,
						       .size_in_bits = key->size_in_bits,
						       .public_key = key->public_key};

	state_of(token)->n_written++;
	return kc_contents_add_key(made, &description);
}

static enum kc_status scribe_put(struct kc_token *token, const struct kc_certificate_wish *wish,
				 struct kc_view object_id, struct kc_contents *made)
{
	bool tells_another = state_of(token)->tells_another;

	state_of(token)->n_written++;
	return kc_contents_add_certificate(made, object_id, "Certificate",
					   tells_another ? view_of_text("another") : wish->der);
}

static enum kc_status scribe_plan_deletion(struct kc_token *token,
					   const struct kc_deletion_wish *wish)
{
	if (wish->is_key)
		return kc_token_fail(token, KC_ERR_NOT_IMPLEMENTED, 0, "it stays");
	return KC_OK;
}

static enum kc_status scribe_delete(struct kc_token *token, const struct kc_deletion_wish *wish)
{
	CHECK(!wish->is_key);
	state_of(token)->n_written++;
	return KC_OK;
}

static const struct kc_driver scribe = {
	.class_id = "org.example.scribe",
	.name = "Scribe",
	.state_size = sizeof(struct scribe),
	.enumerate = scribe_enumerate,
	.plan_key = scribe_plan_key,
	.authenticate_admin = scribe_authenticate,
	.import_key = scribe_import,
	.plan_certificate = scribe_plan_certificate,
	.put_certificate = scribe_put,
	.plan_deletion = scribe_plan_deletion,
	.delete_object = scribe_delete,
};

static const struct kc_driver plain = {
	.class_id = "org.example.plain",
	.name = "Plain",
	.enumerate = scribe_enumerate,
};

static enum kc_status no_card(void *context, struct kc_view command, struct bytes *response)
{
	(void)context;
	(void)command;
	(void)response;
	return KC_ERR_TOKEN_NOT_FOUND;
}

static const struct session_turn turn = {.transaction = 2, .session = A};

static void start(struct kc_token *token, const struct kc_driver *driver)
{
	CHECK_OK(token_init(token, driver, no_card, NULL));
	CHECK_OK(session_enumerate(token, &turn));
	error_clear();
}

static void prove(struct kc_token *token)
{
	const struct kc_admin_proof proof = {.response = view_of_text("12345678")};
	struct kc_bytes response = {NULL, 0};

	error_clear();
	CHECK_OK(creation_authenticate(token, &turn, &proof, &response));
}

static const struct kc_certificate_wish wish = {
	.der = {(const uint8_t *)"new", 3}, .type = KC_KEY_TYPE_EC, .may_replace = true};
static const struct kc_private_key key = {
	.type = KC_KEY_TYPE_EC, .size_in_bits = 256, .public_key = {(const uint8_t *)"mine", 4}};

static enum kc_status put(struct kc_token *token, const struct session_turn *of)
{
	CLEANUP(contents_done) struct kc_contents made = {0};

	error_clear();
	return card_write_put_certificate(token, of, &wish, &made);
}

static enum kc_status import(struct kc_token *token)
{
	CLEANUP(contents_done) struct kc_contents made = {0};
	const struct kc_key_wish key_wish = {.type = KC_KEY_TYPE_EC, .is_import = true};

	error_clear();
	return card_write_import(token, &turn, &key_wish, &key, &made);
}

static enum kc_status delete (struct kc_token *token, bool is_key, const char *object_id) {
	const struct kc_deletion_wish deletion = {.is_key = is_key,
						  .object_id = view_of_text(object_id)};

		error_clear(); return card_write_delete(token, &turn, &deletion);
}

TEST(one_proof_is_good_for_one_thing)
{
	struct kc_token token;

	start(&token, &scribe);
	CHECK_STATUS(put(&token, &turn), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(import(&token), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_STATUS(delete (&token, false, "certificate"), KC_ERR_AUTHENTICATION_NEEDED);
	prove(&token);
	CHECK_OK(put(&token, &turn));
	CHECK_STATUS(put(&token, &turn), KC_ERR_AUTHENTICATION_NEEDED);
	prove(&token);
	CHECK_OK(import(&token));
	CHECK_STATUS(delete (&token, false, "certificate"), KC_ERR_AUTHENTICATION_NEEDED);
	prove(&token);
	CHECK_OK(delete (&token, false, "certificate"));
	CHECK_STATUS(import(&token), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(state_of(&token)->n_written, 3);
	token_done(&token);
}

TEST(nobody_else_writes)
{
	const struct session_turn other = {.transaction = 2, .session = B};
	const struct session_turn later = {.transaction = 3, .session = A};
	struct kc_token token;

	start(&token, &scribe);
	prove(&token);
	CHECK_STATUS(put(&token, &other), KC_ERR_AUTHENTICATION_NEEDED);
	prove(&token);
	CHECK_STATUS(put(&token, &later), KC_ERR_AUTHENTICATION_NEEDED);
	CHECK_INT(state_of(&token)->n_written, 0);
	token_done(&token);
}

TEST(what_is_not_published_is_not_deleted)
{
	const struct kc_deletion_wish key_wish = {.is_key = true, .object_id = view_of_text("key")};
	struct kc_token token;

	start(&token, &scribe);
	prove(&token);
	CHECK_STATUS(delete (&token, false, "key"), KC_ERR_OBJECT_NOT_FOUND);
	prove(&token);
	CHECK_STATUS(delete (&token, true, "key"), KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(card_write_plan_deletion(&token, &turn, &key_wish), KC_ERR_NOT_IMPLEMENTED);
	CHECK_INT(state_of(&token)->n_written, 0);
	token_done(&token);
}

TEST(a_driver_that_tells_of_another_certificate_has_put_none)
{
	struct kc_token token;

	start(&token, &scribe);
	state_of(&token)->tells_another = true;
	prove(&token);
	CHECK_STATUS(put(&token, &turn), KC_ERR_CORRUPTED_DATA);
	token_done(&token);
}

TEST(a_key_that_is_brought_is_not_made)
{
	CLEANUP(contents_done) struct kc_contents made = {0};
	const struct kc_key_wish brought = {.type = KC_KEY_TYPE_EC, .is_import = true};
	const struct kc_key_wish made_there = {.type = KC_KEY_TYPE_EC};
	const struct kc_key_wish rsa = {.type = KC_KEY_TYPE_RSA, .is_import = true};
	struct kc_token token;

	start(&token, &scribe);
	CHECK_STATUS(creation_generate(&token, &turn, &brought, &made), KC_ERR_BAD_PARAMETER);
	CHECK_STATUS(card_write_import(&token, &turn, &made_there, &key, &made),
		     KC_ERR_NOT_IMPLEMENTED);
	CHECK_STATUS(card_write_import(&token, &turn, &rsa, &key, &made), KC_ERR_BAD_PARAMETER);
	token_done(&token);
}

TEST(a_driver_that_writes_nothing_says_so)
{
	struct kc_bytes id = {NULL, 0};
	struct kc_token token;

	start(&token, &plain);
	CHECK_STATUS(card_write_plan_certificate(&token, &turn, &wish, &id),
		     KC_ERR_NOT_IMPLEMENTED);
	CHECK(strstr(error_get()->message, "Plain driver writes no certificates"));
	CHECK_STATUS(delete (&token, false, "certificate"), KC_ERR_NOT_IMPLEMENTED);
	CHECK(strstr(error_get()->message, "Plain driver deletes nothing"));
	CHECK_STATUS(import(&token), KC_ERR_NOT_IMPLEMENTED);
	CHECK(strstr(error_get()->message, "Plain driver takes no keys"));
	token_done(&token);
}

TEST(a_key_is_taken_back)
{
	struct kc_token token;

	start(&token, &scribe);
	CHECK_OK(kc_contents_remove_key(&token.contents, view_of_text("key")));
	CHECK_INT(token.contents.n_objects, 1);
	CHECK(contents_find_certificate(&token.contents, view_of_text("certificate")));
	CHECK_STATUS(kc_contents_remove_key(&token.contents, view_of_text("key")),
		     KC_ERR_OBJECT_NOT_FOUND);
	token_done(&token);
}

/* --- a key's parts --------------------------------------------------------------------------- */

TEST(an_rsa_key_has_eight_numbers)
{
	static const uint8_t der[] = {0x30, 0x1C, 0x02, 0x01, 0x00, 0x02, 0x02, 0x00, 0x8F, 0x02,
				      0x01, 0x03, 0x02, 0x01, 0x03, 0x02, 0x01, 0x0D, 0x02, 0x01,
				      0x0B, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02, 0x02, 0x01, 0x06};
	struct kc_private_key rsa = {.type = KC_KEY_TYPE_RSA, .size_in_bits = 8};
	uint8_t wrong[sizeof(der)];

	CHECK_OK(key_parts_read(VIEW_OF(der), &rsa));
	CHECK_HEX(rsa.modulus, "8F");
	CHECK_HEX(rsa.public_exponent, "03");
	CHECK_HEX(rsa.prime1, "0D");
	CHECK_HEX(rsa.prime2, "0B");
	CHECK_HEX(rsa.exponent1, "01");
	CHECK_HEX(rsa.exponent2, "02");
	CHECK_HEX(rsa.coefficient, "06");
	for (size_t len = 0; len < sizeof(der); len++)
		CHECK_STATUS(key_parts_read(view_of(der, len), &rsa), KC_ERR_BAD_PARAMETER);
	memcpy(wrong, der, sizeof(der));
	wrong[4] = 1; /* version: other primes follow */
	CHECK_STATUS(key_parts_read(VIEW_OF(wrong), &rsa), KC_ERR_BAD_PARAMETER);
}

TEST(a_point_has_its_number_behind_it)
{
	uint8_t point[1 + 3 * 66] = {0x04};
	struct kc_private_key ec = {.type = KC_KEY_TYPE_EC, .size_in_bits = 521};
	struct kc_private_key raw = {.type = KC_KEY_TYPE_ED25519, .size_in_bits = 256};

	point[1 + 2 * 66] = 0x5A;
	CHECK_OK(key_parts_read(VIEW_OF(point), &ec));
	CHECK_INT(ec.scalar.len, 66);
	CHECK_INT(ec.scalar.data[0], 0x5A);
	CHECK_STATUS(key_parts_read(view_of(point, 1 + 2 * 66), &ec), KC_ERR_BAD_PARAMETER);
	ec.size_in_bits = 0;
	CHECK_STATUS(key_parts_read(view_of(point, 1), &ec), KC_ERR_BAD_PARAMETER);
	CHECK_OK(key_parts_read(view_of(point, 32), &raw));
	CHECK_INT(raw.scalar.len, 32);
	CHECK_STATUS(key_parts_read(view_of(point, 31), &raw), KC_ERR_BAD_PARAMETER);
}
