/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The slots and the cards in them: what is there, who else has it, what cannot be used. */
#include "daemon/examine.h"

#include <string.h>

#include "base/try.h"
#include "sys/users.h"

enum {
	USERS_MAX = 256,
};

#define PCSC_LIBRARY "/libpcsclite" /* of the file that each of pcscd's clients has mapped */

/* PC/SC's answer to a refusal by polkit, in the words of slots/pcscd.c. */
static const char refused[] = "pcscd does not let this user in";

static enum kc_status examine_refusal(const char *reason, struct json_object *findings)
{
	const struct examine_finding polkit = {
		FINDING_PROBLEM, "readers", reason,
		"polkit decides it (org.debian.pcsc-lite.access_pcsc): log in at the machine's own "
		"seat, or have its administrator add a rule for you"};
	const struct examine_finding other = {FINDING_PROBLEM, "readers", reason,
					      "see what is said of pcscd"};

	return examine_finding_add(findings, strcmp(reason, refused) == 0 ? &polkit : &other,
				   "keycaskd sees no readers");
}

static const char *advice_for(const char *reason)
{
	if (strstr(reason, "scdaemon"))
		return "free it now: gpgconf --kill scdaemon. For good: the lines disable-ccid and "
		       "pcsc-shared in ~/.gnupg/scdaemon.conf, then both can use it; after a "
		       "reset of the card by one, scdaemon may fail once: repeat that command";
	if (strstr(reason, "(process "))
		return "end that program, or have it let go of the card";
	return "the program is another user's; root can name it: lsof /usr/lib/*/libpcsclite.so.1";
}

static enum kc_status examine_held(const char *name, const char *reason,
				   struct json_object *findings)
{
	struct examine_finding held = {FINDING_PROBLEM, "readers", reason, advice_for(reason)};

	return examine_finding_add(findings, &held, "the card in %s cannot be used", name);
}

/* Of a refused token enough is said by itself. */
static bool is_refused(const char *slot, struct json_object *tokens)
{
	for (size_t i = 0; i < json_object_array_length(tokens); i++) {
		const char *its_slot = field_text(json_object_array_get_idx(tokens, i), "slot");

		if (its_slot && strcmp(its_slot, slot) == 0)
			return true;
	}
	return false;
}

static enum kc_status examine_card(const char *name, struct json_object *slot,
				   struct json_object *all_tokens, struct json_object *findings)
{
	const struct examine_finding known = {FINDING_OK, "readers", NULL, NULL};
	const struct examine_finding unknown = {FINDING_WARNING, "readers",
						"no driver knows what is on it",
						"see which there are: keycask driver list"};
	struct json_object *tokens = field_get(slot, "token_ids");

	if (json_object_array_length(tokens) == 0 && field_flag(slot, "is_being_read", false))
		return examine_finding_add(findings, &known, "the card in %s is being read", name);
	if (json_object_array_length(tokens) == 0 && is_refused(name, all_tokens))
		return KC_OK;
	if (json_object_array_length(tokens) == 0)
		return examine_finding_add(findings, &unknown, "there is an unknown card in %s",
					   name);
	return examine_finding_add(findings, &known, "the card in %s is %s", name,
				   json_object_get_string(json_object_array_get_idx(tokens, 0)));
}

static enum kc_status examine_slot(struct json_object *slot, struct json_object *tokens,
				   struct json_object *findings)
{
	const struct examine_finding empty = {FINDING_OK, "readers", NULL, NULL};
	const struct examine_finding mute = {FINDING_WARNING, "readers",
					     "it is put in the wrong way round, or broken",
					     "take it out and put it in again, chip first"};
	const char *name = field_text(slot, "name");
	const char *state = field_text(slot, "state");
	const char *reason = field_text(slot, "reason");

	if (reason && strstr(reason, "another program"))
		return examine_held(name, reason, findings);
	if (reason && strstr(reason, "has the card for itself"))
		return examine_held(name, reason, findings);
	if (strcmp(state, "mute") == 0)
		return examine_finding_add(findings, &mute, "the card in %s does not answer", name);
	if (strcmp(state, "empty") == 0)
		return examine_finding_add(findings, &empty, "there is no card in %s", name);
	if (strcmp(state, "valid") == 0)
		return examine_card(name, slot, tokens, findings);
	return examine_finding_add(findings, &empty, "the card in %s is being read", name);
}

