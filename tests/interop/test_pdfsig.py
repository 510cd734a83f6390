# SPDX-License-Identifier: LGPL-2.1-or-later
"""PDF files signed by poppler's pdfsig, on NSS: docs/recipes/pdfsig.md."""
from nss_scene import nickname, words
from scene import *

OBJECTS = (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
           b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >>")


def pdf():
    """One empty page; ISO 32000-1, 7.5."""
    content = b"%PDF-1.4\n"
    rows = b"0000000000 65535 f \n"
    for number, text in enumerate(OBJECTS, 1):
        rows += b"%010d 00000 n \n" % len(content)
        content += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    size = len(OBJECTS) + 1
    end_of_it = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return content + b"xref\n0 %d\n%s" % (size, rows) + end_of_it % (size, len(content))


def said(result):
    return b"".join(result).decode(errors="replace")


def recipe(scene, identity):
    return scene.recipe("pdfsig", words(scene, identity))


@test(seconds=PATIENT)
def a_letter_is_signed_and_verifies():
    with Scene() as scene:
        for identity in scene.clients():
            scene.write("letter.pdf", pdf())
            shown = said(recipe(scene, identity).run("Tell NSS", "Sign", "Verify"))
            check(nickname(identity) in shown, f"not listed: {shown}")
            check("Signature Validation: Signature is Valid." in shown, f"not valid: {shown}")
            check("Certificate Validation: Certificate is Trusted." in shown, f"who? {shown}")
            check(f"Signer Certificate Common Name: {identity.name}" in shown, f"who? {shown}")
            (scene.work / "signed.pdf").unlink()
        check(scene.person.asked, "nobody was asked for a PIN")


@test(seconds=PATIENT)
def what_was_changed_does_not_verify():
    with Scene() as scene:
        scene.write("letter.pdf", pdf())
        steps = recipe(scene, scene.identities["software"])
        steps.run("Tell NSS", "Sign")
        signed = scene.work / "signed.pdf"
        signed.write_bytes(signed.read_bytes().replace(b"[0 0 200 100]", b"[0 0 200 900]", 1))
        shown = said(steps.run("Verify", status=None))
        check("Signature is Valid" not in shown, f"a changed letter: {shown}")


@test(seconds=PATIENT)
def a_card_that_is_away_is_told_and_works_again():
    with Scene() as scene:
        scene.write("letter.pdf", pdf())
        steps = recipe(scene, scene.identities["card"])
        steps.run("Tell NSS")
        scene.pull()
        steps.run("Sign", status=None)
        check(not (scene.work / "signed.pdf").exists(), "it is signed")
        scene.insert()
        check("Signature is Valid" in said(steps.run("Sign", "Verify")), "not signed")


main()
