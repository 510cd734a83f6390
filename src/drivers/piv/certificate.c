/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the container of a certificate to its DER, and compressed for one. What the certificate says
 * is for keycask-x509 to find out, whether it is true for whoever asks.
 */
#include "drivers/piv/piv.h"

#include <stdlib.h>

/* next_in points to const: zlib only reads there. */
#define ZLIB_CONST
#include <zlib.h>

#include "base/cleanup.h"
#include "base/try.h"
#include "codec/tlv.h"

enum {
	TAG_CERTIFICATE = 0x70,
	TAG_CERTIFICATE_INFO = 0x71,
	INFO_COMPRESSED = 0x01,
	INFLATE_GZIP_OR_ZLIB = 15 + 32, /* zlib: largest window, header found out */
	DEFLATE_GZIP = 15 + 16,
	DEFLATE_MEMORY = 8, /* zlib's own default */

	DER_SEQUENCE = 0x30,
};

static void inflate_done(z_stream *stream)
{
	ignore(inflateEnd(stream));
}

/* A certificate that unfolds to more than PIV_CERTIFICATE_MAX is a bomb, or useless. */
static enum kc_status inflate_certificate(struct kc_view packed, struct bytes *der)
{
	CLEANUP(inflate_done) z_stream stream = {0};
	int result = 0;

	TRY(bytes_reserve(der, PIV_CERTIFICATE_MAX));
	stream.next_in = packed.data;
	stream.avail_in = (uInt)packed.len;
	stream.next_out = der->data;
	stream.avail_out = PIV_CERTIFICATE_MAX;
	REQUIRE(inflateInit2(&stream, INFLATE_GZIP_OR_ZLIB) == Z_OK, KC_ERR_ALLOCATE,
		"out of memory");
	result = inflate(&stream, Z_FINISH);
	REQUIRE(result == Z_STREAM_END, KC_ERR_CORRUPTED_DATA,
		"a compressed certificate that is damaged or longer than %d bytes",
		PIV_CERTIFICATE_MAX);
	der->len = PIV_CERTIFICATE_MAX - stream.avail_out;
	return KC_OK;
}

/* Exactly one SEQUENCE: what stands around it is no certificate. */
static enum kc_status require_sequence(struct kc_view der)
{
	struct tlv tlv = {0};

	TRY(tlv_read(&der, &tlv));
	REQUIRE(tlv.tag == DER_SEQUENCE && der.len == 0, KC_ERR_CORRUPTED_DATA,
		"a certificate that is not one SEQUENCE");
	return KC_OK;
}

/* SP 800-73-5 part 1, table 10 ff.: 70 certificate, 71 CertInfo, FE error detection code. */
enum kc_status piv_get_certificate(struct kc_view object, struct kc_bytes *ret_der)
{
	CLEANUP(bytes_done) struct bytes der = BYTES_INIT(PIV_CERTIFICATE_MAX);
	struct kc_view content = {NULL, 0};
	struct kc_view value = {NULL, 0};
	struct kc_view info = {NULL, 0};

	TRY(piv_unwrap(object, &content));
	TRY(tlv_find(content, TAG_CERTIFICATE, &value));
	REQUIRE(value.len > 0 && value.len <= PIV_CERTIFICATE_MAX, KC_ERR_CORRUPTED_DATA,
		"a certificate of %zu bytes", value.len);
	if (tlv_has(content, TAG_CERTIFICATE_INFO, &info) && info.len == 1 &&
	    (info.data[0] & INFO_COMPRESSED))
		TRY(inflate_certificate(value, &der));
	else
		TRY(bytes_append(&der, value));
	TRY(require_sequence(bytes_view(&der)));
	*ret_der = bytes_take(&der);
	return KC_OK;
}

static void deflate_done(z_stream *stream)
{
	ignore(deflateEnd(stream));
}

enum kc_status piv_compress(struct kc_view der, struct bytes *packed)
{
	CLEANUP(deflate_done) z_stream stream = {0};
	int result = 0;

	REQUIRE(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, DEFLATE_GZIP, DEFLATE_MEMORY,
			     Z_DEFAULT_STRATEGY) == Z_OK,
		KC_ERR_ALLOCATE, "out of memory");
	TRY(bytes_reserve(packed, deflateBound(&stream, der.len)));
	stream.next_in = der.data;
	stream.avail_in = (uInt)der.len;
	stream.next_out = packed->data;
	stream.avail_out = (uInt)packed->capacity;
	result = deflate(&stream, Z_FINISH);
	REQUIRE(result == Z_STREAM_END, KC_ERR_INTERNAL, "a certificate that cannot be compressed");
	packed->len = packed->capacity - stream.avail_out;
	return KC_OK;
}
