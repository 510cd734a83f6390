/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* keycask backup, restore: the keychain to a file, and back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <keycask/keychain.h>

#include "base/cleanup.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/options.h"
#include "frontends/cli/page.h"
#include "frontends/cli/unlocking.h"

struct backup {
	const char *path;
	int fd;
	int password_fd;
	bool no_prompt;
	bool is_forced;
	bool is_partial;
	struct secret password;
	struct kc_options options;
	struct kc_dictionary *counts;
};

#define BACKUP_INIT ((struct backup){.fd = -1, .password_fd = -1})

static void backup_done(struct backup *backup)
{
	if (backup->fd >= 0)
		(void)close(backup->fd);
	secret_done(&backup->password);
	backup->counts = kc_dictionary_free(backup->counts);
}

static enum kc_status read_password(struct backup *backup)
{
	struct kc_options options = KC_OPTIONS_INIT;

	if (backup->password_fd >= 0)
		TRY(file_io_read_pin(backup->password_fd, &backup->password));
	options.pin = secret_view(&backup->password);
	if (backup->no_prompt)
		options.interaction = KC_INTERACTION_FAIL;
	backup->options = options;
	return KC_OK;
}

static int64_t count_of(const struct backup *backup, const char *name)
{
	return kc_dictionary_number(backup->counts, name, 0);
}

static enum kc_status print_counts(struct backup *backup)
{
	return page_json_dictionary(backup->counts);
}

/* --- backup ---------------------------------------------------------------------------------- */

/* What is there may be the only backup: it is replaced when it is asked for, and only at the end.
 */
static enum kc_status create(struct backup *backup, char *temporary, size_t size)
{
	int len = snprintf(temporary, size, "%s%s", backup->path, backup->is_forced ? ".new" : "");

	REQUIRE(len >= 0 && (size_t)len < size, KC_ERR_PARAM, "the path is too long");
	if (backup->is_forced)
		ignore(unlink(temporary));
	backup->fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (backup->fd < 0 && errno == EEXIST)
		error_set_hint("choose another name, or --force");
	REQUIRE(backup->fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", temporary,
		strerror(errno));
	return KC_OK;
}

static enum kc_status write_backup(void *userdata)
{
	struct backup *backup = userdata;

	return kc_keychain_backup(backup->fd, &backup->options, &backup->counts);
}

static enum kc_status fill_file(struct backup *backup)
{
	char temporary[4096 - 1024];
	enum kc_status status = KC_OK;

	TRY(create(backup, temporary, sizeof(temporary)));
	status = unlocking_run(!backup->no_prompt, write_backup, backup);
	if (status == KC_OK && backup->is_forced && rename(temporary, backup->path) != 0)
		status = fail(KC_ERR_NOT_AVAILABLE, "cannot make %s: %s", backup->path,
			      strerror(errno));
	if (status != KC_OK)
		ignore(unlink(temporary));
	return status;
}

/* "1 item is", "2 items are" */
static void say_count(int64_t n)
{
	(void)printf("%lld %s", (long long)n, n == 1 ? "item is" : "items are");
}

static void say_backup(const struct backup *backup)
{
	int64_t n_left_out = count_of(backup, KC_KEYCHAIN_N_LEFT_OUT);

	say_count(count_of(backup, KC_KEYCHAIN_N_ITEMS));
	(void)printf(" in %s.\n", backup->path);
	if (n_left_out > 0)
		(void)printf("%lld %s here: of this device only, or under access control.\n",
			     (long long)n_left_out, n_left_out == 1 ? "stays" : "stay");
}

static enum kc_status run_backup(struct context *context, char **words, int n_words)
{
	CLEANUP(backup_done) struct backup backup = BACKUP_INIT;
	const struct option_row rows[] = {{"password-fd", OPTION_NUMBER, &backup.password_fd},
					  {"no-prompt", OPTION_FLAG, &backup.no_prompt},
					  {"force", OPTION_FLAG, &backup.is_forced}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "FILE", true, words, n_words, &backup.path));
	TRY(read_password(&backup));
	TRY(fill_file(&backup));
	if (context->json)
		return print_counts(&backup);
	say_backup(&backup);
	return page_finish();
}

