/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is ours comes first and what others may choose last, each on a line with its name: a text
 * that pretends to be another, or fills all the room, cannot hide the others. Dialogs that guess
 * at markup look at the first line, which is always ours.
 */
#include "prompts/wording.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/display.h"

enum {
	FOREIGN_MAX = 160, /* bytes of any text that is not ours */
	REASON_MAX = 400,  /* two hosts, their keys and a user, from the agent for ssh */
};

static const struct {
	const char *first_line;
	const char *field;
	const char *ok;
	const char *cancel;
} wordings[] = {
	[PROMPT_PIN] = {"A program wants to use a token and needs its PIN.", "PIN:", NULL, NULL},
	[PROMPT_PIN_CURRENT] = {"A program wants to change a PIN: the present one first.",
				"Present PIN:", NULL, NULL},
	[PROMPT_PIN_UNBLOCK] = {"A program wants to unblock a PIN: what unblocks it first.",
				"Unblocking PIN:", NULL, NULL},
	[PROMPT_PIN_NEW] = {"Choose the new PIN.", "New PIN:", NULL, NULL},
	[PROMPT_PIN_REPEAT] = {"The new PIN once more.", "New PIN again:", NULL, NULL},
	[PROMPT_PIN_KEYPAD] = {"Enter the PIN on the keypad of the card reader.", NULL, "_OK",
			       "_Cancel"},
	[PROMPT_PIN_ADMIN] = {"which takes its administrator.", "Admin PIN:", NULL, NULL},
	[PROMPT_MANAGEMENT_KEY] = {"which takes its management key.",
				   "Management key (hexadecimal):", NULL, NULL},
	[PROMPT_ITEM_CONFIRM] = {"A program wants to use an item of your keychain.", NULL, "_Allow",
				 "_Deny"},
	[PROMPT_KEY_CONFIRM] = {"A program wants to use a key, and each use is to be allowed.",
				NULL, "_Allow", "_Deny"},
	[PROMPT_ITEM_PASSCODE] = {"A program wants to use an item of your keychain, "
				  "which needs your keychain password.",
				  "Keychain password:", NULL, NULL},
	[PROMPT_ITEM_PASSWORD] = {"A program wants to use an item that has a password of its own.",
				  "Password of the item:", NULL, NULL},
	[PROMPT_ITEM_PASSWORD_NEW] = {"Choose the password that an item will have of its own.",
				      "New password:", NULL, NULL},
	[PROMPT_ITEM_PASSWORD_REPEAT] = {"The item's new password once more.",
					 "New password again:", NULL, NULL},
	[PROMPT_KEYCHAIN_UNLOCK] = {"A program wants to unlock your keychain.",
				    "Keychain password:", NULL, NULL},
	[PROMPT_KEYCHAIN_CURRENT] = {"A program wants to change your keychain's password: "
				     "the present one first.",
				     "Present password:", NULL, NULL},
	[PROMPT_KEYCHAIN_NEW] = {"Choose the new password of your keychain.", "New password:", NULL,
				 NULL},
	[PROMPT_KEYCHAIN_REPEAT] = {"The keychain's new password once more.",
				    "New password again:", NULL, NULL},
	[PROMPT_BACKUP_NEW] = {"A program wants to write a backup of your keychain. Choose a "
			       "password that opens it.",
			       "Password of the backup:", NULL, NULL},
	[PROMPT_BACKUP_REPEAT] = {"The backup's password once more.", "Password again:", NULL,
				  NULL},
	[PROMPT_BACKUP_PASSWORD] = {"A program wants to restore a backup into your keychain.",
				    "Password of the backup:", NULL, NULL},
	[PROMPT_FILE_PASSPHRASE] = {"A program wants to import an encrypted file into your "
				    "keychain.",
				    "Passphrase of the file:", NULL, NULL},
	[PROMPT_FILE_NEW] = {"A program wants to write items of your keychain to a file. Choose a "
			     "passphrase that opens it.",
			     "Passphrase of the file:", NULL, NULL},
	[PROMPT_FILE_REPEAT] = {"The file's passphrase once more.", "Passphrase again:", NULL,
				NULL},
};

