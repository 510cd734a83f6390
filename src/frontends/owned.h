/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef FRONTENDS_OWNED_H
#define FRONTENDS_OWNED_H

/*
 * What the library gives, owned by a local: CLEANUP(kc_dictionary_freep). The public headers know
 * nothing of cleanups, and each front end wants the same ones.
 */

#include <keycask/certificate.h>
#include <keycask/dictionary.h>
#include <keycask/identity.h>
#include <keycask/key.h>

#include "base/cleanup.h"

DEFINE_FREEP(kc_dictionary)
DEFINE_FREEP(kc_value)
DEFINE_FREEP(kc_key)
DEFINE_FREEP(kc_certificate)
DEFINE_FREEP(kc_identity)

#endif
