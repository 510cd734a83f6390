/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conformance suite's application on libkeycask. A line on standard input is a verb and its
 * dictionaries as JSON, separated by tabs; the line that comes back is the status and, after a
 * tab, what the library gave out, with its types: nothing, or ["data", base64], ["text", …],
 * ["dictionary", {…}], ["array", […]]. What is judged, and how, stands in Python.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/context.h>
#include <keycask/error.h>
#include <keycask/item.h>

static void print_value(const struct kc_value *value);

static void print_text(const struct kc_value *value)
{
	char *json = NULL;

	if (kc_value_to_json(value, &json) != KC_OK)
		abort();
	fputs(json, stdout);
	free(json);
}

static void print_array(const struct kc_value *value)
{
	putchar('[');
	for (size_t i = 0; i < kc_value_count(value); i++) {
		if (i > 0)
			putchar(',');
		print_value(kc_value_at(value, i));
	}
	putchar(']');
}

static void print_dictionary(const struct kc_dictionary *dictionary)
{
	putchar('{');
	for (size_t i = 0; i < kc_dictionary_count(dictionary); i++) {
		printf("%s\"%s\":", i > 0 ? "," : "", kc_dictionary_name_at(dictionary, i));
		print_value(kc_dictionary_value_at(dictionary, i));
	}
	putchar('}');
}

static void print_value(const struct kc_value *value)
{
	static const char *const types[] = {
		[KC_TYPE_NULL] = "null",     [KC_TYPE_TEXT] = "text",
		[KC_TYPE_NUMBER] = "number", [KC_TYPE_FLAG] = "flag",
		[KC_TYPE_DATA] = "data",     [KC_TYPE_DATE] = "date",
		[KC_TYPE_ARRAY] = "array",   [KC_TYPE_DICTIONARY] = "dictionary",
	};

	printf("[\"%s\",", types[kc_value_type(value)]);
	if (kc_value_type(value) == KC_TYPE_ARRAY)
		print_array(value);
	else if (kc_value_type(value) == KC_TYPE_DICTIONARY)
		print_dictionary(kc_value_dictionary(value));
	else
		print_text(value);
	putchar(']');
}

/* NULL, with the status in *status, when the library does not take the text. */
static struct kc_dictionary *read_dictionary(const char *text, enum kc_status *status)
{
	struct kc_dictionary *dictionary = NULL;

	*status = kc_dictionary_from_json((struct kc_view){(const uint8_t *)text, strlen(text)},
					  &dictionary);
	return *status == KC_OK ? dictionary : NULL;
}

/* A context with the fields of Keychain.NewContext; what stands for it is the result. */
static enum kc_status new_context(const struct kc_dictionary *fields, struct kc_value **ret_result)
{
	/* as long as the program: other lines name it */
	struct kc_authentication_context *context = NULL;
	const char *password = kc_dictionary_text(fields, "application_password");
	enum kc_status status = kc_authentication_context_new(&context);

	if (status == KC_OK && password)
		status = kc_authentication_context_set_application_password(
			context, (struct kc_view){(const uint8_t *)password, strlen(password)});
	if (status != KC_OK)
		return status;
	kc_authentication_context_set_interaction_not_allowed(
		context, kc_dictionary_flag(fields, "interaction_not_allowed", false));
	return kc_value_new(KC_AUTHENTICATION_CONTEXT(context), ret_result);
}

static enum kc_status call(const char *verb, const struct kc_dictionary *query,
			   const struct kc_dictionary *changes, struct kc_value **ret_result)
{
	if (strcmp(verb, "add") == 0)
		return kc_item_add(query, ret_result);
	if (strcmp(verb, "copy") == 0)
		return kc_item_copy_matching(query, ret_result);
	if (strcmp(verb, "update") == 0)
		return kc_item_update(query, changes);
	if (strcmp(verb, "delete") == 0)
		return kc_item_delete(query);
	if (strcmp(verb, "context") == 0)
		return new_context(query, ret_result);
	fprintf(stderr, "runner: no verb %s\n", verb);
	exit(2);
}

static void answer(enum kc_status status, struct kc_value *result)
{
	printf("%d\t", (int)status);
	if (result)
		print_value(result);
	if (status != KC_OK)
		fputs(kc_error_message(kc_error_last()), stdout);
	putchar('\n');
	fflush(stdout);
}

static void run(char *line)
{
	char *verb = strsep(&line, "\t");
	char *query_text = strsep(&line, "\t");
	struct kc_dictionary *query = NULL;
	struct kc_dictionary *changes = NULL;
	struct kc_value *result = NULL;
	enum kc_status status = KC_OK;

	query = read_dictionary(query_text, &status);
	if (status == KC_OK && line)
		changes = read_dictionary(line, &status);
	if (status == KC_OK)
		status = call(verb, query, changes, &result);
	answer(status, result);
	kc_value_free(result);
	kc_dictionary_free(query);
	kc_dictionary_free(changes);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len = 0;

	while ((len = getline(&line, &size, stdin)) > 0) {
		line[len - 1] = '\0';
		run(line);
	}
	free(line);
	return 0;
}
