/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes with mechanisms: read, refused, and what keycask calls it; and the table itself. */
#include "frontends/pkcs11/p11_parameters.h"

#include <keycask/names.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_ability.h"
#include "frontends/pkcs11/p11_secret_size.h"
#include "harness/test.h"

struct eddsa {
	CK_BBOOL is_prehashed;
	CK_ULONG context_len;
	CK_BYTE *context;
};

static CK_BYTE bytes[70 * 1024];

static CK_RV read_it(CK_MECHANISM_TYPE type, void *given, size_t len, struct p11_parameters *ret)
{
	const CK_MECHANISM mechanism = {type, given, len};

	return p11_parameters_read(&mechanism, ret);
}

static CK_RV refuse(CK_MECHANISM_TYPE type, void *given, size_t len)
{
	struct p11_parameters parameters = {0};
	CK_RV rv = read_it(type, given, len, &parameters);

	p11_parameters_done(&parameters);
	return rv;
}

/* Programs leave rubbish where a mechanism has no parameters. */
TEST(nobody_looks_at_parameters_that_are_none)
{
	void *rubbish = (void *)(uintptr_t)0x10; /* NOLINT: never followed */

	CHECK_INT(refuse(CKM_RSA_PKCS, rubbish, 12345), CKR_OK);
	CHECK_INT(refuse(CKM_SHA256_RSA_PKCS, rubbish, 12345), CKR_OK);
	CHECK_INT(refuse(CKM_ECDSA, rubbish, 12345), CKR_OK);
	CHECK_INT(refuse(CKM_SHA256, rubbish, 12345), CKR_OK);
	CHECK_INT(refuse(CKM_AES_CBC, rubbish, 12345), CKR_MECHANISM_INVALID);
}

