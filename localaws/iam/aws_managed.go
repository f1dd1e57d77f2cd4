package iam

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

// awsManagedJSON has the AWS managed policies that functions and their operators
// use most, as AWS publishes them, with source and date. The command
// internal/managedpolicies updates it. Attaching another AWS managed policy is
// refused.
//
//go:embed aws_managed.json
var awsManagedJSON []byte

// awsManaged returns the AWS managed policies by ARN. The map must not be changed.
var awsManaged = sync.OnceValue(func() map[string]*managedPolicy {
	all, err := parseAWSManaged(awsManagedJSON)
	if err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	return all
})

// parseAWSManaged decodes the data file.
func parseAWSManaged(raw []byte) (map[string]*managedPolicy, error) {
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

	out := make(map[string]*managedPolicy, len(data.Policies))
	for _, p := range data.Policies {
		path, name := splitPolicyARN(p.ARN)
		out[p.ARN] = &managedPolicy{
			Name:     name,
			ID:       awsPolicyID(strings.TrimPrefix(path+name, "/")),
			Path:     path,
			ARN:      p.ARN,
			Created:  p.Created,
			Updated:  p.Updated,
			Default:  p.Version,
			Versions: []version{{ID: p.Version, Text: string(p.Document), Created: p.Updated}},
		}
	}
	return out, nil
}

// AWSManagedPolicies returns the documents of the AWS managed policies that the
// embedded IAM has, by ARN.
func AWSManagedPolicies() map[string]string {
	out := map[string]string{}
	for arn, m := range awsManaged() {
		out[arn] = m.document()
	}
	return out
}

// awsPolicyID returns the unique id of an AWS managed policy. It is computed from
// path and name by FNV-1a, so that it is the same in every process.
func awsPolicyID(pathAndName string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	id := []byte("ANPA")
	hash := uint64(14695981039346656037)
	for len(id) < 21 {
		for _, c := range []byte(pathAndName) {
			hash = (hash ^ uint64(c)) * 1099511628211
		}
		// The upper five bits select one of 32 characters.
		id = append(id, alphabet[hash>>59])
	}
	return string(id)
}
