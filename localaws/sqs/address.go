package sqs

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// awsHost is a host of the real service, current or legacy (SQS C1), with the
// region in it; the legacy host without one is us-east-1's.
var awsHost = regexp.MustCompile(`^(?:sqs\.([a-z0-9-]+)\.amazonaws\.com|(?:([a-z0-9-]+)\.)?queue\.amazonaws\.com)(?::\d+)?$`)

// queue finds the queue that a call is about: by QueueUrl, else by the path of the
// request (SQS A2, B1, B2). The caller has yet to see whether it is gone.
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

// address reads which queue a call means. Of a URL only account and name count,
// and a bare name will do (SQS C2), but a URL of another region is refused
// (SQS C3).
func parseQueueURL(c *awsapi.Call, queueURL string) (queueKey, error) {
	if queueURL == "" {
		queueURL = c.Path
	}
	path := queueURL
	if _, rest, ok := strings.Cut(queueURL, "://"); ok {
		var host string
		host, path, _ = strings.Cut(rest, "/")
		if regionOfHost(host) != "" && regionOfHost(host) != c.Region {
			return queueKey{}, errAddress.With("The address %s is not valid for this endpoint.", queueURL)
		}
	}
	account, name := splitPath(path)
	if account == "" {
		account = c.Account
	}
	return queueKey{account, c.Region, name}, nil
}

// regionOf is the region that a host of the real service names, or empty.
func regionOfHost(host string) string {
	if !strings.Contains(host, "amazonaws.com") {
		return ""
	}
	if m := awsHost.FindStringSubmatch(host); m != nil {
		return cmp.Or(m[1], m[2], "us-east-1")
	}
	return ""
}

// splitPath takes the last two parts of a path: account and name. One part alone
// is a name.
func splitPath(path string) (account, name string) {
	path = strings.Trim(path, "/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	account, name = path[:i], path[i+1:]
	if i := strings.LastIndexByte(account, '/'); i >= 0 {
		account = account[i+1:]
	}
	return account, name
}

// parseARN reads a queue's ARN.
func parseARN(s string) (queueKey, bool) {
	a, ok := awsapi.ParseARN(s)
	if !ok || a.Service != "sqs" {
		return queueKey{}, false
	}
	return queueKey{a.Account, a.Region, a.Resource}, true
}
