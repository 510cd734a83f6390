/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTEGRATION_STRESS_H
#define INTEGRATION_STRESS_H

/* What stress.c and stress_tasks.c share: the handles that live through everything, and the judge.
 */

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#include <keycask/key.h>

enum {
	BLOCK_MAX = 512,
	PATIENCE_S = 100, /* until something that does not come back hangs */
};

struct signer {
	struct kc_key *key;
	EVP_PKEY *judge;
	const char *token_id; /* NULL: in the keychain */
};

struct block {
	unsigned char data[BLOCK_MAX];
	size_t len;
};

extern struct signer card;
extern struct signer keychain;
extern struct signer rsa;

/* Both end the program, saying what went wrong. */
_Noreturn void give_up(const char *what, enum kc_status status);
void require(bool is_so, const char *what);

/* What may fail while daemon or card are away. */
bool is_documented(enum kc_status status, const char *token_id);

enum kc_status make_signature(const struct signer *signer, struct block *ret_signature);
/* Does it verify? */
bool fits(EVP_PKEY *judge, const struct block *signature);

/* Eight threads; the keys have to be there. */
void tasks_begin(void);
void tasks_start(void);
size_t tasks_count(void);
void tasks_look_for_who_hangs(void);
/* Each has to be done a few times more from now on. */
void tasks_set_goals(void);
bool tasks_have_reached_goals(void);
void tasks_join(void);
/* Each once more, in this thread, which must do; says how often each was done. */
void tasks_check_everything_works(void);
void tasks_end(void);

#endif
