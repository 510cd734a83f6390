/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What only an administrator may have done: keys made and imported, certificates put, objects
 * deleted. Somebody who has proved nothing tries it, another client than the one that has, and that
 * one. On a real card this would cost keys.
 */
#include <string.h>

#include "base/try.h"
#include "drivertool/exercise_impl.h"

enum {
	POINT_BYTES = 65, /* of P-256: 04 X Y */
	NUMBER_BYTES = 32,
};

/* The generator of P-256 (FIPS 186-5, D.1.2.3), whose private key is 1. */
static const uint8_t generator[POINT_BYTES] = {
	0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5,
	0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4,
	0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F, 0xE3, 0x42, 0xE2, 0xFE, 0x1A,
	0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33,
	0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

/* One thing that is done, and how it is planned. */
struct deed {
	const char *plan;
	const char *perform;
	const char *what;
	/* Fill @parameters for either. */
	enum kc_status (*fill)(const struct life *life, bool is_plan,
			       struct json_object *parameters);
};

/* --- wishes --------------------------------------------------------------------------------- */

static enum kc_status put_key_wish(bool is_import, struct json_object *parameters)
{
	static const char *const flags[] = {"can_sign", "can_decrypt", "can_derive", "may_replace"};
	CLEANUP(field_free) struct json_object *wish = NULL;

	TRY(field_new_object(&wish));
	TRY(field_put_text(wish, "key_type", "ec"));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		TRY(field_put_flag(wish, flags[i], i == 0));
	if (is_import) {
		TRY(field_put_number(wish, "key_size_in_bits", NUMBER_BYTES * 8));
		TRY(field_put_flag(wish, "is_import", true));
	}
	return field_put(parameters, "wish", take(wish));
}

static enum kc_status fill_generation(const struct life *life, bool is_plan,
				      struct json_object *parameters)
{
	(void)life;
	(void)is_plan;
	return put_key_wish(false, parameters);
}

static enum kc_status put_private_key(struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *key = NULL;
	uint8_t data[POINT_BYTES + NUMBER_BYTES] = {0};

	memcpy(data, generator, sizeof(generator));
	data[sizeof(data) - 1] = 1;
	TRY(field_new_object(&key));
	TRY(field_put_text(key, "key_type", "ec"));
	TRY(field_put_number(key, "key_size_in_bits", NUMBER_BYTES * 8));
	TRY(field_put_data(key, "public_key", VIEW_OF(generator)));
	TRY(field_put_data(key, "data", VIEW_OF(data)));
	return field_put(parameters, "key", take(key));
}

static enum kc_status fill_import(const struct life *life, bool is_plan,
				  struct json_object *parameters)
{
	(void)life;
	TRY(put_key_wish(true, parameters));
	return is_plan ? KC_OK : put_private_key(parameters);
}

static struct json_object *object_of(const struct life *life, const char *kind)
{
	struct json_object *object = NULL;

	for (size_t i = 0; (object = exercise_object(life, i)) != NULL; i++) {
		const char *text = field_text(object, "kind");

		if (text && strcmp(text, kind) == 0)
			return object;
	}
	return NULL;
}

/* One that the token has already, or what only begins like one: no driver reads more of it. */
static enum kc_status fill_certificate(const struct life *life, bool is_plan,
				       struct json_object *parameters)
{
	static const uint8_t none[] = {0x30, 0x03, 0x02, 0x01, 0x00};
	CLEANUP(field_free) struct json_object *wish = NULL;
	struct json_object *known = object_of(life, "certificate");

	(void)is_plan;
	TRY(field_new_object(&wish));
	if (known)
		TRY(field_put_text(wish, "data", field_text(known, "data")));
	else
		TRY(field_put_data(wish, "data", VIEW_OF(none)));
	TRY(field_put_text(wish, "key_type", "ec"));
	TRY(field_put_data(wish, "public_key", VIEW_OF(generator)));
	TRY(field_put_flag(wish, "may_replace", true));
	TRY(field_put_flag(wish, "may_mismatch", true));
	return field_put(parameters, "wish", take(wish));
}

static enum kc_status put_deletion(const struct life *life, const char *kind,
				   struct json_object *parameters)
{
	CLEANUP(field_free) struct json_object *wish = NULL;
	struct json_object *object = object_of(life, kind);

	TRY(field_new_object(&wish));
	TRY(field_put_text(wish, "kind", kind));
	TRY(field_put_text(wish, "object_id", object ? field_text(object, "object_id") : "AAAA"));
	return field_put(parameters, "wish", take(wish));
}

static enum kc_status fill_certificate_deletion(const struct life *life, bool is_plan,
						struct json_object *parameters)
{
	(void)is_plan;
	return put_deletion(life, "certificate", parameters);
}

static enum kc_status fill_key_deletion(const struct life *life, bool is_plan,
					struct json_object *parameters)
{
	(void)is_plan;
	return put_deletion(life, "key", parameters);
}

static const struct deed deeds[] = {
	{"PlanKey", "Generate", "makes a key", fill_generation},
	{"PlanKey", "ImportKey", "imports a key", fill_import},
	{"PlanCertificate", "PutCertificate", "puts a certificate", fill_certificate},
	{"PlanDeletion", "DeleteObject", "deletes a certificate", fill_certificate_deletion},
	{"PlanDeletion", "DeleteObject", "deletes a key", fill_key_deletion},
};

/* --- doing it ------------------------------------------------------------------------------- */

static enum kc_status call_with_wish(struct life *life, const struct deed *deed, bool is_plan,
				     int64_t session)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(deed->fill(life, is_plan, parameters));
	return exercise_call(life, is_plan ? deed->plan : deed->perform, take(parameters),
			     EXERCISE_LATER, session);
}

