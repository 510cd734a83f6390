/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_SERVICE_IMPL_H
#define WIRE_SERVICE_IMPL_H

/* What service.c, dispatch.c, call.c and builtin.c share. */

#include "base/list.h"
#include "wire/idl.h"
#include "wire/service.h"

struct service_interface {
	struct list link; // wire_service::interfaces
	struct wire_interface table;
	struct idl *idl;
};

struct wire_service {
	struct wire_service_options options;
	struct list interfaces;
};

struct wire_call {
	struct wire_service *service;
	const struct service_interface *interface; /* NULL until found */
	const struct wire_method *method;	   /* NULL until found */
	struct json_object *message;
	struct json_object *parameters;
	const char *name; /* in message */
	const struct wire_transport *transport;
	void *connection;
	void *peer;
	void *context;
	uint64_t id;
	bool wants_more;
	bool is_oneway;
	bool is_orphan;	 /* connection, peer and service may be gone */
	bool *ret_ended; /* set while dispatch or orphan runs user code */
	wire_gone_fn on_gone;
	void *gone_userdata;
	wire_drained_fn on_drained;
	void *drained_userdata;
	bool will_end;
};

/* The interface called the first @len bytes of @name, or NULL. */
const struct service_interface *service_find(const struct wire_service *service, const char *name,
					     size_t len);

/* Takes a reference to @message. Expected: KC_ERR_DECODE  not a call at all */
KC_MUST_CHECK enum kc_status call_new(struct wire_service *service, struct json_object *message,
				      struct wire_call **ret_call);
/* Answer with an error of org.varlink.service about one thing; takes @call. */
void call_refuse(struct wire_call *call, const char *error, const char *name, const char *value);

/* org.varlink.service, which every service has. */
extern const struct wire_interface builtin_interface;

#endif
