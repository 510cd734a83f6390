/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Offers: what a key is called, and where it stands in a list. */
#include "frontends/ssh_agent/ssh_offer.h"

#include <stdlib.h>

#include "base/try.h"

/* The fingerprint is that of the key: a person restricts keys, not pieces of paper about them. */
static enum kc_status describe(struct ssh_offer *offer)
{
	CLEANUP(bytes_done) struct bytes plain = BYTES_INIT(SSH_BLOB_MAX);
	struct ssh_blob blob;

	TRY(ssh_blob_read(bytes_view(&offer->blob), &blob));
	TRY(ssh_blob_put_plain(&blob, &plain));
	ssh_blob_fingerprint(bytes_view(&plain), offer->fingerprint);
	offer->kind = blob.kind;
	offer->is_certificate = blob.is_certificate;
	return KC_OK;
}

enum kc_status ssh_offer_new(struct kc_view blob, const char *comment, struct ssh_key *key,
			     struct ssh_offer **ret_offer)
{
	CLEANUP(ssh_offer_freep) struct ssh_offer *offer = calloc(1, sizeof(*offer));

	REQUIRE(offer, KC_ERR_ALLOCATE, "out of memory");
	list_init(&offer->link);
	offer->blob = BYTES_INIT(SSH_BLOB_MAX);
	offer->limits = SSH_LIMITS_INIT;
	offer->key = ssh_key_hold(key);
	offer->comment = strdup(comment);
	REQUIRE(offer->comment, KC_ERR_ALLOCATE, "out of memory");
	TRY(bytes_append(&offer->blob, blob));
	TRY(describe(offer));
	*ret_offer = take(offer);
	return KC_OK;
}

struct ssh_offer *ssh_offer_free(struct ssh_offer *offer)
{
	if (!offer)
		return NULL;
	list_remove(&offer->link);
	bytes_done(&offer->blob);
	ssh_limits_done(&offer->limits);
	offer->key = ssh_key_free(offer->key);
	free(offer->comment);
	free(offer);
	return NULL;
}

struct ssh_offer *ssh_offer_find(struct list *offers, struct kc_view blob)
{
	list_for_each (link, offers) {
		struct ssh_offer *offer = list_entry(link, struct ssh_offer, link);

		if (view_equal(bytes_view(&offer->blob), blob))
			return offer;
	}
	return NULL;
}

void ssh_offer_free_all(struct list *offers)
{
	list_for_each_safe (link, offers)
		ignore(ssh_offer_free(list_entry(link, struct ssh_offer, link)) != NULL);
}

void ssh_offer_insert(struct list *offers, struct ssh_offer *offer)
{
	struct list *place = offers->next;

	while (place != offers && list_entry(place, struct ssh_offer, link)->rank <= offer->rank)
		place = place->next;
	list_append(place, &offer->link); /* before it, as before a list's head is its end */
}
