/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any mechanism with any parameters, as an application might give them: pointers point at what it
 * has, or nowhere with a length, and all other numbers are anything. What is accepted has a name or
 * a padding, and padding goes there and back for any key; a block of anybody's is taken apart.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_padding.h"
#include "frontends/pkcs11/p11_secret_size.h"

enum {
	WORDS = 6,
	MESSAGE_BYTES = 5,
	BITS_MAX = 8 * P11_BLOCK_MAX + 16,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

static CK_ULONG word_at(const uint8_t *data, size_t i)
{
	CK_ULONG word = 0;

	memcpy(&word, data + i * sizeof(word), sizeof(word));
	return word;
}

/* No more than there is, or nothing at all. */
static uint8_t *pointer_to(struct kc_view rest, CK_ULONG len)
{
	return len <= rest.len ? malloc(rest.len ? rest.len : 1) : NULL;
}

static void check_pss(const struct p11_parameters *how, size_t n_bits, struct kc_view rest)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	uint8_t digest[P11_DIGEST_MAX] = {0};
	struct kc_view view = view_of(digest, p11_hash_bytes(how->hash));

	if (p11_padding_put_pss(how, view, n_bits, &block) == CKR_OK)
		demand(p11_padding_is_pss(how, view, n_bits, bytes_view(&block)));
	(void)p11_padding_is_pss(how, view, n_bits, rest);
}

static void check_oaep(const struct p11_parameters *how, size_t len, struct kc_view rest)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(P11_BLOCK_MAX);
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(P11_BLOCK_MAX);
	struct kc_view given = view_of("hello", MESSAGE_BYTES);

	if (p11_padding_put_oaep(how, given, len, &block) == CKR_OK) {
		demand(p11_padding_take_oaep(how, bytes_view(&block), &message) == CKR_OK);
		demand(view_equal(bytes_view(&message), given));
		bytes_consume(&message, message.len);
	}
	if (p11_padding_take_oaep(how, rest, &message) == CKR_OK)
		demand(message.len <= rest.len);
}

static void check_accepted(const struct p11_parameters *how, size_t n_bits, struct kc_view rest)
{
	switch (how->mechanism->scheme) {
	case P11_RSA_PSS:
		check_pss(how, n_bits, rest);
		return;
	case P11_RSA_OAEP:
		check_oaep(how, n_bits / 8, rest);
		return;
	case P11_ECDH:
		demand(p11_parameters_exchange(how) != NULL);
		demand(how->public_key.len > 0);
		return;
	case P11_ECDSA:
	case P11_EDDSA:
	case P11_RSA_PKCS1:
	case P11_RSA_RAW:
		demand(p11_parameters_signature(how, "ed448") != NULL);
		return;
	case P11_DIGEST:
	case P11_GENERATION:
		return;
	}
}

/* The struct that the mechanism wants, of these words; @shift lets its length be wrong. */
static void read_one(const uint8_t *words, CK_ULONG shift, size_t n_bits, struct kc_view rest)
{
	CK_ULONG type = word_at(words, 0);
	CK_ULONG len = word_at(words, 4);
	CLEANUP(freep) uint8_t *memory = pointer_to(rest, len);
	struct p11_parameters how = {0};
	CK_RSA_PKCS_PSS_PARAMS pss = {word_at(words, 1), word_at(words, 2), len};
	CK_RSA_PKCS_OAEP_PARAMS oaep = {word_at(words, 1), word_at(words, 2), word_at(words, 3),
					memory, len};
	CK_ECDH1_DERIVE_PARAMS ecdh = {word_at(words, 1), memory ? len : 0, memory,
				       memory ? len : word_at(words, 5), memory};
	CK_MECHANISM mechanism = {type, &pss, sizeof(pss) + shift};

	if (memory && rest.len > 0)
		memcpy(memory, rest.data, rest.len);
	if (type == CKM_RSA_PKCS_OAEP)
		mechanism = (CK_MECHANISM){type, &oaep, sizeof(oaep) + shift};
	if (type == CKM_ECDH1_DERIVE || type == CKM_ECDH1_COFACTOR_DERIVE)
		mechanism = (CK_MECHANISM){type, &ecdh, sizeof(ecdh) + shift};
	if (p11_parameters_read(&mechanism, &how) == CKR_OK)
		check_accepted(&how, n_bits, rest);
	p11_parameters_done(&how);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t head = WORDS * sizeof(CK_ULONG) + 3;
	size_t n_bits = 0;

	if (size < head)
		return 0;
	n_bits = (size_t)(data[head - 2] << 8 | data[head - 1]) % BITS_MAX;
	read_one(data, data[head - 3] % 4, n_bits, view_of(data + head, size - head));
	return 0;
}
