package sqs

import "time"

// settings are what CreateQueue and SetQueueAttributes set. A value is never
// changed once a queue has it.
type queueAttributes struct {
	visibilityTimeout time.Duration
	delay             time.Duration
	retention         time.Duration
	receiveWait       time.Duration
	maxMessageSize    int // bytes

	policy       string // JSON, or empty; once stored, with unique ids as principals
	redrive      *redrivePolicy
	redriveAllow *redriveAllowPolicy

	managedSSE      bool   // SqsManagedSseEnabled
	kmsKeyID        string // KmsMasterKeyId, or empty
	kmsReuseSeconds int    // seconds; zero is the default of 300 (SQS E10)

	contentDedup       bool
	dedupPerGroup      bool // DeduplicationScope is messageGroup
	throughputPerGroup bool // FifoThroughputLimit is perMessageGroupId
}

// defaults are the settings of a queue of which nothing is said (SQS E1).
func defaultAttributes() queueAttributes {
	return queueAttributes{
		visibilityTimeout: 30 * time.Second,
		retention:         4 * 24 * time.Hour,
		maxMessageSize:    1 << 20,
		managedSSE:        true,
	}
}
