/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/*
 * What every command of keycask knows: the context it runs in, and the row that describes it.
 * A command prints its result itself and returns KC_OK, or returns a failure for main() to print.
 */

#include <stdbool.h>
#include <stddef.h>

#include <keycask/dictionary.h>

#include "base/try.h"
#include "frontends/cli/inventory.h"

enum {
	CLI_EXIT_OK = 0,
	CLI_EXIT_FAILED = 1,
	CLI_EXIT_USAGE = 2,
};

struct command;

struct context {
	const struct command *command;
	bool json;	      /* one JSON value on standard output */
	bool has_color;	      /* standard output is a terminal and colour is welcome */
	bool has_error_color; /* the same of standard error */
	bool wants_help;      /* --help was among the options */
	bool is_usage_error;  /* the failure is a wrong call: exit 2 */
	int exit_status;      /* of a command that succeeded; 1 for a signature that is none */
	struct inventory candidates; /* with a failure: the items it could have meant */
};

struct command {
	const char *name;      /* "list", "cert export" */
	const char *arguments; /* "[--class CLASS] …" */
	const char *summary;   /* one line, for the overview */
	const char *help;      /* the rest of --help */
	enum kc_status (*run)(struct context *context, char **words, int n_words);
};

/* A wrong call; records the message and is KC_ERR_PARAM. */
#define usage_error(context, ...)                                                                  \
	((context)->is_usage_error = true, fail(KC_ERR_PARAM, __VA_ARGS__))

/* Each in its cmd_ file. */
extern const struct command cmd_tokens;
extern const struct command cmd_list;
extern const struct command cmd_show;
extern const struct command cmd_watch;
extern const struct command cmd_slots;
extern const struct command cmd_choose;
extern const struct command cmd_sign;
extern const struct command cmd_verify;
extern const struct command cmd_encrypt;
extern const struct command cmd_decrypt;
extern const struct command cmd_derive;
extern const struct command cmd_key_create;
extern const struct command cmd_key_import;
extern const struct command cmd_key_export;
extern const struct command cmd_key_delete;
extern const struct command cmd_card_apdu;
extern const struct command cmd_card_send;
extern const struct command cmd_card_reset;
extern const struct command cmd_card_reprobe;
extern const struct command cmd_card_who_holds;
extern const struct command cmd_card_atr;
extern const struct command cmd_card_forget;
extern const struct command cmd_cert_export;
extern const struct command cmd_cert_import;
extern const struct command cmd_cert_delete;
extern const struct command cmd_pin_verify;
extern const struct command cmd_pin_status;
extern const struct command cmd_pin_list;
extern const struct command cmd_pin_change;
extern const struct command cmd_pin_unblock;
extern const struct command cmd_git_setup;
extern const struct command cmd_lock;
extern const struct command cmd_unlock;
extern const struct command cmd_passwd;
extern const struct command cmd_audit;
extern const struct command cmd_backup;
extern const struct command cmd_restore;
extern const struct command cmd_import;
extern const struct command cmd_export;
extern const struct command cmd_ssh_agent;
extern const struct command cmd_vcard;
extern const struct command cmd_driver_list;
extern const struct command cmd_driver_enable;
extern const struct command cmd_driver_disable;
extern const struct command cmd_driver_validate;
extern const struct command cmd_driver_new;
extern const struct command cmd_driver_test;
extern const struct command cmd_doctor;
extern const struct command cmd_setup;
extern const struct command cmd_daemon_start;
extern const struct command cmd_daemon_stop;
extern const struct command cmd_daemon_status;
extern const struct command cmd_password_set;
extern const struct command cmd_password_get;
extern const struct command cmd_password_list;
extern const struct command cmd_password_delete;
extern const struct command cmd_item_add;
extern const struct command cmd_item_copy_matching;
extern const struct command cmd_item_update;
extern const struct command cmd_item_delete;

#endif
