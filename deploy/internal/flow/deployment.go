// Package flow reads and drives a deployed flow through the AWS API: its queues,
// functions and mappings, which the outputs of the Terraform root module name. It
// works with AWS and with every server that implements its API.
package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
	"github.com/reliableq/reliableq/deploy/internal/infra"
)

// Deployment names the parts of a flow by the root module's keys: source,
// retry_1, dlq; producer, consumer, retry_1.
type Deployment struct {
	// Path has the keys of the queues in the order in which a message that always
	// fails passes them.
	Path []string `json:"path"`
	// QueueURLs are the queues' URLs.
	QueueURLs map[string]string `json:"queue_urls"`
	// Functions are the functions' names.
	Functions map[string]string `json:"functions"`
	// LogGroups are the functions' log groups.
	LogGroups map[string]string `json:"log_groups"`
	// Mappings are the event source mappings' UUIDs, by their function's key.
	Mappings map[string]string `json:"mappings"`
	// FailureReporting is per_message or whole_batch; empty if it is not known yet.
	FailureReporting string `json:"failure_reporting"`
}

// FromOutputs returns the deployment that the root module's outputs describe.
func FromOutputs(out map[string]json.RawMessage) (Deployment, error) {
	var d Deployment
	for name, to := range map[string]any{
		"queue_path":        &d.Path,
		"queue_urls":        &d.QueueURLs,
		"function_names":    &d.Functions,
		"log_group_names":   &d.LogGroups,
		"mapping_uuids":     &d.Mappings,
		"failure_reporting": &d.FailureReporting,
	} {
		value, ok := out[name]
		if !ok {
			return Deployment{}, hint.New("the deployment has no output "+name, "its last deployment did not finish: run reliableq up")
		}
		if err := json.Unmarshal(value, to); err != nil {
			return Deployment{}, fmt.Errorf("read output %s: %w", name, err)
		}
	}
	return d, nil
}

// FromInventory returns the deployment that a run has created so far.
func FromInventory(r infra.Inventory) Deployment {
	d := Deployment{
		QueueURLs: maps.Clone(r.QueueURLs),
		Functions: maps.Clone(r.Functions),
		Mappings:  maps.Clone(r.Mappings),
		LogGroups: map[string]string{},
	}
	// The inventory has no log groups: Lambda derives their names from the functions'.
	for key, name := range r.Functions {
		d.LogGroups[key] = "/aws/lambda/" + name
	}
	d.Path = slices.SortedFunc(maps.Keys(r.QueueURLs), func(a, b string) int { return position(a) - position(b) })
	return d
}

// position returns a number by which the keys of queues are ordered along a message's
// path: the source, the retry levels, then all others.
func position(key string) int {
	if level, ok := strings.CutPrefix(key, "retry_"); ok {
		n, err := strconv.Atoi(level)
		if err == nil {
			return n
		}
	}
	if key == "source" {
		return 0
	}
	return math.MaxInt32 // after every level
}

// DLQ returns the URL of the dead-letter queue.
func (d Deployment) DLQ() string { return d.QueueURLs["dlq"] }

// QueuesWithFunctions returns the keys of the queues that functions read: all but the
// dead-letter queue.
func (d Deployment) QueuesWithFunctions() []string {
	return slices.DeleteFunc(slices.Clone(d.Path), func(key string) bool { return key == "dlq" })
}

// Retries returns the keys of the retry functions, in the order of their levels.
func (d Deployment) Retries() []string {
	var keys []string
	for _, key := range d.Path {
		if _, ok := d.Functions[key]; ok && strings.HasPrefix(key, "retry_") {
			keys = append(keys, key)
		}
	}
	return keys
}

// FunctionKeys returns the keys of all functions: producer, consumer, then the retry
// levels in order.
func (d Deployment) FunctionKeys() []string {
	return slices.SortedFunc(maps.Keys(d.Functions), func(a, b string) int {
		rank := func(key string) int {
			switch key {
			case "producer":
				return -2
			case "consumer":
				return -1
			}
			return position(key)
		}
		return rank(a) - rank(b)
	})
}
