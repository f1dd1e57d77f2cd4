package lambda

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// The members of a function's configuration in requests and responses (LAM C4).
type (
	// Environment holds a function's environment variables.
	Environment struct {
		// Variables holds the values by name.
		Variables map[string]string `json:"Variables"`
	}
	// DeadLetterConfig is a function's dead-letter queue.
	DeadLetterConfig struct {
		// TargetArn is the ARN of an SQS queue.
		TargetArn string `json:"TargetArn"`
	}
	// EphemeralStorage is the size of /tmp. It is stored and not enforced.
	EphemeralStorage struct {
		// Size is in MB, 512 to 10240.
		Size int `json:"Size"`
	}
	// LoggingConfig says where and in which format a function's log is written (LAM C20).
	LoggingConfig struct {
		// LogFormat is Text or JSON.
		LogFormat string `json:"LogFormat,omitempty"`
		// ApplicationLogLevel is the least level of the function's JSON log lines.
		ApplicationLogLevel string `json:"ApplicationLogLevel,omitempty"`
		// SystemLogLevel is the least level of the platform's JSON log lines.
		SystemLogLevel string `json:"SystemLogLevel,omitempty"`
		// LogGroup is the name of the log group.
		LogGroup string `json:"LogGroup,omitempty"`
	}
	// RuntimeVersionConfig identifies the version of the runtime.
	RuntimeVersionConfig struct {
		// RuntimeVersionArn is the ARN of a runtime version.
		RuntimeVersionArn string `json:"RuntimeVersionArn"`
	}
	// SnapStart is the configuration of SnapStart, which is not embedded.
	SnapStart struct {
		// ApplyOn is None.
		ApplyOn string `json:"ApplyOn"`
		// OptimizationStatus is Off.
		OptimizationStatus string `json:"OptimizationStatus,omitempty"`
	}
	// TracingConfig is the configuration of X-Ray, which is not embedded.
	TracingConfig struct {
		// Mode is PassThrough.
		Mode string `json:"Mode"`
	}
)

// ConfigurationInput is the members that CreateFunction and UpdateFunctionConfiguration
// share. Nil leaves a value unchanged. The gateway refuses other members by name.
type ConfigurationInput struct {
	// Description is free text, at most 256 characters.
	Description *string `json:"Description"`
	// Role is the ARN of the execution role.
	Role *string `json:"Role"`
	// Handler is passed on to the runtime.
	Handler *string `json:"Handler"`
	// Runtime is provided.al2023 or provided.al2.
	Runtime *string `json:"Runtime"`
	// Timeout is the longest duration of an invocation in seconds, 1 to 900.
	Timeout *int `json:"Timeout"`
	// MemorySize is the memory in MB, 128 to 10240.
	MemorySize *int `json:"MemorySize"`
	// Environment holds the environment variables.
	Environment *Environment `json:"Environment"`
	// DeadLetterConfig is the dead-letter queue of asynchronous invocations.
	DeadLetterConfig *DeadLetterConfigInput `json:"DeadLetterConfig"`
	// EphemeralStorage is the size of /tmp.
	EphemeralStorage *EphemeralStorage `json:"EphemeralStorage"`
	// LoggingConfig says where and how the log is written.
	LoggingConfig *LoggingConfig `json:"LoggingConfig"`
	// TracingConfig is the configuration of X-Ray.
	TracingConfig *TracingConfig `json:"TracingConfig"`
	// SnapStart is the configuration of SnapStart.
	SnapStart *SnapStart `json:"SnapStart"`
	// VpcConfig is the function's VPC.
	VpcConfig *VpcConfig `json:"VpcConfig"`
	// Layers are ARNs of layers. None exists, so any is refused.
	Layers []string `json:"Layers"`
}

