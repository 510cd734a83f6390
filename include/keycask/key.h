/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYCASK_KEY_H
#define KEYCASK_KEY_H

/*
 * Using a key. A kc_key is a name, not a thing: it says which key is meant, and is looked up each
 * time it is used. It survives fork(), a restart of the daemon, and the removal and return of its
 * token; the private key itself never leaves the token.
 *
 * Stable since 1.0. Threads: any. What private keys do is done on one connection of the process,
 * one after the other: that connection is the context to which a PIN belongs, and it never serves
 * another process. What public keys do need not wait for it.
 */

#include <keycask/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kc_dictionary;
struct kc_key;
struct kc_authentication_context;

/* --- life cycle ---------------------------------------------------------------------------- */

/*
 * The key with this persistent reference, of a key or of an identity. Asks nobody: whether the
 * key is there shows when it is used.
 * Expected: KC_ERR_PARAM  @reference is empty
 * Ownership: @reference is copied; free *ret_key with kc_key_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_from_persistent_ref(struct kc_view reference,
								  struct kc_key **ret_key);

/*
 * The key of an item that kc_item_copy_matching() returned: a reference alone, or a dictionary
 * that has KC_VALUE_REF or KC_VALUE_PERSISTENT_REF.
 * Expected: KC_ERR_PARAM  it holds no reference
 * Ownership: free *ret_key with kc_key_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_from_item(const struct kc_value *item,
							struct kc_key **ret_key);

/* Borrowed from @key. Store it, give it to another process: it names the same key there. Empty for
 * a public key, which is no item. */
KC_PUBLIC struct kc_view kc_key_persistent_ref(const struct kc_key *key);

/*
 * What stands for @key in a dictionary of this process, of whatever kind it is:
 *	{KC_VALUE_REF, KC_DATA(kc_key_ref(key))}
 * in kc_item_add() makes an item of a key that is none. Empty for NULL.
 * Ownership: borrowed from @key.   Threads: any.   Since: 1.1
 */
KC_PUBLIC struct kc_view kc_key_ref(const struct kc_key *key);

/*
 * The public half of @key: it verifies, encrypts and can leave the token. It is a value: once it is
 * here it works without @key, in every process, and with the token away.
 * Expected: KC_ERR_ITEM_NOT_FOUND  the token is away
 * Ownership: free *ret_public_key with kc_key_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_copy_public(const struct kc_key *key,
							  struct kc_key **ret_public_key);

/*
 * @key as bytes. Of a public key: PKCS#1's RSAPublicKey in DER, the point 04 X Y of an EC key, the
 * 32 bytes of an Ed25519 or X25519 key. Of a private one: PKCS#1's RSAPrivateKey, 04 X Y K, the 32
 * bytes.
 * Expected: KC_ERR_UNIMPLEMENTED   a private key that is on a token, or not extractable
 *           KC_ERR_ITEM_NOT_FOUND  the token is away
 * Ownership: free *ret_data with kc_bytes_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_copy_external_representation(
	const struct kc_key *key, struct kc_bytes *ret_data);

/*
 * The public half of @key, public or private, as others read it: SubjectPublicKeyInfo (RFC 5280) in
 * DER, what stands in PEM between BEGIN PUBLIC KEY and END PUBLIC KEY.
 * Expected: KC_ERR_UNIMPLEMENTED   a key of a type that is unknown here
 *           KC_ERR_ITEM_NOT_FOUND  the token is away
 * Ownership: free *ret_info with kc_bytes_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_copy_public_info(const struct kc_key *key,
							       struct kc_bytes *ret_info);

/* NULL is fine. Always returns NULL. */
KC_PUBLIC struct kc_key *kc_key_free(struct kc_key *key);

/* --- how a call may be carried out --------------------------------------------------------- */

enum kc_interaction {
	KC_INTERACTION_ALLOW = 0, /* a person may be asked for a PIN */
	KC_INTERACTION_FAIL = 1,  /* KC_ERR_INTERACTION_NOT_ALLOWED instead */
};

