/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CLI_ATR_PAGE_H
#define CLI_ATR_PAGE_H

/* A parsed ATR: some lines for people, or a dictionary for JSON. */

#include <keycask/atr.h>

#include "frontends/cli/cli.h"

KC_MUST_CHECK enum kc_status atr_page_print(const struct kc_atr *atr);
KC_MUST_CHECK enum kc_status atr_page_json(const struct kc_atr *atr,
					   struct kc_dictionary **ret_atr);

#endif
