/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue. Rows of one family stand together, and what is below a row follows from family,
 * hash and input alone: message → digest → the operation without a hash → raw.
 */
#include "keys/algorithms_impl.h"

#include <string.h>

#include "base/nearest.h"
#include "base/try.h"

/* clang-format off */
#define WITH(name_, end_, hash_, purpose_, type_, family_, message_)                               \
	{name_ end_, type_, purpose_, family_, hash_, message_}
#define EACH_SHA2(name_, end_, purpose_, type_, family_, message_)                                 \
	WITH(name_ "_sha224", end_, ALGORITHM_SHA224, purpose_, type_, family_, message_),         \
		WITH(name_ "_sha256", end_, ALGORITHM_SHA256, purpose_, type_, family_, message_), \
		WITH(name_ "_sha384", end_, ALGORITHM_SHA384, purpose_, type_, family_, message_), \
		WITH(name_ "_sha512", end_, ALGORITHM_SHA512, purpose_, type_, family_, message_)
#define EACH_HASH(name_, end_, purpose_, type_, family_, message_)                                 \
	WITH(name_ "_sha1", end_, ALGORITHM_SHA1, purpose_, type_, family_, message_),             \
		EACH_SHA2(name_, end_, purpose_, type_, family_, message_)
#define PLAIN(name_, type_, purpose_, family_)                                                     \
	{name_, type_, purpose_, family_, ALGORITHM_NO_HASH, false}
#define SIGN_RSA(name_, family_) PLAIN(name_, "rsa", ALGORITHM_SIGNATURE, family_)
#define SIGN_EC(name_, family_)	 PLAIN(name_, "ec", ALGORITHM_SIGNATURE, family_)
#define SIGN_EACH(name_, type_, family_, message_)                                                 \
	EACH_HASH(name_, "", ALGORITHM_SIGNATURE, type_, family_, message_)
#define SIGN_MD5(name_, message_)                                                                  \
	WITH(name_ "_md5", "", ALGORITHM_MD5, ALGORITHM_SIGNATURE, "rsa", ALGORITHM_RSA_PKCS1V15,  \
	     message_)
#define EDDSA(name_, type_)                                                                        \
	{name_, type_, ALGORITHM_SIGNATURE, ALGORITHM_EDDSA, ALGORITHM_NO_HASH, true}
#define ENCRYPT(name_, family_)	 PLAIN(name_, "rsa", ALGORITHM_ENCRYPTION, family_)
#define ECIES_ZERO_IV(name_, family_)                                                              \
	EACH_HASH("ecies_encryption_" name_ "_x963", "_aesgcm", ALGORITHM_ENCRYPTION, "ec",        \
		  family_, false)
#define ECIES_VARIABLE_IV(name_, family_)                                                          \
	EACH_SHA2("ecies_encryption_" name_ "_variable_iv_x963", "_aesgcm", ALGORITHM_ENCRYPTION,  \
		  "ec", family_, false)
#define EXCHANGE(name_, family_) PLAIN(name_, "ec", ALGORITHM_EXCHANGE, family_)