enum {
	KC_TIMEOUT_DEFAULT = 0, /* long enough for a person and a slow card: three minutes */
	KC_TIMEOUT_NONE = -1,
};

/* Start from KC_OPTIONS_INIT, then set what differs. NULL options are KC_OPTIONS_INIT. */
struct kc_options {
	size_t size;	    /* of this struct, as the caller was compiled */
	struct kc_view pin; /* data NULL: none. Travels in sealed memory, never in a message */
	bool last_try;	    /* use @pin even if it is the last one the token accepts */
	enum kc_interaction interaction;
	const char *operation_prompt; /* what the person reads: "log in to example.org" */
	int timeout_ms;		      /* KC_TIMEOUT_DEFAULT, KC_TIMEOUT_NONE or milliseconds */
	/* In which a person has proved what a software key's access control wants; NULL: none. Of
	 * operations with keys only; what a token wants is not proved in it. */
	const struct kc_authentication_context *context;
	/* Of kc_key_create() and kc_key_import() on a token, and of what else is written to one:
	 * what its administrator proves, a PIN as text or a management key in hexadecimal. data
	 * NULL: none. Travels as @pin does */
	struct kc_view administrator;
	/* Of kc_key_import(): what the key is encrypted with. data NULL: none. Travels as @pin does
	 */
	struct kc_view passphrase;
	/* Of kc_key_sign(): KC_BATCH_GIT, and what a person types or allows serves every signature
	 * that this program makes for the same run of git, in any process: one prompt for a rebase.
	 * NULL: this process alone. Where no git has started this process it is as NULL. Since: 1.1
	 */
	const char *batch;
	/* Of kc_key_sign(), _decrypt() and _exchange(): the process that this one serves, as an
	 * agent does. A person is asked at its terminal or display, and told its name. 0: none.
	 * Since: 1.1 */
	int on_behalf_of;
	/* Of the same: somebody has to agree to this one use, whatever else it takes. Since: 1.1 */
	bool confirm;
};

#define KC_BATCH_GIT "git"

#define KC_OPTIONS_INIT                                                                            \
	{                                                                                          \
		sizeof(struct kc_options), {NULL, 0}, false, KC_INTERACTION_ALLOW, NULL,           \
			KC_TIMEOUT_DEFAULT, NULL, {NULL, 0}, {NULL, 0}, NULL, 0, false             \
	}

/* --- making and bringing keys -------------------------------------------------------------- */

