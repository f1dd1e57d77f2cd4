package lambda

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// The members of a function's configuration as the API writes them (LAM C4).
type (
	Environment struct {
		Variables map[string]string `json:"Variables"`
	}
	DeadLetterConfig struct {
		TargetArn string `json:"TargetArn"`
	}
	EphemeralStorage struct {
		Size int `json:"Size"`
	}
	LoggingConfig struct {
		LogFormat           string `json:"LogFormat,omitempty"`
		ApplicationLogLevel string `json:"ApplicationLogLevel,omitempty"`
		SystemLogLevel      string `json:"SystemLogLevel,omitempty"`
		LogGroup            string `json:"LogGroup,omitempty"`
	}
	RuntimeVersionConfig struct {
		RuntimeVersionArn string `json:"RuntimeVersionArn"`
	}
	SnapStart struct {
		ApplyOn            string `json:"ApplyOn"`
		OptimizationStatus string `json:"OptimizationStatus,omitempty"`
	}
	TracingConfig struct {
		Mode string `json:"Mode"`
	}
)

// FunctionConfiguration is a version as the API answers it.
type FunctionConfiguration struct {
	Architectures              []string              `json:"Architectures"`
	CodeSha256                 string                `json:"CodeSha256"`
	CodeSize                   int64                 `json:"CodeSize"`
	DeadLetterConfig           *DeadLetterConfig     `json:"DeadLetterConfig,omitempty"`
	Description                string                `json:"Description"`
	Environment                *Environment          `json:"Environment,omitempty"`
	EphemeralStorage           EphemeralStorage      `json:"EphemeralStorage"`
	FunctionArn                string                `json:"FunctionArn"`
	FunctionName               string                `json:"FunctionName"`
	Handler                    string                `json:"Handler"`
	LastModified               string                `json:"LastModified"`
	LastUpdateStatus           string                `json:"LastUpdateStatus,omitempty"`
	LastUpdateStatusReason     string                `json:"LastUpdateStatusReason,omitempty"`
	LastUpdateStatusReasonCode string                `json:"LastUpdateStatusReasonCode,omitempty"`
	LoggingConfig              LoggingConfig         `json:"LoggingConfig"`
	MemorySize                 int                   `json:"MemorySize"`
	PackageType                string                `json:"PackageType"`
	RevisionId                 string                `json:"RevisionId"`
	Role                       string                `json:"Role"`
	Runtime                    string                `json:"Runtime"`
	RuntimeVersionConfig       *RuntimeVersionConfig `json:"RuntimeVersionConfig,omitempty"`
	SnapStart                  SnapStart             `json:"SnapStart"`
	State                      string                `json:"State,omitempty"`
	StateReason                string                `json:"StateReason,omitempty"`
	StateReasonCode            string                `json:"StateReasonCode,omitempty"`
	Timeout                    int                   `json:"Timeout"`
	TracingConfig              TracingConfig         `json:"TracingConfig"`
	Version                    string                `json:"Version"`
}

// lastModified is the form of a function's LastModified (LAM A5).
const lastModified = "2006-01-02T15:04:05.000+0000"

// listedConfiguration is a version as lists show it (LAM C7).
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

// activeConfiguration is a version that is ready (LAM C6).
func (v *version) activeConfiguration(k functionKey, qualifier string) *FunctionConfiguration {
	cfg := v.listedConfiguration(k, qualifier)
	cfg.State = "Active"
	cfg.LastUpdateStatus = "Successful"
	cfg.RuntimeVersionConfig = &RuntimeVersionConfig{runtimeVersionARN(k.region, v.Runtime)}
	return cfg
}

// creatingConfiguration is the answer to a create: not ready yet, though the next read will
// find it so (LAM C4, C6). revision is one that has passed by then.
func (v *version) creatingConfiguration(k functionKey, revision string) *FunctionConfiguration {
	cfg := v.activeConfiguration(k, "")
	cfg.State = "Pending"
	cfg.StateReason = "The function is being created."
	cfg.StateReasonCode = "Creating"
	cfg.LastUpdateStatus = ""
	cfg.RevisionId = revision
	return cfg
}

// updatingConfiguration is the answer to an update (LAM C6).
func (v *version) updatingConfiguration(k functionKey, revision string) *FunctionConfiguration {
	cfg := v.activeConfiguration(k, "")
	cfg.LastUpdateStatus = "InProgress"
	cfg.LastUpdateStatusReason = "The function is being created."
	cfg.LastUpdateStatusReasonCode = "Creating"
	cfg.RevisionId = revision
	return cfg
}

// runtimeVersionARN names the embedded runtime, the same in every answer and log.
func runtimeVersionARN(region, runtime string) string {
	return fmt.Sprintf("arn:aws:lambda:%s::runtime:%x", region, sha256.Sum256([]byte("embedded "+runtime)))
}

// seconds is a number of seconds as a duration.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
