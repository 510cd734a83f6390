/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a message to its handler: the one place where a call is held to definition and right. Names
 * that a peer sent reach the log only when they are names of ours.
 */
#include <inttypes.h>

#include "base/log.h"
#include "base/try.h"
#include "wire/envelope_impl.h"
#include "wire/service_impl.h"

static const struct wire_method *find_method(const struct service_interface *interface,
					     const char *name)
{
	for (size_t i = 0; i < interface->table.n_methods; i++) {
		if (strcmp(interface->table.methods[i].name, name) == 0)
			return &interface->table.methods[i];
	}
	return NULL;
}

/* Whether the parameters fit; if not, the call has been answered. */
static bool check_parameters(struct wire_call *call)
{
	const char *parameter = NULL;

	if (idl_check(call->interface->idl, call->method->name, IDL_INPUT, call->parameters,
		      &parameter) == KC_OK)
		return true;
	log_debug("req=%" PRIu64 " stage=dispatch method=%s.%s status=param", call->id,
		  idl_name(call->interface->idl), call->method->name);
	call_refuse(call, "InvalidParameter", "parameter", parameter);
	return false;
}

/* What the service offers to anybody needs no right. */
static enum kc_status admit(struct wire_call *call)
{
	wire_admit_fn admit_fn = call->service->options.admit;

	if (!admit_fn || call->interface->table.methods == builtin_interface.methods)
		return KC_OK;
	return admit_fn(call, call->method);
}

static void run(struct wire_call *call)
{
	enum kc_status status = KC_OK;

	if (!check_parameters(call))
		return;
	error_clear();
	log_debug("req=%" PRIu64 " stage=dispatch method=%s", call->id, call->name);
	status = admit(call);
	if (status != KC_OK)
		wire_call_fail(call, status);
	else
		call->method->handler(call);
}

/* "org.keycask.Keys.Sign": interface up to the last dot, then method. */
static void route(struct wire_call *call, bool wants_upgrade)
{
	const char *dot = strrchr(call->name, '.');
	size_t len = dot ? (size_t)(dot - call->name) : strlen(call->name);

	call->interface = dot ? service_find(call->service, call->name, len) : NULL;
	if (!call->interface) {
		CLEANUP(freep) char *interface = strndup(call->name, len);

		call_refuse(call, "InterfaceNotFound", "interface", interface);
		return;
	}
	call->method = find_method(call->interface, dot + 1);
	if (!call->method)
		call_refuse(call, "MethodNotFound", "method", call->name);
	else if (wants_upgrade)
		call_refuse(call, "InvalidParameter", "parameter", "upgrade");
	else
		run(call);
}

enum kc_status wire_service_dispatch(struct wire_service *service, struct json_object *message,
				     const struct wire_transport *transport, void *connection,
				     void *peer, struct wire_call **ret_pending)
{
	struct wire_call *call = NULL;
	struct envelope_call envelope;
	bool ended = false;

	error_clear();
	TRY(envelope_read_call(message, &envelope));
	TRY(call_new(service, message, &call));
	call->transport = transport;
	call->connection = connection;
	call->peer = peer;
	call->ret_ended = &ended;
	route(call, envelope.wants_upgrade);
	if (!ended)
		call->ret_ended = NULL;
	*ret_pending = ended ? NULL : call;
	return KC_OK;
}
