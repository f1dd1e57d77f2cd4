package lambda

import (
	"maps"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// TagsInput is the input of ListTags, TagResource and UntagResource.
type TagsInput struct {
	// Resource is the ARN of a function or an event source mapping.
	Resource string `json:"-" path:"Resource"`
	// Tags are the tags to set.
	Tags map[string]string `json:"Tags"`
	// TagKeys are the keys of the tags to remove.
	TagKeys []string `json:"-" querystring:"tagKeys"`
}

// taggablePattern is the model's pattern of the ARN of a resource that can have tags.
var taggablePattern = awsapi.NewPattern(`arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:` +
	`(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|` +
	`event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})`)

// isMappingARN reports whether an ARN is that of an event source mapping.
func isMappingARN(arn string) bool {
	a, ok := awsapi.ParseARN(arn)
	return ok && a.Service == "lambda" && strings.HasPrefix(a.Resource, "event-source-mapping:")
}

// orEmpty returns tags, or an empty map for nil.
func orEmpty(tags map[string]string) map[string]string {
	if tags == nil {
		return map[string]string{}
	}
	return tags
}

// mappingNotFound returns err, with the text that the operations on tags have for a
// mapping that does not exist (LAM C33).
func mappingNotFound(err error, arn string) error {
	if err != nil && awsapi.AsError(err).Code == errNotFound.Code {
		return errNotFound.With("Event source mapping not found: %s", arn)
	}
	return err
}

// changeTags applies change to a copy of a function's tags and stores the result.
func (s *Service) changeTags(c *awsapi.Call, resource string, change func(map[string]string)) error {
	ref, err := parseTaggable(c, resource)
	if err != nil {
		return err
	}
	return s.changeFunction(ref, func(f *function) error {
		tags := orEmpty(maps.Clone(f.tags))
		change(tags)
		if err := checkTags(tags); err != nil {
			return err
		}
		f.tags = tags
		return nil
	})
}

// parseTaggable reads the ARN of a function. A name or a partial ARN is not accepted.
func parseTaggable(c *awsapi.Call, arn string) (reference, error) {
	if a, ok := awsapi.ParseARN(arn); !ok || a.Service != "lambda" {
		return reference{}, errValidation.Violation("resource", arn, taggablePattern.String())
	}
	ref, err := parseReference(c, arn, "")
	if err == nil && ref.qualifier != "" {
		err = errParameter.With("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return ref, err
}

// checkTags checks all tags that a function will have (LAM C33).
func checkTags(tags map[string]string) error {
	if len(tags) > awsapi.MaxTags {
		return errParameter.With("Number of tags exceeds resource tag limit.")
	}
	for name, value := range tags {
		if awsapi.CheckTag(name, value) == awsapi.TagKeyReserved {
			return errParameter.With("Tag keys must not begin with aws:, as %s does.", name)
		}
	}
	return nil
}
