/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of the OpenPGP driver. Its AID stands in dist/drivers/org.keycask.openpgp.json. */
#include "drivers/openpgp/openpgp.h"

const struct kc_driver openpgp_driver = {
	.class_id = "org.keycask.openpgp",
	.name = "OpenPGP",
	.state_size = sizeof(struct openpgp_state),
	.select = openpgp_select,
	.open = openpgp_open,
	.enumerate = openpgp_enumerate,
	.check_pin_form = openpgp_check_pin_form,
	.authenticate = openpgp_authenticate,
	.pin_status = openpgp_pin_status,
	.change_pin = openpgp_change_pin,
	.unblock_pin = openpgp_unblock_pin,
	.sign = openpgp_sign,
	.decrypt = openpgp_decrypt,
	.exchange = openpgp_exchange,
	.plan_key = openpgp_plan_key,
	.authenticate_admin = openpgp_authenticate_admin,
	.generate = openpgp_generate,
	.import_key = openpgp_import_key,
	.plan_certificate = openpgp_plan_certificate,
	.put_certificate = openpgp_put_certificate,
	.plan_deletion = openpgp_plan_deletion,
	.delete_object = openpgp_delete_object,
};
