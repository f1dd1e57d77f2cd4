package mapping

import (
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// Configuration is a mapping as the API returns it (LAM B2 to B5).
type Configuration struct {
	// BatchSize is the most messages in one event, 1 to 10,000.
	BatchSize int `json:"BatchSize"`
	// EventSourceARN is the queue's ARN.
	EventSourceARN string `json:"EventSourceArn"`
	// EventSourceMappingARN is the mapping's own ARN.
	EventSourceMappingARN string `json:"EventSourceMappingArn"`
	// FilterCriteria selects the messages that reach the function; nil selects all.
	FilterCriteria *FilterCriteria `json:"FilterCriteria,omitempty"`
	// FunctionARN is the function's ARN, qualified as it was given (LAM B6).
	FunctionARN string `json:"FunctionArn"`
	// FunctionResponseTypes holds ReportBatchItemFailures or nothing; never nil.
	FunctionResponseTypes []string `json:"FunctionResponseTypes"`
	// LastModified is when the mapping was last created or updated.
	LastModified awsapi.Timestamp `json:"LastModified"`
	// MaximumBatchingWindowInSeconds is how long a batch waits for more messages, 0 to 300.
	MaximumBatchingWindowInSeconds int `json:"MaximumBatchingWindowInSeconds"`
	// MetricsConfig names the counts that the mapping publishes; nil means none.
	MetricsConfig *MetricsConfig `json:"MetricsConfig,omitempty"`
	// ProvisionedPollerConfig is provisioned mode; nil means off.
	ProvisionedPollerConfig *ProvisionedPollerConfig `json:"ProvisionedPollerConfig,omitempty"`
	// ScalingConfig limits concurrency; nil means no limit of its own.
	ScalingConfig *ScalingConfig `json:"ScalingConfig,omitempty"`
	// State is Creating, Enabling, Enabled, Disabling, Disabled, Updating or
	// Deleting (LAM B8, B9).
	State string `json:"State"`
	// StateTransitionReason is USER_INITIATED.
	StateTransitionReason string `json:"StateTransitionReason"`
	// UUID identifies the mapping.
	UUID string `json:"UUID"`
}

// FilterCriteria is filters. A message must pass one of them (LAM B39).
type FilterCriteria struct {
	// Filters holds up to 10 filters.
	Filters []Filter `json:"Filters,omitempty"`
}

// Filter is one filter.
type Filter struct {
	// Pattern is the filter's JSON, at most 4,096 characters.
	Pattern *string `json:"Pattern,omitempty"`
}

// ScalingConfig limits concurrency.
type ScalingConfig struct {
	// MaximumConcurrency is the most concurrent invocations, 2 to 1,000 (LAM
	// B28).
	MaximumConcurrency *int `json:"MaximumConcurrency,omitempty"`
}

// ProvisionedPollerConfig is provisioned mode (LAM B29).
type ProvisionedPollerConfig struct {
	// MinimumPollers is the pollers that always run, 2 to 200; 2 when nil.
	MinimumPollers *int `json:"MinimumPollers,omitempty"`
	// MaximumPollers is the most pollers, 2 to 2,000; 200 when nil.
	MaximumPollers *int `json:"MaximumPollers,omitempty"`
	// PollerGroupName is for Kafka, and refused.
	PollerGroupName *string `json:"PollerGroupName,omitempty"`
}

// MetricsConfig names opt-in metrics (LAM B22, E32).
type MetricsConfig struct {
	// Metrics holds EventCount or nothing.
	Metrics []string `json:"Metrics,omitempty"`
}

// storedConfiguration is the configuration of a mapping in the form that is stored, as JSON.
type storedConfiguration struct {
	Account, Region string
	UUID            string
	QueueARN        string
	FIFO            bool
	FunctionARN     string // qualified as it was given
	FunctionName    string
	Role            string // the function's role when it was last resolved (LAM B21)
	Enabled         bool
	BatchSize       int
	Window          int      // seconds
	Filters         []string // patterns
	ReportFailures  bool     // ReportBatchItemFailures
	MaxConcurrency  int      // 0 means none
	MinPollers      int      // 0 outside provisioned mode
	MaxPollers      int
	EventCount      bool
	Tags            map[string]string
	Modified        time.Time
}

// scope returns the account and region of the mapping.
func (r *storedConfiguration) scope() awsapi.Scope {
	return awsapi.Scope{Account: r.Account, Region: r.Region}
}

// setFunction stores the function to invoke.
func (r *storedConfiguration) setFunction(fn Function) {
	r.FunctionARN = fn.ARN
	r.FunctionName = fn.Name
	r.Role = fn.Role
}

// arn returns the mapping's own ARN (LAM B5).
func (r *storedConfiguration) arn() string { return mappingARN(r.scope(), r.UUID) }

// mappingARN returns the ARN of a mapping.
func mappingARN(in awsapi.Scope, uuid string) string {
	return in.ARN("lambda", "event-source-mapping:"+uuid)
}

// steadyState returns the state of a mapping when no change is in progress.
func (r *storedConfiguration) steadyState() string {
	if r.Enabled {
		return "Enabled"
	}
	return "Disabled"
}

// configuration returns r as the API shows it in the given state.
func (r *storedConfiguration) configuration(state string) *Configuration {
	out := &Configuration{
		BatchSize:                      r.BatchSize,
		EventSourceARN:                 r.QueueARN,
		EventSourceMappingARN:          r.arn(),
		FunctionARN:                    r.FunctionARN,
		FunctionResponseTypes:          []string{},
		LastModified:                   awsapi.Timestamp(r.Modified),
		MaximumBatchingWindowInSeconds: r.Window,
		State:                          state,
		StateTransitionReason:          "USER_INITIATED",
		UUID:                           r.UUID,
	}

	// Members that are not configured are absent from the response.
	if r.ReportFailures {
		out.FunctionResponseTypes = []string{reportBatchItemFailures}
	}

	if len(r.Filters) > 0 {
		out.FilterCriteria = &FilterCriteria{}
		for _, p := range r.Filters {
			out.FilterCriteria.Filters = append(out.FilterCriteria.Filters, Filter{Pattern: &p})
		}
	}

	if n := r.MaxConcurrency; n > 0 {
		out.ScalingConfig = &ScalingConfig{MaximumConcurrency: &n}
	}

	if low, high := r.MinPollers, r.MaxPollers; low > 0 {
		out.ProvisionedPollerConfig = &ProvisionedPollerConfig{MinimumPollers: &low, MaximumPollers: &high}
	}

	if r.EventCount {
		out.MetricsConfig = &MetricsConfig{Metrics: []string{eventCount}}
	}

	return out
}

// The values of list parameters that mappings of SQS queues accept.
const (
	reportBatchItemFailures = "ReportBatchItemFailures"
	eventCount              = "EventCount"
)