static enum kc_status examine_slots(const struct daemon *daemon, struct json_object *findings,
				    size_t *ret_n_readers)
{
	CLEANUP(field_free) struct json_object *slots = NULL;
	CLEANUP(field_free) struct json_object *tokens = NULL;

	*ret_n_readers = 0;
	TRY(registry_list_slots(daemon->registry, &slots));
	TRY(registry_list_tokens(daemon->registry, &tokens));
	for (size_t i = 0; i < json_object_array_length(slots); i++) {
		struct json_object *slot = json_object_array_get_idx(slots, i);
		bool is_reader = strcmp(field_text(slot, "provider"), "pcsc") == 0;

		*ret_n_readers += is_reader;
		/* The embedded slot is always there. */
		if (is_reader || strcmp(field_text(slot, "state"), "empty") != 0)
			TRY(examine_slot(slot, tokens, findings));
	}
	return KC_OK;
}

/* The reason of pcscd's provider. False: it is not switched on. */
static bool find_pcsc(struct json_object *providers, const char **ret_reason)
{
	for (size_t i = 0; i < json_object_array_length(providers); i++) {
		struct json_object *provider = json_object_array_get_idx(providers, i);

		*ret_reason = field_text(provider, "reason");
		if (strcmp(field_text(provider, "name"), "pcsc") == 0)
			return true;
	}
	return false;
}

static enum kc_status examine_pcsc(const struct daemon *daemon, size_t n_readers,
				   struct json_object *findings)
{
	const struct examine_finding off = {FINDING_OK, "readers",
					    "\"providers\" in config.json, or --providers, says so",
					    NULL};
	const struct examine_finding none = {
		FINDING_WARNING, "readers",
		"none is connected, or pcscd has no driver for it, or scdaemon has it for itself",
		"look for it with lsusb; for most readers: apt install libccid; scdaemon leaves "
		"readers to pcscd with the line disable-ccid in ~/.gnupg/scdaemon.conf"};
	CLEANUP(field_free) struct json_object *providers = NULL;
	const char *reason = NULL;

	TRY(registry_list_providers(daemon->registry, &providers));
	if (!find_pcsc(providers, &reason))
		return examine_finding_add(findings, &off, "the readers of pcscd are not used");
	if (reason)
		return examine_refusal(reason, findings);
	return n_readers > 0 ? KC_OK : examine_finding_add(findings, &none, "pcscd has no reader");
}

static enum kc_status examine_users(struct json_object *findings)
{
	const struct examine_finding others = {
		FINDING_OK, "readers",
		"keycask works beside those that share cards; one that has a card for itself shows "
		"only when keycask wants to use it",
		NULL};
	char users[USERS_MAX];

	users_of_library(PCSC_LIBRARY, users, sizeof(users));
	return users[0] ? examine_finding_add(findings, &others, "other programs use pcscd: %s",
					      users)
			: KC_OK;
}

static enum kc_status examine_tokens(const struct daemon *daemon, struct json_object *findings)
{
	CLEANUP(field_free) struct json_object *tokens = NULL;

	TRY(registry_list_tokens(daemon->registry, &tokens));
	for (size_t i = 0; i < json_object_array_length(tokens); i++) {
		struct json_object *token = json_object_array_get_idx(tokens, i);
		const struct examine_finding refusal = {FINDING_WARNING, "readers",
							field_text(token, "reason"), NULL};

		if (strcmp(field_text(token, "state"), "refused") == 0)
			TRY(examine_finding_add(findings, &refusal, "the token %s is refused",
						field_text(token, "token_id")));
	}
	return KC_OK;
}

enum kc_status examine_readers(const struct daemon *daemon, struct json_object *findings)
{
	size_t n_readers = 0;

	TRY(examine_slots(daemon, findings, &n_readers));
	TRY(examine_pcsc(daemon, n_readers, findings));
	TRY(examine_users(findings));
	return examine_tokens(daemon, findings);
}
