package gateway

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"regexp"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/gateway/sigv4"
)

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

// checkCredential checks what headers alone show about the caller, and looks up the key
// of the signature (LAM D27, D28). It does not read the body. While the service is not
// known yet, it does not check the service of the signature's scope.
func (x *exchange) checkCredential() error {
	var incomplete *sigv4.Incomplete
	var invalid *sigv4.Invalid
	switch {
	case x.g.opts.NoAuth:
		return nil
	case errors.As(x.sigErr, &incomplete):
		return x.newError(incompleteSignature, "%s", incomplete.Text)
	case errors.As(x.sigErr, &invalid):
		return x.newError(badSignature, "%s", invalid.Text)
	case x.sigErr != nil:
		return x.newError(noSignature, "Missing Authentication Token")
	case !regionName.MatchString(x.sig.Region):
		return x.newError(badSignature, "Credential should be scoped to a valid region.")
	case x.service != nil && x.sig.Service != x.service.Name:
		return x.newError(badSignature, "Credential should be scoped to correct service: '%s'.", x.service.Name)
	}

	// A temporary key belongs to its token.
	now := x.g.now()
	key, ok := x.g.opts.Identity(x.sig.AccessKey)
	if !ok || subtle.ConstantTimeCompare([]byte(key.Token), []byte(x.sig.Token)) != 1 {
		return x.newError(unknownKey, "The security token included in the request is invalid.")
	}
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return x.newError(expiredToken, "The security token included in the request is expired")
	}

	x.key = key
	return x.signatureError(x.sig.CheckDate(now))
}

// authenticate returns the caller, by the signature over headers and body.
// checkCredential must have succeeded.
func (x *exchange) authenticate() (awsapi.Caller, error) {
	if x.g.opts.NoAuth {
		return x.assumedCaller()
	}
	if err := x.g.verifier.Verify(x.r, x.sig, x.raw, x.key.Secret, x.g.now()); err != nil {
		return awsapi.Caller{}, x.signatureError(err)
	}
	return x.key.Caller, nil
}

// signatureError returns an error of package sigv4 in the form of the service, or nil
// for nil.
func (x *exchange) signatureError(err error) error {
	var expired *sigv4.Expired
	switch {
	case err == nil:
		return nil
	case errors.As(err, &expired):
		return x.newError(badSignature, "%s", expired.Text)
	}
	return x.newError(badSignature, "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
}

// Operator reports whether a request that is not for an AWS service has a valid
// signature of an administrator's key, for any service. It reads the body, which must
// be bounded, and replaces it so that it can be read again.
func (g *Gateway) Operator(r *http.Request) bool {
	sig, err := sigv4.Parse(r)
	if err != nil {
		return false
	}

	key, ok := g.opts.Identity(sig.AccessKey)
	if !ok || !key.Caller.Administrator || key.Token != "" || sig.Token != "" {
		return false
	}

	// The signature covers the body.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return false
	}

	r.Body = io.NopCloser(bytes.NewReader(body))
	return g.verifier.Verify(r, sig, body, key.Secret, g.now()) == nil
}

// assumedCaller returns the caller when authentication is off: an administrator, with
// its own name if the key is known, else as root of the account that it names.
func (x *exchange) assumedCaller() (awsapi.Caller, error) {
	account := x.g.opts.Account
	if x.sig != nil {
		// The region becomes a part of ARNs, with authentication off too.
		if !regionName.MatchString(x.sig.Region) {
			return awsapi.Caller{}, x.newError(badSignature, "Credential should be scoped to a valid region.")
		}
		if key, ok := x.g.opts.Identity(x.sig.AccessKey); ok {
			key.Caller.Administrator = true
			return key.Caller, nil
		}
		if accountID.MatchString(x.sig.AccessKey) {
			account = x.sig.AccessKey
		}
	}

	// The key is unknown: the caller is the root user of an account.
	root := "arn:aws:iam::" + account + ":root"
	c := awsapi.Caller{
		Account:       account,
		ARN:           root,
		PrincipalARN:  root,
		UserID:        account,
		Administrator: true,
		Anonymous:     x.sig == nil,
	}
	if x.sig != nil {
		c.AccessKey = x.sig.AccessKey
	}
	return c, nil
}
