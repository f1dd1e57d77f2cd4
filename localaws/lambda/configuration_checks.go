package lambda

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

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
