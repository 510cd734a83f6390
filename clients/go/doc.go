// SPDX-License-Identifier: LGPL-2.1-or-later

// Package keycask is the keychain from Go: it lists the passwords, certificates, keys and identities
// of keycask and of the smart cards that are in, tells when cards come and go, and gives private
// keys as crypto.Signer and crypto.Decrypter and identities as tls.Certificate. No cgo: all of it
// happens over a socket (Varlink; docs/protocol.md of keycask), and no private key ever comes here.
//
//	client, err := keycask.Dial(ctx)
//	me, err := client.Choose(ctx, keycask.Purpose{For: keycask.TLSClient, Host: "shop.example.org"})
//	config := &tls.Config{Certificates: []tls.Certificate{me.TLSCertificate()}}
//
// Dial starts the daemon when nobody listens. A Client may be used by any number of goroutines; what
// was proved with it, such as a PIN, serves no other. It connects anew when the daemon was restarted:
// what only reads is repeated then, a signature never is. A Key is a name: it works again when its
// card is back.
//
// Failures of the daemon are *Error, which errors.As finds and errors.Is compares with
// ErrItemNotFound and the like. A context that ends ends the call, also in the daemon, with whatever
// it has asked a person.
package keycask