TEST(pss)
{
	CK_RSA_PKCS_PSS_PARAMS given = {CKM_SHA256, CKG_MGF1_SHA256, 32};
	struct p11_parameters parameters = {0};

	CHECK_INT(read_it(CKM_RSA_PKCS_PSS, &given, sizeof(given), &parameters), CKR_OK);
	CHECK_TEXT(p11_parameters_signature(&parameters, "rsa"),
		   KC_ALGORITHM_RSA_SIGNATURE_DIGEST_PSS_SHA256);
	CHECK_INT(p11_parameters_digest_bytes(&parameters), 32);
	given.sLen = 20;
	CHECK_INT(read_it(CKM_SHA256_RSA_PKCS_PSS, &given, sizeof(given), &parameters), CKR_OK);
	CHECK(!p11_parameters_signature(&parameters, "rsa"));
	CHECK_INT(refuse(CKM_SHA384_RSA_PKCS_PSS, &given, sizeof(given)),
		  CKR_MECHANISM_PARAM_INVALID);
	CHECK_INT(refuse(CKM_RSA_PKCS_PSS, &given, sizeof(given) - 1), CKR_MECHANISM_PARAM_INVALID);
	CHECK_INT(refuse(CKM_RSA_PKCS_PSS, NULL, 0), CKR_MECHANISM_PARAM_INVALID);
	CHECK_INT(refuse(CKM_RSA_PKCS_PSS, NULL, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given.sLen = (CK_ULONG)-1;
	CHECK_INT(refuse(CKM_RSA_PKCS_PSS, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given = (CK_RSA_PKCS_PSS_PARAMS){CKM_SHA256, 99, 32};
	CHECK_INT(refuse(CKM_RSA_PKCS_PSS, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given = (CK_RSA_PKCS_PSS_PARAMS){CKM_MD5, CKG_MGF1_SHA256, 32};
	CHECK_INT(refuse(CKM_RSA_PKCS_PSS, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
}

TEST(oaep)
{
	CK_RSA_PKCS_OAEP_PARAMS given = {CKM_SHA_1, CKG_MGF1_SHA1, 1, NULL, 0};
	struct p11_parameters parameters = {0};

	CHECK_INT(read_it(CKM_RSA_PKCS_OAEP, &given, sizeof(given), &parameters), CKR_OK);
	CHECK_TEXT(p11_parameters_encryption(&parameters), KC_ALGORITHM_RSA_ENCRYPTION_OAEP_SHA1);
	given.source = 0; /* with nothing in it, it does not matter */
	CHECK_INT(refuse(CKM_RSA_PKCS_OAEP, &given, sizeof(given)), CKR_OK);
	given.mgf = CKG_MGF1_SHA256;
	CHECK_INT(read_it(CKM_RSA_PKCS_OAEP, &given, sizeof(given), &parameters), CKR_OK);
	CHECK(!p11_parameters_encryption(&parameters));
	given = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA_1, CKG_MGF1_SHA1, 1, bytes, 5};
	CHECK_INT(read_it(CKM_RSA_PKCS_OAEP, &given, sizeof(given), &parameters), CKR_OK);
	CHECK(!p11_parameters_encryption(&parameters));
	CHECK_INT(parameters.label.len, 5);
	p11_parameters_done(&parameters);
	given.ulSourceDataLen = sizeof(bytes);
	CHECK_INT(refuse(CKM_RSA_PKCS_OAEP, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA_1, CKG_MGF1_SHA1, 1, NULL, 5};
	CHECK_INT(refuse(CKM_RSA_PKCS_OAEP, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA_1, CKG_MGF1_SHA1, 0, bytes, 5};
	CHECK_INT(refuse(CKM_RSA_PKCS_OAEP, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	CHECK_INT(refuse(CKM_RSA_PKCS_OAEP, &given, 8), CKR_MECHANISM_PARAM_INVALID);
}

TEST(eddsa)
{
	struct eddsa given = {0, 0, NULL};
	struct p11_parameters parameters = {0};

	CHECK_INT(read_it(CKM_EDDSA, NULL, 0, &parameters), CKR_OK);
	CHECK_TEXT(p11_parameters_signature(&parameters, "ed25519"),
		   KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519);
	CHECK_TEXT(p11_parameters_signature(&parameters, "ed448"),
		   KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED448);
	CHECK_INT(refuse(CKM_EDDSA, &given, sizeof(given)), CKR_OK);
	CHECK_INT(refuse(CKM_EDDSA, &given, 1), CKR_MECHANISM_PARAM_INVALID);
	given.is_prehashed = 1;
	CHECK_INT(refuse(CKM_EDDSA, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given = (struct eddsa){0, 3, bytes};
	CHECK_INT(refuse(CKM_EDDSA, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
}

TEST(ecdh)
{
	CK_ECDH1_DERIVE_PARAMS given = {CKD_NULL, 0, NULL, 65, bytes};
	struct p11_parameters parameters = {0};

	CHECK_INT(read_it(CKM_ECDH1_DERIVE, &given, sizeof(given), &parameters), CKR_OK);
	CHECK_TEXT(p11_parameters_exchange(&parameters), KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD);
	CHECK_INT(parameters.public_key.len, 65);
	p11_parameters_done(&parameters);
	given.ulSharedDataLen = 1;
	given.pSharedData = bytes;
	CHECK_INT(refuse(CKM_ECDH1_DERIVE, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given.kdf = CKD_SHA384_KDF;
	CHECK_INT(read_it(CKM_ECDH1_COFACTOR_DERIVE, &given, sizeof(given), &parameters), CKR_OK);
	CHECK_TEXT(p11_parameters_exchange(&parameters),
		   KC_ALGORITHM_ECDH_KEY_EXCHANGE_STANDARD_X963_SHA384);
	p11_parameters_done(&parameters);
	given.kdf = CKD_SHA1_KDF_ASN1;
	CHECK_INT(refuse(CKM_ECDH1_DERIVE, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, 0, NULL};
	CHECK_INT(refuse(CKM_ECDH1_DERIVE, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, sizeof(bytes), bytes};
	CHECK_INT(refuse(CKM_ECDH1_DERIVE, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
	given = (CK_ECDH1_DERIVE_PARAMS){CKD_NULL, 0, NULL, 65, NULL};
	CHECK_INT(refuse(CKM_ECDH1_DERIVE, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
}

/* --- the table ---------------------------------------------------------------------------- */

TEST(key_types_are_whole_words)
{
	const struct p11_mechanism *edwards = p11_mechanism_find(CKM_EDDSA);
	const struct p11_mechanism *exchange = p11_mechanism_find(CKM_ECDH1_DERIVE);

	CHECK(p11_mechanism_is_for(edwards, "ed25519"));
	CHECK(p11_mechanism_is_for(edwards, "ed448"));
	CHECK(!p11_mechanism_is_for(edwards, "ed"));
	CHECK(!p11_mechanism_is_for(edwards, "ed44"));
	CHECK(!p11_mechanism_is_for(edwards, ""));
	CHECK(!p11_mechanism_is_for(edwards, NULL));
	CHECK(p11_mechanism_is_for(exchange, "ec"));
	CHECK(!p11_mechanism_is_for(exchange, "ed25519"));
	CHECK(p11_mechanism_is_for(p11_mechanism_find(CKM_RSA_X_509), "rsa"));
	CHECK(!p11_mechanism_is_for(p11_mechanism_find(CKM_SHA256), "rsa"));
}

/* The bits of p11_ability.c's probes: an OpenPGP card pads its signatures itself. */
TEST(what_a_token_lacks_is_not_listed)
{
	const struct p11_ability whole = {.is_hardware = true};
	const struct p11_ability openpgp = {.is_hardware = true,
					    .lacking = 1 << 2 | 1 << 3 | 1 << 4};
	const struct p11_ability software = {.is_hardware = false};

	CHECK(p11_ability_flags(&whole, p11_mechanism_find(CKM_RSA_PKCS_PSS)) & CKF_HW);
	CHECK_INT(p11_ability_flags(&openpgp, p11_mechanism_find(CKM_RSA_PKCS_PSS)), 0);
	CHECK_INT(p11_ability_flags(&openpgp, p11_mechanism_find(CKM_SHA1_RSA_PKCS_PSS)), 0);
	CHECK_INT(p11_ability_flags(&openpgp, p11_mechanism_find(CKM_RSA_X_509)), 0);
	CHECK(p11_ability_flags(&openpgp, p11_mechanism_find(CKM_RSA_PKCS)) & CKF_DECRYPT);
	CHECK(!(p11_ability_flags(&software, p11_mechanism_find(CKM_RSA_PKCS)) & CKF_HW));
	CHECK_INT(p11_ability_flags(&whole, p11_mechanism_find(CKM_SHA256)), CKF_DIGEST);
}

/* --- how long a secret is ----------------------------------------------------------------- */

static CK_RV find_size(CK_KEY_TYPE type, CK_ULONG len, size_t *ret_len)
{
	CK_ATTRIBUTE template[] = {{CKA_KEY_TYPE, &type, sizeof(type)},
				   {CKA_VALUE_LEN, &len, sizeof(len)}};

	return p11_secret_size_find(template, 2, ret_len);
}

TEST(lengths_of_secrets)
{
	CK_KEY_TYPE type = CKK_DES3;
	CK_ATTRIBUTE template[] = {{CKA_KEY_TYPE, &type, sizeof(type)}};
	size_t len = 0;

	CHECK_INT(find_size(CKK_AES, 24, &len), CKR_OK);
	CHECK_INT(len, 24);
	CHECK_INT(find_size(CKK_AES, 17, &len), CKR_TEMPLATE_INCONSISTENT);
	CHECK_INT(find_size(CKK_GENERIC_SECRET, 17, &len), CKR_OK);
	CHECK_INT(find_size(CKK_GENERIC_SECRET, 0, &len), CKR_ATTRIBUTE_VALUE_INVALID);
	CHECK_INT(find_size(CKK_GENERIC_SECRET, 1000 * 1000, &len), CKR_KEY_SIZE_RANGE);
	CHECK_INT(p11_secret_size_find(template, 1, &len), CKR_OK);
	CHECK_INT(len, 24);
	type = CKK_AES; /* which has three */
	CHECK_INT(p11_secret_size_find(template, 1, &len), CKR_OK);
	CHECK_INT(len, 0);
	CHECK(p11_secret_size_fits(template, 1, 32));
	CHECK(!p11_secret_size_fits(template, 1, 31));
	CHECK(!p11_secret_size_fits(NULL, 0, 0));
	CHECK(p11_secret_size_fits(NULL, 0, 31));
}