static enum kc_status do_unproved(struct life *life, const struct deed *deed, int64_t session,
				  const char *who)
{
	struct findings_place place = exercise_place(life, deed->perform);

	TRY(call_with_wish(life, deed, false, session));
	if (exercise_has_answered(life))
		findings_add(life->exercise->findings, &place, "trust", "%s for %s", deed->what,
			     who);
	return KC_OK;
}

/* A proof of noise, or of the PIN, whichever the driver has asked for. */
static enum kc_status prove_admin(struct life *life)
{
	static const uint8_t noise[16];
	CLEANUP(field_free) struct json_object *parameters = NULL;
	bool has_cipher = false;

	TRY(exercise_call(life, "ChallengeAdmin", NULL, EXERCISE_LATER, EXERCISE_ALICE));
	has_cipher = exercise_has_answered(life) && field_get(life->reply.parameters, "cipher");
	TRY(field_new_object(&parameters));
	if (has_cipher) {
		TRY(field_put_data(parameters, "response", VIEW_OF(noise)));
		TRY(field_put_data(parameters, "challenge", VIEW_OF(noise)));
	} else {
		TRY(field_put_text(parameters, "pin", life->exercise->pin));
	}
	return exercise_call(life, "AuthenticateAdmin", take(parameters), EXERCISE_LATER,
			     EXERCISE_ALICE);
}

static enum kc_status run_deed(struct life *life, const struct deed *deed)
{
	TRY(call_with_wish(life, deed, true, EXERCISE_NOBODY));
	if (!exercise_has_answered(life) && life->reply.status == KC_ERR_NOT_IMPLEMENTED)
		return KC_OK;
	TRY(do_unproved(life, deed, EXERCISE_ALICE, "somebody who is not the administrator"));
	TRY(prove_admin(life));
	TRY(do_unproved(life, deed, EXERCISE_BOB, "another client than the administrator"));
	TRY(prove_admin(life));
	return call_with_wish(life, deed, false, EXERCISE_ALICE);
}

enum kc_status exercise_write_run(struct life *life)
{
	for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
		TRY(run_deed(life, &deeds[i]));
	return KC_OK;
}
