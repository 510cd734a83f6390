/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

/*
 * keycaskd's settings: config.json in the configuration folder, or defaults. Strict: an unknown
 * key or a value out of range is named, and the daemon does not start with half a configuration.
 */

#include "base/bytes.h"

enum {
	CONFIG_RAW_CARD_PROGRAMS_MAX = 8,
	CONFIG_PROGRAM_MAX = 192,
	CONFIG_PATH_MAX = 256,
};

/* Who may talk to cards without a driver. */
enum config_raw_card {
	CONFIG_RAW_CARD_UNSANDBOXED, /* programs of the user that are in no sandbox */
	CONFIG_RAW_CARD_NOBODY,
	CONFIG_RAW_CARD_PROGRAMS, /* those that are listed */
};

struct config {
	bool has_embedded_slots;
	bool has_reader_slots;
	bool has_card_cache;
	bool use_keypads;		/* of readers that have one */
	bool lock_keychain_with_screen; /* and when the machine sleeps */
	unsigned query_deadline_ms;
	unsigned card_deadline_ms;
	unsigned import_deadline_ms;	 /* for opening a file that somebody imports */
	unsigned generation_deadline_ms; /* a card makes a key */
	unsigned prompt_deadline_s;
	unsigned prompt_quota;		 /* prompts that a program may show in a minute */
	unsigned keychain_password_cost; /* log2 of scrypt's N, for new passwords */
	unsigned lease_ms;
	unsigned details_after_ms;
	unsigned card_session_idle_s;
	unsigned card_session_absolute_s;
	enum config_raw_card raw_card_access;
	char raw_card_programs[CONFIG_RAW_CARD_PROGRAMS_MAX][CONFIG_PROGRAM_MAX];
	size_t n_raw_card_programs;
	char pin_cache[16];  /* "per-use", "session", or a time such as "15min" */
	unsigned pin_idle_s; /* of "session"; 0: a PIN serves the one operation it was given for */
	unsigned pin_absolute_s;
	char pinentry[CONFIG_PATH_MAX];
	char trust_store[CONFIG_PATH_MAX]; /* a file or folder of trusted certificates; "":
					      OpenSSL's own */
};

void config_init(struct config *ret_config);

/* How long a PIN is kept under @config's policy. */
struct config_pin_limits {
	unsigned idle_s; /* since it was used last; 0: not at all */
	unsigned absolute_s;
};
struct config_pin_limits config_pin_limits(const struct config *config);

/* Change what the JSON object in @text says. Expected: KC_ERR_DECODE, naming the key. */
KC_MUST_CHECK enum kc_status config_parse(struct kc_view text, struct config *config);

/* Have the providers of slots in @names, joined by commas, and no others.
 * Expected: KC_ERR_PARAM  naming what is none */
KC_MUST_CHECK enum kc_status config_choose_providers(const char *names, struct config *config);

/* The defaults, changed by config.json if there is one. */
KC_MUST_CHECK enum kc_status config_load(struct config *ret_config);

#endif
