package lambda

import (
	"context"

	"github.com/reliableq/reliableq/localaws/awsapi"
)

// FunctionCode is the code of a function to create. Only zip files are supported.
type FunctionCode struct {
	// ZipFile is the zip file with the program bootstrap at its root.
	ZipFile []byte `json:"ZipFile"`
}

// CreateFunctionInput is the input of CreateFunction.
type CreateFunctionInput struct {
	ConfigurationInput
	// FunctionName is the function's name, partial ARN or full ARN, unqualified.
	FunctionName string `json:"FunctionName"`
	// Code is the zip file.
	Code *FunctionCode `json:"Code"`
	// Architectures holds x86_64 or arm64.
	Architectures []string `json:"Architectures"`
	// PackageType is Zip, or empty for Zip.
	PackageType string `json:"PackageType"`
	// Publish also publishes a version.
	Publish bool `json:"Publish"`
	// Tags are the function's tags, at most 50.
	Tags map[string]string `json:"Tags"`
}

// CreateFunction makes a function (LAM C4 to C22).
func (s *Service) CreateFunction(ctx context.Context, c *awsapi.Call, in *CreateFunctionInput) (*FunctionConfiguration, error) {
	k, config, err := in.validate(c)
	if err != nil {
		return nil, err
	}
	if err := s.checkRole(ctx, k, config); err != nil {
		return nil, err
	}

	// The zip file is on the disk before the function exists.
	cd, err := s.readCode(k.name, in.Code)
	if err != nil {
		return nil, err
	}
	if err := s.codeCache.add(cd); err != nil {
		return nil, errService.With("%v", err)
	}

	s.mu.Lock()
	if s.functions[k] != nil {
		s.mu.Unlock()
		s.codeCache.release(cd)
		return nil, errConflict.With("Function already exist: %s", k.name)
	}

	f := newFunction(k)
	f.tags = in.Tags
	f.latest = s.newVersion(config, cd)
	s.functions[k] = f
	response := f.latest.creatingConfiguration(k, s.opts.Chance.UUID())
	if in.Publish {
		v := s.publish(f, "")
		response = v.creatingConfiguration(k, s.opts.Chance.UUID())
	}
	commit := s.storeFunction(f)
	s.mu.Unlock()

	return response, waitDurable(commit)
}

// validate checks what does not depend on the service's state, and returns the function's
// key and configuration.
func (in *CreateFunctionInput) validate(c *awsapi.Call) (functionKey, versionConfig, error) {
	// The constraints of the model come first, all in one error.
	config := defaultConfig("")
	var check awsapi.Validation
	check.Required("functionName", in.FunctionName)
	check.Required("role", deref(in.Role))
	check.Match("functionName", in.FunctionName, functionPattern)
	check.MaxLength("functionName", in.FunctionName, 140)
	check.OneOf("packageType", in.PackageType, "Image", "Zip")
	if in.Code == nil {
		check.Add("code", nil, awsapi.NotNull)
	}
	in.constrain(&check)
	checkArchitecture(in.Architectures, &config, &check)
	if err := check.Err(errValidation); err != nil {
		return functionKey{}, config, err
	}

	ref := splitReference(c, in.FunctionName)
	switch {
	case ref.qualifier != "" || len(ref.name) > 64:
		// Another code than that of the model's constraints.
		return functionKey{}, config, errParameter.Violation("functionName", ref.name, awsapi.MaxLength(64))
	case ref.Scope != c.Scope():
		return functionKey{}, config, errNotFound.With("Functions from '%s' are not reachable in this region ('%s')", ref.Region, c.Region)
	case in.PackageType == "Image":
		return functionKey{}, config, notEmbedded("PackageType Image", "use a zip file")
	case deref(in.Runtime) == "" || deref(in.Handler) == "":
		return functionKey{}, config, errParameter.With("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}

	config.Logging.LogGroup = "/aws/lambda/" + ref.name
	if err := in.apply(&config); err != nil {
		return functionKey{}, config, err
	}
	return ref.functionKey, config, checkTags(in.Tags)
}
