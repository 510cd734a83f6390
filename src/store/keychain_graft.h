/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef STORE_KEYCHAIN_GRAFT_H
#define STORE_KEYCHAIN_GRAFT_H

#include <keycask/status.h>

/*
 * Give the copy PATH.salvage the beginning of the new file PATH.new: the header, and the pages that
 * say where each table is. A keychain's tables are made in one go and never move, so they are in
 * the same places in both; where they are not, what is found is no row of that table, and its seal
 * says so.
 */
KC_MUST_CHECK enum kc_status keychain_graft(const char *path);

#endif
