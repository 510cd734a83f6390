/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines; names in them have no line ends, whatever a certificate says. */
#include "frontends/git/git_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <keycask/error.h>
#include <keycask/text.h>

#include "base/bytes.h"
#include "base/cleanup.h"

enum {
	LINE_MAX_BYTES = 1024,
	HASH_OTHER = 0, /* gpg's numbers of algorithms; git does not look at them */
	KEY_OTHER = 0,
	MESSAGE_MAX = 768,
};

static void put_name(X509 *certificate, struct git_status_signer *signer)
{
	CLEANUP(freep) char *safe = NULL;
	char name[GIT_STATUS_NAME_SIZE] = "";
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
				      XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		int n = BIO_read(bio, name, (int)sizeof(name) - 1);

		name[n > 0 ? n : 0] = '\0';
	}
	BIO_free(bio);
	safe = kc_text_for_display(name, sizeof(signer->name) - 1);
	(void)snprintf(signer->name, sizeof(signer->name), "%s", safe ? safe : "");
}

struct git_status_signer git_status_describe(X509 *certificate)
{
	struct git_status_signer signer = {.fingerprint = ""};
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(certificate, EVP_sha1(), hash, &len) != 1)
		len = 0;
	for (unsigned i = 0; i < len && 2 * i + 2 < sizeof(signer.fingerprint); i++)
		(void)snprintf(signer.fingerprint + 2 * i, 3, "%02X", hash[i]);
	put_name(certificate, &signer);
	return signer;
}

/* In one write, so that nothing comes between. */
void git_status_put(int fd, const char *format, ...)
{
	char line[LINE_MAX_BYTES] = "[GNUPG:] ";
	size_t len = strlen(line);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line + len, sizeof(line) - len - 1, format, arguments);
	va_end(arguments);
	len = strlen(line);
	line[len++] = '\n';
	for (size_t at = 0; fd >= 0 && at < len;) {
		ssize_t n = write(fd, line + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

void git_status_created(int fd, const struct git_status_signer *signer, time_t time)
{
	git_status_put(fd, "SIG_CREATED D %d %d 00 %lld %s", KEY_OTHER, HASH_OTHER, (long long)time,
		       signer->fingerprint);
}

static void put_valid(int fd, const struct git_status_signer *signer, time_t time)
{
	char date[32] = "-";
	struct tm parts;

	if (gmtime_r(&time, &parts))
		ignore(strftime(date, sizeof(date), "%Y-%m-%d", &parts) == 0);
	git_status_put(fd, "VALIDSIG %s %s %lld 0", signer->fingerprint, date, (long long)time);
}

void git_status_good(int fd, const struct git_status_signer *signer, time_t time,
		     enum git_trust trust)
{
	const char *keyword = trust == GIT_TRUST_EXPIRED ? "EXPKEYSIG" : "GOODSIG";

	git_status_put(fd, "%s %s %s", keyword, signer->fingerprint, signer->name);
	put_valid(fd, signer, time);
	git_status_put(fd,
		       trust == GIT_TRUST_NONE ? "TRUST_UNDEFINED 0 chain" : "TRUST_FULLY 0 chain");
}

/* A failure of ours, or else the library's: both keep a record, ours is clear unless we failed. */
static void word_failure(char *ret_message, size_t size)
{
	const struct error_record *ours = error_get();
	const struct kc_error *theirs = kc_error_last();
	bool is_ours = ours->status != KC_OK;
	const char *message = is_ours ? ours->message : kc_error_message(theirs);
	const char *hint = is_ours || ours->hint[0] ? ours->hint : kc_error_hint(theirs);

	(void)snprintf(ret_message, size, "keycask: %s%s%s\n", message,
		       hint[0] ? "\nkeycask: " : "", hint);
}

void git_status_explain(bool and_terminal)
{
	char message[MESSAGE_MAX];
	int terminal = -1;

	word_failure(message, sizeof(message));
	(void)fputs(message, stderr);
	if (!and_terminal || isatty(STDERR_FILENO))
		return;
	terminal = open("/dev/tty", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (terminal < 0)
		return;
	ignore(write(terminal, message, strlen(message)) < 0);
	close(terminal);
}
