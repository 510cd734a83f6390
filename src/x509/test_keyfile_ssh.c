/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenSSH's private keys, written here by its PROTOCOL.key, whole and broken; those of ssh-keygen
 * are in tests/integration/test_ssh_import.py. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/try.h"
#include "codec/ssh_wire.h"
#include "harness/test.h"
#include "x509/keyfile.h"

enum {
	ROOM = 16 * 1024,
	SEED_BYTES = 32,
	BLOCK_BYTES = 8,
};

/* A key as SSH has its two halves, without the name; and as OpenSSL has it. */
struct made {
	const char *name;
	struct bytes public_key;
	struct bytes private_key;
	EVP_PKEY *pkey;
};

/* How the file is to be; all zero: as it should be. */
struct shape {
	const char *name;    /* another than the key's */
	const char *cipher;  /* another than "none" */
	const char *comment; /* another than "jo@desk" */
	uint32_t n_keys;
	uint32_t check_difference;
	uint8_t padding_difference;
	bool has_more_padding;
	bool has_half_a_block;
	bool has_more_behind;
	size_t cut; /* bytes at the end */
};

static struct made made_new(const char *name, EVP_PKEY *pkey)
{
	CHECK(pkey);
	return (struct made){name, BYTES_INIT(ROOM), BYTES_INIT(ROOM), pkey};
}

static void made_done(struct made *made)
{
	bytes_done(&made->public_key);
	bytes_done(&made->private_key);
	EVP_PKEY_free(made->pkey);
}

static void put_number(EVP_PKEY *pkey, const char *name, struct bytes *bytes)
{
	uint8_t data[ROOM / 8];
	BIGNUM *number = NULL;

	CHECK(EVP_PKEY_get_bn_param(pkey, name, &number) == 1);
	CHECK_OK(ssh_wire_put_mpint(bytes, view_of(data, (size_t)BN_bn2bin(number, data))));
	BN_free(number);
}

static struct made make_ed25519(void)
{
	static const uint8_t seed[SEED_BYTES] = {1, 2, 3};
	struct made made =
		made_new("ssh-ed25519",
			 EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed)));
	uint8_t both[2 * SEED_BYTES] = {1, 2, 3};
	size_t len = SEED_BYTES;

	CHECK(EVP_PKEY_get_raw_public_key(made.pkey, both + SEED_BYTES, &len) == 1);
	CHECK_OK(ssh_wire_put_string(&made.public_key, view_of(both + SEED_BYTES, len)));
	CHECK_OK(bytes_append(&made.private_key, bytes_view(&made.public_key)));
	CHECK_OK(ssh_wire_put_string(&made.private_key, VIEW_OF(both)));
	return made;
}

static struct made make_ec(const char *name, const char *identifier, const char *curve)
{
	struct made made = made_new(name, EVP_EC_gen(curve));
	uint8_t point[256];
	size_t len = 0;

	CHECK(EVP_PKEY_get_octet_string_param(made.pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
					      sizeof(point), &len) == 1);
	CHECK_OK(ssh_wire_put_text(&made.public_key, identifier));
	CHECK_OK(ssh_wire_put_string(&made.public_key, view_of(point, len)));
	CHECK_OK(bytes_append(&made.private_key, bytes_view(&made.public_key)));
	put_number(made.pkey, OSSL_PKEY_PARAM_PRIV_KEY, &made.private_key);
	return made;
}

static struct made make_rsa(void)
{
	static const char *const names[] = {
		OSSL_PKEY_PARAM_RSA_N,	     OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D,	     OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
		OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2};
	struct made made = made_new("ssh-rsa", EVP_RSA_gen(1024));

	put_number(made.pkey, OSSL_PKEY_PARAM_RSA_E, &made.public_key);
	put_number(made.pkey, OSSL_PKEY_PARAM_RSA_N, &made.public_key);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put_number(made.pkey, names[i], &made.private_key);
	return made;
}

/* --- the file ----------------------------------------------------------------------------------
 */

static const char *name_of(const struct made *made, const struct shape *shape)
{
	return shape->name ? shape->name : made->name;
}

static void put_padding(const struct shape *shape, struct bytes *part)
{
	size_t n = (BLOCK_BYTES - part->len % BLOCK_BYTES) % BLOCK_BYTES;

	if (shape->has_more_padding)
		n += BLOCK_BYTES;
	for (size_t i = 1; i <= n; i++)
		CHECK_OK(bytes_append_byte(part, (uint8_t)(i + shape->padding_difference)));
	if (shape->has_half_a_block)
		CHECK_OK(bytes_append(part, view_of_text("half")));
}