/*
 * Make a key pair. @attributes are those of the private key: KC_ATTR_KEY_TYPE (mandatory),
 * KC_ATTR_KEY_SIZE_IN_BITS (mandatory for "rsa", 2048 to 4096, and "ec", 256, 384 or 521), and any
 * attribute of a key besides; KC_PRIVATE_KEY_ATTRIBUTES and KC_PUBLIC_KEY_ATTRIBUTES, dictionaries
 * in it, win for their half. With KC_ATTR_IS_PERMANENT the private key becomes an item; in
 * KC_PUBLIC_KEY_ATTRIBUTES, the public one. Without, nothing is stored: the key is this
 * process's, ends with it and with kc_daemon_disconnect(), and is not inherited over fork(). With
 * KC_ATTR_TOKEN_ID a token makes the key and keeps it, where KC_TOKEN_OBJECT says.
 * KC_ATTR_IS_EXTRACTABLE is false unless it is said.
 *
 * Expected: KC_ERR_PARAM                 no such type, or its size is missing
 *           KC_ERR_KEY_SIZE_NOT_ALLOWED  which ones are is in kc_error_last()
 *           KC_ERR_DUPLICATE_ITEM        that place on the token is taken: KC_MAY_REPLACE
 *           KC_ERR_NOT_AVAILABLE         64 keys of this process are not permanent
 *           and as kc_item_add(). When it fails, nothing is stored.
 * Ownership: free *ret_private_key with kc_key_free().
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_create(const struct kc_dictionary *attributes,
						     const struct kc_options *options,
						     struct kc_key **ret_private_key);

/*
 * A key from @data: what kc_key_copy_external_representation() gives, PKCS#1, PKCS#8, encrypted
 * with @options->passphrase or not, SEC 1, SubjectPublicKeyInfo, in DER or PEM, or (since 1.1) a
 * private key as OpenSSH writes it without a passphrase. @attributes (NULL:
 * none) as in kc_key_create(); KC_ATTR_KEY_TYPE and KC_ATTR_KEY_CLASS are mandatory for the bytes
 * of an Ed25519 or X25519 key, which do not tell. A private key that is not permanent is this
 * process's, as one that kc_key_create() made; a public one is a value that works everywhere. With
 * KC_ATTR_TOKEN_ID (since 1.1) a private key goes onto that token, where KC_TOKEN_OBJECT says, and
 * stays there; @options->administrator, KC_MAY_REPLACE and what is expected are as in
 * kc_key_create().
 *
 * Expected: KC_ERR_DECODE         @data is no such key
 *           KC_ERR_PARAM          its type or class is missing, or is another
 *           KC_ERR_AUTH_FAILED    the passphrase is wrong, or missing
 *           KC_ERR_UNIMPLEMENTED  a symmetric key: an item holds it; a token that takes no keys
 *           and as kc_item_add()
 * Ownership: free *ret_key with kc_key_free().
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_import(struct kc_view data,
						     const struct kc_dictionary *attributes,
						     const struct kc_options *options,
						     struct kc_key **ret_key);

/*
 * End a private key that is not permanent, before this process does. @key itself is freed as ever.
 * Expected: KC_ERR_PARAM           another key: kc_item_delete()
 *           KC_ERR_ITEM_NOT_FOUND  it has ended already
 * Threads: any.   Since: 1.1
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_forget(const struct kc_key *key);

/* --- what is known of a key ---------------------------------------------------------------- */

/*
 * The attributes of @key: those of its item; of a key that is no item, those it was made with and
 * those it has by itself. Touches no token, and asks nobody.
 * Expected: KC_ERR_ITEM_NOT_FOUND  the token is away, or the item is gone
 *           KC_ERR_INTERACTION_NOT_ALLOWED  its access control wants somebody to agree first:
 *           kc_item_copy_matching() asks
 * Ownership: free *ret_attributes with kc_dictionary_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_copy_attributes(
	const struct kc_key *key, struct kc_dictionary **ret_attributes);

/*
 * How many bytes @key works with: of RSA the modulus, which is as long as a signature and what is
 * decrypted; of the others a coordinate, or the key. Touches no token.
 * Expected: KC_ERR_ITEM_NOT_FOUND   Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_block_size(const struct kc_key *key,
							 size_t *ret_size_bytes);

/* --- operations ---------------------------------------------------------------------------- */

