/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes neither daemon nor token: everything is in the signature and the trust store. */
#include "frontends/git/git_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "frontends/git/cms_reader.h"
#include "frontends/git/git_armor.h"
#include "frontends/git/git_content.h"
#include "frontends/git/git_status.h"

struct verification {
	int status_fd;
	struct cms_reader reader;
	struct git_status_signer signer;
};

static void verification_done(struct verification *verification)
{
	cms_reader_done(&verification->reader);
}

static enum kc_status read_file(const char *path, struct bytes *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum kc_status status = KC_OK;

	REQUIRE(fd >= 0, KC_ERR_NOT_AVAILABLE, "%s: %s", path, strerror(errno));
	status = git_content_read(fd, text);
	close(fd);
	return status;
}

static enum kc_status read_signature(const char *path, struct cms_reader *reader)
{
	CLEANUP(bytes_done) struct bytes text = BYTES_INIT(2 * CMS_READER_MAX);
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(CMS_READER_MAX);

	TRY(read_file(path, &text));
	TRY(git_armor_read(bytes_view(&text), &der));
	return cms_reader_read(bytes_view(&der), reader);
}

/* gpg's ERRSIG: nobody can say whether it is right. */
static bool fail_unknown(const struct verification *verification)
{
	const char *fingerprint = verification->signer.fingerprint;

	git_status_put(verification->status_fd, "ERRSIG %s 0 0 00 %lld 9",
		       fingerprint[0] ? fingerprint : "0000000000000000",
		       (long long)verification->reader.time);
	git_status_explain(false);
	return false;
}

static bool fail_bad(const struct verification *verification)
{
	const struct git_status_signer *signer = &verification->signer;

	git_status_put(verification->status_fd, "BADSIG %s %s", signer->fingerprint, signer->name);
	(void)fprintf(stderr, "keycask: BAD signature from \"%s\"\n", signer->name);
	git_status_explain(false);
	return false;
}

static void tell_time(time_t time)
{
	char date[64] = "at a time that it does not tell";
	struct tm parts;

	if (time != 0 && localtime_r(&time, &parts))
		ignore(strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S %z", &parts) == 0);
	(void)fprintf(stderr, "keycask: signature made %s\n", date);
}

static bool tell_good(const struct verification *verification, enum git_trust trust,
		      const char *reason)
{
	const struct git_status_signer *signer = &verification->signer;

	git_status_good(verification->status_fd, signer, verification->reader.time, trust);
	tell_time(verification->reader.time);
	(void)fprintf(stderr, "keycask: with the certificate %s\n", signer->fingerprint);
	if (trust == GIT_TRUST_NONE)
		(void)fprintf(stderr,
			      "keycask: the signature fits, but nobody vouches for \"%s\": %s\n"
			      "keycask: whoever does is named with: git config --global --add "
			      "keycask.x509CA FILE\n",
			      signer->name, reason);
	else
		(void)fprintf(stderr, "keycask: good signature from \"%s\"%s\n", signer->name,
			      trust == GIT_TRUST_EXPIRED
				      ? ", whose certificate has expired since then"
				      : "");
	return trust != GIT_TRUST_NONE;
}

static bool judge(struct verification *verification)
{
	char reason[GIT_TRUST_REASON_MAX];
	enum git_trust trust = GIT_TRUST_NONE;
	const struct cms_reader *reader = &verification->reader;

	if (git_trust_judge(reader->signer, reader->certificates, reader->time, &trust, reason) !=
	    KC_OK)
		return fail_unknown(verification);
	return tell_good(verification, trust, reason);
}

bool git_verify(const char *path, int status_fd)
{
	CLEANUP(bytes_done) struct bytes content = BYTES_INIT(GIT_CONTENT_MAX);
	CLEANUP(verification_done)
	struct verification verification = {.status_fd = status_fd};
	enum kc_status status = git_content_read(STDIN_FILENO, &content);

	git_status_put(status_fd, "NEWSIG");
	if (status != KC_OK || read_signature(path, &verification.reader) != KC_OK)
		return fail_unknown(&verification);
	verification.signer = git_status_describe(verification.reader.signer);
	status = cms_reader_verify(&verification.reader, bytes_view(&content));
	if (status == KC_ERR_VERIFY_FAILED)
		return fail_bad(&verification);
	return status == KC_OK ? judge(&verification) : fail_unknown(&verification);
}
