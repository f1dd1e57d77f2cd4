package sqs

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// awsHost matches the hosts of the real service, current and legacy (SQS C1). A
// submatch is the region; the legacy host without one is in us-east-1.
var awsHost = regexp.MustCompile(`^(?:sqs\.([a-z0-9-]+)\.amazonaws\.com|(?:([a-z0-9-]+)\.)?queue\.amazonaws\.com)(?::\d+)?$`)

// findQueue returns the queue of a call: that of QueueUrl, or else of the request's
// path (SQS A2, B1, B2). The queue may have been deleted since; see beginCall.
func (s *Service) findQueue(c *awsapi.Call, queueURL string) (*queue, error) {
	k, err := parseQueueURL(c, queueURL)
	if err != nil {
		return nil, err
	}
	if q := s.queues.find(k); q != nil {
		return q, nil
	}
	return nil, queueDoesNotExist(c)
}

// parseQueueURL returns the key of a queue URL. Only the account and the name in a
// URL count, and a name alone is accepted (SQS C2). A URL of another region is
// refused (SQS C3).
func parseQueueURL(c *awsapi.Call, queueURL string) (queueKey, error) {
	if queueURL == "" {
		queueURL = c.Path
	}

	path := queueURL
	if _, rest, ok := strings.Cut(queueURL, "://"); ok {
		var host string
		host, path, _ = strings.Cut(rest, "/")
		if region := regionOfHost(host); region != "" && region != c.Region {
			return queueKey{}, errAddress.With("The address %s is not valid for this endpoint.", queueURL)
		}
	}

	// A name alone is a queue of the caller's account.
	account, name := splitPath(path)
	if account == "" {
		account = c.Account
	}
	return queueKey{awsapi.Scope{Account: account, Region: c.Region}, name}, nil
}

// regionOfHost returns the region in a host name of the real service, or "".
func regionOfHost(host string) string {
	if !strings.Contains(host, "amazonaws.com") {
		return "" // the usual case, without the cost of the expression
	}
	if m := awsHost.FindStringSubmatch(host); m != nil {
		return cmp.Or(m[1], m[2], "us-east-1")
	}
	return ""
}

// splitPath returns the last two segments of a path, account and name. A single
// segment is a name.
func splitPath(path string) (account, name string) {
	path = strings.Trim(path, "/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}

	name = path[i+1:]
	account = path[:i]
	if i := strings.LastIndexByte(account, '/'); i >= 0 {
		account = account[i+1:]
	}
	return account, name
}

// parseARN parses a queue's ARN.
func parseARN(s string) (queueKey, bool) {
	a, ok := awsapi.ParseARN(s)
	if !ok || a.Service != "sqs" {
		return queueKey{}, false
	}
	return queueKey{a.Scope(), a.Resource}, true
}