static void put_private(const struct made *made, const struct shape *shape, struct bytes *file)
{
	CLEANUP(bytes_done) struct bytes part = BYTES_INIT(ROOM);

	CHECK_OK(ssh_wire_put_uint32(&part, 42));
	CHECK_OK(ssh_wire_put_uint32(&part, 42 + shape->check_difference));
	CHECK_OK(ssh_wire_put_text(&part, name_of(made, shape)));
	CHECK_OK(bytes_append(&part, bytes_view(&made->private_key)));
	CHECK_OK(ssh_wire_put_text(&part, shape->comment ? shape->comment : "jo@desk"));
	put_padding(shape, &part);
	CHECK_OK(ssh_wire_put_string(file, bytes_view(&part)));
}

static void put_public(const struct made *made, const struct shape *shape, struct bytes *file)
{
	CLEANUP(bytes_done) struct bytes part = BYTES_INIT(ROOM);

	CHECK_OK(ssh_wire_put_text(&part, name_of(made, shape)));
	CHECK_OK(bytes_append(&part, bytes_view(&made->public_key)));
	CHECK_OK(ssh_wire_put_string(file, bytes_view(&part)));
}

static struct bytes write_file(const struct made *made, const struct shape *shape)
{
	const char *cipher = shape->cipher ? shape->cipher : "none";
	struct bytes file = BYTES_INIT(ROOM);

	CHECK_OK(bytes_append(&file, view_of("openssh-key-v1", 15)));
	CHECK_OK(ssh_wire_put_text(&file, cipher));
	CHECK_OK(ssh_wire_put_text(&file, shape->cipher ? "bcrypt" : "none"));
	CHECK_OK(ssh_wire_put_text(&file, ""));
	CHECK_OK(ssh_wire_put_uint32(&file, shape->n_keys ? shape->n_keys : 1));
	put_public(made, shape, &file);
	put_private(made, shape, &file);
	if (shape->has_more_behind)
		CHECK_OK(bytes_append_byte(&file, 0));
	file.len -= shape->cut;
	return file;
}

static enum kc_status read_block(struct kc_view block, struct json_object **ret_contents)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct keyfile_source source = {.format = "pem"};
	char *text = NULL;
	enum kc_status status = KC_OK;

	CHECK(PEM_write_bio(bio, "OPENSSH PRIVATE KEY", "", block.data, (long)block.len) > 0);
	source.data.len = (size_t)BIO_get_mem_data(bio, &text);
	source.data.data = (const uint8_t *)text;
	error_clear();
	status = keyfile_read(&source, ret_contents);
	BIO_free(bio);
	return status;
}

static enum kc_status read_shape(const struct made *made, const struct shape *shape,
				 struct json_object **ret_contents)
{
	CLEANUP(bytes_done) struct bytes file = write_file(made, shape);

	return read_block(bytes_view(&file), ret_contents);
}

/* --- whole -------------------------------------------------------------------------------------
 */

static bool is_key(struct json_object *contents, EVP_PKEY *pkey, const char *name)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(ROOM);
	struct json_object *key = json_object_array_get_idx(field_get(contents, "keys"), 0);
	const char *told = field_text(key, "friendly_name");
	const unsigned char *at = NULL;
	EVP_PKEY *found = NULL;
	bool is_it = false;

	CHECK_OK(field_data(key, "data", &der));
	at = der.data;
	found = d2i_AutoPrivateKey(NULL, &at, (long)der.len);
	is_it = found && EVP_PKEY_eq(found, pkey) == 1 && (!name == !told) &&
		(!name || strcmp(name, told) == 0);
	EVP_PKEY_free(found);
	return is_it;
}

static void check_is_read(struct made made)
{
	CLEANUP(field_free) struct json_object *contents = NULL;
	const struct shape shape = {.name = NULL};

	CHECK_OK(read_shape(&made, &shape, &contents));
	CHECK(is_key(contents, made.pkey, "jo@desk"));
	CHECK(!field_flag(contents, "is_encrypted", true));
	made_done(&made);
}

TEST(each_kind_of_key_is_read)
{
	check_is_read(make_ed25519());
	check_is_read(make_ec("ecdsa-sha2-nistp256", "nistp256", "P-256"));
	check_is_read(make_ec("ecdsa-sha2-nistp384", "nistp384", "P-384"));
	check_is_read(make_ec("ecdsa-sha2-nistp521", "nistp521", "P-521"));
	check_is_read(make_rsa());
}

TEST(a_comment_that_is_no_name_is_none)
{
	CLEANUP(made_done) struct made made = make_ed25519();
	CLEANUP(field_free) struct json_object *empty = NULL;
	CLEANUP(field_free) struct json_object *noise = NULL;
	const struct shape no_comment = {.comment = ""};
	const struct shape no_text = {.comment = "\xff\xfe"};

	CHECK_OK(read_shape(&made, &no_comment, &empty));
	CHECK(is_key(empty, made.pkey, NULL));
	CHECK_OK(read_shape(&made, &no_text, &noise));
	CHECK(is_key(noise, made.pkey, NULL));
}

