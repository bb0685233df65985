package okta

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// signingKey reads a service app's private key: PEM or a JWK. The errors never
// quote the key.
func signingKey(text []byte, keyID string) (jose.SigningKey, error) {
	text = bytes.TrimSpace(text)
	if !bytes.Contains(text, []byte("\n")) { // an environment variable that could not hold line ends
		text = bytes.ReplaceAll(text, []byte(`\n`), []byte("\n"))
	}
	var key any
	var algorithm jose.SignatureAlgorithm
	var err error
	switch {
	case len(text) == 0:
		return jose.SigningKey{}, errors.New("the private key is missing")
	case text[0] == '{':
		var own string
		key, own, algorithm, err = readJWK(text)
		if keyID == "" {
			keyID = own
		}
	default:
		key, err = readPEM(text)
	}
	if err != nil {
		return jose.SigningKey{}, err
	}
	suits, err := algorithms(key)
	if err != nil {
		return jose.SigningKey{}, err
	}
	if algorithm == "" {
		algorithm = suits[0]
	}
	for _, a := range suits {
		if a == algorithm {
			return jose.SigningKey{Algorithm: a, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, nil
		}
	}
	return jose.SigningKey{}, fmt.Errorf("the JWK says alg %q, which does not suit its key", algorithm)
}

func readJWK(text []byte) (key any, keyID string, algorithm jose.SignatureAlgorithm, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, "", "", errors.New("the private key begins like a JWK, but is not JSON")
	}
	switch len(set.Keys) {
	case 0:
	case 1:
		text = set.Keys[0]
	default:
		return nil, "", "", errors.New("the key set holds several keys: give the one that Frontdesk should use")
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil {
		return nil, "", "", errors.New("the private key is not a JWK that can be read")
	}
	if jwk.IsPublic() {
		return nil, "", "", errors.New("the JWK is the public half of the key: give the private one, which has a \"d\"")
	}
	return jwk.Key, jwk.KeyID, jose.SignatureAlgorithm(jwk.Algorithm), nil
}

func readPEM(text []byte) (any, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the private key is neither PEM (-----BEGIN …) nor a JWK ({…})")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the private key is encrypted: take the passphrase off first (openssl pkey -in key.pem -out plain.pem)")
	case "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE":
		return nil, errors.New("that is the public half of the key: give the private one")
	default:
		return nil, fmt.Errorf("a PEM block of type %q is no private key", block.Type)
	}
	if err != nil {
		return nil, errors.New("the private key's PEM block cannot be read")
	}
	return key, nil
}

// algorithms lists those that Okta takes for a key, the usual one first.
// Source: Okta, "Build a JWT with a private key": RS256/384/512, ES256/384/512.
func algorithms(key any) ([]jose.SignatureAlgorithm, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 2048 {
			return nil, fmt.Errorf("the RSA key has %d bits: Okta wants at least 2048", k.N.BitLen())
		}
		return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}, nil
	case *ecdsa.PrivateKey:
		switch k.Curve {
		case elliptic.P256():
			return []jose.SignatureAlgorithm{jose.ES256}, nil
		case elliptic.P384():
			return []jose.SignatureAlgorithm{jose.ES384}, nil
		case elliptic.P521():
			return []jose.SignatureAlgorithm{jose.ES512}, nil
		}
	}
	return nil, errors.New("the private key must be RSA, or EC on P-256, P-384 or P-521")
}
