/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blobs are read as what strangers send; what is written is of keys that the keychain knows. */
#include "frontends/ssh_agent/ssh_blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/names.h>

#include "base/try.h"
#include "codec/hex.h"
#include "codec/sha2.h"
#include "codec/ssh_wire.h"
#include "codec/tlv.h"

enum {
	ED25519_BYTES = 32,
	DER_SEQUENCE = 0x30,
	DER_INTEGER = 0x02,
	POINT_UNCOMPRESSED = 0x04,
	CERTIFICATE_OF_USER = 1,
	CERTIFICATE_OF_HOST = 2,
};

/* --- reading ------------------------------------------------------------------------------- */

static size_t bits_of(struct kc_view number)
{
	size_t bits = number.len * 8;

	for (uint8_t top = 0x80; number.len > 0 && top && !(number.data[0] & top); top >>= 1)
		bits--;
	return bits;
}

static enum kc_status check_rsa(struct kc_view modulus, struct kc_view exponent)
{
	size_t bits = bits_of(modulus);

	REQUIRE(bits <= SSH_KIND_RSA_MAX_BITS && exponent.len > 0 && exponent.len <= 8,
		KC_ERR_DECODE, "no RSA key");
	REQUIRE(bits >= SSH_KIND_RSA_MIN_BITS, KC_ERR_UNIMPLEMENTED,
		"an RSA key of %zu bits, which is too short", bits);
	return KC_OK;
}

/* RFC 5656 3.1: "string [identifier]; string Q". */
static enum kc_status read_point(struct kc_view *input, struct ssh_blob *blob)
{
	size_t width = (blob->kind->size_in_bits + 7) / 8;
	struct kc_view curve = {NULL, 0};

	TRY(ssh_wire_string(input, &curve));
	REQUIRE(ssh_wire_is(curve, blob->kind->curve), KC_ERR_DECODE, "a key on another curve");
	TRY(ssh_wire_string(input, &blob->point));
	REQUIRE(blob->point.len == 1 + 2 * width && blob->point.data[0] == POINT_UNCOMPRESSED,
		KC_ERR_DECODE, "no point of its curve");
	return KC_OK;
}

enum kc_status ssh_blob_read_parts(struct kc_view *input, struct ssh_blob *blob)
{
	struct kc_view begin = *input;

	if (ssh_kind_is_rsa(blob->kind)) {
		TRY(ssh_wire_mpint(input, &blob->exponent));
		TRY(ssh_wire_mpint(input, &blob->modulus));
		TRY(check_rsa(blob->modulus, blob->exponent));
	} else if (blob->kind->curve) {
		TRY(read_point(input, blob));
	} else {
		TRY(ssh_wire_string(input, &blob->point));
		REQUIRE(blob->point.len == ED25519_BYTES, KC_ERR_DECODE, "no Ed25519 key");
	}
	blob->parts = view_slice(begin, 0, begin.len - input->len);
	return KC_OK;
}

/* PROTOCOL.certkeys, "New public key formats", after the key's parts. */
static enum kc_status read_certificate(struct kc_view data, struct kc_view *input,
				       struct ssh_blob *blob)
{
	struct kc_view skipped = {NULL, 0};
	uint64_t serial = 0;
	uint32_t type = 0;

	TRY(ssh_wire_uint64(input, &serial));
	TRY(ssh_wire_uint32(input, &type));
	REQUIRE(type == CERTIFICATE_OF_USER || type == CERTIFICATE_OF_HOST, KC_ERR_DECODE,
		"an SSH certificate of neither user nor host");
	blob->is_of_host = type == CERTIFICATE_OF_HOST;
	TRY(ssh_wire_string(input, &blob->key_id));
	TRY(ssh_wire_string(input, &blob->principals));
	TRY(ssh_wire_uint64(input, &blob->valid_after));
	TRY(ssh_wire_uint64(input, &blob->valid_before));
	TRY(ssh_wire_string(input, &blob->critical_options));
	for (int i = 0; i < 2; i++) /* extensions, reserved: the server's */
		TRY(ssh_wire_string(input, &skipped));
	TRY(ssh_wire_string(input, &blob->signature_key));
	blob->signed_part = view_of(data.data, data.len - input->len);
	return ssh_wire_string(input, &blob->signature);
}

