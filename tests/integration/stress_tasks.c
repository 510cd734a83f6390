/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the threads do, again and again, each with the handles of all: it is done right, or fails as
 * it is documented while daemon or card are away, or the program ends.
 */
#include "stress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rsa.h>

#include <keycask/error.h>
#include <keycask/item.h>
#include <keycask/token.h>

#define ECDSA "ecdsa_signature_message_x962_sha256"
#define OAEP  "rsa_encryption_oaep_sha256"

enum {
	WATCH_MS = 20,
	TIMES = 5,
	PAUSE_US = 1000, /* after a failure */
};

struct signer card;
struct signer keychain;
struct signer rsa;
static struct kc_key *public_key; /* of keychain's */
static struct kc_token_watcher *watcher;
static struct block known_signature; /* of message, by keychain's key */
static struct block ciphertext;	     /* of message, for the RSA key */
static unsigned char message[] = "what everything is done with";
static struct kc_view message_view = {message, sizeof(message)};
static atomic_bool is_over;

_Noreturn void give_up(const char *what, enum kc_status status)
{
	const struct kc_error *error = kc_error_last();

	fprintf(stderr, "stress[%d]: %s: %s: %s (token \"%s\", %s)\n", (int)getpid(), what,
		kc_status_name(status), kc_error_message(error), kc_error_token_id(error),
		kc_error_origin(error));
	_exit(1);
}

void require(bool is_so, const char *what)
{
	if (!is_so)
		give_up(what, KC_OK);
}

bool is_documented(enum kc_status status, const char *token_id)
{
	if (status == KC_ERR_NOT_AVAILABLE)
		return true;
	return token_id && status == KC_ERR_ITEM_NOT_FOUND &&
	       strcmp(kc_error_token_id(kc_error_last()), token_id) == 0;
}

/* --- the judge ----------------------------------------------------------------------------- */

bool fits(EVP_PKEY *judge, const struct block *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = context &&
		       EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, judge) == 1 &&
		       EVP_DigestVerify(context, signature->data, signature->len, message,
					sizeof(message)) == 1;

	EVP_MD_CTX_free(context);
	return is_good;
}

static void encrypt(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(rsa.judge, NULL);

	ciphertext.len = sizeof(ciphertext.data);
	require(context && EVP_PKEY_encrypt_init(context) == 1 &&
			EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
			EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
			EVP_PKEY_encrypt(context, ciphertext.data, &ciphertext.len, message,
					 sizeof(message)) == 1,
		"OpenSSL cannot encrypt");
	EVP_PKEY_CTX_free(context);
}

/* --- what is done -------------------------------------------------------------------------- */

/* Each is KC_OK when it was done right; it ends the program when it was done wrong. */

enum kc_status make_signature(const struct signer *signer, struct block *ret_signature)
{
	struct kc_bytes signature = {NULL, 0};
	struct kc_options options = KC_OPTIONS_INIT;
	enum kc_status status = KC_OK;

	options.interaction = KC_INTERACTION_FAIL;
	status = kc_key_sign(signer->key, ECDSA, message_view, &options, &signature);
	if (status == KC_OK) {
		require(signature.len <= BLOCK_MAX, "a signature is too long");
		memcpy(ret_signature->data, signature.data, signature.len);
		ret_signature->len = signature.len;
	}
	kc_bytes_free(&signature);
	return status;
}

static enum kc_status sign(const struct signer *signer)
{
	struct block signature;
	enum kc_status status = make_signature(signer, &signature);

	require(status != KC_OK || fits(signer->judge, &signature), "a signature does not verify");
	return status;
}

static enum kc_status sign_by_card(void)
{
	return sign(&card);
}

static enum kc_status sign_by_keychain(void)
{
	return sign(&keychain);
}

static enum kc_status verify(void)
{
	struct kc_view signature = {known_signature.data, known_signature.len};
	struct kc_view wrong = {known_signature.data, known_signature.len - 1};
	enum kc_status status = kc_key_verify(public_key, ECDSA, message_view, signature);

	if (status != KC_OK)
		return status;
	status = kc_key_verify(public_key, ECDSA, message_view, wrong);
	require(status != KC_OK, "half a signature verifies");
	return status == KC_ERR_VERIFY_FAILED ? KC_OK : status;
}

static enum kc_status search(void)
{
	struct kc_dictionary *query = KC_DICTIONARY(
		{KC_CLASS, KC_TEXT(KC_CLASS_KEY)}, {KC_MATCH_LIMIT, KC_TEXT(KC_MATCH_LIMIT_ALL)},
		{KC_ATTR_LABEL, KC_TEXT("stress")}, {KC_RETURN_ATTRIBUTES, KC_TRUE});
	struct kc_value *found = NULL;
	enum kc_status status = kc_item_copy_matching(query, &found);

