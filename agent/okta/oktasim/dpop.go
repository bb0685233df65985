package oktasim

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// proofAge is how old a DPoP proof may be.
const proofAge = 5 * time.Minute

// proofClaims is what a DPoP proof says.
type proofClaims struct {
	jwt.Claims

	Method string `json:"htm"`
	URL    string `json:"htu"`
	Nonce  string `json:"nonce"`
	Access string `json:"ath"`
}

func badProof(description string) *refusal {
	return refuse(http.StatusBadRequest, "invalid_dpop_proof", description)
}

// tokenProof checks the proof at the token endpoint and returns the thumbprint of
// the key the token shall be bound to; empty means an ordinary bearer token.
func (t *Tenant) tokenProof(c *call, cl *client) (string, error) {
	if c.r.Header.Get("DPoP") == "" {
		if cl.DPoP {
			return "", badProof("The DPoP proof JWT header is missing.")
		}
		return "", nil
	}
	claims, thumbprint, err := t.proof(c)
	if err != nil {
		return "", err
	}
	if t.nonce == "" {
		t.nonce = t.newID("nonce")
	}
	if claims.Nonce != t.nonce {
		r := refuse(http.StatusBadRequest, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
		r.header = http.Header{"Dpop-Nonce": {t.nonce}}
		return "", r
	}
	return thumbprint, nil
}

// checkProof checks the proof of a call with a bound token.
func (t *Tenant) checkProof(c *call) error {
	b := c.caller.bearer
	if b.proof == "" {
		return nil
	}
	deny := func(description string) error {
		return challenge(c, http.StatusUnauthorized, "invalid_dpop_proof", description, badToken())
	}
	if c.scheme() != "DPoP" {
		return deny("The access token is bound to a key: use the DPoP scheme.")
	}
	claims, thumbprint, err := t.proof(c)
	if err != nil {
		return deny("The DPoP proof is invalid.")
	}
	_, access, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(access))
	if thumbprint != b.proof || claims.Access != base64.RawURLEncoding.EncodeToString(sum[:]) {
		return deny("The DPoP proof does not belong to the access token.")
	}
	return nil
}

// proof parses and verifies the DPoP header: signature by the key it carries,
// this method and address, fresh, not used before.
func (t *Tenant) proof(c *call) (proofClaims, string, error) {
	var claims proofClaims
	signed, err := jwt.ParseSigned(c.r.Header.Get("DPoP"), []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512,
	})
	if err != nil {
		return claims, "", badProof("The DPoP proof JWT is malformed.")
	}
	head := signed.Headers[0]
	if typ, _ := head.ExtraHeaders[jose.HeaderType].(string); typ != "dpop+jwt" || head.JSONWebKey == nil {
		return claims, "", badProof("The DPoP proof JWT header is invalid.")
	}
	if err := signed.Claims(head.JSONWebKey.Key, &claims); err != nil {
		return claims, "", badProof("The DPoP proof JWT signature is invalid.")
	}
	sum, err := head.JSONWebKey.Thumbprint(crypto.SHA256)
	if err != nil {
		return claims, "", badProof("The DPoP proof JWT key is invalid.")
	}
	target, _, _ := strings.Cut(claims.URL, "?")
	switch {
	case claims.Method != c.r.Method || target != c.base+c.r.URL.EscapedPath():
		return claims, "", badProof("The DPoP proof JWT is for another request.")
	case claims.IssuedAt == nil || c.at.Sub(claims.IssuedAt.Time()).Abs() > proofAge:
		return claims, "", badProof("The DPoP proof JWT has an invalid issue time.")
	case claims.ID == "" || t.usedBefore(c.at, "dpop "+claims.ID, c.at.Add(2*proofAge)):
		return claims, "", badProof("The DPoP proof JWT has already been used.")
	}
	return claims, base64.RawURLEncoding.EncodeToString(sum), nil
}
