/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions of interfaces: a parsed one can be asked, a refused one says in which line. */
#include <stdlib.h>

#include "base/error.h"
#include "wire/idl.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct idl *idl)
{
	CLEANUP(field_free) struct json_object *parameters = NULL;
	const char *parameter = NULL;

	if (message_parse(view_of_text("{\"a\":1,\"b\":[{}],\"name\":{\"k\":\"v\"}}"),
			  &parameters) != KC_OK)
		abort();
	for (size_t i = 0; i < idl_method_count(idl); i++) {
		const char *method = idl_method_name(idl, i);
		enum kc_status status = idl_check(idl, method, IDL_INPUT, parameters, &parameter);

		if (status != KC_OK && !parameter)
			abort();
		if (idl_check(idl, method, IDL_OUTPUT, NULL, &parameter) != KC_OK && !parameter)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(freep) char *text = malloc(size + 1);
	struct idl *idl = NULL;

	if (!text)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	error_clear();
	if (idl_parse(text, &idl) == KC_OK)
		ask(idl);
	else if (strncmp(error_get()->message, "line ", 5) != 0)
		abort();
	idl_free(idl);
	return 0;
}
