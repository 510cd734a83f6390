/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of certificates, read again when a file came, went or changed its name. */
#include "frontends/ssh_agent/ssh_papers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "base/try.h"
#include "codec/hex.h"
#include "frontends/ssh_agent/ssh_blob.h"
#include "sys/file.h"
#include "sys/paths.h"

enum {
	PAPERS_MAX = 256,
	FILE_BYTES_MAX = 2 * SSH_BLOB_MAX,
};

struct paper {
	struct bytes certificate;
	struct bytes plain; /* the key that it certifies */
	uint64_t valid_after;
	uint64_t valid_before;
	char *path;
	struct timespec seen;
};

struct ssh_papers {
	char folder[PATHS_MAX];
	struct timespec seen;
	struct paper papers[PAPERS_MAX];
	size_t n_papers;
};

static void paper_done(struct paper *paper)
{
	bytes_done(&paper->certificate);
	bytes_done(&paper->plain);
	free(paper->path);
}

static void forget(struct ssh_papers *papers)
{
	for (size_t i = 0; i < papers->n_papers; i++)
		paper_done(&papers->papers[i]);
	papers->n_papers = 0;
}

struct ssh_papers *ssh_papers_free(struct ssh_papers *papers)
{
	if (!papers)
		return NULL;
	forget(papers);
	free(papers);
	return NULL;
}

enum kc_status ssh_papers_new(const char *folder, struct ssh_papers **ret_papers)
{
	struct ssh_papers *papers = calloc(1, sizeof(*papers));

	REQUIRE(papers, KC_ERR_ALLOCATE, "out of memory");
	(void)snprintf(papers->folder, sizeof(papers->folder), "%s", folder);
	*ret_papers = papers;
	return KC_OK;
}

/* "KIND BASE64 COMMENT", as all of OpenSSH's public files. */
static enum kc_status decode(struct kc_view text, struct bytes *certificate)
{
	const uint8_t *blank = text.len > 0 ? memchr(text.data, ' ', text.len) : NULL;
	size_t end = 0;

	REQUIRE(blank, KC_ERR_DECODE, "no public file of OpenSSH");
	text = view_slice(text, (size_t)(blank - text.data) + 1, text.len);
	while (end < text.len && text.data[end] > ' ')
		end++;
	return base64_decode(view_slice(text, 0, end), certificate);
}

static enum kc_status read_paper(const char *path, struct paper *paper)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(FILE_BYTES_MAX);
	struct ssh_blob blob;
	struct stat info = {0};

	paper->path = strdup(path);
	REQUIRE(paper->path && stat(path, &info) == 0, KC_ERR_NOT_AVAILABLE, "it cannot be read");
	paper->seen = info.st_mtim;
	TRY(file_read(path, &text));
	TRY(decode(bytes_view(&text), &paper->certificate));
	TRY(ssh_blob_read(bytes_view(&paper->certificate), &blob));
	REQUIRE(blob.is_certificate && !blob.is_of_host, KC_ERR_DECODE, "no user certificate");
	TRY(ssh_blob_put_plain(&blob, &paper->plain));
	paper->valid_after = blob.valid_after;
	paper->valid_before = blob.valid_before;
	return KC_OK;
}

static void add(struct ssh_papers *papers, const char *name)
{
	CLEANUP(paper_done)
	struct paper paper = {.certificate = BYTES_INIT(SSH_BLOB_MAX),
			      .plain = BYTES_INIT(SSH_BLOB_MAX)};
	size_t len = strlen(name);
	char path[PATHS_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", papers->folder, name);

	if (len < 4 || strcmp(name + len - 4, ".pub") != 0 || n < 0 || (size_t)n >= sizeof(path) ||
	    papers->n_papers == PAPERS_MAX)
		return;
	if (read_paper(path, &paper) == KC_OK) {
		papers->papers[papers->n_papers++] = paper;
		paper = (struct paper){.path = NULL};
	} else {
		log_warning("%s is left out: %s", path, error_get()->message);
		error_clear();
	}
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load(struct ssh_papers *papers)
{
	struct dirent **entries = NULL;
	int n = scandir(papers->folder, &entries, NULL, compare);

	forget(papers);
	for (int i = 0; i < n; i++) {
		add(papers, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static bool has_changed(const char *path, const struct timespec *seen)
{
	struct stat now = {0};

	if (stat(path, &now) != 0)
		now = (struct stat){0};
	return now.st_mtim.tv_sec != seen->tv_sec || now.st_mtim.tv_nsec != seen->tv_nsec;
}

/* ssh-keygen -s writes a renewed certificate into the file that is there. */
static bool has_any_changed(const struct ssh_papers *papers)
{
	for (size_t i = 0; i < papers->n_papers; i++)
		if (has_changed(papers->papers[i].path, &papers->papers[i].seen))
			return true;
	return has_changed(papers->folder, &papers->seen);
}

void ssh_papers_refresh(struct ssh_papers *papers)
{
	struct stat now = {0};

	if (!has_any_changed(papers))
		return;
	if (stat(papers->folder, &now) != 0)
		now = (struct stat){0};
	papers->seen = now.st_mtim;
	load(papers);
}

bool ssh_papers_next(const struct ssh_papers *papers, struct kc_view plain, size_t *i,
		     struct kc_view *ret_certificate)
{
	uint64_t now = (uint64_t)time(NULL);

	for (; *i < papers->n_papers; ++*i) {
		const struct paper *paper = &papers->papers[*i];

		if (!view_equal(bytes_view(&paper->plain), plain) || now < paper->valid_after ||
		    now >= paper->valid_before)
			continue;
		*ret_certificate = bytes_view(&paper->certificate);
		++*i;
		return true;
	}
	return false;
}
