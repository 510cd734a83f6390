/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKCS11_P11_TEXT_H
#define PKCS11_P11_TEXT_H

/* 3.0, 3.1: texts of fixed length, "padded with the blank character, not null-terminated". */

#include <stddef.h>

/* Fill @field of @size bytes with @text in UTF-8, as much as fits of its whole characters. */
void p11_text_pad(unsigned char *field, size_t size, const char *text);

#endif
