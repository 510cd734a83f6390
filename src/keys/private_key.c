/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys as they come in. A private key proves by itself what it is, so nothing has to be believed:
 * the public half and its hash are computed, and only the one encoding is taken that a
 * certificate's would equal.
 */
#include "keys/private_key.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/try.h"
#include "codec/curve.h"
#include "keys/digest_impl.h"
#include "keys/private_pkey_impl.h"
#include "keys/public_key_impl.h"

enum {
	DER_SEQUENCE = 0x30,
	POINT_UNCOMPRESSED = 0x04,
	BYTE_BITS = 8,
};

void private_key_done(struct private_key *key)
{
	bytes_done(&key->public_key);
	secret_done(&key->external);
}

struct kc_view private_key_data(const struct private_key *key)
{
	return key->external.data ? secret_view(&key->external) : bytes_view(&key->public_key);
}

static enum kc_status put_hash(struct private_key *key)
{
	struct kc_view public_key = bytes_view(&key->public_key);

	if (EVP_Digest(public_key.data, public_key.len, key->public_key_hash, NULL, EVP_sha1(),
		       NULL) != 1)
		return digest_fail_openssl("hash");
	return KC_OK;
}

static void move(struct private_key *from, struct private_key *to)
{
	*to = *from;
	*from = (struct private_key){.key_class = NULL};
}

/* --- private ------------------------------------------------------------------------------- */

static enum kc_status read_private(const char *key_type, struct kc_view data,
				   struct private_key *ret_key)
{
	CLEANUP(private_key_done)
	struct private_key key = {.key_class = "private",
				  .public_key = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX)};
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;

	TRY(private_pkey_open(key_type, 0, data, &pkey));
	TRY(private_pkey_check(key_type, pkey));
	key.key_type = private_pkey_type(pkey);
	key.size_in_bits = private_pkey_size(key.key_type, pkey);
	TRY(private_pkey_put_public(pkey, &key.public_key));
	TRY(put_hash(&key));
	TRY(secret_init(&key.external, data));
	move(&key, ret_key);
	return KC_OK;
}

/* --- public -------------------------------------------------------------------------------- */

/* RFC 8017 A.1.1, in DER and nothing behind it. */
static EVP_PKEY *new_public_rsa(struct kc_view data)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(bytes_done) struct bytes again = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX);
	const uint8_t *at = data.data;

	pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)data.len);
	if (!pkey || private_pkey_put_public(pkey, &again) != KC_OK ||
	    !view_equal(bytes_view(&again), data))
		return NULL;
	return take(pkey);
}

static EVP_PKEY *new_public(const char *key_type, unsigned size_in_bits, struct kc_view data)
{
	struct key_facts facts = {
		.key_type = key_type, .size_in_bits = size_in_bits, .public_key = data};
	EVP_PKEY *pkey = NULL;

	if (strcmp(key_type, "rsa") == 0)
		return new_public_rsa(data);
	return public_key_new(&facts, &pkey) == KC_OK ? pkey : NULL;
}

static bool is_point(struct kc_view data, size_t width)
{
	return data.len == 1 + 2 * width && data.data[0] == POINT_UNCOMPRESSED;
}

/* Of an EC key the length tells the size, of the others the type does. */
static EVP_PKEY *find_public(const char *key_type, struct kc_view data)
{
	static const struct {
		const char *name;
		unsigned size_in_bits;
	} fixed[] = {{"rsa", 0}, {"ed25519", 256}, {"x25519", 256}, {"ed448", 456}, {"x448", 448}};
	const struct curve *curve = NULL;

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		if (strcmp(fixed[i].name, key_type) == 0)
			return new_public(key_type, fixed[i].size_in_bits, data);
	for (size_t i = 0; (curve = curve_at(i)) != NULL; i++) {
		EVP_PKEY *pkey = is_point(data, curve_width(curve->size_in_bits))
					 ? new_public(key_type, curve->size_in_bits, data)
					 : NULL;

		if (pkey)
			return pkey;
	}
	return NULL;
}

