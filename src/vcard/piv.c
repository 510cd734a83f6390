/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of the PIV card edge: slots (SP 800-73-5 part 1, tables 3 and 4b), algorithms
 * (SP 800-78-5 table 6-2, RSA-4096 as Yubico numbers it), PIN policies (Yubico).
 */
#include "vcard/piv.h"

#include <string.h>

#include "base/cleanup.h"

static const struct piv_slot main_slots[] = {
	{PIV_SLOT_AUTHENTICATION, PIV_PIN_ONCE, PIV_AUTHENTICATION_CERTIFICATE},
	/* SP 800-73-5 part 1 table 4b: the signature key is "PIN Always". */
	{PIV_SLOT_SIGNATURE, PIV_PIN_ALWAYS, PIV_SIGNATURE_CERTIFICATE},
	{PIV_SLOT_KEY_MANAGEMENT, PIV_PIN_ONCE, PIV_KEY_MANAGEMENT_CERTIFICATE},
	{PIV_SLOT_CARD_AUTHENTICATION, PIV_PIN_NEVER, PIV_CARD_AUTHENTICATION_CERTIFICATE},
};

/* 82 to 95 are all alike: certificate 5FC10D to 5FC120 in the same order. */
#define RETIRED(n)                                                                                 \
	{                                                                                          \
		PIV_SLOT_RETIRED_FIRST + (n), PIV_PIN_ONCE, PIV_RETIRED_CERTIFICATE_FIRST + (n)    \
	}

static const struct piv_slot retired_slots[PIV_N_RETIRED] = {
	RETIRED(0),  RETIRED(1),  RETIRED(2),  RETIRED(3),  RETIRED(4),	 RETIRED(5),  RETIRED(6),
	RETIRED(7),  RETIRED(8),  RETIRED(9),  RETIRED(10), RETIRED(11), RETIRED(12), RETIRED(13),
	RETIRED(14), RETIRED(15), RETIRED(16), RETIRED(17), RETIRED(18), RETIRED(19),
};

static const struct piv_algorithm algorithms[] = {
	{PIV_RSA2048, &key_types[KEY_TYPE_RSA2048]}, {PIV_RSA3072, &key_types[KEY_TYPE_RSA3072]},
	{PIV_RSA4096, &key_types[KEY_TYPE_RSA4096]}, {PIV_P256, &key_types[KEY_TYPE_P256]},
	{PIV_P384, &key_types[KEY_TYPE_P384]},
};

static const struct piv_cipher ciphers[] = {
	{"3des", PIV_3DES, 24, 8, "DES-EDE3-ECB"},
	{"aes128", PIV_AES128, 16, 16, "AES-128-ECB"},
	{"aes192", PIV_AES192, 24, 16, "AES-192-ECB"},
	{"aes256", PIV_AES256, 32, 16, "AES-256-ECB"},
};

static const char *const pin_policies[] = {
	[PIV_PIN_NEVER] = "never",
	[PIV_PIN_ONCE] = "once",
	[PIV_PIN_ALWAYS] = "always",
};

static const char *const pin_usages[] = {
	[PIV_USAGE_APPLICATION] = "application",
	[PIV_USAGE_BOTH] = "both",
	[PIV_USAGE_GLOBAL] = "global",
};

const struct piv_slot *piv_slot_at(size_t index)
{
	if (index < ARRAY_LEN(main_slots))
		return &main_slots[index];
	index -= ARRAY_LEN(main_slots);
	return index < PIV_N_RETIRED ? &retired_slots[index] : NULL;
}

const struct piv_slot *piv_slot_find(unsigned reference)
{
	for (size_t i = 0; i < PIV_N_SLOTS; i++)
		if (piv_slot_at(i)->reference == reference)
			return piv_slot_at(i);
	return NULL;
}

const struct piv_algorithm *piv_algorithm_at(size_t index)
{
	return index < ARRAY_LEN(algorithms) ? &algorithms[index] : NULL;
}

const struct piv_algorithm *piv_algorithm_find(unsigned id)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (algorithms[i].id == id)
			return &algorithms[i];
	return NULL;
}

const struct piv_algorithm *piv_algorithm_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (strcmp(algorithms[i].type->name, name) == 0)
			return &algorithms[i];
	return NULL;
}

const struct piv_cipher *piv_cipher_find(unsigned id)
{
	/* SP 800-78-5 table 6-2: 00 is the other name of 03. */
	if (id == 0)
		id = PIV_3DES;
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++)
		if (ciphers[i].id == id)
			return &ciphers[i];
	return NULL;
}

const struct piv_cipher *piv_cipher_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++)
		if (strcmp(ciphers[i].name, name) == 0)
			return &ciphers[i];
	return NULL;
}

bool piv_pin_usage_named(const char *name, enum piv_pin_usage *ret_usage)
{
	for (unsigned i = 0; i < ARRAY_LEN(pin_usages); i++) {
		if (strcmp(pin_usages[i], name) == 0) {
			*ret_usage = (enum piv_pin_usage)i;
			return true;
		}
	}
	return false;
}

const char *piv_pin_usage_name(enum piv_pin_usage usage)
{
	return pin_usages[usage];
}

uint8_t piv_pin_policy_named(const char *name)
{
	for (uint8_t i = PIV_PIN_NEVER; i < ARRAY_LEN(pin_policies); i++)
		if (strcmp(pin_policies[i], name) == 0)
			return i;
	return 0;
}

const char *piv_pin_policy_name(unsigned policy)
{
	return policy < ARRAY_LEN(pin_policies) ? pin_policies[policy] : NULL;
}
