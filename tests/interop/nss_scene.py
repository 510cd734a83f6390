# SPDX-License-Identifier: LGPL-2.1-or-later
"""How NSS calls what keycask has."""
# What the certificate of a place of a PIV card is called.
LABELS = {"Jo Card": "Certificate For PIV Authentication",
          "Jo Signs": "Certificate For Digital Signature",
          "card.example.org": "Certificate For Card Authentication"}


def nickname(identity):
    return f"{identity.token}:{LABELS.get(identity.name, identity.name)}"


def words(scene, identity=None, port=443):
    """For recipes, one who is identity; without, for steps that concern nobody."""
    scene.env["KEYCASK_PKCS11_MODULE"] = str(scene.module)
    found = {"-p 443": f"-p {port}"}
    if identity:
        found |= {"'keycask:Jo'": f"'{nickname(identity)}'",
                  "'keycask:www.example.org'": f"'{nickname(identity)}'"}
    return found
