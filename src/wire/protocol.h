/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WIRE_PROTOCOL_H
#define WIRE_PROTOCOL_H

/* The texts of protocol/<name>.varlink, embedded when building by tools/embed-protocol. */

extern const char protocol_org_keycask_Admin[];
extern const char protocol_org_keycask_Certificates[];
extern const char protocol_org_keycask_Driver[];
extern const char protocol_org_keycask_Identities[];
extern const char protocol_org_keycask_Items[];
extern const char protocol_org_keycask_Keychain[];
extern const char protocol_org_keycask_Keys[];
extern const char protocol_org_keycask_Readers[];
extern const char protocol_org_keycask_Slot[];
extern const char protocol_org_keycask_Slots[];
extern const char protocol_org_keycask_Tokens[];
extern const char protocol_org_keycask_X509[];

#endif
