/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From value_data to parts. Everything here may be a secret, so it stays in buffers that are wiped;
 * a certificate's bytes alone leave the process, to keycask-x509.
 */
#include "daemon/item_content.h"

#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "items/describe.h"
#include "keys/pem_identity.h"
#include "wire/message.h"

enum {
	PARTS_MAX = 2,
	PUBLIC_KEY_MAX = 16 * 1024,
};

struct item_content {
	struct engine_part parts[PARTS_MAX]; /* borrow from what follows */
	size_t n_parts;
	struct bytes data; /* a password; a certificate's DER */
	struct bytes certificate_key;
	struct private_key key;
	char *label; /* that was given; NULL */
	struct inspection *inspection;
	item_content_fn on_read;
	void *userdata;
};

struct item_content *item_content_free(struct item_content *content)
{
	if (!content)
		return NULL;
	inspector_cancel(content->inspection);
	for (size_t i = 0; i < content->n_parts; i++)
		field_free(&content->parts[i].attributes);
	bytes_done(&content->data);
	bytes_done(&content->certificate_key);
	private_key_done(&content->key);
	free(content->label);
	free(content);
	return NULL;
}

bool item_content_is_read(const struct item_content *content)
{
	return !content->inspection;
}

const struct engine_part *item_content_parts(const struct item_content *content,
					     size_t *ret_n_parts)
{
	*ret_n_parts = content->n_parts;
	return content->parts;
}

static struct engine_part *add_part(struct item_content *content, const char *class_name,
				    struct kc_view data)
{
	struct engine_part *part = &content->parts[content->n_parts++];

	*part = (struct engine_part){.class_name = class_name, .data = data, .has_data = true};
	return part;
}

/* --- keys ---------------------------------------------------------------------------------- */

static enum kc_status add_key(struct item_content *content)
{
	struct engine_part *part = add_part(content, "key", private_key_data(&content->key));

	part->public_key = bytes_view(&content->key.public_key);
	return private_key_describe(&content->key, &part->attributes);
}

static enum kc_status read_key(struct item_content *content,
			       const struct item_content_source *source)
{
	struct private_key_claim claim = {.key_class = source->key_class,
					  .key_type = source->key_type};

	TRY(private_key_read(claim, source->data, &content->key));
	return add_key(content);
}

/* --- certificates -------------------------------------------------------------------------- */

/* An identity's key is found by its certificate, so people may call it the same. */
static enum kc_status name_key(struct item_content *content, struct json_object *inspected)
{
	if (content->n_parts < PARTS_MAX || content->label)
		return KC_OK;
	return field_put_text(content->parts[1].attributes, "label",
			      field_text(inspected, "summary"));
}

static enum kc_status check_pair(const struct item_content *content)
{
	if (content->n_parts < PARTS_MAX)
		return KC_OK;
	REQUIRE(view_equal(content->parts[0].public_key, content->parts[1].public_key),
		KC_ERR_PARAM, "the private key is not that of the certificate");
	return KC_OK;
}

static enum kc_status describe(struct item_content *content, struct json_object *inspected)
{
	struct engine_part *part = &content->parts[0];

	TRY(describe_certificate(inspected, content->label, &part->attributes));
	TRY(describe_public_key(inspected, &content->certificate_key));
	part->public_key = bytes_view(&content->certificate_key);
	TRY(name_key(content, inspected));
	return check_pair(content);
}

static void on_inspected(void *userdata, enum kc_status status, struct json_object *reply)
{
	struct item_content *content = userdata;

	content->inspection = NULL;
	if (status == KC_OK) {
		error_clear();
		status = describe(content, field_get(reply, "certificate"));
	}
	content->on_read(content->userdata, status);
}

static enum kc_status inspect(struct item_content *content, struct inspector *inspector)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;

	TRY(field_new_object(&parameters));
	TRY(field_put_data(parameters, "certificate", content->parts[0].data));
	return inspector_ask(inspector, "org.keycask.X509.Inspect", take(parameters), on_inspected,
			     content, &content->inspection);
}

static bool is_pem(struct kc_view data)
{
	static const char begin[] = "-----BEGIN ";

	return data.len > strlen(begin) && memcmp(data.data, begin, strlen(begin)) == 0;
}

static enum kc_status read_certificate(struct item_content *content,
				       const struct item_content_source *source,
				       struct inspector *inspector)
{
	if (is_pem(source->data))
		error_set_hint("\"openssl x509 -outform DER\" makes DER of it");
	REQUIRE(!is_pem(source->data), KC_ERR_DECODE,
		"the certificate is PEM text; value_data takes DER");
	TRY(bytes_append(&content->data, source->data));
	ignore(add_part(content, "certificate", bytes_view(&content->data)) == NULL);
	return inspect(content, inspector);
}

static enum kc_status read_identity(struct item_content *content,
				    const struct item_content_source *source,
				    struct inspector *inspector)
{
	struct private_key_claim claim = {.key_class = "private", .key_type = source->key_type};

	if (source->key.len == 0) {
		TRY(pem_identity_read(source->data, &content->data, &content->key));
	} else {
		TRY(bytes_append(&content->data, source->data));
		TRY(private_key_read(claim, source->key, &content->key));
	}
	ignore(add_part(content, "certificate", bytes_view(&content->data)) == NULL);
	TRY(add_key(content));
	return inspect(content, inspector);
}

/* --- any of them --------------------------------------------------------------------------- */

static enum kc_status read_password(struct item_content *content,
				    const struct item_content_source *source)
{
	TRY(bytes_append(&content->data, source->data));
	ignore(add_part(content, source->class_name, bytes_view(&content->data)) == NULL);
	return KC_OK;
}

static enum kc_status read_source(struct item_content *content,
				  const struct item_content_source *source,
				  struct inspector *inspector)
{
	if (strcmp(source->class_name, "certificate") == 0)
		return read_certificate(content, source, inspector);
	if (strcmp(source->class_name, "identity") == 0)
		return read_identity(content, source, inspector);
	if (strcmp(source->class_name, "key") == 0)
		return read_key(content, source);
	return read_password(content, source);
}

enum kc_status item_content_new(const struct item_content_source *source,
				struct inspector *inspector, item_content_fn on_read,
				void *userdata, struct item_content **ret_content)
{
	CLEANUP(item_content_freep) struct item_content *content = calloc(1, sizeof(*content));

	REQUIRE(content, KC_ERR_ALLOCATE, "out of memory");
	*content = (struct item_content){.data = BYTES_INIT(WIRE_MESSAGE_MAX),
					 .certificate_key = BYTES_INIT(PUBLIC_KEY_MAX),
					 .on_read = on_read,
					 .userdata = userdata};
	if (source->label) {
		content->label = strdup(source->label);
		REQUIRE(content->label, KC_ERR_ALLOCATE, "out of memory");
	}
	TRY(read_source(content, source, inspector));
	*ret_content = take(content);
	return KC_OK;
}