enum prompt_kind wording_kind(enum pin_question_kind kind)
{
	switch (kind) {
	case PIN_QUESTION_USE:
		return PROMPT_PIN;
	case PIN_QUESTION_CURRENT:
		return PROMPT_PIN_CURRENT;
	case PIN_QUESTION_UNBLOCK:
		return PROMPT_PIN_UNBLOCK;
	case PIN_QUESTION_NEW:
		return PROMPT_PIN_NEW;
	case PIN_QUESTION_REPEAT:
		return PROMPT_PIN_REPEAT;
	case PIN_QUESTION_ADMIN:
		return PROMPT_PIN_ADMIN;
	case PIN_QUESTION_MANAGEMENT_KEY:
		return PROMPT_MANAGEMENT_KEY;
	case PIN_QUESTION_KEYPAD:
		break;
	}
	return PROMPT_PIN_KEYPAD;
}

const char *wording_field(enum prompt_kind kind)
{
	return wordings[kind].field;
}

const char *wording_ok(enum prompt_kind kind)
{
	return wordings[kind].ok;
}

const char *wording_cancel(enum prompt_kind kind)
{
	return wordings[kind].cancel;
}

static enum kc_status make_harmless(const char *text, size_t max, char **ret_text)
{
	*ret_text = display_escape(view_of_text(text), max);
	REQUIRE(*ret_text, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

/* "Key: label" on a line of its own, nothing without a text. */
static enum kc_status put_text(FILE *out, const char *name, const char *text, size_t max)
{
	CLEANUP(freep) char *harmless = NULL;

	if (!text)
		return KC_OK;
	TRY(make_harmless(text, max, &harmless));
	ignore(fprintf(out, "\n%s: %s", name, harmless) < 0);
	return KC_OK;
}

static enum kc_status put_line(FILE *out, const char *name, const char *text)
{
	return put_text(out, name, text, FOREIGN_MAX);
}

static enum kc_status put_program(FILE *out, const struct prompt_text *text)
{
	CLEANUP(freep) char *harmless = NULL;

	TRY(make_harmless(text->application, FOREIGN_MAX, &harmless));
	ignore(fprintf(out, "\nProgram: %s (process %d)", harmless, text->client) < 0);
	return KC_OK;
}

static enum kc_status put_lines(FILE *out, const struct prompt_text *text)
{
	if (text->act)
		ignore(fprintf(out, "A program wants to %s, ", text->act) < 0);
	ignore(fprintf(out, "%s\n", wordings[text->kind].first_line) < 0);
	if (text->tries_left >= 0)
		ignore(fprintf(out, "\nTries left: %d", text->tries_left) < 0);
	if (text->tries_left == 1)
		ignore(fprintf(out, " - if this PIN is wrong, it is blocked!") < 0);
	TRY(put_line(out, "Rules", text->rules));
	TRY(put_program(out, text));
	TRY(put_line(out, "Good for", text->scope));
	TRY(put_line(out, "Folder", text->folder));
	TRY(put_line(out, "Token", text->token));
	TRY(put_line(out, "Asked for", text->pin));
	TRY(put_line(out, "Key", text->key));
	TRY(put_line(out, "Item", text->item));
	return put_text(out, "Reason", text->reason, REASON_MAX);
}

enum kc_status wording_describe(const struct prompt_text *text, char **ret_description)
{
	CLEANUP(freep) char *description = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&description, &len);
	enum kc_status status = KC_OK;

	REQUIRE(out, KC_ERR_ALLOCATE, "out of memory");
	status = put_lines(out, text);
	if (fclose(out) != 0 && status == KC_OK)
		status = fail(KC_ERR_ALLOCATE, "out of memory");
	TRY(status);
	*ret_description = take(description);
	return KC_OK;
}

enum kc_status wording_error(const struct prompt_text *text, char **ret_error)
{
	*ret_error = NULL;
	return text->error ? make_harmless(text->error, FOREIGN_MAX, ret_error) : KC_OK;
}
