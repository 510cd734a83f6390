/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of org.keycask.X509 and their answers; no state is kept from one to the next. */
#include "x509/inspector.h"

#include <openssl/crypto.h>

#include "base/try.h"
#include "sys/sandbox.h"
#include "wire/message.h"
#include "wire/protocol.h"
#include "wire/serve.h"
#include "x509/bare_key_impl.h"
#include "x509/evaluate_impl.h"
#include "x509/inspect.h"
#include "x509/keyfile.h"
#include "x509/name_impl.h"
#include "x509/trust_store_impl.h"

/* What is trusted, or why that is not known. */
static X509_STORE *trusted;
static struct error_record why_not;

static enum kc_status inspect(struct json_object *parameters, struct json_object **ret_reply)
{
	/* What is too long is for inspect_certificate() to refuse, with its reason. */
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct json_object *certificate = NULL;

	TRY(field_data(parameters, "certificate", &der));
	TRY(field_new_object(&reply));
	TRY(inspect_certificate(bytes_view(&der), &certificate));
	TRY(field_put(reply, "certificate", certificate));
	*ret_reply = take(reply);
	return KC_OK;
}

static enum kc_status inspect_public_key(struct json_object *parameters,
					 struct json_object **ret_reply)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(field_free) struct json_object *reply = NULL;
	struct json_object *fields = NULL;

	TRY(field_data(parameters, "public_key", &public_key));
	TRY(field_new_object(&reply));
	TRY(bare_key_inspect(field_text(parameters, "key_type"), bytes_view(&public_key), &fields));
	TRY(field_put(reply, "public_key", fields));
	*ret_reply = take(reply);
	return KC_OK;
}

static enum kc_status normalize_name(struct json_object *parameters, struct json_object **ret_reply)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(WIRE_MESSAGE_MAX);
	CLEANUP(bytes_done) struct bytes normalized = BYTES_INIT(NAME_MAX_BYTES);
	CLEANUP(field_free) struct json_object *reply = NULL;

	TRY(field_data(parameters, "name", &name));
	TRY(name_normalize(bytes_view(&name), &normalized));
	TRY(field_new_object(&reply));
	TRY(field_put_data(reply, "name", bytes_view(&normalized)));
	*ret_reply = take(reply);
	return KC_OK;
}

static enum kc_status judge(struct json_object *parameters, struct json_object **ret_reply)
{
	return evaluate_certificate(parameters, trusted, &why_not, ret_reply);
}

enum {
	ITERATIONS_MAX = 10 * 1000 * 1000, /* seconds; the daemon waits no longer than it wants */
};

static enum kc_status open_container(struct json_object *parameters, struct json_object **ret_reply)
{
	CLEANUP(bytes_done) struct bytes data = BYTES_INIT(WIRE_MESSAGE_MAX);
	struct json_object *passphrase = field_get(parameters, "passphrase");
	struct keyfile_source source = {.format = field_text(parameters, "format"),
					.iterations_max = ITERATIONS_MAX};

	TRY(field_data(parameters, "data", &data));
	source.data = bytes_view(&data);
	if (passphrase)
		source.passphrase = view_of(json_object_get_string(passphrase),
					    (size_t)json_object_get_string_len(passphrase));
	return keyfile_read(&source, ret_reply);
}

typedef enum kc_status (*answer_fn)(struct json_object *parameters, struct json_object **ret_reply);

static void answer(struct wire_call *call, answer_fn make)
{
	struct json_object *reply = NULL;
	enum kc_status status = KC_OK;

	error_clear();
	status = make(wire_call_parameters(call), &reply);
	if (status == KC_OK)
		wire_call_reply(call, reply);
	else
		wire_call_fail(call, status);
}

static void on_inspect(struct wire_call *call)
{
	answer(call, inspect);
}

static void on_inspect_public_key(struct wire_call *call)
{
	answer(call, inspect_public_key);
}

static void on_normalize_name(struct wire_call *call)
{
	answer(call, normalize_name);
}

static void on_evaluate(struct wire_call *call)
{
	answer(call, judge);
}

static void on_open_container(struct wire_call *call)
{
	answer(call, open_container);
}

static const struct wire_method methods[] = {
	{.name = "Inspect", .handler = on_inspect},
	{.name = "InspectPublicKey", .handler = on_inspect_public_key},
	{.name = "NormalizeName", .handler = on_normalize_name},
	{.name = "Evaluate", .handler = on_evaluate},
	{.name = "OpenContainer", .handler = on_open_container},
};

static enum kc_status new_service(struct wire_service **ret_service)
{
	CLEANUP(wire_service_freep) struct wire_service *service = NULL;
	const struct wire_service_options options = {
		.product = "keycask-x509",
		.version = KEYCASK_VERSION,
	};
	const struct wire_interface interface = {
		.description = protocol_org_keycask_X509,
		.methods = methods,
		.n_methods = ARRAY_LEN(methods),
	};

	TRY(wire_service_new(&options, &service));
	TRY(wire_service_add(service, &interface));
	*ret_service = take(service);
	return KC_OK;
}

static enum kc_status serve(void)
{
	CLEANUP(wire_service_freep) struct wire_service *service = NULL;
	CLEANUP(wire_serve_freep) struct wire_serve *connection = NULL;
	enum kc_status status = KC_OK;

	TRY(new_service(&service));
	TRY(wire_serve_new(INSPECTOR_FD, service, &connection));
	while (status == KC_OK)
		status = wire_serve_step(connection);
	return status == KC_ERR_NOT_AVAILABLE ? KC_OK : status;
}

static void load_trusted(const char *path)
{
	error_clear();
	if (trust_store_load(path, &trusted) != KC_OK)
		why_not = *error_get();
	error_clear();
}

enum kc_status inspector_run(const struct inspector_trust *trust)
{
	enum kc_status status = KC_OK;
	static const struct sandbox_profile profile = {
		.name = "x509",
		.inherited = INSPECTOR_FD + 1,
		.descriptors_max = INSPECTOR_FD + 1,
		.allowances = SANDBOX_ALLOW_NOTHING,
	};

	/* Without a configuration file: a provider that it names has no business here. */
	REQUIRE(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1, KC_ERR_INTERNAL,
		"OpenSSL does not start");
	if (trust)
		load_trusted(trust->path);
	TRY(sandbox_enter(&profile));
	status = serve();
	trust_store_done(&trusted);
	return status;
}
