/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Method, handler, needed right: one row each, held to protocol/ when the daemon starts. */
#include "daemon/dispatch.h"

#include "base/try.h"
#include "daemon/access.h"
#include "daemon/calls.h"
#include "wire/protocol.h"

static const struct wire_method item_methods[] = {
	{"Add", item_calls_add, RIGHT_USE},
	{"CopyMatching", item_calls_copy_matching, RIGHT_READ},
	{"Update", item_calls_update, RIGHT_USE},
	{"Delete", item_calls_delete, RIGHT_USE},
	{"Import", item_import_run, RIGHT_USE},
	{"Export", item_export_run, RIGHT_READ},
};

static const struct wire_method keychain_methods[] = {
	{"State", keychain_calls_state, RIGHT_READ},
	{"Lock", keychain_calls_lock, RIGHT_USE},
	{"Unlock", password_calls_unlock, RIGHT_USE},
	{"ChangePassword", password_calls_change, RIGHT_ADMIN},
	{"Backup", backup_calls_backup, RIGHT_ADMIN},
	{"Restore", backup_calls_restore, RIGHT_ADMIN},
	{"NewContext", context_calls_new, RIGHT_READ},
	{"EndContext", context_calls_end, RIGHT_READ},
};

static const struct wire_method key_methods[] = {
	{"Create", create_calls_create, RIGHT_USE},
	{"Import", import_calls_key, RIGHT_USE},
	{"Sign", key_calls_sign, RIGHT_USE},
	{"Verify", public_calls_verify, RIGHT_READ},
	{"Encrypt", public_calls_encrypt, RIGHT_READ},
	{"Decrypt", key_calls_decrypt, RIGHT_USE},
	{"Exchange", key_calls_exchange, RIGHT_USE},
	{"CopyPublic", public_calls_copy_public, RIGHT_READ},
	{"CopyAttributes", attribute_calls_copy, RIGHT_READ},
	{"Export", export_calls_key, RIGHT_READ},
	{"Forget", key_forget_calls_forget, RIGHT_USE},
	{"IsAlgorithmSupported", public_calls_is_algorithm_supported, RIGHT_READ},
	{"ListAlgorithms", algorithm_calls_list, RIGHT_READ},
};

static const struct wire_method identity_methods[] = {
	{"Choose", identity_calls_choose, RIGHT_READ},
};

static const struct wire_method certificate_methods[] = {
	{"Inspect", certificate_calls_inspect, RIGHT_READ},
};

static const struct wire_method token_methods[] = {
	{"List", token_calls_list, RIGHT_READ},
	{"Info", token_calls_info, RIGHT_READ},
	{"Watch", token_calls_watch, RIGHT_READ},
	{"VerifyPin", pin_calls_verify, RIGHT_USE},
	{"PinStatus", pin_calls_status, RIGHT_READ},
	{"Pins", pin_calls_list, RIGHT_READ},
	{"ChangePin", pin_calls_change, RIGHT_USE},
	{"UnblockPin", pin_calls_unblock, RIGHT_USE},
	{"Logout", pin_calls_logout, RIGHT_READ},
	{"Forget", token_calls_forget, RIGHT_USE},
	{"PutCertificate", write_calls_put_certificate, RIGHT_USE},
	{"DeleteObject", write_calls_delete_object, RIGHT_USE},
};

static const struct wire_method slot_methods[] = {
	{"List", slot_calls_list, RIGHT_READ},
	{"Watch", slot_calls_watch, RIGHT_READ},
	{"BeginSession", card_calls_begin, RIGHT_RAW_CARD},
	{"Transmit", card_calls_transmit, RIGHT_RAW_CARD},
	{"EndSession", card_calls_end, RIGHT_READ},
	{"Reset", card_calls_reset, RIGHT_RAW_CARD},
	{"Reprobe", card_calls_reprobe, RIGHT_USE},
	{"WhoHolds", card_calls_who_holds, RIGHT_READ},
};

static const struct wire_method admin_methods[] = {
	{"Status", admin_calls_status, RIGHT_READ},
	{"Examine", admin_calls_examine, RIGHT_READ},
	{"ListDrivers", admin_calls_list_drivers, RIGHT_READ},
	{"EnableDriver", admin_calls_enable_driver, RIGHT_ADMIN},
	{"Lock", admin_calls_lock, RIGHT_USE},
	{"Stop", admin_calls_stop, RIGHT_ADMIN},
};

static const struct wire_interface interfaces[] = {
	{protocol_org_keycask_Items, item_methods, ARRAY_LEN(item_methods)},
	{protocol_org_keycask_Keychain, keychain_methods, ARRAY_LEN(keychain_methods)},
	{protocol_org_keycask_Keys, key_methods, ARRAY_LEN(key_methods)},
	{protocol_org_keycask_Identities, identity_methods, ARRAY_LEN(identity_methods)},
	{protocol_org_keycask_Certificates, certificate_methods, ARRAY_LEN(certificate_methods)},
	{protocol_org_keycask_Tokens, token_methods, ARRAY_LEN(token_methods)},
	{protocol_org_keycask_Slots, slot_methods, ARRAY_LEN(slot_methods)},
	{protocol_org_keycask_Admin, admin_methods, ARRAY_LEN(admin_methods)},
};

enum kc_status dispatch_fill(struct wire_service *service)
{
	for (size_t i = 0; i < ARRAY_LEN(interfaces); i++)
		TRY(wire_service_add(service, &interfaces[i]));
	return KC_OK;
}
