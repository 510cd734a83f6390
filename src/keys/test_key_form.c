/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrapped, and what is not. */
#include "keys/key_form.h"

#include "base/error.h"
#include "harness/test.h"

static const struct private_key_claim nothing = {.key_class = NULL};

static bool is_external(const char *bytes, size_t len)
{
	return key_form_is_external(nothing, view_of(bytes, len));
}

TEST(external)
{
	CHECK(is_external("\x30\x06\x02\x01\x05\x02\x01\x03", 8)); /* RSAPublicKey */
	CHECK(is_external("\x04xy", 3));
	CHECK(is_external("", 0));
	CHECK(is_external("what is this", 12));
}

TEST(wrapped)
{
	error_clear();
	CHECK(!is_external("\x30\x07\x02\x01\x00\x30\x00\x04\x00", 9));	   /* PKCS#8 */
	CHECK(!is_external("\x30\x06\x02\x01\x01\x04\x01k", 8));	   /* SEC 1 */
	CHECK(!is_external("\x30\x05\x30\x00\x03\x01\x00", 7));		   /* public */
	CHECK(!is_external("\x30\x05\x30\x00\x04\x01\x00", 7));		   /* encrypted */
	CHECK(!is_external("\x30\x80\x00", 3) && !is_external("\x30", 1)); /* damaged */
	CHECK(!is_external("-----BEGIN PRIVATE KEY-----", 27));
	CHECK(!is_external("Bag Attributes\n-----BEGIN X-----", 32));
	CHECK(error_get()->status == KC_OK);
}

TEST(raw)
{
	static const char der[32] = "\x30\x1e\x30";
	struct private_key_claim claim = {.key_type = "x25519"};

	CHECK(key_form_is_raw(claim, VIEW_OF(der)));
	CHECK(key_form_is_external(claim, VIEW_OF(der)));
	CHECK(!key_form_is_external(nothing, VIEW_OF(der)));
	CHECK(!key_form_is_raw(claim, view_of(der, 31)));
	claim.key_type = "rsa";
	CHECK(!key_form_is_raw(claim, VIEW_OF(der)) && !key_form_is_raw(nothing, VIEW_OF(der)));
}
