/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 8017 7.1, 9.1 and B.2.1, on blocks of fixed size, so that nothing of them is left anywhere.
 */
#include "frontends/pkcs11/p11_padding.h"

#include <string.h>

#include "base/constant_time.h"
#include "frontends/pkcs11/p11_random.h"

enum {
	PSS_ZEROS = 8,
	TRAILER = 0xbc,
};

static CK_RV append(struct bytes *bytes, const uint8_t *data, size_t len)
{
	return bytes_append(bytes, view_of(data, len)) == KC_OK ? CKR_OK : CKR_HOST_MEMORY;
}

/* XOR MGF1 of @seed (B.2.1) to @block. */
static void mask(enum p11_hash_kind kind, const uint8_t *seed, size_t seed_len, uint8_t *block,
		 size_t len)
{
	size_t h_len = p11_hash_bytes(kind);
	uint8_t digest[P11_DIGEST_MAX];

	for (size_t i = 0; i * h_len < len; i++) {
		const uint8_t counter[4] = {(uint8_t)(i >> 24), (uint8_t)(i >> 16),
					    (uint8_t)(i >> 8), (uint8_t)i};
		struct p11_hash hash;

		p11_hash_init(&hash, kind);
		p11_hash_update(&hash, view_of(seed, seed_len));
		p11_hash_update(&hash, VIEW_OF(counter));
		p11_hash_finish(&hash, digest);
		for (size_t j = 0; j < h_len && i * h_len + j < len; j++)
			block[i * h_len + j] ^= digest[j];
	}
	explicit_bzero(digest, sizeof(digest));
}

/* --- PSS ------------------------------------------------------------------------------------- */

/* 9.1.1, steps 5 and 6: the hash of eight zeros, @digest and the salt. */
static void hash_salted(enum p11_hash_kind kind, struct kc_view digest, const uint8_t *salt,
			size_t salt_len, uint8_t *h)
{
	static const uint8_t zeros[PSS_ZEROS];
	struct p11_hash hash;

	p11_hash_init(&hash, kind);
	p11_hash_update(&hash, VIEW_OF(zeros));
	p11_hash_update(&hash, digest);
	p11_hash_update(&hash, view_of(salt, salt_len));
	p11_hash_finish(&hash, h);
}

/* Of an encoded message, whose length (emLen) is one less than the modulus' when that has 8k + 1
 * bits. */
struct pss_shape {
	size_t em_len;
	size_t db_len;
	uint8_t first; /* the bits of the first byte that are used */
};

static bool find_shape(const struct p11_parameters *parameters, size_t n_bits,
		       struct pss_shape *ret_shape)
{
	size_t em_len = (n_bits - 1 + 7) / 8;
	size_t h_len = p11_hash_bytes(parameters->hash);

	if (n_bits < 8 || em_len > P11_BLOCK_MAX || em_len < h_len + parameters->salt_len + 2)
		return false;
	*ret_shape = (struct pss_shape){
		.em_len = em_len,
		.db_len = em_len - h_len - 1,
		.first = (uint8_t)(0xff >> (8 * em_len - (n_bits - 1))),
	};
	return true;
}

CK_RV p11_padding_put_pss(const struct p11_parameters *parameters, struct kc_view digest,
			  size_t n_bits, struct bytes *block)
{
	uint8_t em[1 + P11_BLOCK_MAX] = {0};
	size_t salt_len = parameters->salt_len;
	struct pss_shape shape;
	uint8_t *db = em + 1; /* behind a zero, for a modulus that is one byte longer */
	uint8_t *salt = NULL;
	CK_RV result = CKR_OK;

	if (!find_shape(parameters, n_bits, &shape))
		return CKR_KEY_SIZE_RANGE;
	salt = db + shape.db_len - salt_len;
	result = p11_random_fill(salt, salt_len);
	if (result != CKR_OK)
		return result;
	salt[-1] = 0x01;
	hash_salted(parameters->hash, digest, salt, salt_len, db + shape.db_len);
	mask(parameters->mask, db + shape.db_len, p11_hash_bytes(parameters->hash), db,
	     shape.db_len);
	db[0] &= shape.first;
	db[shape.em_len - 1] = TRAILER;
	if ((n_bits + 7) / 8 > shape.em_len)
		return append(block, em, 1 + shape.em_len);
	return append(block, db, shape.em_len);
}