// VpcConfig is the configuration of a VPC. Only an empty one is accepted.
type VpcConfig struct {
	// SubnetIds are subnets.
	SubnetIds []string `json:"SubnetIds"`
	// SecurityGroupIds are security groups.
	SecurityGroupIds []string `json:"SecurityGroupIds"`
	// Ipv6AllowedForDualStack allows IPv6.
	Ipv6AllowedForDualStack bool `json:"Ipv6AllowedForDualStack"`
}

// DeadLetterConfigInput sets a function's dead-letter queue.
type DeadLetterConfigInput struct {
	// TargetArn is the ARN of an SQS queue.
	TargetArn *string `json:"TargetArn"`
}

// versionConfig is the configuration of a version. Its JSON is stored.
type versionConfig struct {
	// Description is free text.
	Description string
	// Runtime is provided.al2023 or provided.al2.
	Runtime string
	// Role is the execution role's ARN.
	Role string
	// Handler is passed on to the runtime.
	Handler string
	// Timeout is in seconds, 1 to 900.
	Timeout int
	// MemorySize is in MB, 128 to 10240.
	MemorySize int
	// EphemeralStorage is in MB, 512 to 10240.
	EphemeralStorage int
	// Environment holds the variables; nil if no request ever set any (LAM C5).
	Environment map[string]string
	// DeadLetter is the ARN of the dead-letter queue, or empty.
	DeadLetter string
	// Architecture is x86_64 or arm64.
	Architecture string
	// Logging is the logging configuration.
	Logging LoggingConfig
}

// defaultConfig returns the configuration of a function whose request gives none (LAM C4).
func defaultConfig(name string) versionConfig {
	return versionConfig{
		Timeout:          3,
		MemorySize:       128,
		EphemeralStorage: 512,
		Architecture:     "x86_64",
		Logging:          LoggingConfig{LogFormat: "Text", LogGroup: "/aws/lambda/" + name},
	}
}

// FunctionConfiguration is the configuration of a version as the API returns it.
type FunctionConfiguration struct {
	// Architectures holds x86_64 or arm64.
	Architectures []string `json:"Architectures"`
	// CodeSha256 is the base64 of the zip file's SHA-256.
	CodeSha256 string `json:"CodeSha256"`
	// CodeSize is the size of the zip file in bytes.
	CodeSize int64 `json:"CodeSize"`
	// DeadLetterConfig is the dead-letter queue of asynchronous invocations.
	DeadLetterConfig *DeadLetterConfig `json:"DeadLetterConfig,omitempty"`
	// Description is free text, at most 256 characters.
	Description string `json:"Description"`
	// Environment holds the environment variables.
	Environment *Environment `json:"Environment,omitempty"`
	// EphemeralStorage is the size of /tmp.
	EphemeralStorage EphemeralStorage `json:"EphemeralStorage"`
	// FunctionArn is the ARN, qualified as in the request.
	FunctionArn string `json:"FunctionArn"`
	// FunctionName is the function's name.
	FunctionName string `json:"FunctionName"`
	// Handler is passed on to the runtime.
	Handler string `json:"Handler"`
	// LastModified is the time of the last update, in service time (LAM A5).
	LastModified string `json:"LastModified"`
	// LastUpdateStatus is Successful or InProgress (LAM C6).
	LastUpdateStatus string `json:"LastUpdateStatus,omitempty"`
	// LastUpdateStatusReason explains InProgress.
	LastUpdateStatusReason string `json:"LastUpdateStatusReason,omitempty"`
	// LastUpdateStatusReasonCode is Creating while InProgress.
	LastUpdateStatusReasonCode string `json:"LastUpdateStatusReasonCode,omitempty"`
	// LoggingConfig says where and how the log is written.
	LoggingConfig LoggingConfig `json:"LoggingConfig"`
	// MemorySize is the memory in MB, 128 to 10240.
	MemorySize int `json:"MemorySize"`
	// PackageType is Zip.
	PackageType string `json:"PackageType"`
	// RevisionId changes with each update.
	RevisionId string `json:"RevisionId"`
	// Role is the ARN of the execution role.
	Role string `json:"Role"`
	// Runtime is provided.al2023 or provided.al2.
	Runtime string `json:"Runtime"`
	// RuntimeVersionConfig identifies the version of the runtime.
	RuntimeVersionConfig *RuntimeVersionConfig `json:"RuntimeVersionConfig,omitempty"`
	// SnapStart is the configuration of SnapStart.
	SnapStart SnapStart `json:"SnapStart"`
	// State is Active or Pending (LAM C6).
	State string `json:"State,omitempty"`
	// StateReason explains Pending.
	StateReason string `json:"StateReason,omitempty"`
	// StateReasonCode is Creating while Pending.
	StateReasonCode string `json:"StateReasonCode,omitempty"`
	// Timeout is the longest duration of an invocation in seconds, 1 to 900.
	Timeout int `json:"Timeout"`
	// TracingConfig is the configuration of X-Ray.
	TracingConfig TracingConfig `json:"TracingConfig"`
	// Version is $LATEST or the version's number.
	Version string `json:"Version"`
}

