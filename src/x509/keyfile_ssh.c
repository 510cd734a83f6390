/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * OpenSSH's own form of a private key (its PROTOCOL.key): "openssh-key-v1", how the rest is
 * encrypted, the public key, and in the part that may be encrypted two equal numbers, which only
 * the right passphrase gives, the key, its comment, and 1, 2, 3… up to a whole block. Keys with a
 * passphrase are not read: their cipher's key is made by bcrypt, which OpenSSL has not.
 */
#include <stdlib.h>

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "x509/keyfile_ssh_impl.h"

enum {
	BLOCK_BYTES = 8, /* of cipher "none" */
	PUBLIC_MAX = 8192,
};

/* Including the NUL. */
static const char magic[] = "openssh-key-v1";

struct envelope {
	struct kc_view cipher;
	struct kc_view derivation;
	struct kc_view public_key;
	struct kc_view private_part;
};

/* "AUTH_MAGIC, string ciphername, string kdfname, string kdfoptions, uint32 number of keys N,
 * string publickey1…, string encrypted, padded list of private keys". OpenSSH takes no more than
 * one. */
static enum kc_status read_envelope(struct kc_view data, struct envelope *ret_envelope)
{
	struct envelope envelope = {.cipher = {NULL, 0}};
	struct kc_view options = {NULL, 0};
	struct kc_view input = view_slice(data, sizeof(magic), data.len);
	uint32_t n_keys = 0;

	REQUIRE(data.len > sizeof(magic) && view_equal(view_slice(data, 0, sizeof(magic)),
						       view_of(magic, sizeof(magic))),
		KC_ERR_DECODE,
		"it does not begin as one of OpenSSH's "
		"does");
	TRY(ssh_wire_string(&input, &envelope.cipher));
	TRY(ssh_wire_string(&input, &envelope.derivation));
	TRY(ssh_wire_string(&input, &options));
	TRY(ssh_wire_uint32(&input, &n_keys));
	REQUIRE(n_keys == 1, KC_ERR_DECODE, "%u private keys in one block", (unsigned)n_keys);
	TRY(ssh_wire_string(&input, &envelope.public_key));
	TRY(ssh_wire_string(&input, &envelope.private_part));
	TRY(ssh_wire_end(input));
	*ret_envelope = envelope;
	return KC_OK;
}

static enum kc_status check_is_plain(struct keyfile *file, const struct envelope *envelope)
{
	if (ssh_wire_is(envelope->cipher, "none") && ssh_wire_is(envelope->derivation, "none"))
		return KC_OK;
	file->is_encrypted = true;
	error_set_hint(
		"import a copy without it, which never reaches a disk: cp KEY "
		"$XDG_RUNTIME_DIR/copy; ssh-keygen -p -N \"\" -f $XDG_RUNTIME_DIR/copy; then "
		"delete the copy");
	return fail(KC_ERR_UNIMPLEMENTED,
		    "a private key in OpenSSH's form with a passphrase is not read");
}

static enum kc_status check_padding(struct kc_view padding)
{
	REQUIRE(padding.len < BLOCK_BYTES, KC_ERR_DECODE, "too much padding");
	for (size_t i = 0; i < padding.len; i++)
		REQUIRE(padding.data[i] == i + 1, KC_ERR_DECODE, "padding that is none");
	return KC_OK;
}

static enum kc_status check_numbers(struct kc_view *input)
{
	uint32_t first = 0;
	uint32_t second = 0;

	TRY(ssh_wire_uint32(input, &first));
	TRY(ssh_wire_uint32(input, &second));
	REQUIRE(first == second, KC_ERR_DECODE, "two different numbers before the key");
	return KC_OK;
}

/* What is no text is no name. */
static enum kc_status put_key(struct keyfile *file, EVP_PKEY *pkey, struct kc_view comment)
{
	CLEANUP(freep) char *name = view_copy_text(comment);
	struct keyfile_names names = {.friendly_name = name};
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	enum kc_status status = KC_OK;

	REQUIRE(name && info, KC_ERR_ALLOCATE, "out of memory");
	if (strlen(name) != comment.len)
		names.friendly_name = NULL;
	status = keyfile_object_put_key(file, info, &names);
	PKCS8_PRIV_KEY_INFO_free(info);
	return status;
}

static enum kc_status read_private(struct keyfile *file, const struct envelope *envelope)
{
	CLEANUP(bytes_done) struct bytes public_key = BYTES_INIT(PUBLIC_MAX);
	CLEANUP(keyfile_ssh_key_done) EVP_PKEY *pkey = NULL;
	struct kc_view input = envelope->private_part;
	struct kc_view comment = {NULL, 0};

	REQUIRE(input.len % BLOCK_BYTES == 0, KC_ERR_DECODE, "no whole blocks");
	TRY(check_numbers(&input));
	TRY(keyfile_ssh_key_read(&input, &public_key, &pkey));
	TRY(ssh_wire_string(&input, &comment));
	TRY(check_padding(input));
	REQUIRE(view_equal(bytes_view(&public_key), envelope->public_key), KC_ERR_DECODE,
		"its public key is another");
	return put_key(file, pkey, comment);
}

static enum kc_status read_block(struct keyfile *file, struct kc_view data)
{
	struct envelope envelope = {.cipher = {NULL, 0}};

	TRY(read_envelope(data, &envelope));
	TRY(check_is_plain(file, &envelope));
	return read_private(file, &envelope);
}

enum kc_status keyfile_ssh_read(struct keyfile *file, struct kc_view data)
{
	enum kc_status status = read_block(file, data);
	struct error_record why = *error_get();

	if (status != KC_ERR_DECODE)
		return status;
	error_clear();
	return fail(KC_ERR_DECODE, "OpenSSH's private key in it is damaged: %s", why.message);
}
