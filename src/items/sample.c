/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Made-up items: the engine parses no certificate, so their bytes may be any. */
#include "items/sample.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/try.h"

static const char *const groups[] = {"org.keycask.user"};

const struct engine_settings sample_settings = {.file = NULL};
struct engine_request sample_request = {
	.caller = {.groups = groups, .n_groups = ARRAY_LEN(groups), .sees_tokens = true}};

static void must(enum kc_status status)
{
	if (status != KC_OK)
		abort();
}

static char *text_of(const char *prefix, const char *name)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s", prefix, name) < 0)
		abort();
	return text;
}

static void put(struct json_object *attributes, const char *attribute, const char *prefix,
		const char *name)
{
	CLEANUP(freep) char *text = text_of(prefix, name);

	must(field_put_data(attributes, attribute, view_of_text(text)));
}

static void put_raw(struct json_object *attributes, const char *attribute, const char *prefix,
		    const char *name)
{
	CLEANUP(freep) char *text = text_of(prefix, name);

	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	must(field_put_data(attributes, attribute, view_of_text(text)));
}

static struct engine_item *add(struct sample *sample, const char *class_name, const char *id,
			       const char *key)
{
	struct engine_item *item = &sample->items[sample->n++];

	*item = (struct engine_item){
		.class_name = class_name,
		.object_id = view_of_text(id),
		.public_key = view_of_text(text_of("P:", key)),
	};
	must(field_new_object(&item->attributes));
	return item;
}

void sample_add_certificate(struct sample *sample, const char *id, const char *issuer,
			    const char *serial, const char *key)
{
	struct engine_item *item = add(sample, "certificate", id, key);

	item->data = view_of_text(id);
	must(field_put_text(item->attributes, "label", id));
	must(field_put_number(item->attributes, "certificate_type", 3));
	put(item->attributes, "subject", "S:", id);
	put(item->attributes, "issuer", "I:", issuer);
	put_raw(item->attributes, "subject_raw", "S:", id);
	put_raw(item->attributes, "issuer_raw", "I:", issuer);
	put(item->attributes, "serial_number", "", serial);
	put(item->attributes, "public_key_hash", "H:", key);
}

void sample_add_key(struct sample *sample, const char *id, const char *key, const char *constraint)
{
	struct engine_item *item = add(sample, "key", id, key);
	CLEANUP(freep) char *label = text_of("key ", id);

	item->constraint = constraint;
	item->algorithms = json_object_new_array();
	must(field_append_text(item->algorithms, "ecdsa_signature_digest_x962"));
	must(field_put_text(item->attributes, "label", label));
	must(field_put_text(item->attributes, "key_type", "ec"));
	must(field_put_number(item->attributes, "key_size_in_bits", 256));
	must(field_put_flag(item->attributes, "can_sign", true));
	put(item->attributes, "application_label", "H:", key);
}

void sample_done(struct sample *sample)
{
	for (size_t i = 0; i < sample->n; i++) {
		struct kc_view *key = &sample->items[i].public_key;
		void *block = NULL;

		memcpy(&block, &key->data, sizeof(block));
		free(block);
		json_object_put(sample->items[i].attributes);
		json_object_put(sample->items[i].algorithms);
	}
	*sample = (struct sample){0};
}