enum kc_status ssh_blob_read(struct kc_view data, struct ssh_blob *ret_blob)
{
	struct ssh_blob blob = {0};
	struct kc_view input = data;
	struct kc_view name = {NULL, 0};

	REQUIRE(data.len <= SSH_BLOB_MAX, KC_ERR_DECODE, "an SSH key that is too long");
	TRY(ssh_wire_string(&input, &name));
	blob.kind = ssh_kind_find(name, &blob.is_certificate);
	REQUIRE(blob.kind, KC_ERR_UNIMPLEMENTED, "an SSH key of an unknown kind");
	if (blob.is_certificate)
		TRY(ssh_wire_string(&input, &name)); /* nonce */
	TRY(ssh_blob_read_parts(&input, &blob));
	if (blob.is_certificate)
		TRY(read_certificate(data, &input, &blob));
	TRY(ssh_wire_end(input));
	*ret_blob = blob;
	return KC_OK;
}

enum kc_status ssh_blob_put_plain(const struct ssh_blob *blob, struct bytes *bytes)
{
	TRY(ssh_wire_put_text(bytes, blob->kind->name));
	return bytes_append(bytes, blob->parts);
}

/* --- external representations --------------------------------------------------------------- */

/* PKCS#1's RSAPublicKey: SEQUENCE { INTEGER n, INTEGER e }. */
static enum kc_status put_rsa(struct kc_view external, struct bytes *bytes)
{
	struct kc_view sequence = {NULL, 0};
	struct kc_view modulus = {NULL, 0};
	struct kc_view exponent = {NULL, 0};

	REQUIRE(tlv_take(&external, DER_SEQUENCE, &sequence) &&
			tlv_take(&sequence, DER_INTEGER, &modulus) &&
			tlv_take(&sequence, DER_INTEGER, &exponent),
		KC_ERR_DECODE, "no RSAPublicKey");
	TRY(check_rsa(ssh_wire_trim(modulus), ssh_wire_trim(exponent)));
	TRY(ssh_wire_put_mpint(bytes, exponent));
	return ssh_wire_put_mpint(bytes, modulus);
}

enum kc_status ssh_blob_put(const struct ssh_kind *kind, struct kc_view external,
			    struct bytes *bytes)
{
	TRY(ssh_wire_put_text(bytes, kind->name));
	if (ssh_kind_is_rsa(kind))
		return put_rsa(external, bytes);
	if (kind->curve)
		TRY(ssh_wire_put_text(bytes, kind->curve));
	return ssh_wire_put_string(bytes, external);
}

/* A zero byte in front of what would be negative. */
static enum kc_status put_integer(struct bytes *bytes, struct kc_view number)
{
	bool needs_zero = number.len == 0 || number.data[0] >= 0x80;

	TRY(tlv_put_header(bytes, DER_INTEGER, number.len + needs_zero));
	if (needs_zero)
		TRY(bytes_append_byte(bytes, 0));
	return bytes_append(bytes, number);
}

enum kc_status ssh_blob_put_external(const struct ssh_blob *blob, struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(SSH_BLOB_MAX);

	if (!ssh_kind_is_rsa(blob->kind))
		return bytes_append(bytes, blob->point);
	TRY(put_integer(&content, blob->modulus));
	TRY(put_integer(&content, blob->exponent));
	return tlv_put(bytes, DER_SEQUENCE, bytes_view(&content));
}

void ssh_blob_fingerprint(struct kc_view data, char ret_text[SSH_BLOB_FINGERPRINT_MAX])
{
	CLEANUP(freep) char *text = NULL;
	uint8_t digest[SHA2_DIGEST_MAX];
	struct sha2 sha2;

	sha2_init(&sha2, SHA2_256);
	sha2_update(&sha2, data);
	sha2_finish(&sha2, digest);
	text = base64_encode(view_of(digest, sha2_digest_bytes(SHA2_256)));
	if (text)
		text[strcspn(text, "=")] = '\0';
	(void)snprintf(ret_text, SSH_BLOB_FINGERPRINT_MAX, "SHA256:%s", text ? text : "?");
}