const struct command cmd_backup = {
	.name = "backup",
	.arguments = "[--force] [--password-fd N] [--no-prompt] FILE",
	.summary = "write the keychain's items to a file, sealed with a password",
	.help = "What may leave this device: not what is accessible on this device only, not what\n"
		"is under access control, and nothing of tokens. The password is the backup's own\n"
		"and is asked for twice; nobody can help whoever forgets it. Others can use the\n"
		"keychain meanwhile; what they change is not in the backup.\n"
		"\n"
		"  --force          replace FILE when the backup is complete\n"
		"  --password-fd N  read the password from descriptor N\n"
		"  --no-prompt      fail rather than ask a person\n",
	.run = run_backup,
};

/* --- restore --------------------------------------------------------------------------------- */

static enum kc_status read_backup(void *userdata)
{
	struct backup *backup = userdata;

	REQUIRE(lseek(backup->fd, 0, SEEK_SET) == 0 || errno == ESPIPE, KC_ERR_NOT_AVAILABLE,
		"cannot read %s: %s", backup->path, strerror(errno));
	return kc_keychain_restore(backup->fd, backup->is_partial, &backup->options,
				   &backup->counts);
}

static enum kc_status read_file(struct backup *backup)
{
	backup->fd = open(backup->path, O_RDONLY | O_CLOEXEC);
	REQUIRE(backup->fd >= 0, KC_ERR_NOT_AVAILABLE, "cannot open %s: %s", backup->path,
		strerror(errno));
	return unlocking_run(!backup->no_prompt, read_backup, backup);
}

static void say_restore(const struct backup *backup)
{
	int64_t n_failed = count_of(backup, KC_KEYCHAIN_N_FAILED);
	int64_t n_kept = count_of(backup, KC_KEYCHAIN_N_KEPT);
	const char *reason = kc_dictionary_text(backup->counts, KC_KEYCHAIN_REASON);

	say_count(count_of(backup, KC_KEYCHAIN_N_ADDED));
	(void)printf(" restored, %lld %s.\n", (long long)n_kept,
		     n_kept == 1 ? "was there and stays as it is"
				 : "were there and stay as they are");
	if (n_failed > 0)
		(void)printf("%lld could not be read or added.\n", (long long)n_failed);
	if (reason)
		(void)printf("That is not all: %s.\n", reason);
}

static enum kc_status run_restore(struct context *context, char **words, int n_words)
{
	CLEANUP(backup_done) struct backup backup = BACKUP_INIT;
	const struct option_row rows[] = {{"password-fd", OPTION_NUMBER, &backup.password_fd},
					  {"no-prompt", OPTION_FLAG, &backup.no_prompt},
					  {"partial", OPTION_FLAG, &backup.is_partial}};

	TRY(options_parse(context, rows, ARRAY_LEN(rows), words, &n_words));
	if (context->wants_help)
		return KC_OK;
	TRY(options_one_word(context, "FILE", true, words, n_words, &backup.path));
	TRY(read_password(&backup));
	TRY(read_file(&backup));
	if (context->json)
		return print_counts(&backup);
	say_restore(&backup);
	return page_finish();
}

const struct command cmd_restore = {
	.name = "restore",
	.arguments = "[--partial] [--password-fd N] [--no-prompt] FILE",
	.summary = "add the items of a backup to the keychain",
	.help = "An item that is there already stays as it is. References that programs have kept\n"
		"work again. A file that is cut off or damaged is refused before anything is "
		"added.\n"
		"\n"
		"  --partial        add what can be read of a damaged file\n"
		"  --password-fd N  read the backup's password from descriptor N\n"
		"  --no-prompt      fail rather than ask a person\n",
	.run = run_restore,
};
