package lambda

import (
	"context"
	"strings"

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

// CreateFunction is CreateFunction (LAM C4 to C22).
func (s *Service) CreateFunction(ctx context.Context, c *awsapi.Call, in *CreateFunctionInput) (*FunctionConfiguration, error) {
	k, set, err := in.check(c)
	if err != nil {
		return nil, err
	}

	if err := s.checkRole(ctx, k, set); err != nil {
		return nil, err
	}

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
	f.latest = s.newVersion(set, cd)
	s.functions[k] = f
	answer := f.latest.creatingConfiguration(k, s.opts.Chance.UUID())
	if in.Publish {
		v := s.publish(f, "")
		answer = v.creatingConfiguration(k, s.opts.Chance.UUID())
	}

	commit := s.storeFunction(f)
	s.mu.Unlock()
	return answer, waitDurable(commit)
}

// check holds what can be said without looking at the service.
func (in *CreateFunctionInput) check(c *awsapi.Call) (functionKey, versionConfig, error) {
	set := defaultConfig("")
	var check constraints
	check.require(in.FunctionName, "functionName")
	check.require(deref(in.Role), "role")
	check.matches(in.FunctionName, "functionName", functionPattern)
	check.atMost(in.FunctionName, "functionName", 140)
	check.oneOf(in.PackageType, "packageType", "Image", "Zip")
	if in.Code == nil {
		check.add("null", "code", "Member must not be null")
	}

	in.constrain(&check)
	checkArchitecture(in.Architectures, &set, &check)
	if err := check.err(); err != nil {
		return functionKey{}, set, err
	}

	ref := splitReference(c, in.FunctionName)
	switch {
	case ref.qualifier != "" || len(ref.name) > 64:
		return functionKey{}, set, errParameter.With("1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: "+
			"Member must have length less than or equal to 64", ref.name)
	case ref.scope != scopeOf(c):
		return functionKey{}, set, errNotFound.With("Functions from '%s' are not reachable in this region ('%s')", ref.region, c.Region)
	case in.PackageType == "Image":
		return functionKey{}, set, notEmbedded("PackageType Image", "use a zip file")
	case deref(in.Runtime) == "" || deref(in.Handler) == "":
		return functionKey{}, set, errParameter.With("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}

	set.Logging.LogGroup = "/aws/lambda/" + ref.name
	if err := in.apply(&set); err != nil {
		return functionKey{}, set, err
	}

	return ref.functionKey, set, checkTags(in.Tags)
}

// readCode checks a zip file, or does without one for a registered handler.
func (s *Service) readCode(name string, in *FunctionCode) (*code, error) {
	s.mu.Lock()
	handler := s.handlers[name]
	s.mu.Unlock()
	switch {
	case len(in.ZipFile) == 0 && handler != nil:
		return &code{SHA256: emptySHA256}, nil
	case len(in.ZipFile) == 0:
		return nil, errParameter.With("Please provide a source for function code.")
	}

	cd, err := readCode(in.ZipFile)
	if err == nil && handler == nil {
		err = checkPlatform(cd.Bootstrap)
	}

	return cd, err
}

// emptySHA256 is the hash of no bytes, in base64.
const emptySHA256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

func newFunction(k functionKey) *function {
	return &function{
		functionKey:    k,
		aliases:        map[string]*alias{},
		policies:       map[string]*policy{},
		invokeConfigs:  map[string]*invokeConfig{},
		runtimeUpdates: map[string]string{},
	}
}

// newVersion makes a $LATEST as of now.
func (s *Service) newVersion(set versionConfig, cd *code) *version {
	return &version{
		versionConfig: set,
		number:        latest,
		revision:      s.opts.Chance.UUID(),
		modified:      s.opts.Clock.Now(),
		code:          cd,
	}
}

// checkTags holds LAM C33.
func checkTags(tags map[string]string) error {
	if len(tags) > 50 {
		return errParameter.With("Number of tags exceeds resource tag limit.")
	}
	for name := range tags {
		if strings.HasPrefix(strings.ToLower(name), "aws:") {
			return errParameter.With("Tag keys must not begin with aws:, as %s does.", name)
		}
	}
	return nil
}
