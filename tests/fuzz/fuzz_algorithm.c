/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of algorithms and lengths of data that a caller chose: the first byte chooses a key, what
 * is up to the first line's end is the name, the rest is data. Each verb plans with it or refuses,
 * as it says beforehand; what is refused leaves nothing behind but a reason.
 */
#include "base/try.h"
#include "keys/algorithms_impl.h"
#include "keys/decryption.h"
#include "keys/encryption.h"
#include "keys/exchange.h"
#include "keys/signature.h"
#include "known_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	NAME_MAX_BYTES = 128,
};

/* RFC 7748 6.1, Alice's; as good as any for Ed25519, whose points nobody looks at here. */
static const uint8_t alice[] = {0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d,
				0xdc, 0xb4, 0x3e, 0xf7, 0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38,
				0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a};

static struct key_facts choose_key(uint8_t choice)
{
	const struct key_facts keys[] = {
		{.key_type = "rsa", .size_in_bits = 1024, .public_key = rsa_key()},
		{.key_type = "ec", .size_in_bits = 256, .public_key = VIEW_OF(point)},
		{.key_type = "ed25519", .size_in_bits = 256, .public_key = VIEW_OF(alice)},
		{.key_type = "x25519", .size_in_bits = 256, .public_key = VIEW_OF(alice)},
	};
	struct key_facts key = keys[choice % ARRAY_LEN(keys)];

	key.is_software = true;
	return key;
}

/* What is planned is supported; a failure is the caller's fault and says what it is. */
static void judge(enum kc_status status, bool is_supported)
{
	require(status == KC_OK ? is_supported : status == KC_ERR_PARAM);
	require(status == KC_OK || error_get()->message[0] != '\0');
	error_clear();
}

static void try_sign(const struct key_facts *key, const char *name, struct kc_view data)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	enum kc_status status = signature_plan_new(key, name, data, &plan);

	judge(status, signature_is_supported(key, name, true));
	require(status != KC_OK || plan_kind(plan) == PLAN_SIGN);
	status = signature_verify(key, name, data, data);
	judge(status == KC_ERR_VERIFY_FAILED ? KC_OK : status,
	      signature_is_supported(key, name, false));
}

static void try_encrypt(const struct key_facts *key, const char *name, struct kc_view data)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes ciphertext = {0};
	enum kc_status status = decryption_plan_new(key, name, data, &plan);

	judge(status, decryption_is_supported(key, name));
	require(status != KC_OK || plan_kind(plan) != PLAN_SIGN);
	plan = plan_free(plan);
	status = encryption_run(key, name, data, &ciphertext);
	judge(status, encryption_is_supported(key, name));
	/* What we encrypt can be planned to be decrypted. */
	if (status == KC_OK)
		require(decryption_plan_new(key, name, view_of(ciphertext.data, ciphertext.len),
					    &plan) == KC_OK);
}

static void try_exchange(const struct key_facts *key, const char *name, struct kc_view data)
{
	CLEANUP(plan_freep) struct plan *plan = NULL;
	struct exchange_parameters parameters = {
		.public_key = data,
		.requested_size = strstr(name, "x963") ? (int64_t)data.len - 1 : -1,
	};
	enum kc_status status = exchange_plan_new(key, name, &parameters, &plan);

	judge(status, exchange_is_supported(key, name));
	require(status != KC_OK || plan_kind(plan) == PLAN_EXCHANGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[NAME_MAX_BYTES] = "";
	size_t len = 0;
	struct kc_view rest;
	struct key_facts key;

	error_clear();
	if (size == 0)
		return 0;
	key = choose_key(data[0]);
	while (len + 1 < sizeof(name) && 1 + len < size && data[1 + len] != '\n' &&
	       data[1 + len] != '\0')
		len++;
	memcpy(name, data + 1, len);
	rest = view_slice(view_of(data, size), 2 + len, size);
	try_sign(&key, name, rest);
	try_encrypt(&key, name, rest);
	try_exchange(&key, name, rest);
	return 0;
}