static enum kc_status read_public(const char *key_type, struct kc_view data,
				  struct private_key *ret_key)
{
	CLEANUP(private_key_done)
	struct private_key key = {.key_class = "public",
				  .public_key = BYTES_INIT(PRIVATE_KEY_PUBLIC_MAX)};
	CLEANUP(public_key_done) EVP_PKEY *pkey = find_public(key_type, data);

	error_clear();
	ERR_clear_error();
	REQUIRE(pkey, KC_ERR_DECODE, "not a public key of type \"%s\"", key_type);
	key.key_type = private_pkey_type(pkey);
	key.size_in_bits = private_pkey_size(key.key_type, pkey);
	TRY(bytes_append(&key.public_key, data));
	TRY(put_hash(&key));
	move(&key, ret_key);
	return KC_OK;
}

/* --- any of them --------------------------------------------------------------------------- */

static enum kc_status read_symmetric(struct kc_view data, struct private_key *ret_key)
{
	struct private_key key = {.key_class = "symmetric"};

	REQUIRE(data.len > 0, KC_ERR_DECODE, "a symmetric key of no bytes");
	TRY(secret_init(&key.external, data));
	key.size_in_bits = (unsigned)data.len * BYTE_BITS;
	move(&key, ret_key);
	return KC_OK;
}

static bool is_known_type(const char *key_type)
{
	static const char *const types[] = {"rsa", "ec", "ed25519", "x25519", "ed448", "x448"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i], key_type) == 0)
			return true;
	return false;
}

static enum kc_status choose_type(const char *claimed, struct kc_view data, const char **ret_type)
{
	bool is_rsa = data.len > 0 && data.data[0] == DER_SEQUENCE;
	bool is_ec = data.len > 0 && data.data[0] == POINT_UNCOMPRESSED && data.len % 2 == 1;

	if (claimed) {
		error_set_hint("key_type is one of rsa, ec, ed25519, x25519, ed448, x448");
		REQUIRE(is_known_type(claimed), KC_ERR_PARAM, "no key_type \"%.32s\"", claimed);
		error_clear();
		*ret_type = claimed;
		return KC_OK;
	}
	if (!is_rsa && !is_ec)
		error_set_hint(
			"say with key_type what it is: rsa, ec, ed25519, x25519, ed448, x448");
	REQUIRE(is_rsa || is_ec, KC_ERR_PARAM, "these bytes do not tell what key they are");
	*ret_type = is_rsa ? "rsa" : "ec";
	return KC_OK;
}

/* What it is not as a public key is no news to whoever has a private one. */
static enum kc_status read_either(const char *key_type, struct kc_view data,
				  struct private_key *ret_key)
{
	struct error_record why;

	if (read_private(key_type, data, ret_key) == KC_OK)
		return KC_OK;
	why = *error_get();
	error_clear();
	if (read_public(key_type, data, ret_key) == KC_OK)
		return KC_OK;
	error_adopt(&why);
	return why.status;
}

static void advise_on_form(struct kc_view data)
{
	static const char pem[] = "-----BEGIN ";

	if (data.len > strlen(pem) && memcmp(data.data, pem, strlen(pem)) == 0)
		error_set_hint("that is PEM: an identity's value_data is, a key's is not");
	else if (data.len > 0 && data.data[0] == DER_SEQUENCE)
		error_set_hint("PKCS#8 and other wrappers are not taken here; \"openssl rsa "
			       "-traditional -outform DER\" takes one off");
}

static enum kc_status read_asymmetric(struct private_key_claim claim, struct kc_view data,
				      struct private_key *ret_key)
{
	const char *key_type = NULL;
	enum kc_status status = KC_OK;

	TRY(choose_type(claim.key_type, data, &key_type));
	if (!claim.key_class)
		status = read_either(key_type, data, ret_key);
	else if (strcmp(claim.key_class, "public") == 0)
		status = read_public(key_type, data, ret_key);
	else
		status = read_private(key_type, data, ret_key);
	if (status == KC_ERR_DECODE)
		advise_on_form(data);
	return status;
}