	require(status != KC_OK || kc_value_count(found) == 2, "not two keys are found");
	kc_value_free(found);
	kc_dictionary_free(query);
	return status;
}

static enum kc_status decrypt(void)
{
	struct kc_view data = {ciphertext.data, ciphertext.len};
	struct kc_bytes plaintext = {NULL, 0};
	enum kc_status status = kc_key_decrypt(rsa.key, OAEP, data, NULL, &plaintext);

	require(status != KC_OK || (plaintext.len == sizeof(message) &&
				    memcmp(plaintext.data, message, sizeof(message)) == 0),
		"what was decrypted is something else");
	kc_bytes_free(&plaintext);
	return status;
}

/* Insertions and removals take turns. */
static enum kc_status watch(void)
{
	static bool is_there;
	struct kc_dictionary *event = NULL;
	enum kc_status status = kc_token_watcher_next(watcher, WATCH_MS, &event);

	if (event) {
		bool is_in = strcmp(kc_dictionary_text(event, KC_EVENT), KC_EVENT_INSERTED) == 0;

		require(strcmp(kc_dictionary_text(event, KC_TOKEN_ID), card.token_id) == 0,
			"an event of another token");
		require(is_in != is_there, "an event is told twice");
		is_there = is_in;
	}
	kc_dictionary_free(event);
	return status;
}

enum {
	N_TASKS = 8,
};

static struct task {
	const char *name;
	enum kc_status (*act)(void);
	bool is_of_card;
	pthread_t thread;
	atomic_ulong n_done;
	unsigned long goal; /* of n_done */
	atomic_ulong n_failed;
	_Atomic time_t alive; /* when it last came back */
} tasks[N_TASKS] = {
	{.name = "sign_by_card", .act = sign_by_card, .is_of_card = true},
	{.name = "sign_by_card_too", .act = sign_by_card, .is_of_card = true},
	{.name = "sign_by_keychain", .act = sign_by_keychain},
	{.name = "sign_by_keychain_too", .act = sign_by_keychain},
	{.name = "verify", .act = verify},
	{.name = "search", .act = search},
	{.name = "decrypt", .act = decrypt},
	{.name = "watch", .act = watch},
};
static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static void *run_task(void *userdata)
{
	struct task *task = userdata;

	while (!is_over) {
		enum kc_status status = task->act();

		if (status != KC_OK &&
		    !is_documented(status, task->is_of_card ? card.token_id : NULL))
			give_up(task->name, status);
		atomic_fetch_add(status == KC_OK ? &task->n_done : &task->n_failed, 1);
		if (status != KC_OK)
			usleep(PAUSE_US);
		task->alive = now();
	}
	return NULL;
}

/* --- all of them -------------------------------------------------------------------------- */

void tasks_begin(void)
{
	require(kc_key_copy_public(keychain.key, &public_key) == KC_OK, "no public key");
	require(make_signature(&keychain, &known_signature) == KC_OK, "no signature");
	require(fits(keychain.judge, &known_signature), "no judge");
	encrypt();
}

void tasks_start(void)
{
	require(kc_token_watcher_new(&watcher) == KC_OK, "no watcher");
	for (size_t i = 0; i < N_TASKS; i++) {
		tasks[i].alive = now();
		require(pthread_create(&tasks[i].thread, NULL, run_task, &tasks[i]) == 0, "thread");
	}
}

size_t tasks_count(void)
{
	return N_TASKS;
}

void tasks_look_for_who_hangs(void)
{
	for (size_t i = 0; i < N_TASKS; i++)
		require(now() - tasks[i].alive < PATIENCE_S, tasks[i].name);
}

void tasks_set_goals(void)
{
	for (size_t i = 0; i < N_TASKS; i++)
		tasks[i].goal = tasks[i].n_done + TIMES;
}

bool tasks_have_reached_goals(void)
{
	for (size_t i = 0; i < N_TASKS; i++)
		if (tasks[i].n_done < tasks[i].goal)
			return false;
	return true;
}

void tasks_join(void)
{
	is_over = true;
	for (size_t i = 0; i < N_TASKS; i++)
		pthread_join(tasks[i].thread, NULL);
}

void tasks_check_everything_works(void)
{
	for (size_t i = 0; i < N_TASKS; i++) {
		enum kc_status status = tasks[i].act();

		if (status != KC_OK)
			give_up(tasks[i].name, status);
		printf("%s %lu %lu\n", tasks[i].name, tasks[i].n_done, tasks[i].n_failed);
	}
	kc_token_watcher_free(watcher);
}

void tasks_end(void)
{
	kc_key_free(public_key);
}
