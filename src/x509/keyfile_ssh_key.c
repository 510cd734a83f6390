/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Private keys as SSH has them: their numbers, one after the other, made keys of OpenSSL's. That
 * the halves of an EC or Ed25519 key belong together is seen here, whether the numbers of an RSA
 * key do, the daemon sees (keys/private_key.h). On a security key (FIDO) there is more than a file
 * has.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "x509/keyfile_ssh_impl.h"

enum {
	NUMBER_MAX = 2048, /* bytes: 16384 bits */
	ED25519_BYTES = 32,
};

struct kind {
	const char *name;
	const char *curve; /* as SSH and as OpenSSL have it (RFC 5656 section 10.1) */
	const char *openssl_curve;
	enum kc_status (*read)(struct kc_view *input, const struct kind *kind,
			       struct bytes *public_key, EVP_PKEY **ret_pkey);
};

void keyfile_ssh_key_done(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
	*pkey = NULL;
}

static void number_done(BIGNUM **number)
{
	BN_clear_free(*number);
	*number = NULL;
}

/* Takes @builder; NULL: it is no key. */
static EVP_PKEY *make_key(const char *algorithm, OSSL_PARAM_BLD *builder)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, algorithm, NULL);
	EVP_PKEY *pkey = NULL;

	OSSL_PARAM_BLD_free(builder);
	if (!params || !context || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	for (OSSL_PARAM *param = params; param && param->key; param++)
		OPENSSL_cleanse(param->data, param->data_size);
	OSSL_PARAM_free(params);
	ERR_clear_error();
	return pkey;
}

/* --- RSA ---------------------------------------------------------------------------------------
 */

/* The first six in the order of the file. */
enum rsa_number {
	RSA_N,
	RSA_E,
	RSA_D,
	RSA_QINV,
	RSA_P,
	RSA_Q,
	RSA_DP,
	RSA_DQ,
	RSA_NUMBERS,
};

struct rsa_numbers {
	BIGNUM *of[RSA_NUMBERS];
	BIGNUM *less_one;
	BN_CTX *context;
};

static void rsa_numbers_done(struct rsa_numbers *numbers)
{
	for (size_t i = 0; i < RSA_NUMBERS; i++)
		number_done(&numbers->of[i]);
	number_done(&numbers->less_one);
	BN_CTX_free(numbers->context);
}

static enum kc_status read_numbers(struct kc_view *input, struct rsa_numbers *numbers,
				   struct bytes *public_key)
{
	struct kc_view views[RSA_DP] = {{NULL, 0}};

	for (size_t i = 0; i < ARRAY_LEN(views); i++) {
		TRY(ssh_wire_mpint(input, &views[i]));
		REQUIRE(views[i].len <= NUMBER_MAX, KC_ERR_DECODE, "a number of %zu bytes",
			views[i].len);
		numbers->of[i] = BN_bin2bn(views[i].data, (int)views[i].len, NULL);
		REQUIRE(numbers->of[i], KC_ERR_ALLOCATE, "out of memory");
	}
	TRY(ssh_wire_put_mpint(public_key, views[RSA_E]));
	return ssh_wire_put_mpint(public_key, views[RSA_N]);
}

/* d modulo @prime - 1 */
static bool make_exponent(struct rsa_numbers *numbers, enum rsa_number prime,
			  enum rsa_number exponent)
{
	BIGNUM *d = numbers->of[RSA_D];

	BN_set_flags(d, BN_FLG_CONSTTIME);
	numbers->of[exponent] = BN_new();
	return numbers->of[exponent] &&
	       BN_sub(numbers->less_one, numbers->of[prime], BN_value_one()) == 1 &&
	       BN_nnmod(numbers->of[exponent], d, numbers->less_one, numbers->context) == 1;
}

/* RFC 8017 3.2: OpenSSL wants all of them, or p and q neither. */
static bool complete(struct rsa_numbers *numbers)
{
	numbers->less_one = BN_new();
	numbers->context = BN_CTX_new();
	return numbers->less_one && numbers->context && make_exponent(numbers, RSA_P, RSA_DP) &&
	       make_exponent(numbers, RSA_Q, RSA_DQ);
}

