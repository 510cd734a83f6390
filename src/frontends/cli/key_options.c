/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From options to attributes, and from a key to lines. */
#include "frontends/cli/key_options.h"

#include <stdio.h>
#include <stdlib.h>

#include <keycask/item.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/page.h"
#include "frontends/owned.h"

static enum kc_status put_text(struct kc_dictionary *dictionary, const char *name, const char *text)
{
	return text ? kc_dictionary_set(dictionary, name, KC_TEXT(text)) : KC_OK;
}

enum kc_status key_options_put(struct context *context, struct key_options *options,
			       struct kc_dictionary *attributes)
{
	TRY(requirement_check(context, &options->requirement));
	/* What is asked for is each use; reading it is not permitted at all then. */
	if (!options->is_extractable)
		options->requirement.usage = KC_ACCESS_CONTROL_PRIVATE_KEY_USAGE;
	TRY(kc_dictionary_set(attributes, KC_ATTR_IS_PERMANENT, KC_TRUE));
	TRY(put_text(attributes, KC_ATTR_LABEL, options->label));
	TRY(put_text(attributes, KC_ATTR_ACCESS_GROUP, options->group));
	if (options->tag)
		TRY(kc_dictionary_set(attributes, KC_ATTR_APPLICATION_TAG,
				      KC_DATA(view_of_text(options->tag))));
	if (options->is_extractable)
		TRY(kc_dictionary_set(attributes, KC_ATTR_IS_EXTRACTABLE, KC_TRUE));
	return requirement_put(context, &options->requirement, attributes);
}

static void print_line(const struct context *context, const char *name, const char *text)
{
	(void)printf("%s%-4s%s  %s\n", page_style(context->has_color, PAGE_FAINT), name,
		     page_style(context->has_color, PAGE_PLAIN), text ? text : "");
}

static enum kc_status print(const struct context *context, const char *done,
			    const struct kc_dictionary *item)
{
	const char *label = kc_dictionary_text(item, KC_ATTR_LABEL);
	CLEANUP(freep) char *safe = page_safe(label ? label : "(no label)");
	CLEANUP(freep) char *hash = kc_text_hex(inventory_hash(item));
	CLEANUP(freep) char *uri = NULL;

	TRY(kc_item_uri(item, &uri));
	if (!kc_dictionary_text(item, KC_ATTR_KEY_TYPE)) {
		(void)printf("%s %s: a key that somebody is asked for\n", done, safe);
	} else {
		(void)printf("%s %s: a %s %s key of %lld bits\n", done, safe,
			     kc_dictionary_text(item, KC_ATTR_KEY_CLASS),
			     inventory_key_type(kc_dictionary_text(item, KC_ATTR_KEY_TYPE)),
			     (long long)kc_dictionary_number(item, KC_ATTR_KEY_SIZE_IN_BITS, 0));
		print_line(context, "hash", hash);
	}
	print_line(context, "uri", uri);
	return page_finish();
}

/* Of what is required to read it nothing has to be proved twice: its name says enough. */
static enum kc_status describe(const struct key_options *options, const struct kc_key *key,
			       struct kc_dictionary **ret_item)
{
	enum kc_status status = kc_key_copy_attributes(key, ret_item);

	if (status != KC_ERR_INTERACTION_NOT_ALLOWED)
		return status;
	error_clear();
	*ret_item = KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_KEY)});
	REQUIRE(*ret_item, KC_ERR_ALLOCATE, "out of memory");
	return put_text(*ret_item, KC_ATTR_LABEL, options->label);
}

enum kc_status key_options_report(const struct context *context, const char *done,
				  const struct key_options *options, const struct kc_key *key)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *item = NULL;

	TRY(describe(options, key, &item));
	TRY(kc_dictionary_set(item, INVENTORY_REFERENCE, KC_DATA(kc_key_persistent_ref(key))));
	return context->json ? page_json_dictionary(item) : print(context, done, item);
}
