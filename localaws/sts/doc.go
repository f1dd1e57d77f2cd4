// Package sts is the embedded STS: who am I, and credentials of a role. It is
// IAM's counter: sessions are made and kept by package iam.
//
// GetSessionToken, GetFederationToken and the assumptions with a web identity or
// SAML are refused by name, as nobody here issues such identities.
package sts