// constrain checks the constraints of the model (LAM C12, C18, C20).
func (in *ConfigurationInput) constrain(check *awsapi.Validation) {
	check.MaxLength("description", deref(in.Description), 256)
	check.Match("role", deref(in.Role), rolePattern)
	check.Match("handler", deref(in.Handler), handlerPattern)
	check.MaxLength("handler", deref(in.Handler), 128)
	check.Between("timeout", in.Timeout, 1, 900)

	// The model allows more than Lambda does: refuse has the real limit.
	check.Between("memorySize", in.MemorySize, 128, 32768)
	if in.EphemeralStorage != nil {
		check.Between("ephemeralStorage.size", &in.EphemeralStorage.Size, 512, 10240)
	}

	if in.Environment != nil {
		for _, name := range slices.Sorted(maps.Keys(in.Environment.Variables)) {
			if !variablePattern.Matches(name) {
				check.Add("environment.variables", name, "Map keys must satisfy constraint: ["+variablePattern.String()+"]")
			}
		}
	}

	for _, arn := range in.Layers {
		check.Match("layers", arn, layerPattern)
	}

	if l := in.LoggingConfig; l != nil {
		check.OneOf("loggingConfig.logFormat", l.LogFormat, "JSON", "Text")
		check.OneOf("loggingConfig.applicationLogLevel", l.ApplicationLogLevel, "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
		check.OneOf("loggingConfig.systemLogLevel", l.SystemLogLevel, "DEBUG", "INFO", "WARN")
		check.Match("loggingConfig.logGroup", l.LogGroup, logGroupPattern)
		check.MaxLength("loggingConfig.logGroup", l.LogGroup, 512)
	}
}

// apply checks what constrain does not and changes config where the request gives a
// value.
func (in *ConfigurationInput) apply(config *versionConfig) error {
	if err := in.refuse(); err != nil {
		return err
	}

	setIfGiven(&config.Description, in.Description)
	setIfGiven(&config.Role, in.Role)
	setIfGiven(&config.Handler, in.Handler)
	setIfGiven(&config.Runtime, in.Runtime)
	setIfGiven(&config.Timeout, in.Timeout)
	setIfGiven(&config.MemorySize, in.MemorySize)
	if in.EphemeralStorage != nil {
		config.EphemeralStorage = in.EphemeralStorage.Size
	}
	if in.Environment != nil {
		// An empty map is stored, too: the response then has an empty Environment (LAM C5).
		config.Environment = maps.Clone(in.Environment.Variables)
		if config.Environment == nil {
			config.Environment = map[string]string{}
		}
	}
	if in.DeadLetterConfig != nil {
		config.DeadLetter = deref(in.DeadLetterConfig.TargetArn)
	}
	if in.LoggingConfig != nil {
		config.Logging.merge(*in.LoggingConfig)
	}
	return nil
}

// merge changes the members that in gives, and sets the levels that the format needs (LAM
// C20).
func (l *LoggingConfig) merge(in LoggingConfig) {
	for to, from := range map[*string]string{
		&l.LogFormat:           in.LogFormat,
		&l.ApplicationLogLevel: in.ApplicationLogLevel,
		&l.SystemLogLevel:      in.SystemLogLevel,
		&l.LogGroup:            in.LogGroup,
	} {
		if from != "" {
			*to = from
		}
	}

	// Levels exist only with JSON, where they default to INFO.
	if l.LogFormat != "JSON" {
		l.ApplicationLogLevel = ""
		l.SystemLogLevel = ""
		return
	}

	for _, level := range []*string{&l.ApplicationLogLevel, &l.SystemLogLevel} {
		if *level == "" {
			*level = "INFO"
		}
	}
}

// lastModified is the format of a function's LastModified (LAM A5).
const lastModified = "2006-01-02T15:04:05.000+0000"

// listedConfiguration returns the configuration as lists show it (LAM C7).
func (v *version) listedConfiguration(k functionKey, qualifier string) *FunctionConfiguration {
	cfg := &FunctionConfiguration{
		Architectures:    []string{v.Architecture},
		CodeSha256:       v.code.SHA256,
		CodeSize:         v.code.Size,
		Description:      v.Description,
		EphemeralStorage: EphemeralStorage{v.EphemeralStorage},
		FunctionArn:      k.qualifiedARN(qualifier),
		FunctionName:     k.name,
		Handler:          v.Handler,
		LastModified:     v.modified.UTC().Format(lastModified),
		LoggingConfig:    v.Logging,
		MemorySize:       v.MemorySize,
		PackageType:      "Zip",
		RevisionId:       v.revision,
		Role:             v.Role,
		Runtime:          v.Runtime,
		SnapStart:        SnapStart{"None", "Off"},
		Timeout:          v.Timeout,
		TracingConfig:    TracingConfig{"PassThrough"},
		Version:          v.number,
	}

	if v.Environment != nil {
		cfg.Environment = &Environment{v.Environment}
	}

	if v.DeadLetter != "" {
		cfg.DeadLetterConfig = &DeadLetterConfig{v.DeadLetter}
	}

	return cfg
}

// activeConfiguration returns the configuration of a version that is ready (LAM C6).
func (v *version) activeConfiguration(k functionKey, qualifier string) *FunctionConfiguration {
	cfg := v.listedConfiguration(k, qualifier)
	cfg.State = "Active"
	cfg.LastUpdateStatus = "Successful"
	cfg.RuntimeVersionConfig = &RuntimeVersionConfig{runtimeVersionARN(k.Region, v.Runtime)}
	return cfg
}

// creatingConfiguration returns the response of a create: the function is not ready yet,
// though the next read finds it Active, with another revision (LAM C4, C6).
func (v *version) creatingConfiguration(k functionKey, revision string) *FunctionConfiguration {
	cfg := v.activeConfiguration(k, "")
	cfg.State = "Pending"
	cfg.StateReason = "The function is being created."
	cfg.StateReasonCode = "Creating"

	// A new function has no update yet.
	cfg.LastUpdateStatus = ""
	cfg.RevisionId = revision
	return cfg
}

// updatingConfiguration returns the response of an update (LAM C6).
func (v *version) updatingConfiguration(k functionKey, revision string) *FunctionConfiguration {
	cfg := v.activeConfiguration(k, "")
	cfg.LastUpdateStatus = "InProgress"
	cfg.LastUpdateStatusReason = "The function is being created."
	cfg.LastUpdateStatusReasonCode = "Creating"
	cfg.RevisionId = revision
	return cfg
}

// runtimeVersionARN returns the ARN of the embedded runtime, which never changes.
func runtimeVersionARN(region, runtime string) string {
	return fmt.Sprintf("arn:aws:lambda:%s::runtime:%x", region, sha256.Sum256([]byte("embedded "+runtime)))
}

// seconds returns n seconds.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
