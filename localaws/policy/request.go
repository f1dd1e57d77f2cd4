package policy

import (
	"strings"
	"time"
)

// Request is a request to be allowed or denied.
type Request struct {
	// Principal is the caller.
	Principal Principal
	// Action is the permission, such as sqs:SendMessage.
	Action string
	// Resource is the ARN of the resource, or "*".
	Resource string
	// Owner is the account that the resource belongs to; empty means the
	// principal's own.
	Owner string
	// Keys are the values of condition keys, by their names in lower case. All other
	// keys are absent in the sense of Null and IfExists.
	Keys map[string][]string
	// Now is aws:CurrentTime and aws:EpochTime; with zero these are absent.
	Now time.Time
}

// values returns the values of a key, none if it is absent.
func (r *Request) values(key string) []string {
	if v, ok := r.Keys[key]; ok {
		return v
	}

	// The keys of time are computed when a policy uses them.
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

// SetKey sets the values of a key. Case does not matter in its name.
func (r *Request) SetKey(name string, values ...string) {
	if r.Keys == nil {
		r.Keys = map[string][]string{}
	}
	r.Keys[strings.ToLower(name)] = values
}
