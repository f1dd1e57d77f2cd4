package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the output of git describe. The linker sets it.
var version string

type versionVerb struct {
	reportFlags
}

// versionName returns the version of this binary, or "unknown".
func versionName() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// Run prints the version.
func (v *versionVerb) Run(a *app) error {
	result := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
	}{versionName(), runtime.Version(), runtime.GOOS, runtime.GOARCH}
	return a.report(v.JSON, result, func() {
		fmt.Fprintf(a.out, "reliableq %s (%s, %s/%s)\n", result.Version, result.Go, result.OS, result.Arch)
	})
}
