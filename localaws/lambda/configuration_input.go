package lambda

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
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

// The runtimes that are embedded, and other names that AWS knows (LAM C13).
var (
	embeddedRuntimes = []string{"provided.al2023", "provided.al2"}
	otherRuntimes    = []string{
		"nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x", "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14",
		"java8.al2", "java11", "java17", "java21", "java25", "dotnet8", "dotnet10", "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0",
	}
	retiredRuntimes = []string{"go1.x", "provided", "nodejs12.x", "nodejs14.x", "nodejs16.x", "python3.6", "python3.7", "python3.8", "java8", "ruby2.7", "dotnet6"}
)

// reservedVariables are the names of variables that only Lambda sets (LAM C17).
var reservedVariables = []string{
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
	"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_MAX_CONCURRENCY", "AWS_LAMBDA_RUNTIME_API", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

// maxEnvironment is the size in bytes of the variables as JSON (LAM C16).
const maxEnvironment = 4 << 10

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

// refuse returns an error for values that Lambda does not accept or that are not embedded.
func (in *ConfigurationInput) refuse() error {
	if in.MemorySize != nil && *in.MemorySize > 10240 {
		return errParameter.With("'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240")
	}

	if in.Runtime != nil {
		if err := checkRuntime(*in.Runtime); err != nil {
			return err
		}
	}

	if in.Environment != nil {
		if err := checkVariables(in.Environment.Variables); err != nil {
			return err
		}
	}

	if in.TracingConfig != nil && in.TracingConfig.Mode != "" && in.TracingConfig.Mode != "PassThrough" {
		return notEmbedded("TracingConfig.Mode "+in.TracingConfig.Mode, "there is no X-Ray to send traces to; use PassThrough")
	}

	if in.SnapStart != nil && in.SnapStart.ApplyOn != "" && in.SnapStart.ApplyOn != "None" {
		return notEmbedded("SnapStart "+in.SnapStart.ApplyOn, "use None")
	}

	if v := in.VpcConfig; v != nil && (len(v.SubnetIds) > 0 || len(v.SecurityGroupIds) > 0 || v.Ipv6AllowedForDualStack) {
		return notEmbedded("VpcConfig", "there are no networks to attach to")
	}

	if len(in.Layers) > 0 { // no layer exists (LAM C76)
		return errParameter.With("Layer version %s does not exist.", in.Layers[0])
	}

	if d := in.DeadLetterConfig; d != nil && deref(d.TargetArn) != "" {
		return checkTarget("DeadLetterConfig.TargetArn", *d.TargetArn)
	}

	return nil
}

// checkTarget checks that a dead-letter queue or destination is a standard SQS queue.
func checkTarget(member, arn string) error {
	a, ok := awsapi.ParseARN(arn)
	switch {
	case !ok:
		return errParameter.With("The provided target ARN is not valid: %s", arn)
	case a.Service != "sqs":
		return notEmbedded(member+" of service "+a.Service, "use an SQS queue")
	case strings.HasSuffix(a.Resource, ".fifo"):
		return errParameter.With("The provided target ARN is a FIFO queue, which is not supported: %s", arn)
	}
	return nil
}

// checkRuntime checks that a runtime is embedded (LAM C13).
func checkRuntime(runtime string) error {
	switch {
	case slices.Contains(embeddedRuntimes, runtime):
		return nil
	case slices.Contains(otherRuntimes, runtime):
		return notEmbedded("Runtime "+runtime, "use provided.al2023 with a program named bootstrap at the root of the zip file")
	case slices.Contains(retiredRuntimes, runtime):
		return errParameter.With("The runtime parameter of %s is no longer supported for creating or updating AWS Lambda functions. "+
			"We recommend you use a supported runtime while creating or updating functions.", runtime)
	}
	return errParameter.With("Value %s at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [%s] or be a valid ARN",
		runtime, strings.Join(append(slices.Clone(otherRuntimes), embeddedRuntimes...), ", "))
}

// checkVariables checks the environment variables (LAM C16, C17).
func checkVariables(variables map[string]string) error {
	var taken []string
	for _, name := range reservedVariables {
		if _, has := variables[name]; has {
			taken = append(taken, name)
		}
	}

	if len(taken) > 0 {
		return errParameter.With("Lambda was unable to configure your environment variables because the environment variables you have provided "+
			"contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(taken, ", "))
	}

	// A map of strings always encodes.
	if measured, _ := json.Marshal(variables); len(measured) > maxEnvironment {
		return errParameter.With("%s", "Lambda was unable to configure your environment variables because the environment variables you have provided "+
			"exceeded the 4KB limit. String measured: "+string(measured))
	}

	for name, value := range variables {
		if strings.ContainsRune(value, 0) {
			return errParameter.With("environment variable %s holds a NUL character", name)
		}
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

// checkArchitecture checks the list of architectures, of which only one may be given, and
// sets it in config (LAM C14).
func checkArchitecture(list []string, config *versionConfig, check *awsapi.Validation) {
	switch {
	case len(list) == 0:
	case len(list) > 1:
		check.Add("architectures", list, awsapi.MaxLength(1))
	case list[0] != "x86_64" && list[0] != "arm64":
		check.Add("architectures", list, "Member must satisfy constraint: ["+awsapi.OneOf("x86_64", "arm64")+", "+awsapi.NotNull+"]")
	default:
		config.Architecture = list[0]
	}
}
