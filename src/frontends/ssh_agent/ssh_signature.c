/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ECDSA signatures travel as two mpints; keycask gives them side by side (RFC 4754), so the two are
 * cut and joined here. All others travel as they are.
 */
#include "frontends/ssh_agent/ssh_signature.h"

#include <string.h>

#include <keycask/dictionary.h>
#include <keycask/key.h>
#include <keycask/names.h>

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "frontends/owned.h"

enum {
	SIGNATURE_MAX = SSH_KIND_RSA_MAX_BITS / 8 + 64,
	COORDINATE_MAX = 66,
};

static const struct ssh_algorithm algorithms[] = {
	{"ssh-ed25519", "ssh-ed25519", KC_ALGORITHM_EDDSA_SIGNATURE_MESSAGE_ED25519},
	{"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256",
	 KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA256},
	{"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384",
	 KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA384},
	{"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521",
	 KC_ALGORITHM_ECDSA_SIGNATURE_MESSAGE_RFC4754_SHA512},
	{"rsa-sha2-512", "ssh-rsa", KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA512},
	{"rsa-sha2-256", "ssh-rsa", KC_ALGORITHM_RSA_SIGNATURE_MESSAGE_PKCS1V15_SHA256},
};

static const struct ssh_algorithm *find(struct kc_view name, const struct ssh_kind *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
		if (ssh_wire_is(name, algorithms[i].name) &&
		    strcmp(algorithms[i].key_name, kind->name) == 0)
			return &algorithms[i];
	return NULL;
}

static const char *wanted_name(const struct ssh_kind *kind, uint32_t flags)
{
	if (strcmp(kind->name, "ssh-rsa") != 0)
		return kind->name;
	if (flags & SSH_SIGNATURE_RSA_SHA2_512)
		return "rsa-sha2-512";
	return flags & SSH_SIGNATURE_RSA_SHA2_256 ? "rsa-sha2-256" : "ssh-rsa";
}

enum kc_status ssh_signature_choose(const struct ssh_kind *kind, uint32_t flags,
				    const struct ssh_algorithm **ret_algorithm)
{
	const struct ssh_algorithm *algorithm = find(view_of_text(wanted_name(kind, flags)), kind);

	if (!algorithm)
		error_set_hint("use an SSH program that knows rsa-sha2-256 (RFC 8332, 2018)");
	REQUIRE(algorithm, KC_ERR_UNIMPLEMENTED, "ssh-rsa signatures are made with SHA-1: refused");
	*ret_algorithm = algorithm;
	return KC_OK;
}

static bool is_ecdsa(const struct ssh_algorithm *algorithm)
{
	return strncmp(algorithm->name, "ecdsa-", 6) == 0;
}

/* --- writing ------------------------------------------------------------------------------- */

/* RFC 5656 3.1.2: "mpint r; mpint s". */
static enum kc_status put_pair(struct kc_view pair, struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(SIGNATURE_MAX);

	TRY(ssh_wire_put_mpint(&content, view_slice(pair, 0, pair.len / 2)));
	TRY(ssh_wire_put_mpint(&content, view_slice(pair, pair.len / 2, pair.len)));
	return ssh_wire_put_string(bytes, bytes_view(&content));
}

enum kc_status ssh_signature_put(const struct ssh_algorithm *algorithm, struct kc_view signature,
				 struct bytes *bytes)
{
	TRY(ssh_wire_put_text(bytes, algorithm->name));
	return is_ecdsa(algorithm) ? put_pair(signature, bytes)
				   : ssh_wire_put_string(bytes, signature);
}

/* --- verifying ----------------------------------------------------------------------------- */

static enum kc_status append_padded(struct bytes *bytes, struct kc_view number, size_t width)
{
	static const uint8_t zeros[COORDINATE_MAX];

	REQUIRE(number.len <= width && width <= sizeof(zeros), KC_ERR_DECODE,
		"an ECDSA signature with a number that is too long");
	TRY(bytes_append(bytes, view_of(zeros, width - number.len)));
	return bytes_append(bytes, number);
}

static enum kc_status join_pair(struct kc_view content, size_t width, struct bytes *bytes)
{
	struct kc_view r = {NULL, 0};
	struct kc_view s = {NULL, 0};

	TRY(ssh_wire_mpint(&content, &r));
	TRY(ssh_wire_mpint(&content, &s));
	TRY(ssh_wire_end(content));
	TRY(append_padded(bytes, r, width));
	return append_padded(bytes, s, width);
}

static enum kc_status import_public(const struct ssh_blob *blob, struct kc_key **ret_key)
{
	CLEANUP(bytes_done) struct bytes external = BYTES_INIT(SSH_BLOB_MAX);
	CLEANUP(kc_dictionary_freep)
	struct kc_dictionary *attributes =
		KC_DICTIONARY({KC_ATTR_KEY_TYPE, KC_TEXT(blob->kind->key_type)},
			      {KC_ATTR_KEY_CLASS, KC_TEXT(KC_KEY_CLASS_PUBLIC)});

	TRY(ssh_blob_put_external(blob, &external));
	return kc_key_import(bytes_view(&external), attributes, NULL, ret_key);
}

enum kc_status ssh_signature_verify(const struct ssh_blob *blob, struct kc_view data,
				    struct kc_view signature)
{
	CLEANUP(bytes_done) struct bytes joined = BYTES_INIT(SIGNATURE_MAX);
	CLEANUP(kc_key_freep) struct kc_key *key = NULL;
	const struct ssh_algorithm *algorithm = NULL;
	struct kc_view name = {NULL, 0};
	struct kc_view content = {NULL, 0};

	TRY(ssh_wire_string(&signature, &name));
	TRY(ssh_wire_string(&signature, &content));
	TRY(ssh_wire_end(signature));
	algorithm = find(name, blob->kind);
	REQUIRE(algorithm, KC_ERR_UNIMPLEMENTED, "a signature by an algorithm that is refused");
	if (is_ecdsa(algorithm)) {
		TRY(join_pair(content, (blob->kind->size_in_bits + 7) / 8, &joined));
		content = bytes_view(&joined);
	}
	TRY(import_public(blob, &key));
	return kc_key_verify(key, algorithm->keycask_name, data, content);
}
