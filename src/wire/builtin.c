/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.varlink.service, by which any Varlink client finds out what it can call here. */
#include "base/try.h"
#include "wire/service_impl.h"

static const char description[] =
	"# What this service is and offers. Part of Varlink itself.\n"
	"interface org.varlink.service\n"
	"\n"
	"method GetInfo() -> (\n"
	"  vendor: string,\n"
	"  product: string,\n"
	"  version: string,\n"
	"  url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"\n"
	"# The definition of one of the interfaces.\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"\n"
	"# This method answers with a stream: call it with more.\n"
	"error ExpectedMore ()\n";

static enum kc_status list_interfaces(const struct wire_service *service, struct json_object *names)
{
	list_for_each (link, &service->interfaces) {
		const struct service_interface *interface =
			list_entry(link, struct service_interface, link);

		TRY(field_append_text(names, idl_name(interface->idl)));
	}
	return KC_OK;
}

static enum kc_status put_info(const struct wire_service *service, struct json_object *info)
{
	CLEANUP(field_free) struct json_object *names = json_object_new_array();

	TRY(field_put_text(info, "vendor", "keycask"));
	TRY(field_put_text(info, "product", service->options.product));
	TRY(field_put_text(info, "version", service->options.version));
	TRY(field_put_text(info, "url", "https://keycask.org"));
	REQUIRE(names, KC_ERR_ALLOCATE, "out of memory");
	TRY(list_interfaces(service, names));
	return field_put(info, "interfaces", take(names));
}

/* Takes @parameters and @call. */
static void answer(struct wire_call *call, struct json_object *parameters, enum kc_status status)
{
	if (status == KC_OK) {
		wire_call_reply(call, parameters);
		return;
	}
	field_free(&parameters);
	wire_call_fail(call, status);
}

static void get_info(struct wire_call *call)
{
	struct json_object *info = NULL;
	enum kc_status status = field_new_object(&info);

	if (status == KC_OK)
		status = put_info(call->service, info);
	answer(call, info, status);
}

static void get_interface_description(struct wire_call *call)
{
	const char *name = field_text(call->parameters, "interface");
	const struct service_interface *interface = service_find(call->service, name, strlen(name));
	struct json_object *reply = NULL;
	enum kc_status status = KC_OK;

	if (!interface) {
		call_refuse(call, "InterfaceNotFound", "interface", name);
		return;
	}
	status = field_new_object(&reply);
	if (status == KC_OK)
		status = field_put_text(reply, "description", interface->table.description);
	answer(call, reply, status);
}

static const struct wire_method methods[] = {
	{"GetInfo", get_info, 0},
	{"GetInterfaceDescription", get_interface_description, 0},
};

const struct wire_interface builtin_interface = {description, methods, ARRAY_LEN(methods)};
