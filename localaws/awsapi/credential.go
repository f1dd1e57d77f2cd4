package awsapi

import "time"

// Credential is an access key with what the gateway needs to check a signature
// made with it.
type Credential struct {
	// AccessKey is the access key id: AKIA… of a user, ASIA… of a session.
	AccessKey string
	// Secret is the secret access key.
	Secret string
	// Token is the session token that a request must have besides the key, or
	// empty for a long-term key (LAM D32).
	Token string
	// Expires is when the key expires, in machine time; zero means never.
	Expires time.Time
	// Caller is the identity that the key belongs to.
	Caller Caller
}