static const struct algorithm table[] = {
	SIGN_RSA("rsa_signature_raw", ALGORITHM_RSA_RAW),
	SIGN_RSA("rsa_signature_digest_pkcs1v15_raw", ALGORITHM_RSA_PKCS1V15),
	SIGN_MD5("rsa_signature_digest_pkcs1v15", false),
	SIGN_EACH("rsa_signature_digest_pkcs1v15", "rsa", ALGORITHM_RSA_PKCS1V15, false),
	SIGN_MD5("rsa_signature_message_pkcs1v15", true),
	SIGN_EACH("rsa_signature_message_pkcs1v15", "rsa", ALGORITHM_RSA_PKCS1V15, true),
	SIGN_EACH("rsa_signature_digest_pss", "rsa", ALGORITHM_RSA_PSS, false),
	SIGN_EACH("rsa_signature_message_pss", "rsa", ALGORITHM_RSA_PSS, true),
	SIGN_EC("ecdsa_signature_digest_x962", ALGORITHM_ECDSA_X962),
	SIGN_EACH("ecdsa_signature_digest_x962", "ec", ALGORITHM_ECDSA_X962, false),
	SIGN_EACH("ecdsa_signature_message_x962", "ec", ALGORITHM_ECDSA_X962, true),
	SIGN_EC("ecdsa_signature_digest_rfc4754", ALGORITHM_ECDSA_RFC4754),
	/* Apple's older name of the one before. */
	SIGN_EC("ecdsa_signature_rfc4754", ALGORITHM_ECDSA_RFC4754),
	SIGN_EACH("ecdsa_signature_digest_rfc4754", "ec", ALGORITHM_ECDSA_RFC4754, false),
	SIGN_EACH("ecdsa_signature_message_rfc4754", "ec", ALGORITHM_ECDSA_RFC4754, true),
	EDDSA("eddsa_signature_message_ed25519", "ed25519"),
	EDDSA("eddsa_signature_message_ed448", "ed448"),
	ENCRYPT("rsa_encryption_raw", ALGORITHM_RSA_ENCRYPTION_RAW),
	ENCRYPT("rsa_encryption_pkcs1", ALGORITHM_RSA_ENCRYPTION_PKCS1),
	EACH_HASH("rsa_encryption_oaep", "", ALGORITHM_ENCRYPTION, "rsa",
		  ALGORITHM_RSA_ENCRYPTION_OAEP, false),
	EACH_HASH("rsa_encryption_oaep", "_aesgcm", ALGORITHM_ENCRYPTION, "rsa",
		  ALGORITHM_RSA_ENCRYPTION_OAEP_AESGCM, false),
	ECIES_ZERO_IV("standard", ALGORITHM_ECIES_STANDARD),
	ECIES_VARIABLE_IV("standard", ALGORITHM_ECIES_STANDARD_VARIABLE_IV),
	ECIES_ZERO_IV("cofactor", ALGORITHM_ECIES_COFACTOR),
	ECIES_VARIABLE_IV("cofactor", ALGORITHM_ECIES_COFACTOR_VARIABLE_IV),
	EXCHANGE("ecdh_key_exchange_standard", ALGORITHM_ECDH_STANDARD),
	EACH_HASH("ecdh_key_exchange_standard_x963", "", ALGORITHM_EXCHANGE, "ec",
		  ALGORITHM_ECDH_STANDARD, false),
	EXCHANGE("ecdh_key_exchange_cofactor", ALGORITHM_ECDH_COFACTOR),
	EACH_HASH("ecdh_key_exchange_cofactor_x963", "", ALGORITHM_EXCHANGE, "ec",
		  ALGORITHM_ECDH_COFACTOR, false),
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
	case ALGORITHM_RSA_ENCRYPTION_PKCS1:
	case ALGORITHM_RSA_ENCRYPTION_OAEP:
		return find_row(ALGORITHM_RSA_ENCRYPTION_RAW, ALGORITHM_NO_HASH, false);
	case ALGORITHM_RSA_ENCRYPTION_OAEP_AESGCM:
		return find_row(ALGORITHM_RSA_ENCRYPTION_OAEP, algorithm->hash, false);
	case ALGORITHM_ECIES_STANDARD:
	case ALGORITHM_ECIES_STANDARD_VARIABLE_IV:
		/* Not the one that derives: a token could not be told how much. */
		return find_row(ALGORITHM_ECDH_STANDARD, ALGORITHM_NO_HASH, false);
	case ALGORITHM_ECIES_COFACTOR:
	case ALGORITHM_ECIES_COFACTOR_VARIABLE_IV:
		return find_row(ALGORITHM_ECDH_COFACTOR, ALGORITHM_NO_HASH, false);
	case ALGORITHM_ECDH_COFACTOR:
		/* Every curve of codec/curve.c has the cofactor 1, with which both are the same. */
		return find_row(has_hash ? ALGORITHM_ECDH_COFACTOR : ALGORITHM_ECDH_STANDARD,
				ALGORITHM_NO_HASH, false);
	case ALGORITHM_ECDSA_X962:
	case ALGORITHM_ECDH_STANDARD:
		return has_hash ? find_row(algorithm->family, ALGORITHM_NO_HASH, false) : NULL;
	case ALGORITHM_RSA_RAW:
	case ALGORITHM_EDDSA:
	case ALGORITHM_RSA_ENCRYPTION_RAW:
		break;
	}
	return NULL;
}

