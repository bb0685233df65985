package okta

import (
	"crypto"
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// PublicKey gives the public half of a service app's private key (PEM or JWK), as
// it is registered with the app. The errors never quote the key.
func PublicKey(private []byte, keyID string) (jose.JSONWebKey, error) {
	signing, err := signingKey(private, keyID)
	if err != nil {
		return jose.JSONWebKey{}, err
	}
	key, ok := signing.Key.(jose.JSONWebKey)
	if !ok {
		return jose.JSONWebKey{}, errors.New("the private key can't be read")
	}
	signer, ok := key.Key.(crypto.Signer)
	if !ok {
		return jose.JSONWebKey{}, errors.New("the key has no private half")
	}
	return jose.JSONWebKey{Key: signer.Public(), KeyID: key.KeyID, Algorithm: string(signing.Algorithm), Use: "sig"}, nil
}
