package okta

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// dpop is the token type, the scheme and the header of tokens that are bound to
// a key (RFC 9449).
const dpop = "DPoP"

// proofs signs DPoP proofs once the token endpoint has asked for them. The key
// lives as long as the process.
type proofs struct {
	now func() time.Time

	mu         sync.Mutex
	signer     jose.Signer // nil: nobody asked for proofs
	tokenNonce string
	callNonce  string
}

func newProofs(now func() time.Time) *proofs { return &proofs{now: now} }

// required takes note of a refusal for want of a proof, and tells whether trying
// again can help.
func (p *proofs) required(code string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.signer != nil {
		return code == "use_dpop_nonce" && p.tokenNonce != ""
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return false
	}
	p.signer, err = jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"),
	)
	return err == nil
}

// heard keeps the nonce that an answer carries.
func (p *proofs) heard(a *answer, fromTokenEndpoint bool) {
	nonce := a.header.Get("Dpop-Nonce")
	if nonce == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if fromTokenEndpoint {
		p.tokenNonce = nonce
	} else {
		p.callNonce = nonce
	}
}

type proofClaims struct {
	ID     string           `json:"jti"`
	Method string           `json:"htm"`
	URL    string           `json:"htu"`
	Issued *jwt.NumericDate `json:"iat"`
	Nonce  string           `json:"nonce,omitempty"`
	Token  string           `json:"ath,omitempty"`
}

// forToken is the proof for a token request; empty while none is asked for.
func (p *proofs) forToken(method string, to *url.URL) (string, error) {
	p.mu.Lock()
	signer, nonce := p.signer, p.tokenNonce
	p.mu.Unlock()
	if signer == nil {
		return "", nil
	}
	return p.sign(signer, method, to, proofClaims{Nonce: nonce})
}

// forCall is the proof for a call with a token that is bound to the key.
func (p *proofs) forCall(method string, to *url.URL, token string) (string, error) {
	p.mu.Lock()
	signer, nonce := p.signer, p.callNonce
	p.mu.Unlock()
	if signer == nil {
		return "", fmt.Errorf("sign proof: %w", http.ErrNotSupported)
	}
	hash := sha256.Sum256([]byte(token))
	return p.sign(signer, method, to, proofClaims{Nonce: nonce, Token: base64.RawURLEncoding.EncodeToString(hash[:])})
}

func (p *proofs) sign(signer jose.Signer, method string, to *url.URL, claims proofClaims) (string, error) {
	plain := *to
	plain.RawQuery, plain.Fragment = "", ""
	claims.ID, claims.Method, claims.URL = oneTimeID(), method, plain.String()
	claims.Issued = jwt.NewNumericDate(p.now())
	proof, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign proof: %w", err)
	}
	return proof, nil
}