static EVP_PKEY *make_rsa(const struct rsa_numbers *numbers)
{
	static const char *const names[RSA_NUMBERS] = {
		[RSA_N] = OSSL_PKEY_PARAM_RSA_N,
		[RSA_E] = OSSL_PKEY_PARAM_RSA_E,
		[RSA_D] = OSSL_PKEY_PARAM_RSA_D,
		[RSA_QINV] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
		[RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
		[RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,
		[RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
		[RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
	};
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

	for (size_t i = 0; builder && i < RSA_NUMBERS; i++) {
		if (OSSL_PARAM_BLD_push_BN(builder, names[i], numbers->of[i]) == 1)
			continue;
		OSSL_PARAM_BLD_free(builder);
		builder = NULL;
	}
	return builder ? make_key("RSA", builder) : NULL;
}

/* "mpint n, mpint e, mpint d, mpint iqmp, mpint p, mpint q" (sshkey.c writes them so). */
static enum kc_status read_rsa(struct kc_view *input, const struct kind *kind,
			       struct bytes *public_key, EVP_PKEY **ret_pkey)
{
	CLEANUP(rsa_numbers_done) struct rsa_numbers numbers = {0};

	(void)kind;
	TRY(read_numbers(input, &numbers, public_key));
	if (complete(&numbers))
		*ret_pkey = make_rsa(&numbers);
	ERR_clear_error();
	REQUIRE(*ret_pkey, KC_ERR_DECODE, "no RSA key");
	return KC_OK;
}

/* --- the others --------------------------------------------------------------------------------
 */

static EVP_PKEY *make_ec(const char *curve, struct kc_view point, const BIGNUM *scalar)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	bool is_built = builder &&
			OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve,
							0) == 1 &&
			OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY,
							 point.data, point.len) == 1 &&
			OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1;

	if (is_built)
		return make_key("EC", builder);
	OSSL_PARAM_BLD_free(builder);
	return NULL;
}

static bool is_sound(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool is_sound = context && EVP_PKEY_check(context) == 1;

	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return is_sound;
}

/* "string [identifier], string Q", RFC 5656 section 3.1, and "mpint d". */
static enum kc_status read_ec(struct kc_view *input, const struct kind *kind,
			      struct bytes *public_key, EVP_PKEY **ret_pkey)
{
	CLEANUP(keyfile_ssh_key_done) EVP_PKEY *pkey = NULL;
	CLEANUP(number_done) BIGNUM *number = NULL;
	struct kc_view identifier = {NULL, 0};
	struct kc_view point = {NULL, 0};
	struct kc_view scalar = {NULL, 0};

	TRY(ssh_wire_string(input, &identifier));
	TRY(ssh_wire_string(input, &point));
	TRY(ssh_wire_mpint(input, &scalar));
	REQUIRE(ssh_wire_is(identifier, kind->curve) && scalar.len <= NUMBER_MAX, KC_ERR_DECODE,
		"an ECDSA key on another curve");
	TRY(ssh_wire_put_string(public_key, identifier));
	TRY(ssh_wire_put_string(public_key, point));
	number = BN_bin2bn(scalar.data, (int)scalar.len, NULL);
	REQUIRE(number, KC_ERR_ALLOCATE, "out of memory");
	pkey = make_ec(kind->openssl_curve, point, number);
	REQUIRE(pkey && is_sound(pkey), KC_ERR_DECODE,
		"an ECDSA key whose halves do not belong together");
	*ret_pkey = take(pkey);
	return KC_OK;
}

/* "string ENC(A), string k || ENC(A)", as RFC 8709 section 4 encodes A. */
static enum kc_status read_ed25519(struct kc_view *input, const struct kind *kind,
				   struct bytes *public_key, EVP_PKEY **ret_pkey)
{
	CLEANUP(keyfile_ssh_key_done) EVP_PKEY *pkey = NULL;
	uint8_t found[ED25519_BYTES] = {0};
	size_t len = sizeof(found);
	struct kc_view point = {NULL, 0};
	struct kc_view both = {NULL, 0};

	(void)kind;
	TRY(ssh_wire_string(input, &point));
	TRY(ssh_wire_string(input, &both));
	TRY(ssh_wire_put_string(public_key, point));
	if (both.len == 2 * ED25519_BYTES)
		pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, both.data,
						    ED25519_BYTES);
	REQUIRE(pkey && EVP_PKEY_get_raw_public_key(pkey, found, &len) == 1 &&
			view_equal(point, VIEW_OF(found)) &&
			view_equal(point, view_slice(both, ED25519_BYTES, both.len)),
		KC_ERR_DECODE, "an Ed25519 key whose halves do not belong together");
	*ret_pkey = take(pkey);
	return KC_OK;
}

/* --- which -------------------------------------------------------------------------------------
 */

static const struct kind kinds[] = {
	{"ssh-ed25519", NULL, NULL, read_ed25519},
	{"ecdsa-sha2-nistp256", "nistp256", "P-256", read_ec},
	{"ecdsa-sha2-nistp384", "nistp384", "P-384", read_ec},
	{"ecdsa-sha2-nistp521", "nistp521", "P-521", read_ec},
	{"ssh-rsa", NULL, NULL, read_rsa},
};

static const struct kind *find_kind(struct kc_view name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (ssh_wire_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* "sk-ssh-ed25519@openssh.com" and its siblings (PROTOCOL.u2f). */
static bool is_security_key(struct kc_view name)
{
	return view_equal(view_slice(name, 0, 3), view_of_text("sk-"));
}

static enum kc_status fail_unknown(struct kc_view name)
{
	if (is_security_key(name)) {
		error_set_hint("ssh uses it with its file and the security key, as before");
		return fail(KC_ERR_UNIMPLEMENTED,
			    "the private key is on a security key (FIDO), and the file has none");
	}
	error_set_hint("keys of the types ed25519, ecdsa and rsa are read");
	return fail(KC_ERR_UNIMPLEMENTED, "a private key of a kind that is not kept here");
}

enum kc_status keyfile_ssh_key_read(struct kc_view *input, struct bytes *public_key,
				    EVP_PKEY **ret_pkey)
{
	const struct kind *kind = NULL;
	struct kc_view name = {NULL, 0};

	TRY(ssh_wire_string(input, &name));
	kind = find_kind(name);
	if (!kind)
		return fail_unknown(name);
	TRY(ssh_wire_put_text(public_key, kind->name));
	return kind->read(input, kind, public_key, ret_pkey);
}