bool algorithms_is_for(const struct algorithm *algorithm, const char *key_type)
{
	bool is_montgomery = strcmp(key_type, "x25519") == 0 || strcmp(key_type, "x448") == 0;

	/* RFC 7748, 6: their scalars are multiples of the cofactor, so that there is one kind. */
	if (algorithm->family == ALGORITHM_ECDH_STANDARD && is_montgomery)
		return true;
	return strcmp(algorithm->key_type, key_type) == 0;
}

static const char *purpose_name(enum algorithm_purpose purpose)
{
	return purpose == ALGORITHM_SIGNATURE	 ? "signature"
	       : purpose == ALGORITHM_ENCRYPTION ? "encryption"
						 : "key exchange";
}

static const struct {
	const char *key_type;
	enum algorithm_purpose purpose;
	const char *text;
} advices[] = {
	{"rsa", ALGORITHM_SIGNATURE,
	 "an RSA key takes rsa_signature_message_pss_sha256, "
	 "rsa_signature_message_pkcs1v15_sha256 and others of that form"},
	{"rsa", ALGORITHM_ENCRYPTION,
	 "an RSA key takes rsa_encryption_oaep_sha256 and others of that form, "
	 "rsa_encryption_oaep_sha256_aesgcm for what is longer than a hash, "
	 "rsa_encryption_pkcs1 and rsa_encryption_raw"},
	{"ec", ALGORITHM_SIGNATURE,
	 "an EC key takes ecdsa_signature_message_x962_sha256 and others of that form"},
	{"ec", ALGORITHM_ENCRYPTION,
	 "an EC key takes ecies_encryption_standard_variable_iv_x963_sha256_aesgcm and others of "
	 "that form"},
	{"ec", ALGORITHM_EXCHANGE,
	 "an EC key takes ecdh_key_exchange_standard, ecdh_key_exchange_standard_x963_sha256 and "
	 "others of that form"},
	{"ed25519", ALGORITHM_SIGNATURE, "an Ed25519 key takes eddsa_signature_message_ed25519"},
	{"ed448", ALGORITHM_SIGNATURE, "an Ed448 key takes eddsa_signature_message_ed448"},
	{"x25519", ALGORITHM_EXCHANGE,
	 "an X25519 key takes ecdh_key_exchange_standard and "
	 "ecdh_key_exchange_standard_x963_sha256"},
	{"x448", ALGORITHM_EXCHANGE,
	 "an X448 key takes ecdh_key_exchange_standard and ecdh_key_exchange_standard_x963_sha256"},
};

static const char *advice(enum algorithm_purpose purpose, const char *key_type)
{
	for (size_t i = 0; i < ARRAY_LEN(advices); i++)
		if (advices[i].purpose == purpose && strcmp(advices[i].key_type, key_type) == 0)
			return advices[i].text;
	return NULL;
}

/* What a key of @key_type takes that is like @name, which may be misspelt; of an algorithm for
 * other keys nothing is, so the form of those for this one. */
static void set_advice(const char *name, enum algorithm_purpose purpose, const char *key_type)
{
	struct nearest nearest = nearest_begin(view_of_text(name));
	const char *form = advice(purpose, key_type);
	bool is_misspelt = !algorithms_find(name);

	for (size_t i = 0; is_misspelt && i < ARRAY_LEN(table); i++)
		if (table[i].purpose == purpose && algorithms_is_for(&table[i], key_type))
			nearest_offer(&nearest, table[i].name);
	if (nearest.best)
		error_set_hint("did you mean \"%s\"?", nearest.best);
	else if (form)
		error_set_hint("%s", form);
}

enum kc_status algorithms_choose(const char *name, enum algorithm_purpose purpose,
				 const char *key_type, const struct algorithm **ret_algorithm)
{
	const struct algorithm *algorithm = algorithms_find(name);
	bool is_fit = algorithm && algorithm->purpose == purpose &&
		      algorithms_is_for(algorithm, key_type);

	if (!is_fit)
		set_advice(name, purpose, key_type);
	REQUIRE(algorithm, KC_ERR_PARAM, "no %s algorithm \"%.64s\"", purpose_name(purpose), name);
	REQUIRE(algorithm->purpose == purpose, KC_ERR_PARAM, "%s is no %s algorithm", name,
		purpose_name(purpose));
	REQUIRE(is_fit, KC_ERR_PARAM, "%s is for %s keys, this one is %s", name,
		algorithm->key_type, key_type);
	*ret_algorithm = algorithm;
	return KC_OK;
}
