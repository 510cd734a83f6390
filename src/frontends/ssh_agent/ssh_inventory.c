/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order matters: a server hangs up after six keys (MaxAuthTries), and each offer counts. First
 * what has an SSH certificate, since somebody made it for that; then keys of tokens, in the order
 * of keycask's choice, those that want their PIN each time last; then those of the keychain.
 */
#include "frontends/ssh_agent/ssh_inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <keycask/dictionary.h>
#include <keycask/names.h>
#include <keycask/text.h>
#include <keycask/token.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/try.h"
#include "frontends/owned.h"
#include "frontends/ssh_agent/ssh_fitness.h"
#include "frontends/ssh_agent/ssh_items.h"
#include "frontends/ssh_agent/ssh_offer.h"

enum {
	COMMENT_MAX = 256,
	PLACE_MAX = 100,
	RANK_CERTIFIED = 1000,
	RANK_TOKEN = 3000,
	RANK_TOKEN_ALWAYS = 4000, /* asks for its PIN each time */
	RANK_KEYCHAIN = 5000,
};

struct making {
	struct list *before;
	struct list now;
	const struct ssh_papers *papers;
	struct ssh_fitness *fitness;
	struct kc_value *tokens;
};

static void making_done(struct making *making)
{
	ssh_offer_free_all(&making->now);
	making->fitness = ssh_fitness_free(making->fitness);
	making->tokens = kc_value_free(making->tokens);
}

/* --- one key ------------------------------------------------------------------------------- */

/* Keys do not change under a name: what was asked of one before need not be asked again. */
static struct ssh_offer *find_before(const struct making *making, struct kc_view reference)
{
	list_for_each (link, making->before) {
		struct ssh_offer *offer = list_entry(link, struct ssh_offer, link);

		if (!offer->is_certificate &&
		    view_equal(kc_key_persistent_ref(offer->key->key), reference))
			return offer;
	}
	return NULL;
}

static enum kc_status ask_for_blob(const struct kc_key *key, const struct ssh_kind *kind,
				   struct bytes *blob)
{
	CLEANUP(kc_key_freep) struct kc_key *public_key = NULL;
	CLEANUP(kc_bytes_free) struct kc_bytes external = {0};

	TRY(kc_key_copy_public(key, &public_key));
	TRY(kc_key_copy_external_representation(public_key, &external));
	return ssh_blob_put(kind, kc_view_of_bytes(&external), blob);
}

static enum kc_status open_key(struct kc_view reference, const struct ssh_kind *kind,
			       struct bytes *blob, struct ssh_key **ret_key)
{
	CLEANUP(kc_key_freep) struct kc_key *key = NULL;

	TRY(kc_key_from_persistent_ref(reference, &key));
	TRY(ask_for_blob(key, kind, blob));
	return ssh_key_new(take(key), NULL, ret_key);
}

static bool wants_pin_always(const struct kc_dictionary *item)
{
	const char *wish =
		kc_dictionary_text(kc_dictionary_dictionary(item, KC_ATTR_ACCESS_CONTROL), "sign");

	return wish && strcmp(wish, "pin_always") == 0;
}

static int64_t rank_of(const struct kc_dictionary *item, int place, bool is_certified)
{
	if (is_certified)
		return RANK_CERTIFIED + place;
	if (!kc_dictionary_text(item, KC_ATTR_TOKEN_ID))
		return RANK_KEYCHAIN + place;
	return (wants_pin_always(item) ? RANK_TOKEN_ALWAYS : RANK_TOKEN) + place;
}

/* "PIV 0A1B2C3D", as keycask tokens shows it; of a token without label "PIV 01234567", the
 * beginning of its instance. */
static void describe_token(const struct making *making, const char *id, char place[PLACE_MAX])
{
	const char *instance = strrchr(id, ':');

	(void)snprintf(place, PLACE_MAX, "%s", id);
	for (size_t i = 0; i < kc_value_count(making->tokens); i++) {
		const struct kc_dictionary *token =
			kc_value_dictionary(kc_value_at(making->tokens, i));
		const char *token_id = kc_dictionary_text(token, KC_TOKEN_ID);
		const char *label = kc_dictionary_text(token, KC_TOKEN_LABEL);
		const char *driver = kc_dictionary_text(token, KC_TOKEN_DRIVER_NAME);

		if (!token_id || strcmp(token_id, id) != 0)
			continue;
		if (label && *label)
			(void)snprintf(place, PLACE_MAX, "%s", label);
		else if (driver && instance)
			(void)snprintf(place, PLACE_MAX, "%.80s %.8s", driver, instance + 1);
	}
}

