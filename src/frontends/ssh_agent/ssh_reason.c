/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is proved comes first: a host key that has signed the session. A name is only what the key's
 * constraint or known_hosts calls that key; what a program says of itself is not told. User names
 * are the program's, which may choose them to read like the rest of the sentence: but for a plain
 * word they stand in quotes, that nothing in them can close, cut short and made harmless.
 */
#include "frontends/ssh_agent/ssh_reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "codec/display.h"
#include "frontends/ssh_agent/ssh_blob.h"
#include "frontends/ssh_agent/ssh_known_hosts.h"
#include "frontends/ssh_agent/ssh_login.h"

enum {
	WORD_MAX = 40, /* of a text that somebody else chooses */
	WORD_TEXT_MAX = WORD_MAX + 3,
	HOST_TEXT_MAX = 160,
	WHAT_MAX = 320,
};

/* As most names of users and hosts are. */
static bool is_plain(struct kc_view word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-@";

	for (size_t i = 0; i < word.len; i++)
		if (!memchr(plain, word.data[i], sizeof(plain) - 1))
			return false;
	return word.len > 0 && word.len <= WORD_MAX;
}

static void quote(struct kc_view word, char text[WORD_TEXT_MAX])
{
	CLEANUP(freep) char *safe = display_escape(word, WORD_MAX);

	for (char *at = safe ? strchr(safe, '"') : NULL; at; at = strchr(at, '"'))
		*at = '\'';
	(void)snprintf(text, WORD_TEXT_MAX, "\"%s\"", safe ? safe : "?");
}

static void say_word(struct kc_view word, char text[WORD_TEXT_MAX])
{
	if (is_plain(word))
		(void)snprintf(text, WORD_TEXT_MAX, "%.*s", (int)word.len, (const char *)word.data);
	else
		quote(word, text);
}

/* "github.com (host key SHA256:…)", or without a name. */
static void say_host(const struct ssh_reason *reason, size_t n_bound, char text[HOST_TEXT_MAX])
{
	struct ssh_way way = {reason->way->bound, n_bound, false};
	struct kc_view host_key = way.bound[n_bound - 1].host_key;
	struct kc_view name = ssh_destinations_name(reason->destinations, &way);
	char fingerprint[SSH_BLOB_FINGERPRINT_MAX];
	char known[SSH_KNOWN_HOSTS_NAME_MAX];
	char word[WORD_TEXT_MAX];

	ssh_blob_fingerprint(host_key, fingerprint);
	if (name.len == 0 && reason->known_hosts &&
	    ssh_known_hosts_name(reason->known_hosts, host_key, known))
		name = view_of_text(known);
	say_word(name, word);
	if (name.len > 0)
		(void)snprintf(text, HOST_TEXT_MAX, "%s (host key %s)", word, fingerprint);
	else
		(void)snprintf(text, HOST_TEXT_MAX, "the host with key %s", fingerprint);
}

static bool is_bound_login(const struct ssh_reason *reason, const struct ssh_login *login)
{
	const struct ssh_way *way = reason->way;

	return way->n_bound > 0 &&
	       view_equal(way->bound[way->n_bound - 1].session_id, login->session_id);
}

static void say_login(const struct ssh_reason *reason, const struct ssh_login *login,
		      char text[WHAT_MAX])
{
	char user[WORD_TEXT_MAX];
	char host[HOST_TEXT_MAX] = "a host that the program has not proved";

	if (is_bound_login(reason, login))
		say_host(reason, reason->way->n_bound, host);
	say_word(login->user, user);
	(void)snprintf(text, WHAT_MAX, "log in as %s to %s", user, host);
}

static void say_what(const struct ssh_reason *reason, char text[WHAT_MAX])
{
	struct kc_view namespace = {NULL, 0};
	char word[WORD_TEXT_MAX];
	struct ssh_login login;

	if (ssh_login_read(reason->data, reason->key, &login) == KC_OK) {
		say_login(reason, &login, text);
	} else if (ssh_login_is_document(reason->data, &namespace)) {
		quote(namespace, word);
		(void)snprintf(text, WHAT_MAX, "sign data for %s", word);
	} else {
		(void)snprintf(text, WHAT_MAX,
			       "sign something that is neither a login nor a document");
	}
}

/* The last host that the agent was forwarded to asks, not a program of this machine. */
static size_t count_forwardings(const struct ssh_way *way)
{
	size_t n = way->n_bound;

	while (n > 0 && !way->bound[n - 1].is_forwarding)
		n--;
	return n;
}

void ssh_reason_say(const struct ssh_reason *reason, char ret_text[SSH_REASON_MAX])
{
	size_t n_forwardings = count_forwardings(reason->way);
	char what[WHAT_MAX];
	char host[HOST_TEXT_MAX];

	say_what(reason, what);
	if (n_forwardings == 0) {
		(void)snprintf(ret_text, SSH_REASON_MAX, "%s", what);
		return;
	}
	say_host(reason, n_forwardings, host);
	(void)snprintf(ret_text, SSH_REASON_MAX, "FORWARDED, %s asks: %s", host, what);
}
