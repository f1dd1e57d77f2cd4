package policy

import (
	"strings"
	"time"
)

// Request is what somebody wants to do.
type Request struct {
	// Principal is who asks.
	Principal Principal
	// Action is the permission, such as sqs:SendMessage.
	Action string
	// Resource is the ARN asked for, or "*".
	Resource string
	// Owner is the account that the resource belongs to; empty means the
	// principal's own.
	Owner string
	// Keys are the condition keys with their values, names in lower case. A key
	// that is not there is absent in the sense of Null and IfExists.
	Keys map[string][]string
	// Now is aws:CurrentTime and aws:EpochTime; zero leaves them absent.
	Now time.Time
}

// values are a key's values, none where it is absent.
func (r *Request) values(key string) []string {
	if v, ok := r.Keys[key]; ok {
		return v
	}
	if r.Now.IsZero() {
		return nil
	}
	switch key {
	case "aws:currenttime":
		return []string{r.Now.UTC().Format(time.RFC3339)}
	case "aws:epochtime":
		return []string{formatSeconds(r.Now)}
	}
	return nil
}

// SetKey adds a key's values under its name in lower case.
func (r *Request) SetKey(name string, values ...string) {
	if r.Keys == nil {
		r.Keys = map[string][]string{}
	}
	r.Keys[strings.ToLower(name)] = values
}