/* Steps 8 to 14 of 9.1.2: zeros, 01 and the salt, whose hash has to be @h. */
static bool is_db(const struct p11_parameters *parameters, struct kc_view digest,
		  const struct pss_shape *shape, const uint8_t *db, const uint8_t *h)
{
	size_t n_zeros = shape->db_len - parameters->salt_len - 1;
	uint8_t expected[P11_DIGEST_MAX];

	for (size_t i = 0; i < n_zeros; i++)
		if (db[i] != 0)
			return false;
	if (db[n_zeros] != 0x01)
		return false;
	hash_salted(parameters->hash, digest, db + n_zeros + 1, parameters->salt_len, expected);
	return memcmp(expected, h, p11_hash_bytes(parameters->hash)) == 0;
}

bool p11_padding_is_pss(const struct p11_parameters *parameters, struct kc_view digest,
			size_t n_bits, struct kc_view block)
{
	uint8_t db[P11_BLOCK_MAX];
	struct pss_shape shape;
	const uint8_t *em = NULL;

	if (!find_shape(parameters, n_bits, &shape) || block.len < shape.em_len)
		return false;
	for (size_t i = 0; i < block.len - shape.em_len; i++)
		if (block.data[i] != 0)
			return false;
	em = block.data + (block.len - shape.em_len);
	if (em[shape.em_len - 1] != TRAILER || (em[0] & ~shape.first) != 0)
		return false;
	memcpy(db, em, shape.db_len);
	mask(parameters->mask, em + shape.db_len, p11_hash_bytes(parameters->hash), db,
	     shape.db_len);
	db[0] &= shape.first;
	return is_db(parameters, digest, &shape, db, em + shape.db_len);
}

/* --- OAEP ------------------------------------------------------------------------------------ */

CK_RV p11_padding_put_oaep(const struct p11_parameters *parameters, struct kc_view message,
			   size_t len, struct bytes *block)
{
	size_t h_len = p11_hash_bytes(parameters->hash);
	uint8_t em[P11_BLOCK_MAX] = {0};
	uint8_t *seed = em + 1;
	uint8_t *db = seed + h_len;
	size_t db_len = 0;
	CK_RV result = CKR_OK;

	if (len > sizeof(em) || len < 2 * h_len + 2 || message.len > len - 2 * h_len - 2)
		return CKR_DATA_LEN_RANGE;
	db_len = len - h_len - 1;
	p11_hash_digest(parameters->hash, bytes_view(&parameters->label), db);
	if (message.len > 0)
		memcpy(db + db_len - message.len, message.data, message.len);
	db[db_len - message.len - 1] = 0x01;
	result = p11_random_fill(seed, h_len);
	mask(parameters->mask, seed, h_len, db, db_len);
	mask(parameters->mask, db, db_len, seed, h_len);
	if (result == CKR_OK)
		result = append(block, em, len);
	explicit_bzero(em, sizeof(em));
	return result;
}

/* lHash' ‖ 00 … 00 ‖ 01 ‖ message: a mask that says whether it is so, and where the message begins.
 */
static size_t look(const uint8_t *db, size_t db_len, const uint8_t *label, size_t h_len,
		   size_t *ret_at)
{
	size_t is_looking = ~(size_t)0;
	size_t good = ~(size_t)0;
	size_t at = 0;

	for (size_t i = 0; i < h_len; i++)
		good &= constant_time_equal(db[i], label[i]);
	for (size_t i = h_len; i < db_len; i++) {
		size_t is_one = constant_time_equal(db[i], 1);

		at = constant_time_select(is_looking & is_one, i + 1, at);
		is_looking &= ~is_one;
		good &= ~is_looking | constant_time_is_zero(db[i]);
	}
	*ret_at = at;
	return good & ~is_looking;
}

CK_RV p11_padding_take_oaep(const struct p11_parameters *parameters, struct kc_view block,
			    struct bytes *message)
{
	size_t h_len = p11_hash_bytes(parameters->hash);
	uint8_t label[P11_DIGEST_MAX];
	uint8_t em[P11_BLOCK_MAX];
	uint8_t *db = em + 1 + h_len;
	size_t db_len = 0;
	size_t at = 0;
	size_t good = 0;
	CK_RV result = CKR_ENCRYPTED_DATA_INVALID;

	if (block.len > sizeof(em) || block.len < 2 * h_len + 2)
		return result;
	db_len = block.len - h_len - 1;
	memcpy(em, block.data, block.len);
	p11_hash_digest(parameters->hash, bytes_view(&parameters->label), label);
	mask(parameters->mask, db, db_len, em + 1, h_len);
	mask(parameters->mask, em + 1, h_len, db, db_len);
	good = look(db, db_len, label, h_len, &at) & constant_time_is_zero(em[0]);
	/* Only now, with all of it in one answer, may anybody see a difference. */
	constant_time_reveal(&good, sizeof(good));
	if (good) {
		constant_time_reveal(&at, sizeof(at));
		result = append(message, db + at, db_len - at);
	}
	explicit_bzero(em, sizeof(em));
	return result;
}
