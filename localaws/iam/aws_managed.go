package iam

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
)

// awsManagedJSON holds those of AWS's own policies that functions and their
// operators use most, as published. It names its source and date; the command
// internal/managedpolicies brings it up to date. Policies that are not in it are
// refused when somebody attaches them.
//
//go:embed aws_managed.json
var awsManagedJSON []byte

// awsManaged returns AWS's policies by ARN. The map must not be changed.
var awsManaged = sync.OnceValue(func() map[string]*managed {
	all, err := parseAWSManaged(awsManagedJSON)
	if err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	return all
})

// parseAWSManaged reads the data file.
func parseAWSManaged(raw []byte) (map[string]*managed, error) {
	var data struct {
		Policies []struct {
			ARN      string          `json:"arn"`
			Version  string          `json:"version"`
			Created  time.Time       `json:"created"`
			Updated  time.Time       `json:"updated"`
			Document json.RawMessage `json:"document"`
		} `json:"policies"`
	}
	if err := json.Unmarshal(raw, &data); err != nil {
		return nil, fmt.Errorf("read AWS's managed policies: %w", err)
	}

	out := make(map[string]*managed, len(data.Policies))
	for _, p := range data.Policies {
		path, name := splitPolicyARN(p.ARN)
		out[p.ARN] = &managed{
			Name:     name,
			ID:       awsPolicyID(strings.TrimPrefix(path+name, "/")),
			Path:     path,
			ARN:      p.ARN,
			Created:  p.Created,
			Updated:  p.Updated,
			Default:  p.Version,
			Versions: []version{{p.Version, string(p.Document), p.Updated}},
		}
	}
	return out, nil
}

// AWSManagedPolicies returns the documents of AWS's own policies that the embedded
// IAM has, by ARN.
func AWSManagedPolicies() map[string]string {
	out := map[string]string{}
	for arn, m := range maps.All(awsManaged()) {
		out[arn] = m.text()
	}
	return out
}

// awsPolicyID makes an id from a policy's place, the same in every process.
func awsPolicyID(place string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	id, h := []byte("ANPA"), uint64(14695981039346656037)
	for len(id) < 21 {
		for _, c := range []byte(place) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		id = append(id, alphabet[h>>59])
	}
	return string(id)
}
