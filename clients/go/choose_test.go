// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"testing"

	"keycask.org/go/keycask"
)

func TestChoose(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	_, err := client.Choose(background, keycask.Purpose{For: keycask.TLSClient})
	is(t, err, keycask.ErrItemNotFound)
	everybody := w.everybody(client)
	s := w.server()
	config := s.clientConfig(tls.VersionTLS13, nil)
	config.GetClientCertificate = client.ClientCertificate("localhost", keycask.WithPIN(pin))
	shown, err := s.meet(t, config)
	check(t, err)
	isOurs := false
	for _, identity := range everybody {
		isOurs = isOurs || bytes.Equal(shown, identity.Certificate.Raw)
	}
	if !isOurs {
		t.Fatal("somebody else's certificate")
	}
	fit, _, err := client.ChooseAll(background, keycask.Purpose{For: keycask.Signing,
		KeyTypes: []string{"rsa"}})
	check(t, err)
	for _, identity := range fit {
		if identity.Certificate.PublicKeyAlgorithm != x509.RSA || len(identity.Algorithms) == 0 {
			t.Fatal(identity)
		}
	}
	_, err = client.Choose(background, keycask.Purpose{For: keycask.TLSClient,
		Issuers: [][]byte{{0x30, 0}}})
	if failure := is(t, err, keycask.ErrItemNotFound); failure.Hint == "" {
		t.Fatal("no reason")
	}
}
