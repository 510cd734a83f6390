/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates are parsed by keycask-x509 alone; here their PEM is taken off. */
#include "frontends/cli/issuers.h"

#include <stdlib.h>

#include <keycask/certificate.h>
#include <keycask/names.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "frontends/cli/distinguished_name.h"
#include "frontends/cli/file_io.h"
#include "frontends/cli/pem.h"
#include "frontends/owned.h"

void issuers_done(struct issuers *issuers)
{
	for (size_t i = 0; i < issuers->n; i++)
		kc_bytes_free(&issuers->owned[i]);
	free(issuers->owned);
	free(issuers->names);
	*issuers = (struct issuers){.n = 0};
}

static enum kc_status make_room(struct issuers *issuers)
{
	if (issuers->owned)
		return KC_OK;
	issuers->owned = calloc(ISSUERS_MAX, sizeof(*issuers->owned));
	issuers->names = calloc(ISSUERS_MAX, sizeof(*issuers->names));
	REQUIRE(issuers->owned && issuers->names, KC_ERR_ALLOCATE, "out of memory");
	return KC_OK;
}

/* Takes @name. */
static enum kc_status add_name(struct issuers *issuers, struct bytes *name)
{
	TRY(make_room(issuers));
	REQUIRE(issuers->n < ISSUERS_MAX, KC_ERR_PARAM, "more than %d issuers", ISSUERS_MAX);
	issuers->owned[issuers->n] = bytes_take(name);
	issuers->names[issuers->n] =
		view_of(issuers->owned[issuers->n].data, issuers->owned[issuers->n].len);
	issuers->n++;
	return KC_OK;
}

static enum kc_status add_subject(struct issuers *issuers, struct kc_view der)
{
	CLEANUP(kc_certificate_freep) struct kc_certificate *certificate = NULL;
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(FILE_IO_MAX);
	const struct kc_dictionary *attributes = NULL;

	TRY(kc_certificate_from_data(der, &certificate));
	attributes = kc_certificate_attributes(certificate);
	TRY(bytes_append(&name, kc_dictionary_data(attributes, KC_ATTR_SUBJECT)));
	return add_name(issuers, &name);
}

static enum kc_status add_pem(struct issuers *issuers, const char *path, struct kc_view text)
{
	size_t n_before = issuers->n;

	for (;;) {
		CLEANUP(bytes_done) struct bytes der = BYTES_INIT(FILE_IO_MAX);

		TRY(pem_next("CERTIFICATE", &text, &der));
		if (der.len == 0)
			break;
		TRY(add_subject(issuers, bytes_view(&der)));
	}
	REQUIRE(issuers->n > n_before, KC_ERR_PARAM, "there is no certificate in %s", path);
	return KC_OK;
}

static enum kc_status add_file(struct issuers *issuers, const char *path)
{
	CLEANUP(bytes_done) struct bytes file = BYTES_INIT(FILE_IO_MAX);

	TRY(file_io_read(path, &file));
	if (pem_is_text(bytes_view(&file)))
		return add_pem(issuers, path, bytes_view(&file));
	return add_subject(issuers, bytes_view(&file));
}

enum kc_status issuers_add(struct issuers *issuers, const char *text)
{
	CLEANUP(bytes_done) struct bytes name = BYTES_INIT(DISTINGUISHED_NAME_MAX);

	if (!distinguished_name_is_one(text))
		return add_file(issuers, text);
	TRY(distinguished_name_parse(text, &name));
	return add_name(issuers, &name);
}