/* "PIV Authentication (PIV 0A1B2C3D)": what it is, and where, on one line of a terminal. */
static void describe(const struct making *making, const struct kc_dictionary *item,
		     char comment[COMMENT_MAX])
{
	const char *label = kc_dictionary_text(item, KC_ATTR_LABEL);
	const char *token = kc_dictionary_text(item, KC_ATTR_TOKEN_ID);
	CLEANUP(freep) char *safe_label = kc_text_for_display(label ? label : "", 128);
	CLEANUP(freep) char *safe_place = NULL;
	char place[PLACE_MAX] = "keychain";

	if (token)
		describe_token(making, token, place);
	safe_place = kc_text_for_display(place, PLACE_MAX);
	(void)snprintf(comment, COMMENT_MAX, "%s (%s)",
		       safe_label && *safe_label ? safe_label : "key without label",
		       safe_place ? safe_place : "");
}

static enum kc_status add_offer(struct making *making, struct kc_view blob, const char *comment,
				struct ssh_key *key, int64_t rank)
{
	struct ssh_offer *offer = NULL;

	TRY(ssh_offer_new(blob, comment, key, &offer));
	offer->rank = rank;
	ssh_offer_insert(&making->now, offer);
	return KC_OK;
}

static bool has_paper(const struct making *making, struct kc_view plain)
{
	struct kc_view certificate = {NULL, 0};
	size_t i = 0;

	return making->papers && ssh_papers_next(making->papers, plain, &i, &certificate);
}

static enum kc_status add_offers(struct making *making, const struct kc_dictionary *item,
				 struct kc_view plain, struct ssh_key *key, int place)
{
	int64_t rank = rank_of(item, place, has_paper(making, plain));
	struct kc_view certificate = {NULL, 0};
	char comment[COMMENT_MAX];
	size_t i = 0;

	describe(making, item, comment);
	while (making->papers && ssh_papers_next(making->papers, plain, &i, &certificate))
		TRY(add_offer(making, certificate, comment, key, rank));
	return add_offer(making, plain, comment, key, rank);
}

/* Two items of one key, such as one that is on a token and in the keychain: the first serves. */
static enum kc_status add_key(struct making *making, const struct kc_dictionary *item,
			      const struct ssh_kind *kind, int place)
{
	CLEANUP(ssh_key_freep) struct ssh_key *key = NULL;
	CLEANUP(bytes_done) struct bytes blob = BYTES_INIT(SSH_BLOB_MAX);
	struct kc_view reference = kc_dictionary_data(item, KC_VALUE_PERSISTENT_REF);
	struct ssh_offer *before = find_before(making, reference);

	if (before) {
		TRY(bytes_append(&blob, bytes_view(&before->blob)));
		key = ssh_key_hold(before->key);
	} else {
		TRY(open_key(reference, kind, &blob, &key));
	}
	if (ssh_offer_find(&making->now, bytes_view(&blob)))
		return KC_OK;
	return add_offers(making, item, bytes_view(&blob), key, place);
}

static void consider(struct making *making, const struct kc_dictionary *item)
{
	const struct ssh_kind *kind =
		ssh_kind_of(kc_dictionary_text(item, KC_ATTR_KEY_TYPE),
			    kc_dictionary_number(item, KC_ATTR_KEY_SIZE_IN_BITS, 0));
	int place = ssh_fitness_place(making->fitness,
				      kc_dictionary_data(item, KC_ATTR_APPLICATION_LABEL));

	if (!kind || place < 0 || !kc_dictionary_flag(item, KC_ATTR_CAN_SIGN, false))
		return;
	if (add_key(making, item, kind, place) != KC_OK)
		log_info("a key is left out: %s", error_get()->message);
	error_clear();
}

/* --- all of them --------------------------------------------------------------------------- */

static enum kc_status make(struct making *making)
{
	CLEANUP(ssh_items_done) struct ssh_items items = {.n_arrays = 0};

	TRY(ssh_items_find(KC_CLASS_KEY, &items));
	if (!ssh_items_at(&items, 0))
		return KC_OK;
	TRY(ssh_fitness_new(&making->fitness));
	TRY(kc_token_list(&making->tokens));
	for (size_t i = 0; ssh_items_at(&items, i); i++)
		consider(making, ssh_items_at(&items, i));
	return KC_OK;
}

enum kc_status ssh_inventory_refresh(struct list *offers, const struct ssh_papers *papers)
{
	CLEANUP(making_done) struct making making = {.before = offers, .papers = papers};
	enum kc_status status = KC_OK;

	list_init(&making.now);
	status = make(&making);
	ssh_offer_free_all(offers);
	TRY(status);
	list_for_each_safe (link, &making.now) {
		list_remove(link);
		list_append(offers, link);
	}
	return KC_OK;
}
