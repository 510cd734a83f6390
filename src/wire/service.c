/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The set of interfaces of a service, each a table that its definition has been compared with. */
#include "wire/service.h"

#include <stdlib.h>

#include "base/try.h"
#include "wire/service_impl.h"

static struct service_interface *interface_free(struct service_interface *interface)
{
	if (!interface)
		return NULL;
	list_remove(&interface->link);
	idl_free(interface->idl);
	free(interface);
	return NULL;
}

static void interface_done(struct service_interface **interface)
{
	*interface = interface_free(*interface);
}

static void service_done(struct wire_service **service)
{
	*service = wire_service_free(*service);
}

enum kc_status wire_service_new(const struct wire_service_options *options,
				struct wire_service **ret_service)
{
	CLEANUP(service_done) struct wire_service *service = calloc(1, sizeof(*service));

	REQUIRE(service, KC_ERR_ALLOCATE, "out of memory");
	service->options = *options;
	list_init(&service->interfaces);
	TRY(wire_service_add(service, &builtin_interface));
	*ret_service = take(service);
	return KC_OK;
}

struct wire_service *wire_service_free(struct wire_service *service)
{
	if (!service)
		return NULL;
	list_for_each_safe (link, &service->interfaces)
		interface_free(list_entry(link, struct service_interface, link));
	free(service);
	return NULL;
}

const struct service_interface *service_find(const struct wire_service *service, const char *name,
					     size_t len)
{
	list_for_each (link, &service->interfaces) {
		const struct service_interface *interface =
			list_entry(link, struct service_interface, link);

		if (view_equal(view_of_text(idl_name(interface->idl)), view_of(name, len)))
			return interface;
	}
	return NULL;
}

static size_t count_rows(const struct wire_interface *table, const char *method)
{
	size_t n = 0;

	for (size_t i = 0; i < table->n_methods; i++)
		n += strcmp(table->methods[i].name, method) == 0;
	return n;
}

/* Both ways: a method without a row cannot be called, a row without a method never is. */
static enum kc_status compare(const struct idl *idl, const struct wire_interface *table)
{
	for (size_t i = 0; i < idl_method_count(idl); i++)
		REQUIRE(count_rows(table, idl_method_name(idl, i)) == 1, KC_ERR_INTERNAL,
			"not one row for method %s.%s", idl_name(idl), idl_method_name(idl, i));
	for (size_t i = 0; i < table->n_methods; i++)
		REQUIRE(idl_has_method(idl, table->methods[i].name), KC_ERR_INTERNAL,
			"a row for %s.%s, which its definition does not have", idl_name(idl),
			table->methods[i].name);
	return KC_OK;
}

enum kc_status wire_service_add(struct wire_service *service,
				const struct wire_interface *interface)
{
	CLEANUP(interface_done) struct service_interface *added = calloc(1, sizeof(*added));

	REQUIRE(added, KC_ERR_ALLOCATE, "out of memory");
	list_init(&added->link);
	added->table = *interface;
	TRY(idl_parse(interface->description, &added->idl));
	TRY(compare(added->idl, interface));
	REQUIRE(!service_find(service, idl_name(added->idl), strlen(idl_name(added->idl))),
		KC_ERR_INTERNAL, "interface %s added twice", idl_name(added->idl));
	list_append(&service->interfaces, &added->link);
	added = NULL;
	return KC_OK;
}
