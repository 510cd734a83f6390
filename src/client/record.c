/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The thread's error record as applications see it: base/error.h behind an opaque name. */
#include <keycask/error.h>

#include "base/error.h"

/* Never defined: a kc_error is an error_record, and only this file knows. */
static const struct error_record *record_of(const struct kc_error *error)
{
	return (const struct error_record *)(const void *)error;
}

const struct kc_error *kc_error_last(void)
{
	return (const struct kc_error *)(const void *)error_get();
}

enum kc_status kc_error_status(const struct kc_error *error)
{
	return record_of(error)->status;
}

const char *kc_error_message(const struct kc_error *error)
{
	return record_of(error)->message;
}

const char *kc_error_hint(const struct kc_error *error)
{
	return record_of(error)->hint;
}

const char *kc_error_token_id(const struct kc_error *error)
{
	return record_of(error)->token_id;
}

const char *kc_error_driver(const struct kc_error *error)
{
	return record_of(error)->driver;
}

unsigned kc_error_sw(const struct kc_error *error)
{
	return record_of(error)->sw;
}

int kc_error_tries_left(const struct kc_error *error)
{
	return record_of(error)->tries_left;
}

uint64_t kc_error_request(const struct kc_error *error)
{
	return record_of(error)->request;
}

const char *kc_error_origin(const struct kc_error *error)
{
	return record_of(error)->origin;
}
