/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keep a password, and read it back: ./example-password SERVICE ACCOUNT <password
 *
 *	cc password.c $(pkg-config --cflags --libs keycask)
 */
#include <stdio.h>
#include <string.h>

#include <keycask/error.h>
#include <keycask/item.h>

/* Add it, or change it when it is there: what is added is what tells it apart from others. */
static enum kc_status keep(const char *service, const char *account, struct kc_view password)
{
	struct kc_dictionary *name = KC_DICTIONARY({KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)},
						   {KC_ATTR_SERVICE, KC_TEXT(service)},
						   {KC_ATTR_ACCOUNT, KC_TEXT(account)});
	struct kc_dictionary *changes = KC_DICTIONARY({KC_VALUE_DATA, KC_DATA(password)});
	struct kc_dictionary *item = NULL;
	enum kc_status status = kc_dictionary_copy(name, &item);

	if (status == KC_OK)
		status = kc_dictionary_set(item, KC_VALUE_DATA, KC_DATA(password));
	if (status == KC_OK)
		status = kc_item_add(item, NULL);
	if (status == KC_ERR_DUPLICATE_ITEM)
		status = kc_item_update(name, changes);
	kc_dictionary_free(item);
	kc_dictionary_free(changes);
	kc_dictionary_free(name);
	return status;
}

/* One kind is asked for, of one item: the result is the data itself. */
static enum kc_status read_back(const char *service, const char *account)
{
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_GENERIC_PASSWORD)}, {KC_ATTR_SERVICE, KC_TEXT(service)},
		{KC_ATTR_ACCOUNT, KC_TEXT(account)}, {KC_RETURN_DATA, KC_TRUE});
	struct kc_value *password = NULL;
	enum kc_status status = kc_item_copy_matching(query, &password);
	struct kc_view data = kc_value_data(password);

	if (status == KC_OK && data.len > 0)
		fwrite(data.data, 1, data.len, stdout);
	kc_value_free(password); /* which wipes it */
	kc_dictionary_free(query);
	return status;
}

int main(int argc, char **argv)
{
	char line[256];
	enum kc_status status = KC_OK;

	if (argc != 3 || !fgets(line, sizeof(line), stdin)) {
		fprintf(stderr, "usage: example-password SERVICE ACCOUNT <password\n");
		return 2;
	}
	status = keep(argv[1], argv[2], kc_view_of(line, strcspn(line, "\n")));
	if (status == KC_OK)
		status = read_back(argv[1], argv[2]);
	if (status != KC_OK)
		fprintf(stderr, "%s\n", kc_error_message(kc_error_last()));
	return status == KC_OK ? 0 : 1;
}
