package awsapi

import "time"

// Credential is an access key with all that the edge must know to check a
// signature made with it.
type Credential struct {
	// AccessKey is the access key id: AKIA… of a user, ASIA… of a session.
	AccessKey string
	// Secret is the secret access key.
	Secret string
	// Token is the session token that must come with the key, or empty where
	// the key is a lasting one (LAM D32).
	Token string
	// Expires is when the key ends, by the machine's clock; zero means never.
	Expires time.Time
	// Caller is who calls with this key.
	Caller Caller
}
