package sqs

import (
	"context"
	"maps"
	"unicode/utf8"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// TagQueueInput is the input of TagQueue.
type TagQueueInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// Tags are tags to add or overwrite.
	Tags map[string]string `json:"Tags,omitempty" query:"Tag,Key,Value"`
}

// UntagQueueInput is the input of UntagQueue.
type UntagQueueInput struct {
	// QueueURL is the URL of the queue, or its name.
	QueueURL string `json:"QueueUrl,omitempty"`
	// TagKeys are the keys to remove; unknown ones are ignored.
	TagKeys []string `json:"TagKeys,omitempty" query:"TagKey"`
}

// ListQueueTagsOutput is the output of ListQueueTags.
type ListQueueTagsOutput struct {
	// Tags are values by key; nil without any.
	Tags map[string]string `json:"Tags,omitempty" query:"Tag,Key,Value"`
}

// TagQueue adds tags (SQS O7).
func (s *Service) TagQueue(_ context.Context, c *awsapi.Call, in *TagQueueInput) error {
	if len(in.Tags) == 0 {
		return missingParameter("Tags")
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	return s.updateTags(c, in.QueueURL, "TagQueue", func(tags map[string]string) { maps.Copy(tags, in.Tags) })
}

// UntagQueue removes tags.
func (s *Service) UntagQueue(_ context.Context, c *awsapi.Call, in *UntagQueueInput) error {
	if len(in.TagKeys) == 0 {
		return missingParameter("TagKeys")
	}
	return s.updateTags(c, in.QueueURL, "UntagQueue", func(tags map[string]string) {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
	})
}

// updateTags applies change to a copy of the queue's tags, which then replaces them.
func (s *Service) updateTags(c *awsapi.Call, queueURL, operation string, change func(map[string]string)) error {
	q, err := s.ownedQueue(c, queueURL, operation)
	if err != nil {
		return err
	}
	tx, err := q.beginCall(c)
	if err != nil {
		return err
	}

	// Readers hold the old map, so change a copy.
	tags := maps.Clone(q.tagMap())
	if tags == nil {
		tags = map[string]string{}
	}
	change(tags)
	if len(tags) > awsapi.MaxTags {
		tx.end()
		return errParameterValue.With("Too many tags added for queue %s.", q.name)
	}
	q.tags.Store(&tags)
	tx.storeQueue()

	return tx.endAndWait()
}

// ListQueueTags returns the tags of a queue.
func (s *Service) ListQueueTags(_ context.Context, c *awsapi.Call, in *QueueInput) (*ListQueueTagsOutput, error) {
	q, err := s.ownedQueue(c, in.QueueURL, "ListQueueTags")
	if err != nil {
		return nil, err
	}
	tx, err := q.beginCall(c)
	if err != nil {
		return nil, err
	}
	defer tx.end()
	return &ListQueueTagsOutput{Tags: maps.Clone(q.tagMap())}, nil
}

// checkTags validates the number of tags and the lengths of keys and values (SQS O7).
func checkTags(tags map[string]string) error {
	if len(tags) > awsapi.MaxTags {
		return errParameterValue.With("Too many tags: a queue can have %d.", awsapi.MaxTags)
	}
	for k, v := range tags {
		if n := utf8.RuneCountInString(k); n < 1 || n > 128 {
			return errParameterValue.With("Tag keys must be between 1 and 128 characters in length.")
		}
		if utf8.RuneCountInString(v) > 256 {
			return errParameterValue.With("Tag values must be between 0 and 256 characters in length.")
		}
	}
	return nil
}