/* --- refused ------------------------------------------------------------------------------------
 */

static void check_refused(const struct made *made, struct shape shape, enum kc_status status,
			  const char *message)
{
	CLEANUP(field_free) struct json_object *contents = NULL;

	CHECK_STATUS(read_shape(made, &shape, &contents), status);
	CHECK(strstr(error_get()->message, message));
}

TEST(a_passphrase_is_said_how_to_take_off)
{
	CLEANUP(made_done) struct made made = make_ed25519();

	check_refused(&made, (struct shape){.cipher = "aes256-ctr"}, KC_ERR_UNIMPLEMENTED,
		      "a private key in OpenSSH's form with a passphrase is not read");
	CHECK(strstr(error_get()->hint, "ssh-keygen -p -N \"\" -f $XDG_RUNTIME_DIR/copy"));
}

TEST(other_kinds_are_refused)
{
	CLEANUP(made_done) struct made made = make_ed25519();

	check_refused(&made, (struct shape){.name = "sk-ssh-ed25519@openssh.com"},
		      KC_ERR_UNIMPLEMENTED, "the private key is on a security key (FIDO)");
	CHECK(strstr(error_get()->hint, "as before"));
	check_refused(&made, (struct shape){.name = "ssh-dss"}, KC_ERR_UNIMPLEMENTED,
		      "a private key of a kind that is not kept here");
	CHECK(strstr(error_get()->hint, "ed25519"));
}

TEST(what_is_damaged_is_said)
{
	CLEANUP(made_done) struct made made = make_ed25519();

	check_refused(&made, (struct shape){.n_keys = 2}, KC_ERR_DECODE,
		      "OpenSSH's private key in it is damaged: 2 private keys in one block");
	check_refused(&made, (struct shape){.check_difference = 1}, KC_ERR_DECODE,
		      "two different numbers");
	check_refused(&made, (struct shape){.padding_difference = 1}, KC_ERR_DECODE,
		      "padding that is none");
	check_refused(&made, (struct shape){.has_more_padding = true}, KC_ERR_DECODE,
		      "too much padding");
	check_refused(&made, (struct shape){.has_half_a_block = true}, KC_ERR_DECODE,
		      "no whole blocks");
	check_refused(&made, (struct shape){.has_more_behind = true}, KC_ERR_DECODE,
		      "goes on too long");
	check_refused(&made, (struct shape){.cut = 1}, KC_ERR_DECODE, "ends too early");
	check_refused(&made, (struct shape){.cut = 15}, KC_ERR_DECODE, "ends too early");
	check_refused(&made, (struct shape){.name = "ssh-rsa"}, KC_ERR_DECODE, "damaged");
	check_refused(&made, (struct shape){.name = "ecdsa-sha2-nistp256"}, KC_ERR_DECODE,
		      "an ECDSA key on another curve");
}

TEST(both_halves_are_of_one_key)
{
	CLEANUP(made_done) struct made ed25519 = make_ed25519();
	CLEANUP(made_done) struct made ec = make_ec("ecdsa-sha2-nistp256", "nistp256", "P-256");
	CLEANUP(made_done) struct made rsa = make_rsa();
	const struct shape shape = {.name = NULL};

	ed25519.public_key.data[8] ^= 1;
	check_refused(&ed25519, shape, KC_ERR_DECODE, "its public key is another");
	ed25519.private_key.data[45] ^= 1; /* of the seed */
	check_refused(&ed25519, shape, KC_ERR_DECODE, "an Ed25519 key whose halves");
	ec.private_key.data[ec.private_key.len - 1] ^= 1;
	check_refused(&ec, shape, KC_ERR_DECODE, "an ECDSA key whose halves");
	rsa.public_key.data[rsa.public_key.len - 1] ^= 1;
	check_refused(&rsa, shape, KC_ERR_DECODE, "its public key is another");
}

/* Each byte changed once, and each length: an answer, whatever it is. */
TEST(damage_is_survived)
{
	CLEANUP(made_done) struct made made = make_ec("ecdsa-sha2-nistp256", "nistp256", "P-256");
	const struct shape shape = {.name = NULL};
	CLEANUP(bytes_done) struct bytes file = write_file(&made, &shape);
	unsigned n_read = 0;

	for (size_t i = 0; i < file.len; i++) {
		CLEANUP(field_free) struct json_object *contents = NULL;
		CLEANUP(field_free) struct json_object *cut = NULL;

		file.data[i] ^= 0x40;
		n_read += read_block(bytes_view(&file), &contents) == KC_OK;
		file.data[i] ^= 0x40;
		CHECK(i == 0 || read_block(view_of(file.data, i), &cut) != KC_OK);
	}
	CHECK_INT(n_read, strlen("jo@desk")); /* which may be anything */
}
