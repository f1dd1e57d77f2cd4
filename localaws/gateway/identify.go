package gateway

import (
	"crypto/subtle"
	"errors"
	"regexp"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/gateway/sigv4"
)

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

// identify finds out who calls, by the signature (LAM D27, D28).
func (x *exchange) identify() (awsapi.Caller, error) {
	var incomplete *sigv4.Incomplete
	switch {
	case x.g.opts.NoAuth:
		return x.anyone()
	case errors.As(x.sigErr, &incomplete):
		return awsapi.Caller{}, x.fault(incompleteSignature, "%s", incomplete.Text)
	case x.sigErr != nil:
		return awsapi.Caller{}, x.fault(noSignature, "Missing Authentication Token")
	case !regionName.MatchString(x.sig.Region):
		return awsapi.Caller{}, x.fault(badSignature, "Credential should be scoped to a valid region.")
	case x.sig.Service != x.service.Name:
		return awsapi.Caller{}, x.fault(badSignature, "Credential should be scoped to correct service: '%s'.", x.service.Name)
	}
	return x.verify()
}

// verify checks the signature against the caller's secret.
func (x *exchange) verify() (awsapi.Caller, error) {
	now := x.g.now()
	key, ok := x.g.opts.Identity(x.sig.AccessKey)
	if !ok || subtle.ConstantTimeCompare([]byte(key.Token), []byte(x.sig.Token)) != 1 {
		return awsapi.Caller{}, x.fault(unknownKey, "The security token included in the request is invalid.")
	}
	if !key.Expires.IsZero() && !now.Before(key.Expires) {
		return awsapi.Caller{}, x.fault(expiredToken, "The security token included in the request is expired")
	}
	err := x.g.verifier.Verify(x.r, x.sig, x.raw, key.Secret, now)
	var expired *sigv4.Expired
	switch {
	case errors.As(err, &expired):
		return awsapi.Caller{}, x.fault(badSignature, "%s", expired.Text)
	case err != nil:
		return awsapi.Caller{}, x.fault(badSignature, "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	return key.Caller, nil
}

// anyone lets a caller in without proof, as an administrator: under its own name
// where the key is known, else as root of the account that it names.
func (x *exchange) anyone() (awsapi.Caller, error) {
	account := x.g.opts.Account
	if x.sig != nil {
		if !regionName.MatchString(x.sig.Region) {
			return awsapi.Caller{}, x.fault(badSignature, "Credential should be scoped to a valid region.")
		}
		if key, ok := x.g.opts.Identity(x.sig.AccessKey); ok {
			key.Caller.Administrator = true
			return key.Caller, nil
		}
		if accountID.MatchString(x.sig.AccessKey) {
			account = x.sig.AccessKey
		}
	}
	root := "arn:aws:iam::" + account + ":root"
	c := awsapi.Caller{Account: account, ARN: root, PrincipalARN: root, UserID: account, Administrator: true, Anonymous: x.sig == nil}
	if x.sig != nil {
		c.AccessKey = x.sig.AccessKey
	}
	return c, nil
}