enum kc_status private_key_read(struct private_key_claim claim, struct kc_view data,
				struct private_key *ret_key)
{
	REQUIRE(data.len <= SECRET_MAX, KC_ERR_DECODE, "a key of %zu bytes; %d are the most",
		data.len, SECRET_MAX);
	if (claim.key_class && strcmp(claim.key_class, "symmetric") == 0)
		return read_symmetric(data, ret_key);
	REQUIRE(!claim.key_class || strcmp(claim.key_class, "private") == 0 ||
			strcmp(claim.key_class, "public") == 0,
		KC_ERR_PARAM, "key_class must be \"private\", \"public\" or \"symmetric\"");
	return read_asymmetric(claim, data, ret_key);
}

/* --- other encodings ----------------------------------------------------------------------- */

enum kc_status private_key_import(struct kc_view der, struct private_key *ret_key)
{
	CLEANUP(public_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(secret_done) struct secret external = {0};
	struct private_key_claim claim = {.key_class = "private"};
	const uint8_t *at = der.data;

	REQUIRE(der.len <= 2 * SECRET_MAX, KC_ERR_DECODE, "a private key of %zu bytes", der.len);
	pkey = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
	ERR_clear_error();
	REQUIRE(pkey && at == der.data + der.len, KC_ERR_DECODE,
		"not a private key in PKCS#8, PKCS#1 or SEC 1");
	TRY(private_pkey_put_external(pkey, &external));
	claim.key_type = private_pkey_type(pkey);
	return private_key_read(claim, secret_view(&external), ret_key);
}

/* --- attributes ---------------------------------------------------------------------------- */

struct usage {
	const char *name;
	bool is_set;
};

static bool is_one_of(const char *key_type, const char *one, const char *other)
{
	return strcmp(key_type, one) == 0 || strcmp(key_type, other) == 0;
}

/* reference/keychain.md 1.6; but a key on a Montgomery or an Edwards curve does only the one thing
 * that it can. */
static enum kc_status put_usage(const struct private_key *key, struct json_object *attributes)
{
	const char *type = key->key_type;
	bool is_private = strcmp(key->key_class, "private") == 0;
	bool only_signs = is_one_of(type, "ed25519", "ed448");
	bool only_derives = is_one_of(type, "x25519", "x448");
	bool does_all = !only_signs && !only_derives;
	const struct usage usages[] = {
		{"can_encrypt", !is_private && does_all},
		{"can_verify", !is_private && !only_derives},
		{"can_wrap", !is_private && does_all},
		{"can_decrypt",
		 (is_private && does_all) || (!is_private && strcmp(type, "rsa") == 0)},
		{"can_sign", is_private && !only_derives},
		{"can_unwrap", is_private && does_all},
		{"can_derive", is_private && strcmp(type, "rsa") != 0 && !only_signs},
		{"can_sign_recover", false},
		{"can_verify_recover", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(usages); i++)
		TRY(field_put_flag(attributes, usages[i].name, usages[i].is_set));
	return KC_OK;
}

static enum kc_status put_nature(const struct private_key *key, struct json_object *attributes)
{
	TRY(field_put_text(attributes, "key_class", key->key_class));
	TRY(field_put_text(attributes, "key_type", key->key_type));
	TRY(field_put_number(attributes, "key_size_in_bits", key->size_in_bits));
	TRY(field_put_number(attributes, "effective_key_size", key->size_in_bits));
	TRY(field_put_flag(attributes, "is_private", strcmp(key->key_class, "private") == 0));
	TRY(field_put_flag(attributes, "is_permanent", true));
	TRY(field_put_flag(attributes, "is_modifiable", true));
	TRY(field_put_flag(attributes, "is_sensitive", false));
	TRY(field_put_flag(attributes, "was_always_sensitive", false));
	return field_put_flag(attributes, "was_never_extractable", false);
}

enum kc_status private_key_describe(const struct private_key *key,
				    struct json_object **ret_attributes)
{
	CLEANUP(field_free) struct json_object *attributes = NULL;

	TRY(field_new_object(&attributes));
	TRY(put_nature(key, attributes));
	if (key->key_type) {
		TRY(put_usage(key, attributes));
		TRY(field_put_data(attributes, "application_label", VIEW_OF(key->public_key_hash)));
	}
	*ret_attributes = take(attributes);
	return KC_OK;
}
