package lambda

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// The members of a function's configuration as the API writes them (LAM C4).
type (
	environment struct {
		Variables map[string]string `json:"Variables"`
	}
	deadLetterConfig struct {
		TargetArn string `json:"TargetArn"`
	}
	ephemeralStorage struct {
		Size int `json:"Size"`
	}
	loggingConfig struct {
		LogFormat           string `json:"LogFormat,omitempty"`
		ApplicationLogLevel string `json:"ApplicationLogLevel,omitempty"`
		SystemLogLevel      string `json:"SystemLogLevel,omitempty"`
		LogGroup            string `json:"LogGroup,omitempty"`
	}
	runtimeVersionConfig struct {
		RuntimeVersionArn string `json:"RuntimeVersionArn"`
	}
	snapStart struct {
		ApplyOn            string `json:"ApplyOn"`
		OptimizationStatus string `json:"OptimizationStatus,omitempty"`
	}
	tracingConfig struct {
		Mode string `json:"Mode"`
	}
)

// configuration is a version as the API answers it.
type configuration struct {
	Architectures              []string              `json:"Architectures"`
	CodeSha256                 string                `json:"CodeSha256"`
	CodeSize                   int64                 `json:"CodeSize"`
	DeadLetterConfig           *deadLetterConfig     `json:"DeadLetterConfig,omitempty"`
	Description                string                `json:"Description"`
	Environment                *environment          `json:"Environment,omitempty"`
	EphemeralStorage           ephemeralStorage      `json:"EphemeralStorage"`
	FunctionArn                string                `json:"FunctionArn"`
	FunctionName               string                `json:"FunctionName"`
	Handler                    string                `json:"Handler"`
	LastModified               string                `json:"LastModified"`
	LastUpdateStatus           string                `json:"LastUpdateStatus,omitempty"`
	LastUpdateStatusReason     string                `json:"LastUpdateStatusReason,omitempty"`
	LastUpdateStatusReasonCode string                `json:"LastUpdateStatusReasonCode,omitempty"`
	LoggingConfig              loggingConfig         `json:"LoggingConfig"`
	MemorySize                 int                   `json:"MemorySize"`
	PackageType                string                `json:"PackageType"`
	RevisionId                 string                `json:"RevisionId"`
	Role                       string                `json:"Role"`
	Runtime                    string                `json:"Runtime"`
	RuntimeVersionConfig       *runtimeVersionConfig `json:"RuntimeVersionConfig,omitempty"`
	SnapStart                  snapStart             `json:"SnapStart"`
	State                      string                `json:"State,omitempty"`
	StateReason                string                `json:"StateReason,omitempty"`
	StateReasonCode            string                `json:"StateReasonCode,omitempty"`
	Timeout                    int                   `json:"Timeout"`
	TracingConfig              tracingConfig         `json:"TracingConfig"`
	Version                    string                `json:"Version"`
}

// lastModified is the form of a function's LastModified (LAM A5).
const lastModified = "2006-01-02T15:04:05.000+0000"

// item is a version as lists show it (LAM C7).
func (v *version) item(k key, qualifier string) *configuration {
	cfg := &configuration{
		Architectures:    []string{v.Architecture},
		CodeSha256:       v.code.SHA256,
		CodeSize:         v.code.Size,
		Description:      v.Description,
		EphemeralStorage: ephemeralStorage{v.EphemeralStorage},
		FunctionArn:      k.qualified(qualifier),
		FunctionName:     k.name,
		Handler:          v.Handler,
		LastModified:     v.modified.UTC().Format(lastModified),
		LoggingConfig:    v.Logging,
		MemorySize:       v.MemorySize,
		PackageType:      "Zip",
		RevisionId:       v.revision,
		Role:             v.Role,
		Runtime:          v.Runtime,
		SnapStart:        snapStart{"None", "Off"},
		Timeout:          v.Timeout,
		TracingConfig:    tracingConfig{"PassThrough"},
		Version:          v.number,
	}
	if v.Environment != nil {
		cfg.Environment = &environment{v.Environment}
	}
	if v.DeadLetter != "" {
		cfg.DeadLetterConfig = &deadLetterConfig{v.DeadLetter}
	}
	return cfg
}

// configuration is a version that is ready (LAM C6).
func (v *version) configuration(k key, qualifier string) *configuration {
	cfg := v.item(k, qualifier)
	cfg.State, cfg.LastUpdateStatus = "Active", "Successful"
	cfg.RuntimeVersionConfig = &runtimeVersionConfig{runtimeVersionARN(k.region, v.Runtime)}
	return cfg
}

// created is the answer to a create: not ready yet, though the next read will
// find it so (LAM C4, C6). revision is one that has passed by then.
func (v *version) created(k key, revision string) *configuration {
	cfg := v.configuration(k, "")
	cfg.State, cfg.StateReason, cfg.StateReasonCode = "Pending", "The function is being created.", "Creating"
	cfg.LastUpdateStatus, cfg.RevisionId = "", revision
	return cfg
}

// updating is the answer to an update (LAM C6).
func (v *version) updating(k key, revision string) *configuration {
	cfg := v.configuration(k, "")
	cfg.LastUpdateStatus, cfg.LastUpdateStatusReason, cfg.LastUpdateStatusReasonCode = "InProgress", "The function is being created.", "Creating"
	cfg.RevisionId = revision
	return cfg
}

// runtimeVersionARN names the embedded runtime, the same in every answer and log.
func runtimeVersionARN(region, runtime string) string {
	return fmt.Sprintf("arn:aws:lambda:%s::runtime:%x", region, sha256.Sum256([]byte("embedded "+runtime)))
}

// seconds is a number of seconds as a duration.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