/*
 * Sign @data with @key by @algorithm, a name such as "ecdsa_signature_message_x962_sha256"
 * (names.h has all of them). …_message_… algorithms hash @data, …_digest_… ones take the
 * digest. @data of more than about 700 KiB does not fit into one request: hash it yourself and use
 * a …_digest_… algorithm. A signature is never tried a second time behind the caller's back.
 *
 * Expected: KC_ERR_ITEM_NOT_FOUND  the token is away; @key works again when it is back
 *           KC_ERR_AUTH_FAILED     wrong PIN; tries left in kc_error_last()
 *           KC_ERR_INTERACTION_NOT_ALLOWED  a PIN is needed and asking was forbidden
 *           KC_ERR_PARAM           an @algorithm of other keys, or none, and the hint has one of
 *                                  this key; a public key; a digest of another length
 *           KC_ERR_NOT_AVAILABLE   the daemon cannot be reached
 * Ownership: *ret_signature is the caller's; free with kc_bytes_free(). Untouched on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_sign(const struct kc_key *key, const char *algorithm,
						   struct kc_view data,
						   const struct kc_options *options,
						   struct kc_bytes *ret_signature);

/*
 * Decrypt @data with @key by @algorithm, such as "rsa_encryption_oaep_sha256" of an RSA key or
 * "ecies_encryption_standard_variable_iv_x963_sha256_aesgcm" of an EC key. What was not
 * encrypted by "rsa_encryption_pkcs1" comes out of that as noise, not as a failure: a program that
 * could tell the two apart would decrypt for anybody who asks it often enough.
 *
 * Expected: KC_ERR_PARAM  @data is not as long as it must be, or was not encrypted so (not PKCS#1):
 *           nothing more is told, and nothing of the plaintext
 *           and as kc_key_sign()
 * Ownership: *ret_plaintext is the caller's; free with kc_bytes_free(), which wipes it. Untouched
 * on failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_decrypt(const struct kc_key *key,
						      const char *algorithm, struct kc_view data,
						      const struct kc_options *options,
						      struct kc_bytes *ret_plaintext);

/* What key derivation takes. Start from KC_EXCHANGE_INIT, then set what differs. */
struct kc_exchange {
	size_t size;	    /* of this struct, as the caller was compiled */
	int requested_size; /* bytes to derive */
	struct kc_view shared_info;
};

#define KC_EXCHANGE_INIT                                                                           \
	{                                                                                          \
		sizeof(struct kc_exchange), 0,                                                     \
		{                                                                                  \
			NULL, 0                                                                    \
		}                                                                                  \
	}

/*
 * The secret that @key shares with the owner of @public_key (the point 04 X Y, on the same curve;
 * of X25519 and X448 the 32 or 56 bytes).
 * @algorithm is "ecdh_key_exchange_standard" for the secret itself, @exchange NULL then; or
 * "ecdh_key_exchange_standard_x963_sha256" and others for a key derived from it, as long as
 * @exchange says.
 *
 * Expected: KC_ERR_PARAM  @public_key is none of this curve; no size, or one that is not wanted
 *           and as kc_key_sign()
 * Ownership: *ret_secret is the caller's; free with kc_bytes_free(), which wipes it. Untouched on
 * failure.
 * Threads: any.   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_exchange(const struct kc_key *key,
						       const char *algorithm,
						       struct kc_view public_key,
						       const struct kc_exchange *exchange,
						       const struct kc_options *options,
						       struct kc_bytes *ret_secret);

/*
 * Encrypt @data to the owner of @key, public or private, by @algorithm. Those whose name ends in
 * _aesgcm take data of any length, up to what fits into a message (700 KiB); of the others RSA
 * takes a little less than kc_key_block_size(). Needs no PIN. Expected: KC_ERR_PARAM  @data is too
 * long for @key and @algorithm KC_ERR_ITEM_NOT_FOUND  the token is away Ownership: free
 * *ret_ciphertext with kc_bytes_free().   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_encrypt(const struct kc_key *key,
						      const char *algorithm, struct kc_view data,
						      struct kc_bytes *ret_ciphertext);

/*
 * Is @signature the one of @key over @data? Needs no PIN.
 * Expected: KC_ERR_VERIFY_FAILED  it is not
 *           KC_ERR_ITEM_NOT_FOUND the token is away
 * Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_verify(const struct kc_key *key,
						     const char *algorithm, struct kc_view data,
						     struct kc_view signature);

/*
 * Would @operation (KC_OPERATION_SIGN and its siblings) with @algorithm be tried?
 * Touches no token.
 * Expected: KC_ERR_ITEM_NOT_FOUND   Since: 1.0
 */
KC_PUBLIC KC_MUST_CHECK enum kc_status kc_key_is_algorithm_supported(const struct kc_key *key,
								     const char *operation,
								     const char *algorithm,
								     bool *ret_is_supported);

#ifdef __cplusplus
}
#endif

#endif
