// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
)

// What identities are for.
const (
	TLSClient = "tls_client"
	TLSServer = "tls_server"
	SSH       = "ssh"
	Signing   = "sign"
	Decrypt   = "decrypt"
	Login     = "login"
)

// Purpose is what an identity is looked for. Host is the server's name. Issuers are DER Names that
// the chain must lead to; KeyTypes ("rsa", "ec"…) and Algorithms limit to those.
type Purpose struct {
	For        string
	Host       string
	Issuers    [][]byte
	KeyTypes   []string
	Algorithms []string
}

// Identity is a certificate and the private key that belongs to it. Chain leads from it towards a
// root, as far as the keychain has the certificates.
type Identity struct {
	Key         *Key
	Reference   []byte
	Label       string
	TokenID     string
	Certificate *x509.Certificate
	Chain       [][]byte
	Algorithms  []string
	PINNeeded   bool

	isPKCS1Only bool
}

// LeftOut is an identity that does not fit: Reasons are for people, Codes for programs.
type LeftOut struct {
	Reference []byte   `json:"identity"`
	Label     string   `json:"label"`
	TokenID   string   `json:"token_id"`
	Subject   string   `json:"subject"`
	Codes     []string `json:"codes"`
	Reasons   []string `json:"reasons"`
}

type candidate struct {
	Identity    []byte   `json:"identity"`
	Key         []byte   `json:"key"`
	Label       string   `json:"label"`
	TokenID     string   `json:"token_id"`
	Certificate []byte   `json:"certificate"`
	Chain       [][]byte `json:"chain"`
	Algorithms  []string `json:"algorithms"`
	PINNeeded   bool     `json:"pin_needed"`
}

// Choose gives the identity that fits best. ErrItemNotFound when none does, with a reason as hint.
func (c *Client) Choose(ctx context.Context, purpose Purpose, options ...KeyOption) (*Identity, error) {
	identities, leftOut, err := c.ChooseAll(ctx, purpose, options...)
	if err != nil {
		return nil, err
	}
	if len(identities) > 0 {
		return identities[0], nil
	}
	hint := "insert a card, or add an identity"
	if len(leftOut) > 0 {
		hint = leftOut[0].Label + ": " + strings.Join(leftOut[0].Reasons, "; ")
	}
	return nil, failure(ErrItemNotFound, nil, hint, "no identity fits %s", purpose.For)
}

// ChooseAll gives the identities that fit, best first, and says why others do not. Touches no card.
func (c *Client) ChooseAll(ctx context.Context, purpose Purpose, options ...KeyOption) (
	[]*Identity, []LeftOut, error) {
	var answer struct {
		Identities []candidate `json:"identities"`
		LeftOut    []LeftOut   `json:"left_out"`
	}
	in := fields{"purpose": purpose.For, "explain": true}
	if purpose.Host != "" {
		in["host"] = purpose.Host
	}
	if len(purpose.Issuers) > 0 {
		in["issuers"] = purpose.Issuers
	}
	if len(purpose.KeyTypes) > 0 {
		in["key_types"] = purpose.KeyTypes
	}
	if len(purpose.Algorithms) > 0 {
		in["algorithms"] = purpose.Algorithms
	}
	if err := c.ask(ctx, "Identities.Choose", in, &answer); err != nil {
		return nil, nil, err
	}
	identities := make([]*Identity, 0, len(answer.Identities))
	for _, found := range answer.Identities {
		identity, err := c.newIdentity(ctx, found, options)
		if err != nil {
			return nil, nil, err
		}
		identities = append(identities, identity)
	}
	return identities, answer.LeftOut, nil
}

// Identity gives the identity of a reference, without its chain.
func (c *Client) Identity(ctx context.Context, reference []byte, options ...KeyOption) (*Identity, error) {
	items, err := c.CopyMatching(ctx, Query{"class": "identity", "value_persistent_ref": reference,
		"return_attributes": true, "return_data": true, "return_persistent_ref": true})
	if err != nil {
		return nil, err
	}
	item := items[0]
	return c.newIdentity(ctx, candidate{Identity: item.PersistentRef(), Key: item.PersistentRef(),
		Label: item.Text("label"), TokenID: item.Text("token_id"),
		Certificate: item.Data("value_data")}, options)
}

func (c *Client) newIdentity(ctx context.Context, found candidate, options []KeyOption) (*Identity, error) {
	certificate, err := x509.ParseCertificate(found.Certificate)
	if err != nil {
		return nil, failure(ErrDecode, err, "", "%s: %v", found.Label, err)
	}
	key := &Key{Reference: found.Key, Label: found.Label, client: c, public: certificate.PublicKey,
		context: context.Background()}
	identity := &Identity{Key: key.With(options...), Reference: found.Identity, Label: found.Label,
		TokenID: found.TokenID, Certificate: certificate, Chain: found.Chain,
		Algorithms: found.Algorithms, PINNeeded: found.PINNeeded}
	if _, isRSA := certificate.PublicKey.(*rsa.PublicKey); isRSA {
		hasPSS, err := key.supports(ctx, "sign", "rsa_signature_digest_pss_sha256")
		identity.isPKCS1Only = !hasPSS
		if err != nil {
			return nil, err
		}
	}
	return identity, nil
}

// TLSCertificate proves with this identity who we are, to servers and (for tls.Config.Certificates
// of a server) to clients. Each handshake waits for a signature, and so for the person who is asked.
func (i *Identity) TLSCertificate() tls.Certificate {
	certificate := tls.Certificate{Certificate: append([][]byte{i.Certificate.Raw}, i.Chain...),
		PrivateKey: i.Key, Leaf: i.Certificate}
	if i.isPKCS1Only { // some cards pad by themselves and only so
		certificate.SupportedSignatureAlgorithms = []tls.SignatureScheme{tls.PKCS1WithSHA256,
			tls.PKCS1WithSHA384, tls.PKCS1WithSHA512}
	}
	return certificate
}

// ClientCertificate is for tls.Config.GetClientCertificate: when a server asks, the identity is
// chosen that fits it best, among those whose issuers it names. A server that asks and gets none
// would say no more than that; so none is ErrItemNotFound, with the reason.
func (c *Client) ClientCertificate(host string, options ...KeyOption) func(
	*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(info *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		reason := WithPrompt(fmt.Sprintf("log in to %s", host))
		identity, err := c.Choose(info.Context(), Purpose{For: TLSClient, Host: host,
			Issuers: info.AcceptableCAs}, append([]KeyOption{reason,
			WithContext(info.Context())}, options...)...)
		if err != nil {
			return nil, err
		}
		certificate := identity.TLSCertificate()
		return &certificate, nil
	}
}
