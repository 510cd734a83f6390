/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Certificates to be judged: policy, length of the first (two bytes), the certificate, and one that
 * is offered as its issuer and trusted as well. Whatever they are, there is a verdict or a reason.
 */
#include <stdlib.h>

#include "base/try.h"
#include "x509/evaluate_impl.h"
#include "x509/trust_store_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static X509_STORE *trust(struct kc_view der)
{
	X509_STORE *store = X509_STORE_new();
	const uint8_t *at = der.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)der.len);

	require(store != NULL);
	if (certificate)
		ignore(X509_STORE_add_cert(store, certificate) == 1);
	X509_free(certificate);
	return store;
}

static struct json_object *make_question(const char *policy, struct kc_view first,
					 struct kc_view second)
{
	CLEANUP(field_free) struct json_object *holder = NULL;
	struct json_object *parameters = NULL;
	struct json_object *list = json_object_new_array();

	require(field_new_object(&parameters) == KC_OK && field_new_object(&holder) == KC_OK);
	require(field_put_text(parameters, "policy", policy) == KC_OK);
	require(field_put_text(parameters, "host", "www.example.org") == KC_OK);
	require(field_put_text(parameters, "at", "2026-01-01T00:00:00Z") == KC_OK);
	require(field_put_data(parameters, "certificate", first) == KC_OK);
	require(field_put_data(holder, "second", second) == KC_OK);
	require(field_append_text(list, field_text(holder, "second")) == KC_OK);
	require(field_put(parameters, "intermediates", list) == KC_OK);
	return parameters;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const policies[] = {"basic_x509", "ssl_server",   "ssl_client",
					       "smime",	     "code_signing", "time_stamping"};
	static const struct error_record nothing;
	CLEANUP(trust_store_done) X509_STORE *store = NULL;
	CLEANUP(field_free) struct json_object *parameters = NULL;
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct kc_view input = view_of(data, size);
	size_t len = size > 2 ? (size_t)data[1] << 8 | data[2] : 0;
	struct kc_view first = view_slice(view_slice(input, 3, size), 0, len);
	struct kc_view second = view_slice(input, 3 + first.len, size);

	if (size < 3)
		return 0;
	error_clear();
	store = trust(second);
	parameters = make_question(policies[data[0] % ARRAY_LEN(policies)], first, second);
	if (evaluate_certificate(parameters, store, &nothing, &reply) == KC_OK)
		require(field_flag(reply, "is_valid", false) || field_text(reply, "reason"));
	else
		require(error_get()->message[0] != '\0');
	return 0;
}
