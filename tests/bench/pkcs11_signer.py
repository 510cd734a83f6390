# SPDX-License-Identifier: LGPL-2.1-or-later
"""A PKCS#11 application that signs several times in one session, as servers and agents do:

    pkcs11_signer.py MODULE LABEL PIN KEY-ID MECHANISM

It logs in, signs, and signs again with each line that it reads; after each signature it prints one.
"""
import sys

import PyKCS11

DATA = b"0123456789abcdef0123456789abcdef"


def open_token(library, label):
    for slot in library.getSlotList(tokenPresent=True):
        if label in library.getTokenInfo(slot).label:
            return library.openSession(slot, PyKCS11.CKF_SERIAL_SESSION)
    raise SystemExit(f"no token is called {label}")


def main():
    module, label, pin, key_id, mechanism = sys.argv[1:]
    library = PyKCS11.PyKCS11Lib()
    library.load(module)
    session = open_token(library, label)
    session.login(pin)
    key = session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY),
                               (PyKCS11.CKA_ID, bytes.fromhex(key_id))])[0]
    while True:
        signature = session.sign(key, DATA, PyKCS11.Mechanism(getattr(PyKCS11, mechanism)))
        print(len(signature), flush=True)
        if not sys.stdin.readline():
            return


main()
