/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue. Rows of one family stand together, and what is below a row follows from family,
 * hash and input alone: message → digest → the operation without a hash → raw.
 */
#include "keys/algorithms_impl.h"

#include <string.h>

#include "base/nearest.h"
#include "base/try.h"

#define EACH_HASH(name_, type_, family_, message_)                                                 \
	{name_ "_sha1", type_, family_, ALGORITHM_SHA1, message_},                                 \
		{name_ "_sha224", type_, family_, ALGORITHM_SHA224, message_},                     \
		{name_ "_sha256", type_, family_, ALGORITHM_SHA256, message_},                     \
		{name_ "_sha384", type_, family_, ALGORITHM_SHA384, message_},                     \
	{                                                                                          \
		name_ "_sha512", type_, family_, ALGORITHM_SHA512, message_                        \
	}

/* clang-format off */
static const struct algorithm table[] = {
	{"rsa_signature_raw", "rsa", ALGORITHM_RSA_RAW, ALGORITHM_NO_HASH, false},
	{"rsa_signature_digest_pkcs1v15_raw", "rsa", ALGORITHM_RSA_PKCS1V15, ALGORITHM_NO_HASH,
	 false},
	EACH_HASH("rsa_signature_digest_pkcs1v15", "rsa", ALGORITHM_RSA_PKCS1V15, false),
	EACH_HASH("rsa_signature_message_pkcs1v15", "rsa", ALGORITHM_RSA_PKCS1V15, true),
	EACH_HASH("rsa_signature_digest_pss", "rsa", ALGORITHM_RSA_PSS, false),
	EACH_HASH("rsa_signature_message_pss", "rsa", ALGORITHM_RSA_PSS, true),
	{"ecdsa_signature_digest_x962", "ec", ALGORITHM_ECDSA_X962, ALGORITHM_NO_HASH, false},
	EACH_HASH("ecdsa_signature_digest_x962", "ec", ALGORITHM_ECDSA_X962, false),
	EACH_HASH("ecdsa_signature_message_x962", "ec", ALGORITHM_ECDSA_X962, true),
	{"ecdsa_signature_digest_rfc4754", "ec", ALGORITHM_ECDSA_RFC4754, ALGORITHM_NO_HASH,
	 false},
	/* Apple's older name of the one before. */
	{"ecdsa_signature_rfc4754", "ec", ALGORITHM_ECDSA_RFC4754, ALGORITHM_NO_HASH, false},
	EACH_HASH("ecdsa_signature_digest_rfc4754", "ec", ALGORITHM_ECDSA_RFC4754, false),
	EACH_HASH("ecdsa_signature_message_rfc4754", "ec", ALGORITHM_ECDSA_RFC4754, true),
	{"eddsa_signature_message_ed25519", "ed25519", ALGORITHM_EDDSA, ALGORITHM_NO_HASH, true},
	{"eddsa_signature_message_ed448", "ed448", ALGORITHM_EDDSA, ALGORITHM_NO_HASH, true},
};
/* clang-format on */

const struct algorithm *algorithms_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

size_t algorithms_count(void)
{
	return ARRAY_LEN(table);
}

const struct algorithm *algorithms_at(size_t index)
{
	return &table[index];
}

static const struct algorithm *find_row(enum algorithm_family family, enum algorithm_hash hash,
					bool takes_message)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].family == family && table[i].hash == hash &&
		    table[i].takes_message == takes_message)
			return &table[i];
	return NULL;
}

const struct algorithm *algorithms_without_message(const struct algorithm *algorithm)
{
	if (!algorithm->takes_message || algorithm->hash == ALGORITHM_NO_HASH)
		return algorithm;
	return find_row(algorithm->family, algorithm->hash, false);
}

const struct algorithm *algorithms_below(const struct algorithm *algorithm)
{
	bool has_hash = algorithm->hash != ALGORITHM_NO_HASH;

	if (algorithm->takes_message && has_hash)
		return algorithms_without_message(algorithm);
	switch (algorithm->family) {
	case ALGORITHM_RSA_PKCS1V15:
		return has_hash ? find_row(ALGORITHM_RSA_PKCS1V15, ALGORITHM_NO_HASH, false)
				: find_row(ALGORITHM_RSA_RAW, ALGORITHM_NO_HASH, false);
	case ALGORITHM_RSA_PSS:
		return find_row(ALGORITHM_RSA_RAW, ALGORITHM_NO_HASH, false);
	case ALGORITHM_ECDSA_RFC4754:
		return find_row(ALGORITHM_ECDSA_X962, algorithm->hash, false);
	case ALGORITHM_ECDSA_X962:
		return has_hash ? find_row(ALGORITHM_ECDSA_X962, ALGORITHM_NO_HASH, false) : NULL;
	case ALGORITHM_RSA_RAW:
	case ALGORITHM_EDDSA:
		break;
	}
	return NULL;
}

/* What a key of @key_type takes that is like @name, or at least the form of it. */
static void set_advice(const char *name, const char *key_type)
{
	struct nearest nearest = nearest_begin(view_of_text(name));

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].key_type, key_type) == 0)
			nearest_offer(&nearest, table[i].name);
	if (nearest.best)
		error_set_hint("did you mean \"%s\"?", nearest.best);
	else if (strcmp(key_type, "rsa") == 0)
		error_set_hint("an RSA key takes rsa_signature_message_pss_sha256, "
			       "rsa_signature_message_pkcs1v15_sha256 and others of that form");
	else if (strcmp(key_type, "ec") == 0)
		error_set_hint("an EC key takes ecdsa_signature_message_x962_sha256 and others of "
			       "that form");
}

enum kc_status algorithms_fail_unfit(const char *name, const char *key_type)
{
	const struct algorithm *other = algorithms_find(name);
	enum kc_status status = KC_OK;

	if (other)
		status = fail(KC_ERR_PARAM, "%s is for %s keys, this one is %s", name,
			      other->key_type, key_type);
	else
		status = fail(KC_ERR_PARAM, "no signature algorithm \"%.64s\"", name);
	set_advice(name, key_type);
	return status;
}
