package sqs

import "time"

// settings are what CreateQueue and SetQueueAttributes set. A value is never
// changed once a queue has it.
type settings struct {
	visibility time.Duration
	delay      time.Duration
	retention  time.Duration
	wait       time.Duration
	maxSize    int // bytes

	policy       string // JSON, or empty; once stored, with unique ids as principals
	redrive      *redrivePolicy
	redriveAllow *redriveAllowPolicy

	sse      bool   // SqsManagedSseEnabled
	kmsKey   string // KmsMasterKeyId, or empty
	kmsReuse int    // seconds; zero is the default of 300 (SQS E10)

	contentDedup  bool
	scopeGroup    bool // DeduplicationScope is messageGroup
	throughGroups bool // FifoThroughputLimit is perMessageGroupId
}

// defaults are the settings of a queue of which nothing is said (SQS E1).
func defaults() settings {
	return settings{
		visibility: 30 * time.Second,
		retention:  4 * 24 * time.Hour,
		maxSize:    1 << 20,
		sse:        true,
	}
}
