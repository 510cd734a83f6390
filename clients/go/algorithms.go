// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
)

var hashNames = map[crypto.Hash]string{
	crypto.SHA1: "sha1", crypto.SHA224: "sha224", crypto.SHA256: "sha256", crypto.SHA384: "sha384",
	crypto.SHA512: "sha512",
}

// hashName is that of a hash whose length the digest has.
func hashName(hash crypto.Hash, digest []byte) (string, error) {
	name, isKnown := hashNames[hash]
	if !isKnown {
		return "", failure(ErrUnimplemented, nil, "", "no signatures with %v are made here", hash)
	}
	if len(digest) != hash.Size() {
		return "", failure(ErrParam, nil, "", "%d bytes are no digest of %v", len(digest), hash)
	}
	return name, nil
}

// signingAlgorithm is the name in docs/vocabulary.md of what crypto.Signer is asked for.
func signingAlgorithm(public crypto.PublicKey, digest []byte, opts crypto.SignerOpts) (string, error) {
	hash := crypto.Hash(0)
	if opts != nil {
		hash = opts.HashFunc()
	}
	switch public.(type) {
	case *rsa.PublicKey:
		if pss, isPSS := opts.(*rsa.PSSOptions); isPSS {
			return pssAlgorithm(hash, digest, pss.SaltLength)
		}
		if hash == 0 || hash == crypto.MD5SHA1 { // the block of PKCS#1 is the caller's
			return "rsa_signature_digest_pkcs1v15_raw", nil
		}
		name, err := hashName(hash, digest)
		return "rsa_signature_digest_pkcs1v15_" + name, err
	case *ecdsa.PublicKey:
		if hash == 0 { // as crypto/ecdsa: whatever it is
			return "ecdsa_signature_digest_x962", nil
		}
		name, err := hashName(hash, digest)
		return "ecdsa_signature_digest_x962_" + name, err
	case ed25519.PublicKey:
		if hash != 0 {
			return "", failure(ErrParam, nil, "", "Ed25519 signs messages, not digests of %v", hash)
		}
		return "eddsa_signature_message_ed25519", nil
	}
	return "", failure(ErrUnimplemented, nil, "", "a key of this type does not sign")
}

// pssAlgorithm: the salt is always as long as the hash (RFC 8446, 4.2.3 wants it so), and whoever
// leaves its length open gets that.
func pssAlgorithm(hash crypto.Hash, digest []byte, salt int) (string, error) {
	name, err := hashName(hash, digest)
	if err != nil {
		return "", err
	}
	switch salt {
	case rsa.PSSSaltLengthAuto, rsa.PSSSaltLengthEqualsHash, hash.Size():
		return "rsa_signature_digest_pss_" + name, nil
	}
	return "", failure(ErrUnimplemented, nil, "use rsa.PSSSaltLengthEqualsHash",
		"a salt of %d bytes: it is as long as the hash", salt)
}

// decryptionAlgorithm likewise, of crypto.Decrypter.
func decryptionAlgorithm(public crypto.PublicKey, opts crypto.DecrypterOpts) (string, error) {
	if _, isRSA := public.(*rsa.PublicKey); !isRSA {
		return "", failure(ErrUnimplemented, nil, "", "a key of this type does not decrypt")
	}
	switch given := opts.(type) {
	case nil, *rsa.PKCS1v15DecryptOptions:
		return "rsa_encryption_pkcs1", nil
	case *rsa.OAEPOptions:
		name, isKnown := hashNames[given.Hash]
		if !isKnown || len(given.Label) > 0 {
			return "", failure(ErrUnimplemented, nil, "", "OAEP with %v or with a label", given.Hash)
		}
		return "rsa_encryption_oaep_" + name, nil
	}
	return "", failure(ErrParam, nil, "", "options for decryption of type %T", opts)
}
