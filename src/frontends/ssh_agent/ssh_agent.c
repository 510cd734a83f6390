/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is shown what. Every way to a key goes through ssh_agent_shows(), listing and signing alike,
 * for whatever kind of key and wherever it is. */
#include "frontends/ssh_agent/ssh_agent.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/sha2.h"
#include "codec/ssh_wire.h"
#include "frontends/ssh_agent/ssh_inventory.h"

enum {
	POLITE_KEYS = 6, /* what a server of OpenSSH lets one try, as it comes */
};

enum kc_status ssh_agent_init(struct ssh_agent *agent, const struct ssh_agent_places *places)
{
	*agent = (struct ssh_agent){.known_hosts = places->known_hosts};
	list_init(&agent->offers);
	list_init(&agent->added);
	TRY(ssh_settings_new(places->settings, &agent->settings));
	return ssh_papers_new(places->papers, &agent->papers);
}

void ssh_agent_done(struct ssh_agent *agent)
{
	ssh_offer_free_all(&agent->offers);
	ssh_offer_free_all(&agent->added);
	ssh_lock_done(&agent->lock);
	agent->settings = ssh_settings_free(agent->settings);
	agent->papers = ssh_papers_free(agent->papers);
}

enum kc_status ssh_agent_refresh(struct ssh_agent *agent, bool asks_daemon)
{
	enum kc_status status = ssh_settings_refresh(agent->settings);

	ignore(ssh_agent_expire(agent) != 0);
	if (status != KC_OK) {
		ssh_offer_free_all(&agent->offers);
		return status;
	}
	ssh_papers_refresh(agent->papers);
	return asks_daemon ? ssh_inventory_refresh(&agent->offers, agent->papers) : KC_OK;
}

int64_t ssh_agent_expire(struct ssh_agent *agent)
{
	int64_t next = 0;

	list_for_each_safe (link, &agent->added) {
		struct ssh_offer *offer = list_entry(link, struct ssh_offer, link);
		int64_t ends = offer->limits.ends_us;

		if (ssh_limits_are_over(&offer->limits))
			ignore(ssh_offer_free(offer) != NULL);
		else if (ends != 0 && (next == 0 || ends < next))
			next = ends;
	}
	return next;
}

void ssh_agent_clear(struct ssh_agent *agent)
{
	list_for_each (link, &agent->added)
		list_entry(link, struct ssh_offer, link)->key->event = NULL;
	ssh_offer_free_all(&agent->added);
}

const struct ssh_limits *ssh_agent_limits(const struct ssh_agent *agent,
					  const struct ssh_offer *offer)
{
	return offer->is_added ? &offer->limits
			       : ssh_settings_limits(agent->settings, offer->fingerprint);
}

bool ssh_agent_shows(const struct ssh_agent *agent, const struct ssh_offer *offer,
		     const struct ssh_way *way)
{
	const struct ssh_limits *limits = ssh_agent_limits(agent, offer);

	if (agent->lock.is_locked || ssh_limits_are_over(limits))
		return false;
	if (!offer->is_added && ssh_settings_hide(agent->settings, offer->fingerprint))
		return false;
	return ssh_destinations_show(&limits->destinations, way);
}

struct ssh_offer *ssh_agent_find(struct ssh_agent *agent, struct kc_view blob,
				 const struct ssh_way *way)
{
	struct ssh_offer *offer = ssh_offer_find(&agent->added, blob);

	if (!offer)
		offer = ssh_offer_find(&agent->offers, blob);
	return offer && ssh_agent_shows(agent, offer, way) ? offer : NULL;
}

/* --- habits -------------------------------------------------------------------------------- */

static void hash_host(const struct ssh_way *way, uint8_t hash[SHA2_DIGEST_MAX])
{
	struct sha2 sha2;

	sha2_init(&sha2, SHA2_256);
	sha2_update(&sha2, way->bound[way->n_bound - 1].host_key);
	sha2_finish(&sha2, hash);
}

static struct ssh_habit *find_habit(struct ssh_agent *agent, const struct ssh_way *way)
{
	uint8_t hash[SHA2_DIGEST_MAX];

	if (way->n_bound == 0)
		return NULL;
	hash_host(way, hash);
	for (size_t i = 0; i < agent->n_habits && i < SSH_AGENT_HOSTS_MAX; i++)
		if (memcmp(agent->habits[i].host, hash, SSH_AGENT_HASH_BYTES) == 0)
			return &agent->habits[i];
	return NULL;
}

void ssh_agent_note(struct ssh_agent *agent, const struct ssh_way *way, const char *fingerprint)
{
	struct ssh_habit *habit = find_habit(agent, way);
	uint8_t hash[SHA2_DIGEST_MAX];

	if (way->n_bound == 0)
		return;
	if (!habit) {
		hash_host(way, hash);
		habit = &agent->habits[agent->n_habits++ % SSH_AGENT_HOSTS_MAX];
		memcpy(habit->host, hash, SSH_AGENT_HASH_BYTES);
	}
	memcpy(habit->fingerprint, fingerprint, strlen(fingerprint) + 1);
}

/* --- the list ------------------------------------------------------------------------------ */

struct listing {
	struct ssh_agent *agent;
	const struct ssh_way *way;
	const struct ssh_habit *habit;
	struct bytes *keys;
	uint32_t n_keys;
};

/* What ssh-add brought comes before what is the same. */
static bool is_listed_elsewhere(struct ssh_agent *agent, const struct ssh_offer *offer)
{
	return !offer->is_added && ssh_offer_find(&agent->added, bytes_view(&offer->blob)) != NULL;
}

static enum kc_status put_some(struct listing *listing, struct list *offers, bool is_habit)
{
	list_for_each (link, offers) {
		const struct ssh_offer *offer = list_entry(link, struct ssh_offer, link);
		bool is_usual = listing->habit &&
				strcmp(listing->habit->fingerprint, offer->fingerprint) == 0;

		if (is_usual != is_habit || is_listed_elsewhere(listing->agent, offer) ||
		    !ssh_agent_shows(listing->agent, offer, listing->way))
			continue;
		TRY(ssh_wire_put_string(listing->keys, bytes_view(&offer->blob)));
		TRY(ssh_wire_put_text(listing->keys, offer->comment));
		listing->n_keys++;
	}
	return KC_OK;
}

/* First the key that this host took the last time, then what ssh-add brought, then the others. */
static enum kc_status put_all(struct listing *listing)
{
	TRY(put_some(listing, &listing->agent->added, true));
	TRY(put_some(listing, &listing->agent->offers, true));
	TRY(put_some(listing, &listing->agent->added, false));
	return put_some(listing, &listing->agent->offers, false);
}

enum kc_status ssh_agent_list(struct ssh_agent *agent, const struct ssh_way *way,
			      struct bytes *bytes)
{
	CLEANUP(bytes_done) struct bytes keys = BYTES_INIT(bytes->max);
	struct listing listing = {agent, way, find_habit(agent, way), &keys, 0};

	TRY(put_all(&listing));
	if (listing.n_keys > POLITE_KEYS)
		log_info("%u keys are offered, and servers hang up after %d: see keycask "
			 "ssh-agent restrict --hide",
			 listing.n_keys, POLITE_KEYS);
	TRY(ssh_wire_put_uint32(bytes, listing.n_keys));
	return bytes_append(bytes, bytes_view(&keys));
}
