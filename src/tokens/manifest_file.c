/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files, owners and modes of manifests and of the programs they name. */
#include "tokens/manifest_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.h"
#include "sys/file.h"
#include "sys/paths.h"

/*
 * In the user's folder nobody else may write. In the system's, which the environment may replace by
 * one in a source tree, the group may: with umask 002 every file is like that.
 */
static mode_t forbidden_mode(bool is_personal)
{
	return is_personal ? S_IWGRP | S_IWOTH : S_IWOTH;
}

static bool is_trusted_owner(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

static void check_owner(const char *path, const struct stat *info, bool is_personal,
			struct manifest_problems *problems)
{
	if (!is_trusted_owner(info->st_uid))
		manifest_add_problem(problems,
				     "%.180s belongs to user %u: it must be yours or root's", path,
				     (unsigned)info->st_uid);
	else if (info->st_mode & forbidden_mode(is_personal))
		manifest_add_problem(problems,
				     "%.160s can be written by others (mode %03o): chmod go-w it",
				     path, (unsigned)info->st_mode & 07777);
}

/* The folder counts too: who may write there may replace the file. */
static void check_folder(const char *path, bool is_personal, struct manifest_problems *problems)
{
	char folder[PATHS_MAX];
	struct stat info;

	if (paths_parent(path, folder, sizeof(folder)) == KC_OK && stat(folder, &info) == 0 &&
	    !(info.st_mode & S_ISVTX))
		check_owner(folder, &info, is_personal, problems);
}

static uint64_t stamp_of(const struct stat *info)
{
	return (uint64_t)info->st_ino * 31 + (uint64_t)info->st_mtim.tv_sec * 1000000007 +
	       (uint64_t)info->st_mtim.tv_nsec;
}

static void check_program(struct manifest *manifest, bool is_personal,
			  struct manifest_problems *problems)
{
	const char *program = manifest->program;
	struct stat info;

	if (stat(program, &info) != 0)
		manifest_add_problem(problems, "\"executable\": %.150s: %s; put the program there",
				     program, strerror(errno));
	else if (!S_ISREG(info.st_mode))
		manifest_add_problem(problems, "\"executable\": %.180s is not a file", program);
	else if (access(program, X_OK) != 0)
		manifest_add_problem(
			problems, "\"executable\": %.150s is not executable: chmod +x it", program);
	else
		check_owner(program, &info, is_personal, problems);
	manifest->stamp = problems->n == 0 ? stamp_of(&info) : 0;
	if (is_personal)
		check_folder(program, is_personal, problems);
}

static enum kc_status put_program(struct manifest *manifest, bool is_personal)
{
	char path[PATHS_MAX];
	char folder[PATHS_MAX];
	int len = 0;

	if (!is_personal) {
		TRY(paths_helper(manifest->executable, path, sizeof(path)));
	} else {
		TRY(paths_parent(manifest->path, folder, sizeof(folder)));
		len = snprintf(path, sizeof(path), "%s/%s", folder, manifest->executable);
		REQUIRE(len > 0 && (size_t)len < sizeof(path), KC_ERR_PARAM,
			"the path is too long");
	}
	manifest->program = strdup(path);
	REQUIRE(manifest->program, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

static enum kc_status parse_file(const char *path, struct manifest_problems *problems,
				 struct manifest **ret_manifest)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(MANIFEST_BYTES_MAX);
	enum kc_status status = file_read(path, &text);

	if (status == KC_ERR_PARAM) {
		manifest_add_problem(problems, "longer than %d bytes", MANIFEST_BYTES_MAX);
		return KC_OK;
	}
	TRY(status);
	status = manifest_parse(bytes_view(&text), problems, ret_manifest);
	return status == KC_ERR_DECODE ? KC_OK : status;
}

enum kc_status manifest_file_read(const char *path, bool is_personal,
				  struct manifest_problems *problems,
				  struct manifest **ret_manifest)
{
	CLEANUP(manifest_freep) struct manifest *manifest = NULL;
	struct stat info;

	error_clear();
	TRY(parse_file(path, problems, &manifest));
	error_clear();
	if (manifest) {
		manifest->path = strdup(path);
		REQUIRE(manifest->path, KC_ERR_ALLOCATE, "out of memory");
		TRY(put_program(manifest, is_personal));
		check_program(manifest, is_personal, problems);
	}
	if (lstat(path, &info) == 0)
		check_owner(path, &info, is_personal, problems);
	check_folder(path, is_personal, problems);
	*ret_manifest = take(manifest);
	return KC_OK;
}
