/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the two halves belong together is seen when keycaskd has the private one (ssh_task.c);
 * here only the form matters. Nothing of a private key is outside of locked memory but the message
 * it came in, which is wiped.
 */
#include "frontends/ssh_agent/ssh_private.h"

#include <string.h>

#include <keycask/names.h>

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "codec/tlv.h"
#include "frontends/ssh_agent/ssh_modulo.h"

enum {
	ED25519_BYTES = 32,
	DER_SEQUENCE = 0x30,
	DER_INTEGER = 0x02,
	HEADER_MAX = 8,
};

void ssh_private_done(struct ssh_private *key)
{
	bytes_done(&key->blob);
	secret_done(&key->value);
}

/* --- RSA ----------------------------------------------------------------------------------- */

enum rsa_part {
	RSA_N,
	RSA_E,
	RSA_D,
	RSA_P,
	RSA_Q,
	RSA_DP,
	RSA_DQ,
	RSA_QINV,
	RSA_PARTS,
};

static size_t integer_bytes(struct kc_view number)
{
	return number.len + (number.len == 0 || number.data[0] >= 0x80);
}

static enum kc_status append(struct secret *secret, struct kc_view view)
{
	REQUIRE(secret->len + view.len <= secret->mapped, KC_ERR_PARAM, "a private key too long");
	if (view.len > 0)
		memcpy(secret->data + secret->len, view.data, view.len);
	secret->len += view.len;
	return KC_OK;
}

static enum kc_status append_header(struct secret *secret, uint32_t tag, size_t len)
{
	CLEANUP(bytes_done) struct bytes header = BYTES_INIT(HEADER_MAX);

	TRY(tlv_put_header(&header, tag, len));
	return append(secret, bytes_view(&header));
}

static enum kc_status append_integer(struct secret *secret, struct kc_view number)
{
	size_t len = integer_bytes(number);

	TRY(append_header(secret, DER_INTEGER, len));
	if (len > number.len)
		TRY(append(secret, view_of("", 1)));
	return append(secret, number);
}

static enum kc_status measure_header(size_t len, size_t *total)
{
	CLEANUP(bytes_done) struct bytes header = BYTES_INIT(HEADER_MAX);

	TRY(tlv_put_header(&header, DER_INTEGER, len));
	*total += header.len + len;
	return KC_OK;
}

/* RFC 8017 A.1.2: version, n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p. */
static enum kc_status write_rsa(const struct kc_view *parts, struct secret *ret_value)
{
	struct kc_view version = {NULL, 0};
	size_t len = 0;

	TRY(measure_header(integer_bytes(version), &len));
	for (size_t i = 0; i < RSA_PARTS; i++)
		TRY(measure_header(integer_bytes(parts[i]), &len));
	TRY(secret_reserve(ret_value, len + HEADER_MAX));
	TRY(append_header(ret_value, DER_SEQUENCE, len));
	TRY(append_integer(ret_value, version));
	for (size_t i = 0; i < RSA_PARTS; i++)
		TRY(append_integer(ret_value, parts[i]));
	return KC_OK;
}

static enum kc_status complete_rsa(struct kc_view *parts, struct secret *ret_value)
{
	CLEANUP(secret_done) struct secret exponents = {0};
	size_t p_len = parts[RSA_P].len;

	TRY(secret_reserve(&exponents, 2 * SSH_MODULO_MAX));
	TRY(ssh_modulo_prime_minus_1(parts[RSA_D], parts[RSA_P], exponents.data));
	TRY(ssh_modulo_prime_minus_1(parts[RSA_D], parts[RSA_Q], exponents.data + p_len));
	parts[RSA_DP] = ssh_wire_trim(view_of(exponents.data, p_len));
	parts[RSA_DQ] = ssh_wire_trim(view_of(exponents.data + p_len, parts[RSA_Q].len));
	return write_rsa(parts, ret_value);
}

/* "mpint d, mpint iqmp, mpint p, mpint q", after the public half. */
static enum kc_status read_rsa(struct kc_view *input, const struct ssh_blob *blob,
			       struct secret *ret_value)
{
	struct kc_view parts[RSA_PARTS] = {[RSA_N] = blob->modulus, [RSA_E] = blob->exponent};

	TRY(ssh_wire_mpint(input, &parts[RSA_D]));
	TRY(ssh_wire_mpint(input, &parts[RSA_QINV]));
	TRY(ssh_wire_mpint(input, &parts[RSA_P]));
	TRY(ssh_wire_mpint(input, &parts[RSA_Q]));
	return complete_rsa(parts, ret_value);
}

