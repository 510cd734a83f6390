/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who signs for git: an identity by the committer's address, or a key of the agent's list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <keycask/identity.h>
#include <keycask/text.h>

#include "base/cleanup.h"
#include "frontends/agent_place.h"
#include "frontends/cli/git_settings.h"
#include "frontends/cli/git_setup.h"
#include "frontends/owned.h"
#include "frontends/peer_program.h"

enum {
	ENVIRONMENT_MAX = 1100,
	NAME_MAX_SHOWN = 100,
	NAMES_MAX = 220,
};

static void answer_freep(struct peer_program_answer **answer)
{
	free(*answer);
}

/* --- certificates ---------------------------------------------------------------------------- */

static bool has_address(struct kc_view der, const char *address)
{
	CLEANUP(kc_certificate_freep) struct kc_certificate *certificate = NULL;
	const struct kc_value *addresses = NULL;

	if (kc_certificate_from_data(der, &certificate) != KC_OK)
		return false;
	addresses = kc_dictionary_get(kc_certificate_attributes(certificate),
				      KC_CERTIFICATE_EMAIL_ADDRESSES);
	for (size_t i = 0; i < kc_value_count(addresses); i++) {
		const char *text = kc_value_text(kc_value_at(addresses, i));

		if (text && strcasecmp(text, address) == 0)
			return true;
	}
	return false;
}

static bool is_named(const struct kc_dictionary *entry, const char *name)
{
	const char *label = kc_dictionary_text(entry, KC_ATTR_LABEL);

	return (label && strcmp(label, name) == 0) ||
	       has_address(kc_dictionary_data(entry, KC_CHOICE_CERTIFICATE), name);
}

bool git_setup_has_certificate(const char *key)
{
	CLEANUP(kc_dictionary_freep) struct kc_dictionary *choice = NULL;
	CLEANUP(freep) char *address = NULL;
	const struct kc_value *identities = NULL;

	if (key && (strncmp(key, "ssh-", 4) == 0 || strncmp(key, "ecdsa-", 6) == 0))
		return false;
	if ((!key && git_settings_get(NULL, "user.email", &address) != KC_OK) ||
	    kc_identity_choose_all(KC_PURPOSE_SIGN, NULL, &choice) != KC_OK) {
		error_clear();
		return false;
	}
	identities = kc_dictionary_get(choice, KC_CHOICE_IDENTITIES);
	for (size_t i = 0; i < kc_value_count(identities); i++)
		if (is_named(kc_value_dictionary(kc_value_at(identities, i)), key ? key : address))
			return true;
	return false;
}

/* --- keys of the agent ----------------------------------------------------------------------- */

/* ssh-add(1) -L: one "type base64 comment" for each. */
static enum kc_status list_keys(struct peer_program_answer *answer)
{
	char agent[ENVIRONMENT_MAX - sizeof("SSH_AUTH_SOCK=")];
	char environment[ENVIRONMENT_MAX];
	const char *const arguments[] = {"env", environment, "ssh-add", "-L", NULL};

	TRY(agent_place_find(agent, sizeof(agent)));
	(void)snprintf(environment, sizeof(environment), "SSH_AUTH_SOCK=%s", agent);
	TRY(peer_program_run(arguments, answer));
	if (answer->exit_status == 0)
		return KC_OK;
	error_set_hint("keycask list shows what there is; is the card inserted?");
	return fail(KC_ERR_ITEM_NOT_FOUND, "keycask's agent for ssh has no key");
}

/* The agent's comment is the label, and where it is in parentheses. */
static bool is_label_of(const char *comment, const char *wanted)
{
	size_t len = strlen(wanted);

	return strncmp(comment, wanted, len) == 0 &&
	       (comment[len] == '\0' || strncmp(comment + len, " (", 2) == 0);
}

/* "'one', 'another'": as many as there is room for. Cards write what they like into theirs. */
static void add_name(char *names, const char *comment, bool in_full)
{
	CLEANUP(freep) char *clean = kc_text_for_display(comment, NAME_MAX_SHOWN);
	char *place = clean && !in_full ? strstr(clean, " (") : NULL;
	size_t len = strlen(names);

	if (place)
		*place = '\0';
	if (clean && len + strlen(clean) + sizeof(", ''") <= NAMES_MAX)
		(void)snprintf(names + len, NAMES_MAX - len, "%s'%s'", len > 0 ? ", " : "", clean);
}

/* As user.signingKey has it (git-config(1)): "key::ssh-rsa XXXXXX identifier". *value is that of
 * the line before, if there was one. */
static bool take_line(char *line, const char *wanted, char **value, char *names)
{
	char *type = strsep(&line, " ");
	char *blob = strsep(&line, " ");
	const char *comment = line ? line : "";

	if (!type || !blob || strstr(type, "-cert-"))
		return false;
	add_name(names, comment, wanted != NULL);
	if (wanted && !is_label_of(comment, wanted) && strcmp(blob, wanted) != 0 &&
	    !strstr(wanted, blob))
		return false;
	free(*value);
	if (asprintf(value, "key::%s %s", type, blob) < 0)
		*value = NULL;
	return *value != NULL;
}

static enum kc_status find_ssh_key(const char *wanted, char **ret_value)
{
	CLEANUP(answer_freep) struct peer_program_answer *answer = calloc(1, sizeof(*answer));
	CLEANUP(freep) char *value = NULL;
	char names[NAMES_MAX] = "";
	char *at = NULL;
	unsigned n = 0;

	REQUIRE(answer, KC_ERR_ALLOCATE, "out of memory");
	TRY(list_keys(answer));
	at = answer->output;
	for (char *line = strsep(&at, "\n"); line; line = strsep(&at, "\n"))
		n += take_line(line, wanted, &value, names) ? 1 : 0;
	if (n == 1) {
		*ret_value = take(value);
		return KC_OK;
	}
	error_set_hint("name one with --key: %s", names);
	if (n == 0)
		return fail(KC_ERR_ITEM_NOT_FOUND, "keycask's agent for ssh has no key '%s'",
			    wanted ? wanted : "");
	return fail(KC_ERR_PARAM, "keycask's agent for ssh has %u keys%s; which one?", n,
		    wanted ? " of that name" : "");
}

enum kc_status git_setup_find_key(const struct git_setup *setup, char **ret_value)
{
	if (strcmp(setup->format, "ssh") == 0)
		return find_ssh_key(setup->key, ret_value);
	*ret_value = strdup(setup->key ? setup->key : "");
	REQUIRE(*ret_value, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}
