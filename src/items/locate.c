/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key behind a reference. A key is used where it is, which for an identity need not be where
 * its certificate comes from: on a token, or inside the daemon.
 */
#include "items/locate_impl.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/copy.h"
#include "base/try.h"
#include "items/describe.h"
#include "items/identity_impl.h"
#include "items/kept_impl.h"
#include "items/permit_impl.h"
#include "items/result_impl.h"
#include "items/search_impl.h"

enum {
	PUBLIC_KEY_MAX = 16384,
};

/* What is not told is empty. */
static enum kc_status copy_told(const char *text, char **ret_copy)
{
	return copy_text(text ? text : "", ret_copy);
}

static enum kc_status describe(struct json_object *attributes, struct engine_key *key)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(PUBLIC_KEY_MAX);

	TRY(field_data(attributes, ROW_PUBLIC_KEY, &public_key));
	TRY(copy_bytes(bytes_view(&public_key), &key->public_key));
	TRY(copy_told(field_text(attributes, "label"), &key->label));
	TRY(copy_told(field_text(attributes, "key_type"), &key->key_type));
	key->size_in_bits = (unsigned)field_number(attributes, "key_size_in_bits", 0);
	key->can_sign = field_flag(attributes, "can_sign", false);
	key->can_decrypt = field_flag(attributes, "can_decrypt", false);
	key->can_derive = field_flag(attributes, "can_derive", false);
	return KC_OK;
}

static enum kc_status read_token_key(const struct row *row, struct engine_key *key)
{
	TRY(copy_told(row->token, &key->token_id));
	TRY(copy_bytes(row->object_id, &key->object_id));
	TRY(copy_told(field_text(row->attributes, ROW_CONSTRAINT), &key->constraint));
	key->algorithms = json_object_get(field_get(row->attributes, ROW_ALGORITHMS));
	return KC_OK;
}

static enum kc_status read_private_key(const struct engine *engine, const struct row *row,
				       struct kc_view application_key, struct engine_key *key)
{
	CLEANUP(bytes_done) struct bytes secret = BYTES_INIT(SECRET_MAX);

	REQUIRE(row->has_secret && !field_flag(row->attributes, ROW_NO_DATA, false),
		KC_ERR_NOT_AVAILABLE, "this key was added without its data, so it does nothing");
	/* Room from the start: a secret that grows leaves copies behind. */
	TRY(bytes_reserve(&secret, row->secret.len));
	TRY(row_open_secret(engine, row, application_key, &secret));
	return secret_init(&key->private_key, bytes_view(&secret));
}

/* What somebody has proved something for is opened for this one use. */
static bool is_proved(const struct engine_proof *proof)
{
	return proof->has_presence || proof->has_passcode || proof->application_key.len > 0;
}

static enum kc_status read_file_key(const struct engine *engine, struct engine_request *request,
				    struct row *row, enum engine_use use, struct engine_key *key)
{
	CLEANUP(bytes_done) struct bytes reference = BYTES_INIT(REFERENCE_MAX);
	struct result_item item = {VOCABULARY_KEY, row, NULL};

	TRY(result_put_reference(&item, &reference));
	TRY(copy_bytes(bytes_view(&reference), &key->object_id));
	if (use == ENGINE_USE_PUBLIC)
		return KC_OK;
	TRY(permit_check(request, QUERY_UI_ALLOW, row, ACCESS_CONTROL_USE));
	if (is_proved(&request->proof))
		key->kept = kept_key_release(key->kept);
	if (key->kept && kept_key_made(key->kept))
		return KC_OK;
	return read_private_key(engine, row, request->proof.application_key, key);
}

/* The public key alone. Its size is in its bytes, for those who can read them. */
static enum kc_status read_certificate(struct json_object *attributes, struct engine_key *key)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(PUBLIC_KEY_MAX);

	TRY(field_data(attributes, ROW_PUBLIC_KEY, &public_key));
	TRY(copy_bytes(bytes_view(&public_key), &key->public_key));
	TRY(copy_told(field_text(attributes, "label"), &key->label));
	return copy_told(field_text(attributes, DESCRIBE_SUBJECT_KEY_TYPE), &key->key_type);
}

