// Package sts is the embedded STS: GetCallerIdentity and AssumeRole. Sessions are
// created and stored by package iam.
//
// GetSessionToken, GetFederationToken and AssumeRole with a web identity or SAML are
// refused by name: nothing here issues such identities.
package sts
