/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of the PIV driver. Its AID for discovery stands in dist/drivers/org.keycask.piv.json.
 */
#include "drivers/piv/piv.h"

const struct kc_driver piv_driver = {
	.class_id = "org.keycask.piv",
	.name = "PIV",
	.state_size = sizeof(struct piv_state),
	.select = piv_select,
	.open = piv_open,
	.enumerate = piv_enumerate,
	.detail = piv_detail,
	.check_pin_form = piv_check_pin_form,
	.authenticate = piv_authenticate,
	.pin_status = piv_pin_status,
	.change_pin = piv_change_pin,
	.unblock_pin = piv_unblock_pin,
	.sign = piv_sign,
	.decrypt = piv_decrypt,
	.exchange = piv_exchange,
	.plan_key = piv_plan_key,
	.challenge_admin = piv_challenge_admin,
	.authenticate_admin = piv_authenticate_admin,
	.generate = piv_generate,
	.import_key = piv_import_key,
	.plan_certificate = piv_plan_certificate,
	.put_certificate = piv_put_certificate,
	.plan_deletion = piv_plan_deletion,
	.delete_object = piv_delete_object,
};
