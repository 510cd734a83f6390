/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking off OAEP with a block that counts as uninitialised, for valgrind, which then reports every
 * branch and every address that depends on it; as keys/constant_time_probe.c does for what the
 * daemon takes off. One word says what is wrong with the block.
 */
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "base/cleanup.h"
#include "frontends/pkcs11/p11_padding.h"

enum {
	LEN = 256,
};

static const struct {
	const char *what;
	size_t at; /* the byte that is another, before masks come off again */
} faults[] = {
	{"good", LEN}, {"first", 0}, {"seed", 5}, {"label", 25}, {"filling", 90}, {"end", LEN - 1},
};

static CK_RV probe(size_t at, struct bytes *message)
{
	CLEANUP(bytes_done) struct bytes block = BYTES_INIT(LEN);
	struct p11_parameters how = {
		.hash = P11_SHA1, .mask = P11_SHA256, .label = BYTES_INIT(LEN)};
	CK_RV result = p11_padding_put_oaep(&how, view_of_text("message"), LEN, &block);

	if (result != CKR_OK)
		return result;
	if (at < LEN)
		block.data[at] ^= 0x40;
	(void)VALGRIND_MAKE_MEM_UNDEFINED(block.data, block.len);
	return p11_padding_take_oaep(&how, bytes_view(&block), message);
}

/* What comes out is nobody's secret, so that its length may be printed. */
int main(int n_words, char **words)
{
	CLEANUP(bytes_done) struct bytes message = BYTES_INIT(LEN);
	CK_RV result = CKR_OK;

	for (size_t i = 0; n_words == 2 && RUNNING_ON_VALGRIND && i < ARRAY_LEN(faults); i++) {
		if (strcmp(words[1], faults[i].what) != 0)
			continue;
		result = probe(faults[i].at, &message);
		(void)printf("%lu %zu\n", result, message.len);
		return 0;
	}
	(void)fputs("Usage: valgrind p11_padding_probe WHAT\n", stderr);
	return 2;
}
