/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Remember an identity and find it again, though its card was away meanwhile:
 *
 *	persistent-reference >FILE	the first identity there is, as a name for it
 *	persistent-reference NAME	whose certificate the identity of that name has now
 *
 *	cc persistent-reference.c $(pkg-config --cflags --libs keycask)
 */
#include <stdio.h>
#include <stdlib.h>

#include <keycask/error.h>
#include <keycask/identity.h>
#include <keycask/item.h>
#include <keycask/text.h>

static enum kc_status remember(void)
{
	struct kc_dictionary *query = KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_IDENTITY)},
						    {KC_RETURN_PERSISTENT_REF, KC_TRUE});
	struct kc_value *reference = NULL;
	enum kc_status status = kc_item_copy_matching(query, &reference);
	char *name = status == KC_OK ? kc_text_base64(kc_value_data(reference)) : NULL;

	if (name)
		puts(name);
	free(name);
	kc_value_free(reference);
	kc_dictionary_free(query);
	return status;
}

static enum kc_status find(struct kc_view reference)
{
	struct kc_identity *identity = NULL;
	struct kc_certificate *certificate = NULL;
	enum kc_status status = kc_identity_from_persistent_ref(reference, &identity);

	if (status == KC_OK)
		status = kc_identity_copy_certificate(identity, &certificate);
	if (status == KC_OK)
		puts(kc_certificate_summary(certificate));
	kc_certificate_free(certificate);
	kc_identity_free(identity);
	return status;
}

static enum kc_status find_by_name(const char *name)
{
	struct kc_bytes reference = {NULL, 0};
	enum kc_status status = kc_text_base64_decode(name, &reference);

	if (status == KC_OK)
		status = find(kc_view_of_bytes(&reference));
	kc_bytes_free(&reference);
	return status;
}

int main(int argc, char **argv)
{
	enum kc_status status = argc < 2 ? remember() : find_by_name(argv[1]);

	if (status != KC_OK)
		fprintf(stderr, "%s\n", kc_error_message(kc_error_last()));
	return status == KC_OK ? 0 : 1;
}
