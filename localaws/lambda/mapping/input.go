package mapping

// ConfigurationInput is what create and update have in common. A nil member is one that
// was not given.
type ConfigurationInput struct {
	// FunctionName is the function's name, partial or full ARN, qualified or
	// not (LAM B6).
	FunctionName *string `json:"FunctionName,omitempty"`
	// Enabled is whether the mapping polls; true when nil at creation.
	Enabled *bool `json:"Enabled,omitempty"`
	// BatchSize is the most messages in one event, 1 to 10,000; 10 when nil at
	// creation (LAM B7).
	BatchSize *int `json:"BatchSize,omitempty"`
	// MaximumBatchingWindowInSeconds is how long a batch gathers, 0 to 300.
	MaximumBatchingWindowInSeconds *int `json:"MaximumBatchingWindowInSeconds,omitempty"`
	// FilterCriteria says which messages reach the function; empty removes
	// what was set.
	FilterCriteria *FilterCriteria `json:"FilterCriteria,omitempty"`
	// FunctionResponseTypes switches ReportBatchItemFailures on; empty and not
	// nil switches it off.
	FunctionResponseTypes []string `json:"FunctionResponseTypes,omitempty"`
	// ScalingConfig bounds concurrency; empty removes the bound.
	ScalingConfig *ScalingConfig `json:"ScalingConfig,omitempty"`
	// ProvisionedPollerConfig switches provisioned mode on; empty switches it
	// off.
	ProvisionedPollerConfig *ProvisionedPollerConfig `json:"ProvisionedPollerConfig,omitempty"`
	// MetricsConfig switches EventCount on; empty switches it off.
	MetricsConfig *MetricsConfig `json:"MetricsConfig,omitempty"`
	// KMSKeyArn would encrypt the filters. Only the empty key is accepted: there
	// is no KMS here.
	KMSKeyArn *string `json:"KMSKeyArn,omitempty"`
	// DestinationConfig is for streams, and refused when it names a destination.
	DestinationConfig *DestinationConfig `json:"DestinationConfig,omitempty"`
	// ParallelizationFactor is for streams, and refused.
	ParallelizationFactor *int `json:"ParallelizationFactor,omitempty"`
	// MaximumRecordAgeInSeconds is for streams, and refused.
	MaximumRecordAgeInSeconds *int `json:"MaximumRecordAgeInSeconds,omitempty"`
	// BisectBatchOnFunctionError is for streams, and refused when true.
	BisectBatchOnFunctionError *bool `json:"BisectBatchOnFunctionError,omitempty"`
	// MaximumRetryAttempts is for streams, and refused.
	MaximumRetryAttempts *int `json:"MaximumRetryAttempts,omitempty"`
	// TumblingWindowInSeconds is for streams, and refused unless 0.
	TumblingWindowInSeconds *int `json:"TumblingWindowInSeconds,omitempty"`
}

// DestinationConfig is where streams send what failed (LAM B12).
type DestinationConfig struct {
	// OnSuccess is refused.
	OnSuccess *Destination `json:"OnSuccess,omitempty"`
	// OnFailure is refused when it names a destination.
	OnFailure *Destination `json:"OnFailure,omitempty"`
}

// Destination is one destination.
type Destination struct {
	// Destination is an ARN.
	Destination *string `json:"Destination,omitempty"`
}

// CreateEventSourceMappingInput is the request of CreateEventSourceMapping.
type CreateEventSourceMappingInput struct {
	ConfigurationInput
	// EventSourceARN is the queue's ARN. Required.
	EventSourceARN *string `json:"EventSourceArn,omitempty"`
	// StartingPosition is for streams, and refused.
	StartingPosition *string `json:"StartingPosition,omitempty"`
	// Tags are the mapping's tags, at most 50.
	Tags map[string]string `json:"Tags,omitempty"`
}

// UpdateEventSourceMappingInput is the request of UpdateEventSourceMapping.
type UpdateEventSourceMappingInput struct {
	ConfigurationInput
	// UUID names the mapping. Required.
	UUID string `json:"-" path:"UUID"`
}

// GetEventSourceMappingInput is the request of GetEventSourceMapping.
type GetEventSourceMappingInput struct {
	// UUID names the mapping. Required.
	UUID string `json:"-" path:"UUID"`
}

// DeleteEventSourceMappingInput is the request of DeleteEventSourceMapping.
type DeleteEventSourceMappingInput struct {
	// UUID names the mapping. Required.
	UUID string `json:"-" path:"UUID"`
}

// ListEventSourceMappingsInput is the request of ListEventSourceMappings.
type ListEventSourceMappingsInput struct {
	// EventSourceARN keeps mappings of this queue; nil keeps all.
	EventSourceARN *string `json:"-" querystring:"EventSourceArn"`
	// FunctionName keeps mappings of this function, in any form; nil keeps all.
	FunctionName *string `json:"-" querystring:"FunctionName"`
	// Marker is the NextMarker of the page before.
	Marker *string `json:"-" querystring:"Marker"`
	// MaxItems is the size of a page, 1 to 10,000, of which 100 are given.
	MaxItems *int `json:"-" querystring:"MaxItems"`
}

// ListEventSourceMappingsOutput is one page of mappings (LAM B23).
type ListEventSourceMappingsOutput struct {
	// EventSourceMappings is the page, in order of UUID; never nil.
	EventSourceMappings []*Configuration `json:"EventSourceMappings"`
	// NextMarker asks for the next page; nil on the last.
	NextMarker *string `json:"NextMarker,omitempty"`
}