static enum kc_status read_key(const struct engine *engine, struct engine_request *request,
			       struct row *row, enum engine_use use, struct engine_key *key)
{
	if (use == ENGINE_USE_PUBLIC)
		TRY(row_open(engine, row));
	else
		TRY(kept_open(engine, row, &key->kept));
	if (row->item_class == VOCABULARY_CERTIFICATE)
		return read_certificate(row->attributes, key);
	TRY(describe(row->attributes, key));
	if (row->place == SCHEMA_MAIN)
		return read_token_key(row, key);
	return read_file_key(engine, request, row, use, key);
}

static enum kc_status find_row(const struct engine *engine, struct engine_request *request,
			       struct search *search, struct row *row, bool *ret_has_row)
{
	struct identity_terms terms = {engine, &request->caller, true};
	CLEANUP(row_done) struct row certificate = {0};

	if (search->query->item_class != VOCABULARY_IDENTITY)
		return search_next(search, row, ret_has_row);
	TRY(search_next(search, &certificate, ret_has_row));
	if (!*ret_has_row)
		return KC_OK;
	TRY(row_open(engine, &certificate));
	return identity_find_key(&terms, &certificate, row, ret_has_row);
}

/* A row that is damaged is not there. */
static enum kc_status find_key(const struct engine *engine, struct engine_request *request,
			       struct search *search, enum engine_use use, struct engine_key *key)
{
	CLEANUP(row_done) struct row row = {0};
	enum kc_status status = KC_OK;
	bool has_row = false;

	status = find_row(engine, request, search, &row, &has_row);
	if (status == KC_OK && has_row)
		status = read_key(engine, request, &row, use, key);
	if (status == KC_ERR_DECODE) {
		error_clear();
		has_row = false;
		status = KC_OK;
	}
	TRY(status);
	return has_row ? KC_OK : search_fail_empty(search);
}

static enum kc_status check_class(enum vocabulary_class item_class, enum engine_use use)
{
	bool is_certificate = item_class == VOCABULARY_CERTIFICATE;

	if (is_certificate && use != ENGINE_USE_PUBLIC)
		error_set_hint("where the private key is here too, its identity names it");
	REQUIRE(!is_certificate || use == ENGINE_USE_PUBLIC, KC_ERR_PARAM,
		"this reference is of a certificate, which has a public key only");
	REQUIRE(is_certificate || item_class == VOCABULARY_KEY || item_class == VOCABULARY_IDENTITY,
		KC_ERR_PARAM, "this reference is of a %s, not of a key or an identity",
		vocabulary_class_name(item_class));
	return KC_OK;
}

enum kc_status locate_key(const struct engine *engine, struct engine_request *request,
			  const struct reference *reference, enum engine_use use,
			  struct engine_key *ret_key)
{
	CLEANUP(engine_key_done) struct engine_key key = {0};
	CLEANUP(search_freep) struct search *search = NULL;
	struct query query = {.item_class = reference->item_class,
			      .has_reference = true,
			      .reference = *reference,
			      .limit = 1};

	TRY(check_class(reference->item_class, use));
	TRY(search_new(engine, &request->caller, &query, &search));
	TRY(find_key(engine, request, search, use, &key));
	*ret_key = key;
	key = (struct engine_key){0};
	return KC_OK;
}

static enum kc_status is_present(struct database *database, struct kc_view token_id,
				 bool *ret_is_present)
{
	struct statement *statement = NULL;

	TRY(database_prepare(database, "SELECT 1 FROM tokens WHERE token_id = ?", &statement));
	TRY(database_bind_text(statement, 1, token_id));
	TRY(database_step(statement, ret_is_present));
	database_reset(statement);
	return KC_OK;
}

enum kc_status locate_fail_missing(struct database *database, const struct reference *reference)
{
	const char *class_name = vocabulary_class_name(reference->item_class);
	char token_id[REFERENCE_TOKEN_MAX + 1];
	enum kc_status status = KC_OK;
	bool token_is_present = false;

	(void)snprintf(token_id, sizeof(token_id), "%.*s", (int)reference->token_id.len,
		       (const char *)reference->token_id.data);
	TRY(is_present(database, reference->token_id, &token_is_present));
	if (token_is_present) {
		status = fail(KC_ERR_ITEM_NOT_FOUND, "the token no longer has this %s", class_name);
		error_set_hint("search again: what the token holds has changed");
	} else {
		status =
			fail(KC_ERR_ITEM_NOT_FOUND, "the token of this %s is not here", class_name);
		error_set_hint("insert the token %s and repeat", token_id);
	}
	error_set_token(token_id, NULL);
	return status;
}