/* "mpint n, mpint e": the other way round than in a public key. */
static enum kc_status read_rsa_public(struct kc_view *input, struct bytes *blob)
{
	struct kc_view modulus = {NULL, 0};
	struct kc_view exponent = {NULL, 0};

	TRY(ssh_wire_mpint(input, &modulus));
	TRY(ssh_wire_mpint(input, &exponent));
	TRY(ssh_wire_put_mpint(blob, exponent));
	return ssh_wire_put_mpint(blob, modulus);
}

/* --- the others ---------------------------------------------------------------------------- */

/* 04 X Y K, all of them as long as a coordinate. */
static enum kc_status read_ec(struct kc_view *input, const struct ssh_blob *blob,
			      struct secret *ret_value)
{
	static const uint8_t zeros[80];
	size_t width = blob->point.len / 2;
	struct kc_view scalar = {NULL, 0};

	TRY(ssh_wire_mpint(input, &scalar));
	REQUIRE(scalar.len <= width && width <= sizeof(zeros), KC_ERR_DECODE, "no EC key");
	TRY(secret_reserve(ret_value, blob->point.len + width));
	TRY(append(ret_value, blob->point));
	TRY(append(ret_value, view_of(zeros, width - scalar.len)));
	return append(ret_value, scalar);
}

/* "string ENC(A), string k || ENC(A)" (RFC 8709 has them in this order). */
static enum kc_status read_ed25519(struct kc_view *input, const struct ssh_blob *blob,
				   bool has_public, struct secret *ret_value)
{
	struct kc_view public_key = {NULL, 0};
	struct kc_view both = {NULL, 0};

	if (!has_public)
		TRY(ssh_wire_string(input, &public_key));
	TRY(ssh_wire_string(input, &both));
	REQUIRE(both.len == 2 * ED25519_BYTES &&
			view_equal(view_slice(both, ED25519_BYTES, ED25519_BYTES), blob->point),
		KC_ERR_DECODE, "an Ed25519 key whose halves do not belong together");
	return secret_init(ret_value, view_slice(both, 0, ED25519_BYTES));
}

static enum kc_status read_secret_part(struct kc_view *input, const struct ssh_blob *blob,
				       struct secret *ret_value)
{
	if (strcmp(blob->kind->key_type, KC_KEY_TYPE_NAME_RSA) == 0)
		return read_rsa(input, blob, ret_value);
	if (blob->kind->curve)
		return read_ec(input, blob, ret_value);
	return read_ed25519(input, blob, !blob->is_certificate, ret_value);
}

/* The public half, made a blob; of a certificate it is one already. */
static enum kc_status read_public_part(struct kc_view *input, const struct ssh_kind *kind,
				       bool is_certificate, struct bytes *ret_bytes)
{
	struct kc_view certificate = {NULL, 0};
	struct ssh_blob parts = {.kind = kind};

	if (is_certificate) {
		TRY(ssh_wire_string(input, &certificate));
		return bytes_append(ret_bytes, certificate);
	}
	TRY(ssh_wire_put_text(ret_bytes, kind->name));
	if (strcmp(kind->key_type, KC_KEY_TYPE_NAME_RSA) == 0)
		return read_rsa_public(input, ret_bytes);
	TRY(ssh_blob_read_parts(input, &parts));
	return bytes_append(ret_bytes, parts.parts);
}

enum kc_status ssh_private_read(struct kc_view *input, struct ssh_private *ret_key)
{
	CLEANUP(bytes_done) struct bytes bytes = BYTES_INIT(SSH_BLOB_MAX);
	CLEANUP(secret_done) struct secret value = {0};
	struct kc_view name = {NULL, 0};
	bool is_certificate = false;
	const struct ssh_kind *kind = NULL;
	struct ssh_blob blob;

	TRY(ssh_wire_string(input, &name));
	kind = ssh_kind_find(name, &is_certificate);
	if (!kind)
		error_set_hint("RSA, ECDSA and Ed25519 keys can be added");
	REQUIRE(kind, KC_ERR_UNIMPLEMENTED, "a key of a kind that cannot be added");
	TRY(read_public_part(input, kind, is_certificate, &bytes));
	TRY(ssh_blob_read(bytes_view(&bytes), &blob));
	REQUIRE(blob.kind == kind && blob.is_certificate == is_certificate && !blob.is_of_host,
		KC_ERR_DECODE, "a certificate of another kind than its key");
	TRY(read_secret_part(input, &blob, &value));
	*ret_key = (struct ssh_private){kind, bytes, secret_take(&value)};
	bytes = BYTES_INIT(0);
	return KC_OK;
}
