/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The dispatch tables are held to protocol/: every method has its row and every row its method. */
#include "daemon/access.h"
#include "daemon/dispatch.h"
#include "harness/test.h"
#include "wire/protocol.h"

static const struct wire_service_options options = {.product = "test", .version = "0"};

static void no_handler(struct wire_call *call)
{
	wire_call_drop(call);
}

TEST(every_table_fits_its_definition)
{
	CLEANUP(wire_service_freep) struct wire_service *service = NULL;

	CHECK_OK(wire_service_new(&options, &service));
	CHECK_OK(dispatch_fill(service));
}

TEST(a_table_that_misses_a_method_is_refused)
{
	static const struct wire_method methods[] = {{"List", no_handler, RIGHT_READ}};
	static const struct wire_interface slots = {protocol_org_keycask_Slots, methods, 1};
	CLEANUP(wire_service_freep) struct wire_service *service = NULL;

	CHECK_OK(wire_service_new(&options, &service));
	CHECK_STATUS(wire_service_add(service, &slots), KC_ERR_INTERNAL);
}

TEST(a_table_with_a_method_too_many_is_refused)
{
	static const struct wire_method methods[] = {{"List", no_handler, RIGHT_READ},
						     {"Watch", no_handler, RIGHT_READ},
						     {"Eject", no_handler, RIGHT_USE}};
	static const struct wire_interface slots = {protocol_org_keycask_Slots, methods, 3};
	CLEANUP(wire_service_freep) struct wire_service *service = NULL;

	CHECK_OK(wire_service_new(&options, &service));
	CHECK_STATUS(wire_service_add(service, &slots), KC_ERR_INTERNAL);
}
