package infra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strconv"
)

// ReadQueue reads the attributes of a queue by its URL, as SQS names them.
type ReadQueue func(ctx context.Context, url string) (map[string]string, error)

// marked is a resource that the state marks for replacement.
type marked struct {
	Addr       string
	Type       string
	Attributes map[string]any
}

// tainted lists the managed resources that a state file marks for replacement.
func tainted(path string) ([]marked, error) {
	s, err := readState(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []marked
	for _, r := range s.Resources {
		for _, i := range r.Instances {
			if r.Mode == "managed" && i.Status == "tainted" {
				found = append(found, marked{Addr: address(r, i.Key), Type: r.Type, Attributes: i.Attributes})
			}
		}
	}
	return found, nil
}

// address is how the command line names an instance.
func address(r stateResource, key any) string {
	addr := r.Type + "." + r.Name
	if r.Module != "" {
		addr = r.Module + "." + addr
	}
	switch k := key.(type) {
	case string:
		return addr + "[" + quoteHCL(k) + "]"
	case float64:
		return addr + "[" + strconv.Itoa(int(k)) + "]"
	}
	return addr
}

// KeepComplete takes the mark for replacement from queues, and policies of queues,
// that an interrupt left marked although the target has them as they should be.
// Otherwise the next run would delete such a queue, with its messages, to create
// it anew. It answers the addresses.
func (t *Terraform) KeepComplete(ctx context.Context, read ReadQueue) ([]string, error) {
	found, err := tainted(t.State())
	if err != nil {
		return nil, err
	}
	var kept []string
	var errs []error
	for _, m := range found {
		complete, err := m.complete(ctx, read)
		if err != nil {
			errs = append(errs, fmt.Errorf("compare %s with its configuration: %w", m.Addr, err))
		}
		if !complete {
			continue
		}
		if err := t.exec.Untaint(ctx, m.Addr, t.stateOption()); err != nil {
			errs = append(errs, t.failure(ctx, "untaint", err, nil, ""))
			continue
		}
		kept = append(kept, m.Addr)
	}
	return kept, errors.Join(errs...)
}

// sqsNames are SQS's names of the provider's attributes.
var sqsNames = map[string]string{
	"delay_seconds":               "DelaySeconds",
	"max_message_size":            "MaximumMessageSize",
	"message_retention_seconds":   "MessageRetentionPeriod",
	"receive_wait_time_seconds":   "ReceiveMessageWaitTimeSeconds",
	"visibility_timeout_seconds":  "VisibilityTimeout",
	"policy":                      "Policy",
	"redrive_policy":              "RedrivePolicy",
	"redrive_allow_policy":        "RedriveAllowPolicy",
	"sqs_managed_sse_enabled":     "SqsManagedSseEnabled",
	"kms_master_key_id":           "KmsMasterKeyId",
	"fifo_queue":                  "FifoQueue",
	"content_based_deduplication": "ContentBasedDeduplication",
	"deduplication_scope":         "DeduplicationScope",
	"fifo_throughput_limit":       "FifoThroughputLimit",
}

// complete reports whether the target has the resource as the state describes it.
func (m marked) complete(ctx context.Context, read ReadQueue) (bool, error) {
	urlOf := map[string]string{
		"aws_sqs_queue": "id", "aws_sqs_queue_redrive_policy": "queue_url",
		"aws_sqs_queue_redrive_allow_policy": "queue_url", "aws_sqs_queue_policy": "queue_url",
	}[m.Type]
	url, ok := m.Attributes[urlOf].(string)
	if urlOf == "" || !ok || url == "" {
		return false, nil
	}
	have, err := read(ctx, url)
	if err != nil {
		return false, err
	}
	for name, want := range m.Attributes {
		sqs, ok := sqsNames[name]
		if !ok || want == nil || want == "" {
			continue // not set by the configuration
		}
		if !same(want, have[sqs]) {
			return false, nil
		}
	}
	return true, nil
}

// same compares a value of the state with SQS's text of it.
func same(want any, have string) bool {
	switch w := want.(type) {
	case float64:
		return strconv.FormatFloat(w, 'f', -1, 64) == have
	case bool:
		return strconv.FormatBool(w) == have || !w && have == ""
	case string:
		if w == have {
			return true
		}
		var a, b any
		return json.Unmarshal([]byte(w), &a) == nil && json.Unmarshal([]byte(have), &b) == nil && reflect.DeepEqual(a, b)
	}
	return false
}
